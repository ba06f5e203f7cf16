// Truth in ClickHouse's SQL: IQL's conditions are two-valued, SQL's have NULL.

/** As a condition that is never NULL. */
export const truth = (e: string): string => `ifNull(${e}, false)`;

/** Where NULL and false are alike (a part of WHERE): without the wrapping that hides a comparison from indexes. */
export const condition = (e: string): string => (e.startsWith('ifNull(') && e.endsWith(', false)') ? e.slice('ifNull('.length, -', false)'.length) : e);

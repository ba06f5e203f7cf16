// A question in SQL: text of ours, and the values that are bound to it.
export type BoundValue = string | number | bigint | boolean | null | readonly (string | number | bigint | boolean)[];

export interface SqlRequest {
  readonly text: string;
  /** By name (ClickHouse) or `1`, `2` … (PostgreSQL). */
  readonly parameters: ReadonlyMap<string, BoundValue>;
}

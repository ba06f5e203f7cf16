// Tests over random histories and simulated months have two sizes: one that every run can wait for, and a long one, which `npm run long` asks
// for. Both look for the same; a longer one meets more.

/** `long` in a long run, else `short`. */
export const sized = (short: number, long: number): number => (process.env.INFRAMIRROR_LONG === undefined ? short : long);

// The seed of a test file's random cases: another one in each run, so that runs look at more and more; printed, so that one can be run again.

/** As `INFRAMIRROR_SEED` says, where it is set. */
export const SEED = Number(process.env.INFRAMIRROR_SEED ?? Math.floor(Math.random() * 1e6));
console.log(`INFRAMIRROR_SEED=${SEED}`);

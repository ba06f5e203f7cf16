// What PostgreSQL says of files that are not what they should be: in a message's words, where its code alone does not tell.

/** Files that were cut, overwritten or removed … */
const DAMAGED =
  /could not (find the database system|open file|read (blocks?|file)|locate a valid checkpoint)|not a valid data directory|invalid (page|checkpoint|magic)|incorrect checksum|unexpected pageaddr|\bXX00[12]\b|missing "|is (corrupt|damaged)|contains invalid data/i;
/** … and where they are as they were. */
const ELSEWHERE = /permission denied|no space left|too many open files|not permitted|cannot allocate/i;

export const saysDamage = (message: string): boolean => DAMAGED.test(message) && !ELSEWHERE.test(message);

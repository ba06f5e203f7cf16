// What became of dead letters: the stream keeps them for a while as they are, and here stands which of them nobody need look at any more.
import type { Migration } from './apply.ts';

export const deadLetters: Migration = {
  name: 'dead letters',
  sql: `
-- Place of the letter on the topic of the dead; time in ns. Rows whose letter is gone from the stream go too.
CREATE TABLE dead_letters_done (
  partition int4 NOT NULL,
  "offset" int8 NOT NULL,
  what text NOT NULL CHECK (what IN ('replayed', 'dropped')),
  who text NOT NULL,
  time int8 NOT NULL,
  PRIMARY KEY (partition, "offset")
);
`,
};

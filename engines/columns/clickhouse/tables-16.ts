// The sixteenth version: the filter of the words that each block of lines holds is asked by the store. It was never: an index is found by the text
// of its expression, and `isASCII` there is `isValidASCII` in every question.
import { TOKENS } from './tables-11.ts';

export const LINES_16: readonly string[] = [
  'ALTER TABLE logs DROP INDEX IF EXISTS token_index',
  `ALTER TABLE logs ADD INDEX IF NOT EXISTS word_index (${TOKENS.replaceAll('isASCII', 'isValidASCII')}) TYPE bloom_filter(0.01) GRANULARITY 1`,
  // Goes on in the background; until then older lines are found without it.
  'ALTER TABLE logs MATERIALIZE INDEX word_index',
];

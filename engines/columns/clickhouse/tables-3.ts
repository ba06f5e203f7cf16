// The third version: of a log line the message and the whole line, both found by their words.

/** Lower case, and every sign outside ASCII that is no letter and no digit a space: see `tables-1.ts`. */
const words = (text: string): string => `replaceRegexpAll(lowerUTF8(${text}), '[^\\\\x00-\\\\x7F\\\\p{L}\\\\p{N}]+', ' ')`;

/** Between two texts, so that no words stand side by side over it. It is no letter and no digit, so no text has it as a word. */
const BORDER = ' \u{E000} ';

/** What a line is found by: the whole line, where that does not hold its message as it is the message too. Never missing. */
const LINE_WORDS = `if(isNull(raw), ${words("concat(head, ifNull(body, ''), tail)")}, concat(${words('assumeNotNull(raw)')}, '${BORDER}', ${words("ifNull(body, '')")}))`;

export const LINES_3: readonly string[] = [
  'ALTER TABLE logs ADD COLUMN IF NOT EXISTS raw Nullable(String) CODEC(ZSTD(1)) AFTER body',
  'ALTER TABLE logs ADD COLUMN IF NOT EXISTS head String CODEC(ZSTD(1)) AFTER numbers',
  'ALTER TABLE logs ADD COLUMN IF NOT EXISTS tail String CODEC(ZSTD(1)) AFTER head',
  'ALTER TABLE logs DROP INDEX IF EXISTS words_index',
  `ALTER TABLE logs MODIFY COLUMN words String ALIAS ${LINE_WORDS}`,
  `ALTER TABLE logs ADD INDEX IF NOT EXISTS line_index (${LINE_WORDS}) TYPE text(tokenizer = splitByNonAlpha)`,
  // Goes on in the background; until then older lines are found without it.
  'ALTER TABLE logs MATERIALIZE INDEX line_index',
];

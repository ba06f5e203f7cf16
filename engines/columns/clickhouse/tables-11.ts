// The eleventh version: words of log lines are found by what lines have in common and by a filter of what each block holds, where a text index
// kept a list of lines for each word there ever was: 5 bytes a line instead of 64 where lines have ids (`docs/decisions/line-ids.md`).

/** Of a text without signs outside ASCII nothing but its case changes: see `tables-1.ts`. */
const words = (text: string): string =>
  `if(isASCII(${text}), lower(${text}), replaceRegexpAll(lowerUTF8(${text}), '[^\\\\x00-\\\\x7F\\\\p{L}\\\\p{N}]+', ' '))`;

/** See `tables-3.ts`. */
const BORDER = ' \u{E000} ';
const LINE_WORDS = `if(isNull(raw), ${words("concat(head, ifNull(body, ''), tail)")}, concat(${words('assumeNotNull(raw)')}, '${BORDER}', ${words("ifNull(body, '')")}))`;
/** As `tables-16.ts` indexes them. */
export const TOKENS = `tokens(${LINE_WORDS})`;

/** As `pipeline/stages/line-pattern.ts` makes it, but that several `0` are not one. Of lines from before it is worked out when it is asked for. */
const PATTERN = `concat(' ', arrayStringConcat(arrayMap(t -> if(match(t, '^[a-z]+$'), t, '0'), ${TOKENS}), ' '), ' ')`;

export const LINES_11: readonly string[] = [
  `ALTER TABLE logs ADD COLUMN IF NOT EXISTS pattern LowCardinality(String) DEFAULT ${PATTERN} CODEC(ZSTD(1)) AFTER tail`,
  'ALTER TABLE logs DROP INDEX IF EXISTS line_index',
  `ALTER TABLE logs MODIFY COLUMN words String ALIAS ${LINE_WORDS}`,
  `ALTER TABLE logs ADD COLUMN IF NOT EXISTS line_tokens Array(String) ALIAS ${TOKENS}`,
  `ALTER TABLE logs ADD INDEX IF NOT EXISTS token_index (${TOKENS}) TYPE bloom_filter(0.01) GRANULARITY 1`,
  // Goes on in the background; until then older lines are found without it.
  'ALTER TABLE logs MATERIALIZE INDEX token_index',
];

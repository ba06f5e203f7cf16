// The tenth version: a message with quotes rests once, not again within its line of JSON; the line is put together in one place.

/** Behind a message that stands in its line with backslashes before quotes and backslashes, the tail begins with a zero byte. */
const LINE = String.raw`ifNull(raw, if(startsWith(tail, '\0'), concat(head, replaceAll(replaceAll(body, '\\', '\\\\'), '"', '\\"'), substring(tail, 2)), concat(head, body, tail)))`;

export const LINES_10: readonly string[] = [`ALTER TABLE logs ADD COLUMN IF NOT EXISTS line Nullable(String) ALIAS ${LINE}`];

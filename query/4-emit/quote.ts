// The one place where text becomes part of SQL. Values go as bound parameters; only names, which SQL cannot bind, are quoted here.

/** A column name in ClickHouse: backticks, with backslash escapes. Holds for every text (fuzzed in `quote.test.ts`). */
export const quoteClickHouse = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&').replaceAll('\0', '\\0')}\``;

/** A column name in PostgreSQL: double quotes doubled. Zero bytes cannot be in a name there and are refused by throwing. */
export const quotePostgres = (name: string): string => {
  if (name.includes('\0')) throw new RangeError('a name with a zero byte');
  return `"${name.replaceAll('"', '""')}"`;
};

// Where a value ends that begins at a place: one in quotes, which may stand in a text of JSON that is itself quoted, or a word.

export interface ValueRange {
  readonly from: number;
  readonly to: number;
  /** What stands in its place is to be put into such quotes: it was a number of JSON. */
  readonly quote: string;
}

const END = /[\s,;&<>)\]}|"'`]/;

export const isQuote = (c: string | undefined): boolean => c === '"' || c === "'" || c === '`';

/** A quote, or one with backslashes before it, as in JSON within JSON; empty: there is none. */
export const quoteAt = (text: string, at: number): string => {
  let end = at;
  while (text[end] === '\\' && end - at < 8) end++;
  return isQuote(text[end]) ? text.slice(at, end + 1) : '';
};

/** Where the quoted value ends; `quote` may have backslashes before it, and those of the value have more. */
export const closeOf = (text: string, from: number, quote: string): number => {
  const [mark, depth] = [quote.at(-1), quote.length - 1];
  let slashes = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '\\') slashes++;
    else {
      // A quote in SQL and YAML.
      if (c === "'" && mark === c && depth === 0 && at > from && text[at + 1] === c) {
        at++;
        continue;
      }
      if (c === mark && (depth === 0 ? slashes % 2 === 0 : slashes <= depth)) return depth === 0 ? at : at - slashes;
      if (c === '\n') return at;
      slashes = 0;
    }
  }
  return text.length;
};

export const wordEnd = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && !END.test(text[at] as string) && !(text[at] === '\\' && quoteAt(text, at) !== '')) at++;
  return at;
};

// Text in quotes: JSON's escapes, or raw after `r`; always on one line. Reads one literal and tells what is wrong in it; never throws.
import { type Diagnostic, fixOf, syntaxError } from './diagnostic.ts';

export interface TextRead {
  readonly value: string;
  readonly end: number;
  readonly problems: readonly Diagnostic[];
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', "'": "'", '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Where a text without its closing quote most likely ended: before ` |`, else at the end of the line. */
const likelyEnd = (text: string, start: number, line: number): number => {
  const bar = text.slice(start, line).search(/\s+\|/);
  return bar === -1 ? start + text.slice(start, line).trimEnd().length : start + bar;
};

/** Reads from the quote at `quoteAt`; `start` is where the literal begins (the `r` of a raw one). */
export const readText = (text: string, start: number, quoteAt: number): TextRead => {
  const quote = text[quoteAt] as string;
  const raw = quoteAt > start;
  const problems: Diagnostic[] = [];
  let value = '';
  let from = quoteAt + 1;
  let at = from;
  for (;;) {
    const c = text[at];
    if (c === undefined || c === '\n' || c === '\r') break;
    if (c === quote) return { value: value + text.slice(from, at), end: at + 1, problems };
    if (c !== '\\' || raw) {
      at += 1;
      continue;
    }
    value += text.slice(from, at);
    const letter = text[at + 1] ?? '';
    const hex = letter === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(at + 2, at + 6)) : null;
    if (hex !== null) {
      value += String.fromCharCode(Number.parseInt(hex[0], 16));
      at += 6;
    } else if (Object.hasOwn(ESCAPES, letter)) {
      value += ESCAPES[letter];
      at += 2;
    } else {
      const end = letter === '' || letter === '\n' || letter === '\r' ? at + 1 : at + 2;
      problems.push(syntaxError('iql.bad-escape', { escape: text.slice(at, end) }, { start: at, end }, fixOf('Double the backslash', at, at, '\\')));
      value += text.slice(at, end);
      at = end;
    }
    from = at;
  }
  const end = likelyEnd(text, quoteAt + 1, at);
  const close = syntaxError('iql.unclosed-text', { quote }, { start, end }, fixOf(`Close the text with ${quote}`, end, end, quote));
  // What came after the likely end was not part of it.
  const kept = end < from ? text.slice(quoteAt + 1, end) : value + text.slice(from, end);
  return { value: kept, end, problems: [...problems.filter((p) => p.span.start < end), close] };
};

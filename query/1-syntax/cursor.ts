// The word, name or text that is being written at the end of a text, and the place where it began. Knows no field and offers nothing.
import { Diagnostics } from './diagnostic.ts';
import { lex } from './lexer.ts';
import { pipeWords } from './pipe-words.ts';
import { type Place, placeAtEnd } from './place.ts';
import type { PipeSyntaxes } from './signature.ts';
import { T } from './tokens.ts';

export interface Cursor {
  readonly place: Place;
  /** Where what is being written begins: its quote, where it has one. */
  readonly from: number;
  /** What is written of it, without quotes. */
  readonly begun: string;
  readonly quote: '"' | "'" | '`' | undefined;
}

const QUOTES = ['"', "'", '`'] as const;
const WORD_SIGN = /[\p{L}\p{N}_.]/u;
const LONGEST_WORD = 256;

/** Sign by sign from the end: a pattern would look from every sign on. */
const wordAtEnd = (head: string): string => {
  const tail = [...head.slice(-LONGEST_WORD)];
  let from = tail.length;
  while (from > 0 && WORD_SIGN.test(tail[from - 1] as string)) from -= 1;
  return tail.slice(from).join('');
};

/** Where the quote stands that one more `quote` would close. */
const opened = (head: string, quote: string, pipes: PipeSyntaxes): { readonly from: number; readonly raw: boolean } | undefined => {
  const found = new Diagnostics(1);
  const { tokens } = lex(`${head}${quote}`, pipeWords(pipes), found);
  const last = tokens.at(-1);
  if (last === undefined || last.is(T.Raw) || last.startOffset >= head.length || last.end !== head.length + 1) return undefined;
  const at = last.image.indexOf(quote);
  const left = found.sorted().some(({ code, span }) => code === 'iql.unclosed-name' && span.end === last.end);
  return at < 0 || left ? undefined : { from: last.startOffset, raw: last.image.startsWith('r') && quote !== '`' };
};

/** At the end of `head`; undefined where nothing can be offered: in a raw text, a comment, the words of a search. */
export const cursorAtEnd = (head: string, pipes: PipeSyntaxes): Cursor | undefined => {
  const line = head.slice(Math.max(head.lastIndexOf('\n'), head.lastIndexOf('\r')) + 1);
  for (const quote of QUOTES) {
    const found = line.includes(quote) ? opened(head, quote, pipes) : undefined;
    if (found === undefined) continue;
    const place = found.raw ? undefined : placeAtEnd(head.slice(0, found.from), pipes);
    return place && { place, from: found.from, begun: head.slice(found.from).replaceAll(quote, ''), quote };
  }
  const begun = wordAtEnd(head);
  const from = head.length - begun.length;
  const place = placeAtEnd(head.slice(0, from), pipes);
  return place && { place, from, begun, quote: undefined };
};

// Text to tokens. One pass by hand, because `search` and its like have a lexer of their own that depends on the pipes handed in.
// Every mistake becomes a diagnostic and the reading goes on; which word means what in its place is the shaper's business.
import type { Expression, Span } from './ast.ts';
import { type Comment, commentAt } from './comment.ts';
import { type Diagnostics, fixOf, syntaxError } from './diagnostic.ts';
import { readNumber } from './number-literal.ts';
import type { PipeWords } from './pipe-words.ts';
import { endOfSearch } from './search-syntax.ts';
import { readText } from './text-literal.ts';
import { readTime } from './time-literal.ts';
import { RESERVED, T, Token } from './tokens.ts';

export interface Lexed {
  readonly tokens: Token[];
  readonly comments: readonly Comment[];
}

const WORD = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;
/** In backticks: a sign by its number, for those that no line can hold. */
const NAME_ESCAPE = /\\u\{[0-9a-fA-F]{1,6}\}/y;
const LATER_PART = /[\p{L}\p{M}\p{N}_]+/uy;
const SPACE = /[\s\uFEFF]+/uy;
const UNKNOWN = /[^\s\p{L}\p{N}_"'`()[\]{}|,:=<>!?+\-*/%&$@]+/uy;

const at = (pattern: RegExp, text: string, offset: number): string => {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? '';
};

const PUNCTUATION: Readonly<Record<string, (typeof T)[keyof typeof T]>> = {
  '(': T.Open,
  ')': T.Close,
  '[': T.ListOpen,
  ']': T.ListClose,
  '{': T.MapOpen,
  '}': T.MapClose,
  ',': T.Comma,
  ':': T.Colon,
  '|': T.Pipe,
  '-': T.Minus,
  '=': T.Equals,
};
/** Longest first. The second is the canonical word where the first is another language's. */
const OPERATORS: readonly (readonly [string, string])[] = [
  ['===', '=='],
  ['!==', '!='],
  ['==', '=='],
  ['!=', '!='],
  ['<>', '!='],
  ['=~', 'matches'],
  ['!~', 'not matches'],
  ['=>', '>='],
  ['=<', '<='],
  ['<=', '<='],
  ['>=', '>='],
  ['&&', 'and'],
  ['||', 'or'],
  ['??', '??'],
  ['<', '<'],
  ['>', '>'],
  ['+', '+'],
  ['*', '*'],
  ['/', '/'],
  ['%', '%'],
  ['&', 'and'],
  ['!', 'not'],
  ['~', 'matches'],
];
const FOREIGN = new Set(['===', '!==', '<>', '=~', '!~', '=>', '=<', '~', '&&', '||', '&', '!']);

const literalOf = (word: string, span: Span): Expression =>
  word === 'missing' ? { node: 'missing', span } : word === 'now' ? { node: 'now', span } : { node: 'bool', value: word === 'true', span };

/** `T` and `Z` in upper case. */
const canonicalTime = (text: string): string => text.replace(/^([\d-]{10})t/, '$1T').replace(/(\d)z$/, '$1Z');

export const lex = (text: string, pipes: PipeWords, diagnostics: Diagnostics): Lexed => {
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  let offset = 0;

  /** A dotted name, parts in backticks or not; the offset moves on. */
  const readName = (): { readonly name: string; readonly plain: boolean } => {
    const start = offset;
    let name = '';
    let plain = true;
    for (let part = 0; ; part++) {
      if (text[offset] === '`') {
        plain = false;
        name += readQuoted();
      } else {
        const word = at(part === 0 ? WORD : LATER_PART, text, offset);
        offset += word.length;
        name += word;
      }
      const next = text[offset];
      if (next !== '.') return { name, plain };
      const after = text[offset + 1];
      offset += 1;
      name += '.';
      if (after !== '`' && at(LATER_PART, text, offset) === '') {
        diagnostics.add(syntaxError('iql.unfinished-name', { name }, { start, end: offset }));
        return { name, plain };
      }
    }
  };
  const readQuoted = (): string => {
    const start = offset;
    let name = '';
    offset += 1;
    for (;;) {
      const c = text[offset];
      if (c === undefined || c === '\n' || c === '\r') {
        diagnostics.add(syntaxError('iql.unclosed-name', {}, { start, end: offset }, fixOf('Close the name', offset, offset, '`')));
        return name;
      }
      const numbered = c === '\\' ? at(NAME_ESCAPE, text, offset) : '';
      offset += Math.max(1, numbered.length);
      const code = numbered === '' ? undefined : Number.parseInt(numbered.slice('\\u{'.length, -1), 16);
      if (code !== undefined && (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)))
        diagnostics.add(syntaxError('iql.bad-name-escape', { text: numbered }, { start: offset - numbered.length, end: offset }));
      else if (code !== undefined) name += String.fromCodePoint(code);
      else if (c !== '`') name += c;
      else if (text[offset] === '`') {
        name += '`';
        offset += 1;
      } else {
        if (name === '') diagnostics.add(syntaxError('iql.missing-name', { after: '`' }, { start, end: offset }));
        else if (name.startsWith('#')) diagnostics.add(syntaxError('iql.reserved-name', { name }, { start, end: offset }));
        return name;
      }
    }
  };
  const literal = (start: number, node: Expression): void => {
    tokens.push(new Token(T.Literal, text.slice(start, offset), start, '', '', node));
  };
  const word = (): void => {
    const start = offset;
    const afterPipe = tokens.at(-1)?.is(T.Pipe) === true;
    const { name, plain } = readName();
    const lower = plain ? name.toLowerCase() : '';
    const image = text.slice(start, offset);
    const type = lower === '' ? undefined : RESERVED.get(lower);
    const node = type === T.Literal ? literalOf(lower, { start, end: offset }) : undefined;
    tokens.push(new Token(type ?? T.Name, image, start, lower, name, node));
    if (!afterPipe || lower === '') return;
    const syntax = pipes.find([lower])?.syntax ?? (type === undefined && !pipes.begins(lower) ? pipes.guess(lower) : undefined);
    if (syntax?.raw !== true) return;
    const from = offset;
    const { end, words, comments: inside, problems } = endOfSearch(text, from);
    for (const problem of problems) diagnostics.add(problem);
    comments.push(...inside);
    tokens.push(new Token(T.Raw, text.slice(words.start, words.end), words.start, '', ''));
    offset = end;
  };

  while (offset < text.length) {
    const start = offset;
    const c = text[start] as string;
    const code = c.charCodeAt(0);
    if (code <= 32 || code >= 128) {
      const space = at(SPACE, text, offset);
      if (space !== '') {
        offset += space.length;
        continue;
      }
    }
    if (c === '/' && text[start + 1] === '/') {
      const comment = commentAt(text, start);
      comments.push(comment);
      offset = comment.span.end;
      continue;
    }
    if (c === '/' && text[start + 1] === '*') {
      const close = text.indexOf('*/', start + 2);
      offset = close === -1 ? text.length : close + 2;
      diagnostics.add(syntaxError('iql.block-comment', {}, { start, end: offset }));
      continue;
    }
    if (code >= 48 && code <= 57) {
      const { node, end, problem } = readNumber(text, start);
      offset = end;
      if (problem !== undefined) diagnostics.add(problem);
      literal(start, node);
      continue;
    }
    const rawQuote = (c === 'r' || c === 'R') && (text[start + 1] === '"' || text[start + 1] === "'");
    if (c === '"' || c === "'" || rawQuote) {
      const { value, end, problems } = readText(text, start, rawQuote ? start + 1 : start);
      offset = end;
      for (const problem of problems) diagnostics.add(problem);
      // What stands in the text itself is told for the whole of it; this is what escapes made.
      const image = text.slice(start, end);
      if (value.includes('\0') && !image.includes('\0')) diagnostics.add(syntaxError('iql.zero-byte', {}, { start, end }));
      else if (!value.isWellFormed() && image.isWellFormed()) diagnostics.add(syntaxError('iql.bad-surrogate', {}, { start, end }));
      literal(start, { node: 'text', value, raw: rawQuote, span: { start, end } });
      continue;
    }
    if (c === '`' || at(WORD, text, start) !== '') {
      word();
      continue;
    }
    if (c === '@') {
      const { end, parts } = readTime(text, start);
      offset = end;
      const span = { start, end };
      if (parts === undefined) diagnostics.add(syntaxError('iql.time-form', { text: text.slice(start, end) }, span));
      literal(start, { node: 'time', text: canonicalTime(text.slice(start + 1, end)), span });
      continue;
    }
    if (c === '$') {
      offset += 1;
      if (text[offset] === '`' || at(WORD, text, offset) !== '') literal(start, { node: 'parameter', name: readName().name, span: { start, end: offset } });
      else {
        diagnostics.add(syntaxError('iql.missing-name', { after: '$' }, { start, end: offset }));
        literal(start, { node: 'parameter', name: '', span: { start, end: offset } });
      }
      continue;
    }
    const operator = OPERATORS.find(([image]) => text.startsWith(image, start));
    if (operator !== undefined) {
      const [image, canonical] = operator;
      offset += image.length;
      if (FOREIGN.has(image)) {
        const spaced = /[a-z]/.test(canonical) && !/\s/.test(text[start - 1] ?? ' ') ? ` ${canonical}` : canonical;
        const written = /[a-z]/.test(canonical) && !/\s/.test(text[offset] ?? ' ') ? `${spaced} ` : spaced;
        diagnostics.add(
          syntaxError(
            'iql.foreign-operator',
            { found: image, instead: canonical },
            { start, end: offset },
            fixOf(`Write ${canonical}`, start, offset, written),
          ),
        );
      }
      const negated = canonical.startsWith('not ');
      const token = new Token(canonical === 'not' ? T.Not : T.Operator, image, start, negated ? canonical.slice('not '.length) : canonical, '');
      token.negated = negated;
      tokens.push(token);
      continue;
    }
    const type = PUNCTUATION[c];
    if (type !== undefined) {
      offset += 1;
      tokens.push(new Token(type, c, start, c === '-' ? '-' : '', ''));
      continue;
    }
    if (c === ';') {
      offset += 1;
      diagnostics.add(syntaxError('iql.semicolon', {}, { start, end: offset }, fixOf('Remove it', start, offset, '')));
      continue;
    }
    offset += Math.max(1, at(UNKNOWN, text, start).length);
    const character = text.slice(start, offset);
    if (!character.includes('\0') && character.isWellFormed()) diagnostics.add(syntaxError('iql.bad-character', { character }, { start, end: offset }));
  }
  return { tokens, comments };
};

// The tokens of a text by kind, for an editor's colours; the same reading as the parser's, also of broken texts. Knows no field and no function.
import type { Span } from './ast.ts';
import { MAX_TEXT } from './bounds.ts';
import { Diagnostics } from './diagnostic.ts';
import { lex } from './lexer.ts';
import { pipeWords } from './pipe-words.ts';
import { shape } from './shape.ts';
import type { PipeSyntaxes } from './signature.ts';
import { T, type Token } from './tokens.ts';

export type TokenKind =
  | 'keyword'
  | 'pipe'
  | 'clause'
  | 'name'
  | 'function'
  | 'text'
  | 'number'
  | 'time'
  | 'constant'
  | 'parameter'
  | 'operator'
  | 'bracket'
  | 'punctuation'
  | 'search'
  | 'comment';

export interface TokenSpan {
  readonly kind: TokenKind;
  readonly span: Span;
}

const KINDS: ReadonlyMap<unknown, TokenKind> = new Map<unknown, TokenKind>([
  [T.Pipe, 'punctuation'],
  [T.Comma, 'punctuation'],
  [T.Colon, 'punctuation'],
  [T.PipeName, 'pipe'],
  [T.Raw, 'search'],
  [T.Clause, 'clause'],
  [T.ArgumentClause, 'clause'],
  [T.Name, 'name'],
  [T.Callee, 'function'],
  [T.Minus, 'operator'],
  [T.Equals, 'operator'],
  [T.Open, 'bracket'],
  [T.QueryOpen, 'bracket'],
  [T.Close, 'bracket'],
  [T.ListOpen, 'bracket'],
  [T.ListClose, 'bracket'],
  [T.MapOpen, 'bracket'],
  [T.MapClose, 'bracket'],
]);

const kindOf = (t: Token): TokenKind => {
  switch (t.node?.node) {
    case 'text':
    case 'time':
    case 'number':
    case 'parameter':
      return t.node.node;
    case 'quantity':
      return 'number';
    case undefined:
      return t.is(T.Operator) ? (/^[a-z]/i.test(t.image) ? 'keyword' : 'operator') : (KINDS.get(t.tokenType) ?? 'keyword');
    default:
      return 'constant';
  }
};

/** In order, never overlapping, none empty; what belongs to no token (space, stray characters) is left out. */
export const tokens = (text: string, pipes: PipeSyntaxes): readonly TokenSpan[] => {
  if (text.length > MAX_TEXT) return [];
  const ignored = new Diagnostics(0);
  const words = pipeWords(pipes);
  const lexed = lex(text, words, ignored);
  const shaped = shape(text, lexed.tokens, words, ignored) ?? [];
  const found: TokenSpan[] = [];
  const add = (t: Token): void => {
    if (!t.synthetic && t.end > t.startOffset) found.push({ kind: kindOf(t), span: { start: t.startOffset, end: t.end } });
  };
  // What the shaper left out (a statement it cannot read, a stray bracket) keeps the colour of its own words.
  const covered = new Set<number>();
  for (const t of shaped) {
    add(t);
    for (let at = t.startOffset; at < t.end; at++) covered.add(at);
  }
  for (const t of lexed.tokens) if (!covered.has(t.startOffset)) add(t);
  for (const { span } of lexed.comments) {
    // A comment inside the words of a search cuts them in two.
    const around = found.findIndex((f) => f.span.start < span.start && f.span.end > span.start);
    if (around !== -1) {
      const { kind, span: whole } = found[around] as TokenSpan;
      const parts = [
        { start: whole.start, end: span.start },
        { start: span.end, end: whole.end },
      ].filter((p) => p.end > p.start);
      found.splice(around, 1, ...parts.map((part) => ({ kind, span: part })));
    }
    found.push({ kind: 'comment', span });
  }
  return found.toSorted((a, b) => a.span.start - b.span.start);
};

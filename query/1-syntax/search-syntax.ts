// The words of `search`: their own lexer, a small tree and its canonical print. Which fields exist and how stores match is decided elsewhere.
// `a "b c" pre* field:term -not (x or y) and z`: terms side by side are and-ed, `and` binds before `or`, signs alone match everything.

import type { Span } from './ast.ts';
import { MAX_DEPTH } from './bounds.ts';
import { type Comment, commentAt } from './comment.ts';
import { type Diagnostic, fixOf, syntaxError } from './diagnostic.ts';
import { readText } from './text-literal.ts';

export type SearchTerm =
  /** A run without space; its tokens stand side by side in the text searched. */
  | { readonly kind: 'word'; readonly text: string; readonly tokens: readonly string[]; readonly span: Span }
  | { readonly kind: 'phrase'; readonly text: string; readonly tokens: readonly string[]; readonly span: Span }
  /** `pre*`: the last token is the beginning of one. `text` has no `*`. */
  | { readonly kind: 'prefix'; readonly text: string; readonly tokens: readonly string[]; readonly span: Span }
  /** Signs alone, `*`: everything. */
  | { readonly kind: 'all'; readonly span: Span };

export type SearchNode =
  | SearchTerm
  /** `field:term`; where `field` is no column, `word` is what was meant. */
  | { readonly kind: 'field'; readonly field: string; readonly fieldSpan: Span; readonly term: SearchTerm; readonly word: SearchTerm; readonly span: Span }
  | { readonly kind: 'not'; readonly item: SearchNode; readonly span: Span }
  | { readonly kind: 'and'; readonly items: readonly SearchNode[]; readonly span: Span }
  | { readonly kind: 'or'; readonly items: readonly SearchNode[]; readonly span: Span };

const TOKEN = /[\p{L}\p{N}]+/gu;
const FIELD = /^([\p{L}_][\p{L}\p{M}\p{N}_]*(?:\.[\p{L}\p{M}\p{N}_]+)*):(?!\/\/)/u;

/** Tokens as IQL cuts them: maximal runs of letters and digits, as written (matching ignores case). */
export const searchTokens = (text: string): string[] => text.match(TOKEN) ?? [];

interface Lexeme {
  readonly kind: 'word' | 'phrase' | '(' | ')' | '-';
  /** Of a word as written, of a phrase its value. */
  readonly text: string;
  /** The `field:` directly before a phrase. */
  readonly prefix: string;
  readonly start: number;
  readonly end: number;
}
interface SearchLexed {
  readonly lexemes: readonly Lexeme[];
  readonly end: number;
  readonly comments: readonly Comment[];
  readonly problems: readonly Diagnostic[];
}

const isSpace = (c: string): boolean => /\s/.test(c);
const endsWord = (c: string | undefined): boolean => c === undefined || c === '"' || c === '(' || c === ')' || c === '|' || isSpace(c);

/** A `-` before something to find; signs alone (`---`) are a word of signs. */
const negates = (text: string, at: number): boolean => {
  let end = at + 1;
  while (!endsWord(text[end])) end += 1;
  return text[end] === '"' || text[end] === '(' || /[\p{L}\p{N}]/u.test(text.slice(at, end));
};

const lexSearch = (text: string, from: number): SearchLexed => {
  const lexemes: Lexeme[] = [];
  const comments: Comment[] = [];
  const problems: Diagnostic[] = [];
  let depth = 0;
  let at = from;
  const push = (kind: Lexeme['kind'], start: number, end: number, value = text.slice(start, end), prefix = ''): void => {
    lexemes.push({ kind, text: value, prefix, start, end });
    at = end;
  };
  const phrase = (start: number, quoteAt: number): void => {
    const read = readText(text, quoteAt, quoteAt);
    problems.push(...read.problems);
    push('phrase', start, read.end, read.value, text.slice(start, quoteAt));
  };
  while (at < text.length) {
    const start = at;
    const c = text[at] as string;
    if (c === '|') break;
    if (isSpace(c)) {
      at += 1;
    } else if (c === '/' && text[at + 1] === '/' && (at === from || isSpace(text[at - 1] as string) || text[at - 1] === '(' || text[at - 1] === ')')) {
      const comment = commentAt(text, start);
      comments.push(comment);
      at = comment.span.end;
    } else if (c === '"') {
      phrase(start, start);
    } else if (c === '(') {
      depth += 1;
      push('(', start, start + 1);
    } else if (c === ')') {
      if (depth === 0) break;
      depth -= 1;
      push(')', start, start + 1);
    } else if (c === '-' && !(lexemes.at(-1)?.kind === '-' && lexemes.at(-1)?.end === start) && negates(text, start)) {
      push('-', start, start + 1);
    } else {
      do at += 1;
      while (!endsWord(text[at]));
      if (text[at] === '"' && FIELD.exec(text.slice(start, at))?.[0].length === at - start) phrase(start, at);
      else push('word', start, at);
    }
  }
  return { lexemes, end: at, comments, problems };
};

/** Where the words of a search that begin at `from` end, and its `words` without space and comments around them; the mistakes inside its lexemes. */
export const endOfSearch = (text: string, from: number): Pick<SearchLexed, 'end' | 'comments' | 'problems'> & { readonly words: Span } => {
  const { lexemes, ...rest } = lexSearch(text, from);
  return { ...rest, words: { start: lexemes[0]?.start ?? from, end: lexemes.at(-1)?.end ?? from } };
};

const termOf = (written: string, start: number): SearchTerm => {
  const span = { start, end: start + written.length };
  const tokens = searchTokens(written);
  if (tokens.length === 0) return { kind: 'all', span };
  if (!/[\p{L}\p{N}]\*$/u.test(written)) return { kind: 'word', text: written, tokens, span };
  return { kind: 'prefix', text: written.slice(0, -1), tokens, span };
};
const phraseOf = (text: string, start: number, end: number): SearchTerm => {
  const tokens = searchTokens(text);
  return tokens.length === 0 ? { kind: 'all', span: { start, end } } : { kind: 'phrase', text, tokens, span: { start, end } };
};

/**
 * The tree of a search's words. `offset` is where `text` begins in the whole text: spans are of the whole.
 * Diagnostics are those of structure only; `parse` has told the others.
 */
export const parseSearch = (text: string, offset: number): { readonly node: SearchNode; readonly diagnostics: Diagnostic[] } => {
  const { lexemes, problems } = lexSearch(text, 0);
  const diagnostics: Diagnostic[] = [];
  // A text or name cut short is told; nothing more is said about it.
  const broken = problems.length > 0;
  let index = 0;
  let tooDeep = false;
  const spanOf = (start: number, end: number): Span => ({ start: start + offset, end: end + offset });
  const tell = (diagnostic: Diagnostic): void => {
    if (!broken && !tooDeep) diagnostics.push(diagnostic);
  };
  const keyword = (): string => {
    const l = lexemes[index];
    const word = l?.kind === 'word' ? l.text.toLowerCase() : '';
    return word === 'and' || word === 'or' || word === 'not' ? word : '';
  };
  const lastEnd = (): number => lexemes[index - 1]?.end ?? 0;
  const nothing = (after: string): SearchNode => {
    tell(syntaxError('iql.missing-expression', { after }, spanOf(lastEnd(), lastEnd())));
    return { kind: 'all', span: spanOf(lastEnd(), lastEnd()) };
  };
  const combined = (kind: 'and' | 'or', items: readonly SearchNode[]): SearchNode => {
    // Everything and x is x; nesting of one kind is one list.
    const flat = items.flatMap((i) => (i.kind === kind ? i.items : [i]));
    const kept = kind === 'and' ? flat.filter((i) => i.kind !== 'all') : flat;
    const first = items[0] as SearchNode;
    if (kept.length <= 1) return kept[0] ?? first;
    return { kind, items: kept, span: { start: first.span.start, end: (items.at(-1) as SearchNode).span.end } };
  };
  const single = (l: Lexeme): SearchNode => {
    if (l.kind === 'phrase') {
      const whole = phraseOf(l.text, l.start + offset, l.end + offset);
      if (l.prefix === '') return whole;
      const split = l.start + l.prefix.length;
      const term = phraseOf(l.text, split + offset, l.end + offset);
      const word: SearchTerm = { kind: 'phrase', text: `${l.prefix}${l.text}`, tokens: searchTokens(`${l.prefix} ${l.text}`), span: whole.span };
      return { kind: 'field', field: l.prefix.slice(0, -1), fieldSpan: spanOf(l.start, split - 1), term, word, span: whole.span };
    }
    const word = termOf(l.text, l.start + offset);
    const field = FIELD.exec(l.text);
    if (field === null || field[0].length === l.text.length) return word;
    const name = field[1] as string;
    const term = termOf(l.text.slice(field[0].length), l.start + offset + field[0].length);
    return { kind: 'field', field: name, fieldSpan: spanOf(l.start, l.start + name.length), term, word, span: word.span };
  };
  const unary = (depth: number, after: string): SearchNode => {
    const l = lexemes[index];
    if (depth > MAX_DEPTH) {
      tell(syntaxError('iql.too-deep', { limit: MAX_DEPTH }, spanOf(l?.start ?? 0, l?.end ?? 0)));
      tooDeep = true;
      index = lexemes.length;
    }
    if (l === undefined || tooDeep || l.kind === ')' || keyword() === 'and' || keyword() === 'or') return nothing(after);
    index += 1;
    if (l.kind === '-' || (l.kind === 'word' && l.text.toLowerCase() === 'not')) {
      const next = lexemes[index];
      // After `-` a word is a word, also `-and` and `-not`.
      const item = l.kind === '-' && next?.kind === 'word' ? single(next) : undefined;
      if (item !== undefined) index += 1;
      const negated = item ?? unary(depth + 1, l.text);
      return { kind: 'not', item: negated, span: { start: l.start + offset, end: negated.span.end } };
    }
    if (l.kind !== '(') return single(l);
    if (lexemes[index]?.kind === ')') {
      index += 1;
      return { kind: 'all', span: spanOf(l.start, lastEnd()) };
    }
    const inner = or(depth + 1, '(');
    if (lexemes[index]?.kind === ')') index += 1;
    else tell(syntaxError('iql.unclosed', { open: '(', close: ')' }, spanOf(l.start, l.end), fixOf('Add )', lastEnd() + offset, lastEnd() + offset, ')')));
    return inner;
  };
  const and = (depth: number, after: string): SearchNode => {
    const items = [unary(depth, after)];
    for (;;) {
      const l = lexemes[index];
      if (l === undefined || l.kind === ')' || keyword() === 'or') return combined('and', items);
      const joined = keyword() === 'and';
      if (joined) index += 1;
      items.push(unary(depth, l.text));
    }
  };
  const or = (depth: number, after: string): SearchNode => {
    const items = [and(depth, after)];
    while (keyword() === 'or') {
      index += 1;
      items.push(and(depth, 'or'));
    }
    return combined('or', items);
  };
  return { node: or(0, 'search'), diagnostics };
};

const printTerm = (node: SearchTerm): string => {
  if (node.kind === 'all') return '*';
  return node.kind === 'phrase' ? JSON.stringify(node.text) : node.kind === 'prefix' ? `${node.text}*` : node.text;
};

/** The one printed form of a tree. */
export const printSearch = (node: SearchNode): string => {
  switch (node.kind) {
    case 'field':
      return `${node.field}:${printTerm(node.term)}`;
    case 'not': {
      const bare = node.item.kind === 'word' || node.item.kind === 'phrase' || node.item.kind === 'prefix' || node.item.kind === 'field';
      return bare ? `-${printSearch(node.item)}` : `-(${printSearch(node.item)})`;
    }
    case 'and':
      return node.items.map((i) => (i.kind === 'or' ? `(${printSearch(i)})` : printSearch(i))).join(' ');
    case 'or':
      return node.items.map(printSearch).join(' or ');
    default:
      return printTerm(node);
  }
};

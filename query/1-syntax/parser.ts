// The way from text to tree: limits, lexer, shaper, grammar, in that order. Returns what could be read and what is wrong; never throws.
import type { Expression, Text } from './ast.ts';
import { MAX_TEXT } from './bounds.ts';
import { type Diagnostic, Diagnostics, syntaxError } from './diagnostic.ts';
import { Grammar } from './grammar.ts';
import { lex } from './lexer.ts';
import { pipeWords } from './pipe-words.ts';
import { shape } from './shape.ts';
import type { PipeSyntaxes } from './signature.ts';
import type { Token } from './tokens.ts';

/** What is told of one text; the rest is most likely a consequence. */
const MAX_DIAGNOSTICS = 50;

export interface Parsed {
  readonly text: Text;
  readonly diagnostics: Diagnostic[];
}

const CHARACTERS = /\0|\p{Cs}/gu;
/** Zero bytes and halves of surrogate pairs, wherever they stand. */
const badCharacters = (text: string, diagnostics: Diagnostics): void => {
  if (!text.includes('\0') && text.isWellFormed()) return;
  for (const { 0: found, index } of text.matchAll(CHARACTERS)) {
    if (diagnostics.full) return;
    const span = { start: index, end: index + 1 };
    diagnostics.add(found === '\0' ? syntaxError('iql.zero-byte', {}, span) : syntaxError('iql.bad-surrogate', {}, span));
  }
};

let made: Grammar | undefined;
const begun = (text: string, shaped: Token[], diagnostics: Diagnostics): Grammar => {
  made ??= new Grammar();
  made.begin(text, shaped, diagnostics);
  return made;
};

/** Reads a text. With diagnostics, what stands in the tree may hold holes (see ast.ts). */
export const parse = (text: string, pipes: PipeSyntaxes): Parsed => {
  const span = { start: 0, end: text.length };
  const empty: Text = { statements: [], comments: [], span };
  if (text.length > MAX_TEXT) {
    return { text: empty, diagnostics: [syntaxError('iql.too-long', { limit: MAX_TEXT, length: text.length }, { start: MAX_TEXT, end: text.length })] };
  }
  const diagnostics = new Diagnostics(MAX_DIAGNOSTICS);
  badCharacters(text, diagnostics);
  const words = pipeWords(pipes);
  const { tokens, comments } = lex(text, words, diagnostics);
  const shaped = shape(text, tokens, words, diagnostics);
  if (shaped === undefined) return { text: { ...empty, comments }, diagnostics: diagnostics.sorted() };
  const grammar = begun(text, shaped, diagnostics);
  grammar.text();
  const read: Text = { statements: grammar.statements, comments, span };
  const told = diagnostics.sorted();
  if (!grammar.statements.some((s) => s.node === 'query' || s.node === 'alert') && told.length === 0)
    told.push(syntaxError('iql.no-query', {}, { start: text.length, end: text.length }));
  return { text: read, diagnostics: told };
};

const NO_PIPES = pipeWords(new Map());

/** Reads `[a, b, …]`, spaces before it allowed: expressions that stand in another text. */
export const parseList = (text: string): { readonly items: readonly Expression[]; readonly diagnostics: readonly Diagnostic[] } => {
  const diagnostics = new Diagnostics(MAX_DIAGNOSTICS);
  const shaped = shape(text, lex(text, NO_PIPES, diagnostics).tokens, NO_PIPES, diagnostics);
  const list = shaped && begun(text, shaped, diagnostics).expressions();
  return { items: list?.node === 'list' ? list.items : [], diagnostics: diagnostics.sorted() };
};

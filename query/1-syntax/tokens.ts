// The kinds of tokens of IQL, and the token as lexer, shaper and grammar hand it on. Knows no text and no pipe.
import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain';
import type { Expression } from './ast.ts';
import type { PipeSyntax } from './signature.ts';

const kind = (name: string): TokenType => createToken({ name, pattern: Lexer.NA });

export const T = {
  Let: kind('Let'),
  Fn: kind('Fn'),
  Alert: kind('Alert'),
  From: kind('From'),
  Data: kind('Data'),
  /** `combine` as a source. */
  Combine: kind('Combine'),
  /** `gauge`, `counter`, `histogram`, `delta` after `data`. */
  DataWord: kind('DataWord'),
  /** `last`, `at`, `offset`, `between` after a source. */
  RangeWord: kind('RangeWord'),
  Pipe: kind('Pipe'),
  PipeName: kind('PipeName'),
  Raw: kind('Raw'),
  Clause: kind('Clause'),
  ArgumentClause: kind('ArgumentClause'),
  Name: kind('Name'),
  /** A name before `(`. */
  Callee: kind('Callee'),
  /** Text, number, quantity, time, parameter, true, false, missing, now: `node` is ready made. */
  Literal: kind('Literal'),
  /** Infix operators but `-` and `=`; `word` is the canonical spelling. */
  Operator: kind('Operator'),
  Minus: kind('Minus'),
  Equals: kind('Equals'),
  Not: kind('Not'),
  Exists: kind('Exists'),
  /** `in`, and `not in` (`negated`). */
  In: kind('In'),
  Between: kind('Between'),
  /** `is null` and the like, of other languages. */
  IsMissing: kind('IsMissing'),
  Case: kind('Case'),
  When: kind('When'),
  Then: kind('Then'),
  Else: kind('Else'),
  End: kind('End'),
  /** `where` inside a call. */
  Where: kind('Where'),
  Open: kind('Open'),
  /** `(` before `from` or `data`. */
  QueryOpen: kind('QueryOpen'),
  Close: kind('Close'),
  ListOpen: kind('ListOpen'),
  ListClose: kind('ListClose'),
  MapOpen: kind('MapOpen'),
  MapClose: kind('MapClose'),
  Comma: kind('Comma'),
  Colon: kind('Colon'),
  /** Always the last token. */
  EndOfText: kind('EndOfText'),
  /** `as`, `by`, `per`, `over`, `if` before they find their place. */
  Reserved: kind('Reserved'),
} as const;

export class Token implements IToken {
  readonly image: string;
  readonly startOffset: number;
  /** Exclusive; Chevrotain's own `endOffset` is inclusive. */
  readonly end: number;
  readonly endOffset: number;
  tokenType: TokenType;
  tokenTypeIdx: number;
  /** Lower case of a plain name or reserved word, else empty; canonical spelling of an operator, a clause, a pipe's name. */
  word: string;
  /** Of a name: the name without backticks. */
  readonly name: string;
  readonly node: Expression | undefined;
  /** Of a pipe's name. */
  syntax: PipeSyntax | undefined = undefined;
  negated = false;
  /** `from` or `data` that begins a statement, not a query inside one. */
  statement = false;
  /** A name that stands after the leading word of its pipe: `every all n = count()`. */
  led = false;
  /** Put in by the shaper where the text lacks it, and told there. */
  synthetic = false;
  constructor(type: TokenType, image: string, start: number, word: string, name: string, node?: Expression, end = start + image.length) {
    this.image = image;
    this.startOffset = start;
    this.end = end;
    this.endOffset = end - 1;
    this.tokenType = type;
    this.tokenTypeIdx = type.tokenTypeIdx as number;
    this.word = word;
    this.name = name;
    this.node = node;
  }
  is(type: TokenType): boolean {
    return this.tokenType === type;
  }
  become(type: TokenType): this {
    this.tokenType = type;
    this.tokenTypeIdx = type.tokenTypeIdx as number;
    return this;
  }
}

/** Reserved words, always in lower case here; all other words are names that find a meaning in their place. */
export const RESERVED: ReadonlyMap<string, TokenType> = new Map([
  ['and', T.Operator],
  ['or', T.Operator],
  ['not', T.Not],
  ['in', T.In],
  ['between', T.Between],
  ['if', T.Reserved],
  ['case', T.Case],
  ['when', T.When],
  ['then', T.Then],
  ['else', T.Else],
  ['end', T.End],
  ['exists', T.Exists],
  ['true', T.Literal],
  ['false', T.Literal],
  ['missing', T.Literal],
  ['now', T.Literal],
  ['as', T.Reserved],
  ['by', T.Reserved],
  ['per', T.Reserved],
  ['over', T.Reserved],
  ['from', T.From],
  ['data', T.Data],
  ['let', T.Let],
  ['fn', T.Fn],
  ['alert', T.Alert],
]);

/** Words that are operators after an operand; as names they are printed in backticks. */
export const OPERATOR_WORDS: ReadonlySet<string> = new Set(['like', 'starts', 'matches', 'contains', 'has']);

/** Tight binds high. Comparisons, `in` and `between` share `COMPARISON`. */
export const COMPARISON = 4;
export const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['==', COMPARISON],
  ['!=', COMPARISON],
  ['<', COMPARISON],
  ['<=', COMPARISON],
  ['>', COMPARISON],
  ['>=', COMPARISON],
  ['like', COMPARISON],
  ['not like', COMPARISON],
  ['starts with', COMPARISON],
  ['matches', COMPARISON],
  ['contains', COMPARISON],
  ['has', COMPARISON],
  ['??', 5],
  ['+', 6],
  ['-', 6],
  ['*', 7],
  ['/', 7],
  ['%', 7],
]);

/** After such a token an operand is complete. */
export const endsOperand = (token: Token | undefined): boolean =>
  token !== undefined && (token.is(T.Name) || token.is(T.Literal) || token.is(T.Close) || token.is(T.ListClose) || token.is(T.MapClose) || token.is(T.End));

const STARTS: ReadonlySet<TokenType> = new Set<TokenType>([
  T.Name,
  T.Callee,
  T.Literal,
  T.Open,
  T.QueryOpen,
  T.ListOpen,
  T.MapOpen,
  T.Case,
  T.Minus,
  T.Not,
  T.Exists,
]);
/** Such a token can begin an operand. */
export const startsOperand = (token: Token | undefined): boolean => token !== undefined && STARTS.has(token.tokenType);

// What the grammar's rules are written with: looking ahead, spans, holes for what the text lacks, skipping what fits nowhere. Holds no rule.
import { EmbeddedActionsParser, type TokenType } from 'chevrotain';
import type { Expression, Name, Span, Text } from './ast.ts';
import { type Diagnostics, type Fix, fixOf, syntaxError } from './diagnostic.ts';
import { T, type Token } from './tokens.ts';

type Types = ReadonlySet<TokenType>;
export const OPENERS: Types = new Set([T.Open, T.QueryOpen, T.ListOpen, T.MapOpen, T.Case]);
export const CLOSERS: Types = new Set([T.Close, T.ListClose, T.MapClose, T.End]);
export const STATEMENTS: Types = new Set([T.Let, T.Fn, T.Alert, T.From, T.Data]);
export const CLAUSES: Types = new Set([T.Clause, ...STATEMENTS]);
export const PIPES: Types = new Set([T.Pipe, ...STATEMENTS]);
export const NOTHING: Types = new Set();

export class GrammarTools extends EmbeddedActionsParser {
  protected diagnostics!: Diagnostics;
  protected written!: string;
  statements: Text['statements'][number][] = [];
  protected hasQuery = false;
  /** Operators read in the argument at hand. */
  protected operators = 0;
  /** Prefix operators and operands that are being read. */
  protected prefixes = 0;
  /** Brackets that are open. */
  protected level = 0;

  constructor() {
    super(T, { recoveryEnabled: false, maxLookahead: 1, skipValidations: true });
  }

  /** Makes ready for a text. The last token must be `EndOfText`. */
  begin(text: string, tokens: Token[], diagnostics: Diagnostics): void {
    this.input = tokens;
    this.written = text;
    this.diagnostics = diagnostics;
    this.statements = [];
    this.hasQuery = false;
    this.operators = this.prefixes = this.level = 0;
  }

  protected next(by = 1): Token {
    return this.LA(by) as Token;
  }
  protected last(): Token {
    return this.LA(0) as Token;
  }
  protected isNext(type: TokenType, by = 1): boolean {
    return this.RECORDING_PHASE || this.LA(by).tokenType === type;
  }
  /** The span from `start` to the last token read. */
  protected to(start: number): Span {
    return { start, end: Math.max(start, this.last().end) };
  }
  protected hole(told = false): Expression {
    const last = this.last();
    const at = last.end ?? 0;
    if (!told && !last.synthetic) this.diagnostics.add(syntaxError('iql.missing-expression', { after: this.imageOf(last) }, this.gap()));
    return { node: 'missing', span: { start: at, end: at } };
  }
  /** Where something is missing: the space after the last token, at least one place. */
  protected gap(): Span {
    const end = this.last().end ?? 0;
    return { start: end, end: Math.max(end, Math.min(this.next().startOffset ?? end, end + 1)) };
  }
  protected imageOf(t: Token): string {
    return t.image === '' || t.image === undefined ? 'the beginning' : t.image.length > 40 ? `${t.image.slice(0, 37)}…` : t.image;
  }
  protected nameHole(after: string): Name {
    const span = this.gap();
    this.diagnostics.add(syntaxError('iql.missing-name', { after }, span));
    return { node: 'name', name: '', span: { start: span.start, end: span.start } };
  }
  protected missing(wanted: string, form: string, fix?: Fix): void {
    this.diagnostics.add(syntaxError('iql.missing-word', { wanted, form }, this.gap(), fix));
  }
  protected nameOf(t: Token): Name {
    return { node: 'name', name: t.name, span: { start: t.startOffset, end: t.end } };
  }
  /** Skips what fits nowhere, telling once, up to one of `until`, a closing bracket or the end. */
  protected skip(until: Types): void {
    if (this.RECORDING_PHASE) return;
    const first = this.next();
    for (let depth = 0, told = false; ; told = true) {
      const t = this.next();
      if (t.is(T.EndOfText) || (depth === 0 && (until.has(t.tokenType) || CLOSERS.has(t.tokenType)))) return;
      if (!told && !first.synthetic) {
        this.diagnostics.add(syntaxError('iql.unexpected', { found: this.imageOf(first) }, { start: first.startOffset, end: first.end }));
      }
      if (OPENERS.has(t.tokenType)) depth += 1;
      else if (CLOSERS.has(t.tokenType)) depth -= 1;
      this.SKIP_TOKEN();
    }
  }
  /** Between two items of a list in brackets. */
  protected comma(seen: boolean): void {
    if (seen || this.RECORDING_PHASE) return;
    const { end } = this.last();
    this.missing('a comma', 'a, b', fixOf('Add a comma', end, end, ','));
  }
}

// The grammar, by Chevrotain, over shaped tokens: builds the syntax tree as it goes. It mends by itself (a missing operand is a hole, what fits
// nowhere is skipped up to the next pipe, statement or closing bracket), each with a diagnostic, so that Chevrotain never has an error to recover from.
import { EmbeddedActionsParser, type ParserMethod, type TokenType } from 'chevrotain';
import type { Argument, Binary, Clause, Expression, FunctionDefinition, LetValue, MapLiteral, Name, Pipe, Query, Range, Source, Span } from './ast.ts';
import { type Diagnostics, type Fix, fixOf, syntaxError } from './diagnostic.ts';
import { COMPARISON, endsOperand, PRECEDENCE, startsOperand, T, type Token } from './tokens.ts';

const MAX_OPERATORS = 1_000;
const MAX_PREFIXES = 100;

type Types = ReadonlySet<TokenType>;
const OPENERS: Types = new Set([T.Open, T.QueryOpen, T.ListOpen, T.MapOpen, T.Case]);
const CLOSERS: Types = new Set([T.Close, T.ListClose, T.MapClose, T.End]);
const STATEMENTS: Types = new Set([T.Let, T.Fn, T.From, T.Data]);
const PIPES: Types = new Set([T.Pipe, ...STATEMENTS]);
const NOTHING: Types = new Set();
const INFIX: Types = new Set([T.Operator, T.Minus, T.In, T.Between, T.IsMissing]);
/** What may follow a name directly as the argument of an aggregate: `p95 x`. */
const JUXTAPOSED: Types = new Set([T.Name, T.Callee, T.Literal]);

type Entry = MapLiteral['entries'][number];

export class Grammar extends EmbeddedActionsParser {
  diagnostics!: Diagnostics;
  source_!: string;
  definitions: (LetValue | FunctionDefinition)[] = [];
  query_: Query | undefined;
  #operators = 0;
  #prefixes = 0;
  #level = 0;

  constructor() {
    super(T, { recoveryEnabled: false, maxLookahead: 1, skipValidations: true });
    this.performSelfAnalysis();
  }

  /** Makes ready for a text. The last token must be `EndOfText`. */
  begin(text: string, tokens: Token[], diagnostics: Diagnostics): void {
    this.input = tokens;
    this.source_ = text;
    this.diagnostics = diagnostics;
    this.definitions = [];
    this.query_ = undefined;
    this.#operators = this.#prefixes = this.#level = 0;
  }

  // ——— what the rules are written with

  #next(by = 1): Token {
    return this.LA(by) as Token;
  }
  #last(): Token {
    return this.LA(0) as Token;
  }
  #isNext(type: TokenType, by = 1): boolean {
    return this.RECORDING_PHASE || this.LA(by).tokenType === type;
  }
  /** The span from `start` to the last token read. */
  #to(start: number): Span {
    return { start, end: Math.max(start, this.#last().end) };
  }
  #hole(told = false): Expression {
    const last = this.#last();
    const at = last.end ?? 0;
    if (!told && !last.synthetic) this.diagnostics.add(syntaxError('iql.missing-expression', { after: this.#imageOf(last) }, this.#gap()));
    return { node: 'missing', span: { start: at, end: at } };
  }
  /** Where something is missing: the space after the last token, at least one place. */
  #gap(): Span {
    const end = this.#last().end ?? 0;
    return { start: end, end: Math.max(end, Math.min(this.#next().startOffset ?? end, end + 1)) };
  }
  #imageOf(t: Token): string {
    return t.image === '' || t.image === undefined ? 'the beginning' : t.image.length > 40 ? `${t.image.slice(0, 37)}…` : t.image;
  }
  #nameHole(after: string): Name {
    const span = this.#gap();
    this.diagnostics.add(syntaxError('iql.missing-name', { after }, span));
    return { node: 'name', name: '', span: { start: span.start, end: span.start } };
  }
  #missing(wanted: string, form: string, fix?: Fix): void {
    this.diagnostics.add(syntaxError('iql.missing-word', { wanted, form }, this.#gap(), fix));
  }
  #nameOf(t: Token): Name {
    return { node: 'name', name: t.name, span: { start: t.startOffset, end: t.end } };
  }
  /** Skips what fits nowhere, telling once, up to one of `until`, a closing bracket or the end. */
  #skip(until: Types): void {
    if (this.RECORDING_PHASE) return;
    const first = this.#next();
    for (let depth = 0, told = false; ; told = true) {
      const t = this.#next();
      if (t.is(T.EndOfText) || (depth === 0 && (until.has(t.tokenType) || CLOSERS.has(t.tokenType)))) return;
      if (!told && !first.synthetic) {
        this.diagnostics.add(syntaxError('iql.unexpected', { found: this.#imageOf(first) }, { start: first.startOffset, end: first.end }));
      }
      if (OPENERS.has(t.tokenType)) depth += 1;
      else if (CLOSERS.has(t.tokenType)) depth -= 1;
      this.SKIP_TOKEN();
    }
  }
  /** Between two items of a list in brackets. */
  #comma(seen: boolean): void {
    if (seen || this.RECORDING_PHASE) return;
    const { end } = this.#last();
    this.#missing('a comma', 'a, b', fixOf('Add a comma', end, end, ','));
  }

  // ——— statements

  readonly text = this.RULE('text', () => {
    this.#skip(STATEMENTS);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.#letStatement) },
        { ALT: () => this.SUBRULE(this.#fnStatement) },
        {
          ALT: () => {
            const query = this.SUBRULE(this.#query);
            this.ACTION(() => {
              if (this.query_ === undefined) this.query_ = query;
              else this.diagnostics.add(syntaxError('iql.second-query', {}, query.span));
            });
          },
        },
      ]);
      this.#skip(STATEMENTS);
    });
    this.CONSUME(T.EndOfText);
  });

  readonly #letStatement: ParserMethod<[], void> = this.RULE('letStatement', () => {
    const word = this.CONSUME(T.Let) as Token;
    const name = this.#isNext(T.Name) ? this.#nameOf(this.CONSUME(T.Name) as Token) : this.#nameHole('let');
    if (this.#isNext(T.Equals)) this.CONSUME(T.Equals);
    else this.#missing('=', 'let name = value');
    const naked = this.OR([
      { GATE: () => STATEMENTS.has(this.#next().tokenType), ALT: () => this.SUBRULE(this.#query) },
      { ALT: () => this.SUBRULE(this.#expression, { ARGS: [1, true] }) },
    ]);
    this.ACTION(() => {
      let value = naked as Expression;
      if ((naked as Source | Query | Expression).node === 'query') {
        const query = naked as unknown as Query;
        const fix: Fix = { label: 'Add parentheses', edits: [...fixOf('', query.span.start, query.span.start, '(').edits, ...fixOf('', query.span.end, query.span.end, ')').edits] };
        this.diagnostics.add(syntaxError('iql.query-parentheses', {}, query.source.span, fix));
        value = { node: 'query-expression', query, span: query.span };
      }
      this.#define({ node: 'let', name, value, span: this.#to(word.startOffset) }, word);
    });
    // `let web = hosts | where …`: the pipes belong to a query that lacks its `from`.
    this.#skip(STATEMENTS);
  });

  readonly #fnStatement: ParserMethod<[], void> = this.RULE('fnStatement', () => {
    const word = this.CONSUME(T.Fn) as Token;
    const name = this.#isNext(T.Name) ? this.#nameOf(this.CONSUME(T.Name) as Token) : this.#nameHole('fn');
    const parameters: Name[] = [];
    if (this.#isNext(T.Open)) {
      this.CONSUME(T.Open);
      this.MANY(() =>
        this.OR([
          { ALT: () => this.CONSUME(T.Comma) },
          {
            ALT: () => {
              const parameter = this.CONSUME1(T.Name) as Token;
              this.ACTION(() => parameters.push(this.#nameOf(parameter)));
            },
          },
        ]),
      );
      this.#skip(NOTHING);
      this.CONSUME(T.Close);
    } else this.#missing('(', 'fn name(a, b) = expression');
    if (this.#isNext(T.Equals)) this.CONSUME(T.Equals);
    else this.#missing('=', 'fn name(a, b) = expression');
    const body = this.SUBRULE(this.#expression, { ARGS: [1, true] });
    this.ACTION(() => this.#define({ node: 'fn', name, parameters, body, span: this.#to(word.startOffset) }, word));
  });

  #define(definition: LetValue | FunctionDefinition, word: Token): void {
    if (this.query_ !== undefined) {
      this.diagnostics.add(syntaxError('iql.definition-after-query', { word: word.image.toLowerCase() }, { start: word.startOffset, end: word.end }));
    }
    this.definitions.push(definition);
  }

  // ——— queries

  readonly #query: ParserMethod<[], Query> = this.RULE('query', () => {
    const start = this.#next().startOffset;
    const source = this.SUBRULE(this.#source);
    const pipes: Pipe[] = [];
    this.#skip(PIPES);
    this.MANY(() => {
      if (this.#level === 0) this.#operators = 0;
      const pipe = this.SUBRULE(this.#pipe);
      this.ACTION(() => pipes.push(pipe));
      this.#skip(PIPES);
    });
    return this.ACTION<Query>(() => ({ node: 'query', source, pipes, span: { start, end: (pipes.at(-1) ?? source).span.end } }));
  });

  readonly #source: ParserMethod<[], Source> = this.RULE('source', () => {
    const start = this.#next().startOffset;
    return this.OR([
      {
        ALT: () => {
          const from = this.CONSUME(T.From) as Token;
          if (!this.RECORDING_PHASE && !(this.#isNext(T.Name) || this.#isNext(T.Data) || this.#isNext(T.Combine))) return this.#sourceHole(from);
          return this.OR1([
            { ALT: () => this.SUBRULE(this.#namedSource, { ARGS: [start] }) },
            { ALT: () => this.SUBRULE(this.#combineSource, { ARGS: [start] }) },
            { ALT: () => this.SUBRULE(this.#inlineSource, { ARGS: [start] }) },
          ]);
        },
      },
      { ALT: () => this.SUBRULE1(this.#inlineSource, { ARGS: [start] }) },
    ]);
  });
  #sourceHole(from: Token): Source {
    if (!from.synthetic) this.diagnostics.add(syntaxError('iql.missing-source', { after: from.image }, this.#gap()));
    const span = { start: from.end, end: from.end };
    return { node: 'source', name: { node: 'name', name: '', span }, range: undefined, span: { start: from.startOffset, end: from.end } };
  }

  readonly #namedSource: ParserMethod<[number], Source> = this.RULE('namedSource', (start: number) => {
    const name = this.CONSUME(T.Name) as Token;
    const range = this.SUBRULE(this.#range);
    return this.ACTION<Source>(() => ({ node: 'source', name: this.#nameOf(name), range, span: this.#to(start) }));
  });

  readonly #combineSource: ParserMethod<[number], Source> = this.RULE('combineSource', (start: number) => {
    const parts: { readonly name: Name; readonly query: Query }[] = [];
    this.CONSUME(T.Combine);
    this.CONSUME(T.Open);
    let comma = true;
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Comma);
            comma = true;
          },
        },
        {
          ALT: () => {
            this.#comma(comma);
            comma = false;
            const name = this.CONSUME(T.Name) as Token;
            if (this.#isNext(T.Equals)) this.CONSUME(T.Equals);
            else this.#missing('=', 'combine(a = (from …), b = (from …))');
            if (this.#isNext(T.QueryOpen)) {
              this.CONSUME(T.QueryOpen);
              this.#level += 1;
              const query = this.SUBRULE(this.#query);
              this.#level -= 1;
              this.#skip(NOTHING);
              this.CONSUME1(T.Close);
              this.ACTION(() => parts.push({ name: this.#nameOf(name), query }));
            } else this.#missing('a query in parentheses', 'combine(a = (from …), b = (from …))');
          },
        },
      ]),
    );
    this.#skip(NOTHING);
    this.CONSUME(T.Close);
    const range = this.SUBRULE(this.#range);
    return this.ACTION<Source>(() => ({ node: 'combine', parts, range, span: this.#to(start) }));
  });

  readonly #inlineSource: ParserMethod<[number], Source> = this.RULE('inlineSource', (start: number) => {
    this.CONSUME(T.Data);
    const words: Token[] = [];
    let unit: Token | undefined;
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            const word = this.CONSUME(T.DataWord) as Token;
            this.ACTION(() => words.push(word));
          },
        },
        {
          ALT: () => {
            this.CONSUME(T.Open);
            if (this.RECORDING_PHASE || this.#isNext(T.Name) || this.#isNext(T.Literal)) {
              unit = this.OR1([{ ALT: () => this.CONSUME(T.Name) }, { ALT: () => this.CONSUME(T.Literal) }]) as Token;
            }
            this.#skip(NOTHING);
            this.CONSUME(T.Close);
          },
        },
      ]),
    );
    let rows: Expression | undefined;
    if (this.#isNext(T.ListOpen)) rows = this.SUBRULE(this.#list);
    else this.diagnostics.add(syntaxError('iql.data-form', {}, this.#gap()));
    const range = this.SUBRULE(this.#range);
    return this.ACTION<Source>(() => this.#inline(start, words, unit, rows, range));
  });
  #inline(start: number, words: readonly Token[], unit: Token | undefined, list: Expression | undefined, range: Range | undefined): Source {
    const wrong = (span: Span): void => this.diagnostics.add(syntaxError('iql.data-form', {}, span));
    const [kind, ...rest] = words;
    if (unit !== undefined && (kind === undefined || (unit.is(T.Literal) && unit.node?.node !== 'text'))) wrong({ start: unit.startOffset, end: unit.end });
    const delta = rest.some((w) => w.word === 'delta');
    const odd = kind?.word === 'delta' ? kind : rest.find((w) => w.word !== 'delta');
    if (odd !== undefined) wrong({ start: odd.startOffset, end: odd.end });
    const items = list?.node === 'list' ? list.items : [];
    const rows = items.filter((i) => i.node === 'map');
    const strange = items.find((i) => i.node !== 'map');
    if (strange !== undefined) wrong(strange.span);
    const metric = kind && {
      kind: (kind.word === 'delta' ? 'gauge' : kind.word) as 'gauge' | 'counter' | 'histogram',
      unit: unit?.node?.node === 'text' ? unit.node.value : unit?.is(T.Name) ? unit.name : undefined,
      delta,
      span: { start: kind.startOffset, end: kind.end },
    };
    return { node: 'data', metric, rows, range, span: this.#to(start) };
  }

  readonly #range: ParserMethod<[], Range | undefined> = this.RULE('range', () => {
    const start = this.#next().startOffset;
    let range: Omit<Range, 'span'> | undefined;
    this.MANY(() => {
      const word = this.CONSUME(T.RangeWord) as Token;
      const first = this.SUBRULE(this.#expression, { ARGS: [COMPARISON + 1, false] });
      let second: Expression | undefined;
      if (this.RECORDING_PHASE || (word.word === 'between' && this.#next().is(T.Operator) && this.#next().word === 'and')) {
        this.CONSUME(T.Operator);
        second = this.SUBRULE1(this.#expression, { ARGS: [COMPARISON + 1, false] });
      }
      this.ACTION(() => {
        const key = word.word as 'last' | 'between' | 'at' | 'offset';
        range ??= { last: undefined, between: undefined, at: undefined, offset: undefined };
        const taken = key === 'offset' ? range.offset : (range.last ?? range.between ?? range.at);
        if (taken !== undefined) this.diagnostics.add(syntaxError('iql.repeated-range', { word: key }, { start: word.startOffset, end: word.end }));
        if (key === 'between' && second === undefined) this.#missing('and', 'between @start and @end');
        else range = { ...range, [key]: key === 'between' ? { from: first, to: second } : first };
      });
    });
    return this.ACTION<Range | undefined>(() => range && { ...range, span: this.#to(start) });
  });

  // ——— pipes

  readonly #pipe: ParserMethod<[], Pipe> = this.RULE('pipe', () => {
    const bar = this.CONSUME(T.Pipe) as Token;
    let name: Token | undefined;
    let raw: Token | undefined;
    let args: readonly Argument[] = [];
    const clauses: Clause[] = [];
    if (this.#isNext(T.PipeName)) name = this.CONSUME(T.PipeName) as Token;
    if (this.#isNext(T.Raw)) raw = this.CONSUME(T.Raw) as Token;
    args = this.SUBRULE(this.#argumentList);
    this.MANY(() => {
      const clause = this.SUBRULE(this.#clause);
      this.ACTION(() => clauses.push(clause));
    });
    return this.ACTION<Pipe>(() => ({
      name: name?.word ?? '',
      nameSpan: name === undefined ? { start: bar.end, end: bar.end } : { start: name.startOffset, end: name.end },
      arguments: args,
      clauses,
      raw: raw && { text: raw.image, span: { start: raw.startOffset, end: raw.end } },
      span: this.#to(bar.startOffset),
    }));
  });

  readonly #clause: ParserMethod<[], Clause> = this.RULE('clause', () => {
    const word = this.CONSUME(T.Clause) as Token;
    const args = this.SUBRULE(this.#argumentList);
    return this.ACTION<Clause>(() => {
      if (args.length === 0) this.#hole();
      return { word: word.word, wordSpan: { start: word.startOffset, end: word.end }, arguments: args, span: this.#to(word.startOffset) };
    });
  });

  /** A query without parentheses is read only where an operand must stand; else it is the next statement. */
  #mayStart(): boolean {
    const t = this.#next();
    return !(t.is(T.From) || t.is(T.Data)) || !endsOperand(this.#last());
  }

  readonly #argumentList: ParserMethod<[], Argument[]> = this.RULE('argumentList', () => {
    const all: Argument[] = [];
    let comma = true;
    this.MANY({
      GATE: () => this.#mayStart(),
      DEF: () =>
        this.OR([
          {
            ALT: () => {
              const token = this.CONSUME(T.Comma) as Token;
              this.ACTION(() => {
                if (comma) this.diagnostics.add(syntaxError('iql.unexpected', { found: ',' }, { start: token.startOffset, end: token.end }));
              });
              comma = true;
            },
          },
          {
            ALT: () => {
              this.#comma(comma);
              comma = false;
              const argument = this.SUBRULE(this.#argument);
              this.ACTION(() => all.push(argument));
            },
          },
        ]),
    });
    return all;
  });

  readonly #argument: ParserMethod<[], Argument> = this.RULE('argument', () => {
    const start = this.#next().startOffset;
    let name: Name | undefined;
    const words: Expression[] = [];
    const clauses: Clause[] = [];
    const word = (found: Expression): void => {
      this.ACTION(() => {
        const before = words.at(-1);
        if (before?.node === 'name' && found.node === 'binary') this.#unclear(before, found);
        words.push(found);
      });
    };
    const clause = (found: Clause): void => {
      this.ACTION(() => clauses.push(found));
    };
    this.OR([
      {
        GATE: () => this.#isNext(T.Equals, 2),
        ALT: () => {
          const token = this.CONSUME(T.Name) as Token;
          this.CONSUME(T.Equals);
          this.ACTION(() => {
            name = this.#nameOf(token);
            const t = this.#next();
            if (!startsOperand(t) && !t.is(T.From) && !t.is(T.Data)) words.push(this.#hole());
          });
        },
      },
      { ALT: () => word(this.SUBRULE(this.#expression, { ARGS: [1, false] })) },
      { ALT: () => clause(this.SUBRULE(this.#argumentClause)) },
    ]);
    this.MANY({ GATE: () => this.#mayStart(), DEF: () => word(this.SUBRULE1(this.#expression, { ARGS: [1, false] })) });
    this.MANY1(() => clause(this.SUBRULE1(this.#argumentClause)));
    return this.ACTION<Argument>(() => ({ name, words, clauses, span: this.#to(start) }));
  });
  #unclear(name: Name, found: Binary): void {
    const span = { start: name.span.start, end: found.span.end };
    const edits = [
      { span: { start: name.span.end, end: found.span.start }, text: '(' },
      { span: { start: span.end, end: span.end }, text: ')' },
    ];
    const written = this.source_.slice(span.start, span.end);
    this.diagnostics.add(syntaxError('iql.words-or-operator', { text: written, name: name.name }, span, { label: 'Add parentheses', edits }));
  }

  readonly #argumentClause: ParserMethod<[], Clause> = this.RULE('argumentClause', () => {
    const word = this.CONSUME(T.ArgumentClause) as Token;
    const start = this.#next().startOffset;
    const words: Expression[] = [];
    this.MANY({
      GATE: () => this.#mayStart(),
      DEF: () => {
        const found = this.SUBRULE(this.#expression, { ARGS: [1, false] });
        this.ACTION(() => words.push(found));
      },
    });
    return this.ACTION<Clause>(() => {
      if (words.length === 0) this.#hole();
      const args = words.length === 0 ? [] : [{ name: undefined, words, clauses: [], span: this.#to(start) }];
      return { word: word.word, wordSpan: { start: word.startOffset, end: word.end }, arguments: args, span: this.#to(word.startOffset) };
    });
  });

  // ——— expressions

  #precedence(): number {
    const t = this.#next();
    return INFIX.has(t.tokenType) ? (PRECEDENCE.get(t.word) ?? COMPARISON) : 0;
  }

  /** `least`: the loosest operator that belongs to it. `nested`: inside brackets, where `p95 x` is a call, not two words of a pipe. */
  readonly #expression: ParserMethod<[number, boolean], Expression> = this.RULE('expression', (least: number, nested: boolean) => {
    let left = this.SUBRULE(this.#prefixed, { ARGS: [nested] });
    let compared: Expression | undefined;
    this.MANY({
      GATE: () => this.#precedence() >= least,
      DEF: () => {
        const operator = this.#next();
        const precedence = this.#precedence();
        const chained = precedence === COMPARISON && compared !== undefined && compared === left ? this.#chain(left, operator) : undefined;
        const subject = chained ?? left;
        let made = this.OR([
          { ALT: () => this.SUBRULE(this.#infix, { ARGS: [subject, precedence, nested] }) },
          { ALT: () => this.SUBRULE(this.#inList, { ARGS: [subject] }) },
          { ALT: () => this.SUBRULE(this.#between, { ARGS: [subject, nested] }) },
          { ALT: () => this.SUBRULE(this.#isMissing, { ARGS: [subject] }) },
        ]);
        this.ACTION(() => {
          if (precedence === COMPARISON) compared = made;
          if (chained !== undefined) {
            const span = { start: left.span.start, end: made.span.end };
            made = compared = { node: 'binary', operator: 'and', operatorSpan: { start: operator.startOffset, end: operator.startOffset }, left, right: made, span };
          }
          left = made;
          this.#operators += 1;
          if (this.#operators === MAX_OPERATORS) {
            this.diagnostics.add(syntaxError('iql.too-complex', { limit: MAX_OPERATORS }, { start: operator.startOffset, end: operator.end }));
          }
          // What comes after is not read: the tree stays as shallow as the limit says.
          if (this.#operators >= MAX_OPERATORS) this.#drop();
        });
      },
    });
    return left;
  });
  #drop(): void {
    for (let depth = 0; ; ) {
      const t = this.#next();
      if (t.is(T.EndOfText) || (depth === 0 && (t.is(T.Pipe) || CLOSERS.has(t.tokenType) || STATEMENTS.has(t.tokenType)))) return;
      if (OPENERS.has(t.tokenType)) depth += 1;
      else if (CLOSERS.has(t.tokenType)) depth -= 1;
      this.SKIP_TOKEN();
    }
  }
  /** `a < b < c`: tells, and gives the operand both comparisons share. */
  #chain(left: Expression, operator: Token): Expression | undefined {
    if (left.node !== 'binary') {
      this.diagnostics.add(syntaxError('iql.comparison-chain', {}, { start: operator.startOffset, end: operator.end }));
      return undefined;
    }
    const shared = left.operator === 'and' && left.right.node === 'binary' ? left.right.right : left.right;
    const written = this.source_.slice(shared.span.start, shared.span.end);
    const fix = fixOf('Join them with and', operator.startOffset, operator.startOffset, `and ${written} `);
    this.diagnostics.add(syntaxError('iql.comparison-chain', {}, { start: operator.startOffset, end: operator.end }, fix));
    return shared;
  }

  readonly #infix: ParserMethod<[Expression, number, boolean], Expression> = this.RULE('infix', (left: Expression, precedence: number, nested: boolean) => {
    const operator = this.OR([{ ALT: () => this.CONSUME(T.Operator) }, { ALT: () => this.CONSUME(T.Minus) }]) as Token;
    const right = this.SUBRULE(this.#expression, { ARGS: [precedence + 1, nested] });
    return this.ACTION<Expression>(() => {
      const operatorSpan = { start: operator.startOffset, end: operator.end };
      const negatedLike = operator.negated && operator.word === 'like';
      const span = { start: left.span.start, end: Math.max(right.span.end, operator.end) };
      const made: Expression = {
        node: 'binary', operator: (negatedLike ? 'not like' : operator.word) as Binary['operator'], operatorSpan, left, right, span,
      };
      this.#nullCheck(made);
      return operator.negated && !negatedLike ? { node: 'unary', operator: 'not', operand: made, span } : made;
    });
  });
  /** `x == null` of other languages. */
  #nullCheck(made: Binary): void {
    const { left, right, operator } = made;
    if ((operator !== '==' && operator !== '!=') || right.node !== 'name' || !/^(null|nil|none)$/i.test(right.name)) return;
    const found = this.source_.slice(made.span.start, made.span.end);
    const written = this.source_.slice(left.span.start, left.span.end);
    const instead = operator === '==' ? `not exists ${written}` : `exists ${written}`;
    this.diagnostics.add(syntaxError('iql.is-null', { found, instead }, made.span, fixOf(`Write ${instead}`, made.span.start, made.span.end, instead)));
  }

  readonly #inList: ParserMethod<[Expression], Expression> = this.RULE('inList', (operand: Expression) => {
    const word = this.CONSUME(T.In) as Token;
    let items: readonly Expression[] = [];
    const bare = !this.RECORDING_PHASE && !this.#isNext(T.Open);
    if (!bare) {
      this.CONSUME(T.Open);
      items = this.SUBRULE(this.#items);
      this.#skip(NOTHING);
      this.CONSUME(T.Close);
    }
    if (bare || this.RECORDING_PHASE) {
      // `in $list`, `in [a, b]`, `in (from …)`.
      const found = this.SUBRULE(this.#prefixed, { ARGS: [false] });
      this.ACTION(() => {
        items = found.node === 'list' ? found.items : [found];
      });
    }
    return this.ACTION<Expression>(() => ({ node: 'in', negated: word.negated, operand, items, span: this.#to(operand.span.start) }));
  });

  readonly #between: ParserMethod<[Expression, boolean], Expression> = this.RULE('between', (operand: Expression, nested: boolean) => {
    const word = this.CONSUME(T.Between) as Token;
    const low = this.SUBRULE(this.#expression, { ARGS: [COMPARISON + 1, nested] });
    let high: Expression | undefined;
    if (this.RECORDING_PHASE || (this.#next().is(T.Operator) && this.#next().word === 'and')) {
      this.CONSUME(T.Operator);
      high = this.SUBRULE1(this.#expression, { ARGS: [COMPARISON + 1, nested] });
    }
    return this.ACTION<Expression>(() => {
      if (high === undefined) this.#missing('and', 'x between a and b');
      const span = this.#to(operand.span.start);
      const made: Expression = { node: 'between', operand, low, high: high ?? this.#hole(true), span };
      return word.negated ? { node: 'unary', operator: 'not', operand: made, span } : made;
    });
  });

  readonly #isMissing: ParserMethod<[Expression], Expression> = this.RULE('isMissing', (operand: Expression) => {
    const word = this.CONSUME(T.IsMissing) as Token;
    return this.ACTION<Expression>(() => {
      const span = this.#to(operand.span.start);
      const written = this.source_.slice(operand.span.start, operand.span.end);
      const instead = word.negated ? `exists ${written}` : `not exists ${written}`;
      const found = this.source_.slice(span.start, span.end);
      this.diagnostics.add(syntaxError('iql.is-null', { found, instead }, span, fixOf(`Write ${instead}`, span.start, span.end, instead)));
      const exists: Expression = { node: 'unary', operator: 'exists', operand, span };
      return word.negated ? exists : { node: 'unary', operator: 'not', operand: exists, span };
    });
  });

  readonly #prefixed: ParserMethod<[boolean], Expression> = this.RULE('prefixed', (nested: boolean) => {
    if (!this.RECORDING_PHASE) {
      const t = this.#next();
      const query = (t.is(T.From) || t.is(T.Data)) && !endsOperand(this.#last());
      if (!startsOperand(t) && !query) return this.#hole();
      if (this.#prefixes >= MAX_PREFIXES) this.#dropPrefixes();
    }
    const start = this.#next().startOffset;
    this.#prefixes += 1;
    const found = this.OR([
      { ALT: () => this.#unary(start, this.CONSUME(T.Not) as Token, () => this.SUBRULE(this.#expression, { ARGS: [3, nested] })) },
      { ALT: () => this.#unary(start, this.CONSUME(T.Exists) as Token, () => this.SUBRULE1(this.#expression, { ARGS: [COMPARISON + 1, nested] })) },
      { ALT: () => this.#unary(start, this.CONSUME(T.Minus) as Token, () => this.SUBRULE(this.#prefixed, { ARGS: [nested] })) },
      { ALT: () => this.SUBRULE(this.#operand, { ARGS: [nested] }) },
    ]);
    this.#prefixes -= 1;
    return found;
  });
  #unary(start: number, operator: Token, read: () => Expression): Expression {
    const operand = read();
    return this.ACTION<Expression>(() => ({ node: 'unary', operator: operator.word as '-' | 'not' | 'exists', operand, span: { start, end: Math.max(operator.end, operand.span.end) } }));
  }
  #dropPrefixes(): void {
    const t = this.#next();
    if (!t.is(T.Not) && !t.is(T.Minus) && !t.is(T.Exists)) return;
    this.diagnostics.add(syntaxError('iql.too-deep', { limit: MAX_PREFIXES }, { start: t.startOffset, end: t.end }));
    while (this.#next().is(T.Not) || this.#next().is(T.Minus) || this.#next().is(T.Exists)) this.SKIP_TOKEN();
  }

  readonly #operand: ParserMethod<[boolean], Expression> = this.RULE('operand', (nested: boolean) => {
    if (!this.RECORDING_PHASE && !startsOperand(this.#next()) && !STATEMENTS.has(this.#next().tokenType)) return this.#hole();
    const start = this.#next().startOffset;
    let found: Expression = this.OR([
      { ALT: () => this.#literal(this.CONSUME(T.Literal) as Token) },
      { ALT: () => this.SUBRULE(this.#call) },
      { ALT: () => this.SUBRULE(this.#nameOrAggregate, { ARGS: [nested] }) },
      { ALT: () => this.SUBRULE(this.#group) },
      { ALT: () => this.SUBRULE(this.#subQuery) },
      { ALT: () => this.SUBRULE(this.#list) },
      { ALT: () => this.SUBRULE(this.#map) },
      { ALT: () => this.SUBRULE(this.#case) },
      { ALT: () => this.SUBRULE(this.#nakedQuery) },
    ]);
    this.MANY({
      GATE: () => found.node !== 'number' && found.node !== 'quantity',
      DEF: () => {
        this.CONSUME(T.ListOpen);
        const index = this.SUBRULE(this.#expression, { ARGS: [1, true] });
        this.#skip(NOTHING);
        this.CONSUME(T.ListClose);
        const operand = found;
        this.ACTION(() => {
          found = { node: 'index', operand, index, span: this.#to(start) };
          this.#operators += 1;
        });
      },
    });
    return found;
  });
  #literal(t: Token): Expression {
    return this.ACTION<Expression>(() => t.node as Expression);
  }

  readonly #nameOrAggregate: ParserMethod<[boolean], Expression> = this.RULE('nameOrAggregate', (nested: boolean) => {
    const token = this.CONSUME(T.Name) as Token;
    let argument: Expression | undefined;
    if (this.RECORDING_PHASE || (nested && JUXTAPOSED.has(this.#next().tokenType))) argument = this.SUBRULE(this.#operand, { ARGS: [false] });
    return this.ACTION<Expression>(() => {
      const name = this.#nameOf(token);
      if (argument === undefined) return name;
      return { node: 'call', function: name, arguments: [argument], where: undefined, written: 'words', span: this.#to(token.startOffset) };
    });
  });

  readonly #call: ParserMethod<[], Expression> = this.RULE('call', () => {
    const callee = this.CONSUME(T.Callee) as Token;
    this.CONSUME(T.Open);
    const args: Expression[] = [];
    const named: { readonly name: Name; readonly value: Expression }[] = [];
    let where: Expression | undefined;
    let comma = true;
    this.#level += 1;
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Comma);
            comma = true;
          },
        },
        {
          ALT: () => {
            const word = this.CONSUME(T.Where) as Token;
            const filter = this.SUBRULE(this.#expression, { ARGS: [1, true] });
            this.ACTION(() => {
              if (where !== undefined) this.diagnostics.add(syntaxError('iql.unexpected', { found: 'where' }, { start: word.startOffset, end: word.end }));
              where ??= filter;
            });
            comma = false;
          },
        },
        {
          GATE: () => this.#isNext(T.Colon, 2),
          ALT: () => {
            this.#comma(comma);
            const name = this.CONSUME(T.Name) as Token;
            this.CONSUME(T.Colon);
            const value = this.SUBRULE1(this.#expression, { ARGS: [1, true] });
            this.ACTION(() => named.push({ name: this.#nameOf(name), value }));
            comma = false;
          },
        },
        {
          ALT: () => {
            this.#comma(comma);
            const argument = this.SUBRULE2(this.#expression, { ARGS: [1, true] });
            this.ACTION(() => args.push(argument));
            comma = false;
          },
        },
      ]),
    );
    this.#skip(NOTHING);
    this.CONSUME(T.Close);
    this.#level -= 1;
    return this.ACTION<Expression>(() => ({
      node: 'call', function: this.#nameOf(callee), arguments: args, where, ...(named.length > 0 ? { named } : {}), written: 'parentheses', span: this.#to(callee.startOffset),
    }));
  });

  readonly #group: ParserMethod<[], Expression> = this.RULE('group', () => {
    this.CONSUME(T.Open);
    this.#level += 1;
    const inner = this.SUBRULE(this.#expression, { ARGS: [1, true] });
    this.#level -= 1;
    this.#skip(NOTHING);
    this.CONSUME(T.Close);
    return inner;
  });

  readonly #subQuery: ParserMethod<[], Expression> = this.RULE('subQuery', () => {
    const open = this.CONSUME(T.QueryOpen) as Token;
    this.#level += 1;
    const query = this.SUBRULE(this.#query);
    this.#level -= 1;
    this.#skip(NOTHING);
    this.CONSUME(T.Close);
    return this.ACTION<Expression>(() => ({ node: 'query-expression', query, span: this.#to(open.startOffset) }));
  });

  readonly #nakedQuery: ParserMethod<[], Expression> = this.RULE('nakedQuery', () => {
    const source = this.SUBRULE(this.#source);
    return this.ACTION<Expression>(() => {
      const { span } = source;
      const edits = [{ span: { start: span.start, end: span.start }, text: '(' }, { span: { start: span.end, end: span.end }, text: ')' }];
      this.diagnostics.add(syntaxError('iql.query-parentheses', {}, span, { label: 'Add parentheses', edits }));
      return { node: 'query-expression', query: { node: 'query', source, pipes: [], span }, span };
    });
  });

  readonly #items: ParserMethod<[], Expression[]> = this.RULE('items', () => {
    const items: Expression[] = [];
    let comma = true;
    this.#level += 1;
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Comma);
            comma = true;
          },
        },
        {
          ALT: () => {
            this.#comma(comma);
            comma = false;
            const item = this.SUBRULE(this.#expression, { ARGS: [1, true] });
            this.ACTION(() => items.push(item));
          },
        },
      ]),
    );
    this.#level -= 1;
    return items;
  });

  readonly #list: ParserMethod<[], Expression> = this.RULE('list', () => {
    const open = this.CONSUME(T.ListOpen) as Token;
    const items = this.SUBRULE(this.#items);
    this.#skip(NOTHING);
    this.CONSUME(T.ListClose);
    return this.ACTION<Expression>(() => ({ node: 'list', items, span: this.#to(open.startOffset) }));
  });

  readonly #map: ParserMethod<[], Expression> = this.RULE('map', () => {
    const open = this.CONSUME(T.MapOpen) as Token;
    const entries: Entry[] = [];
    let comma = true;
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Comma);
            comma = true;
          },
        },
        {
          ALT: () => {
            this.#comma(comma);
            comma = false;
            const key = this.OR1([{ ALT: () => this.CONSUME(T.Name) }, { ALT: () => this.CONSUME(T.Literal) }]) as Token;
            if (this.#isNext(T.Colon)) {
              this.CONSUME(T.Colon);
            } else this.#missing(':', '{name: value, …}');
            const value = this.SUBRULE(this.#expression, { ARGS: [1, true] });
            this.ACTION(() => {
              if (key.is(T.Literal) && key.node?.node !== 'text') {
                this.diagnostics.add(syntaxError('iql.unexpected', { found: key.image }, { start: key.startOffset, end: key.end }));
              } else entries.push({ key: key.node?.node === 'text' ? key.node : this.#nameOf(key), value });
            });
          },
        },
      ]),
    );
    this.#skip(NOTHING);
    this.CONSUME(T.MapClose);
    return this.ACTION<Expression>(() => ({ node: 'map', entries, span: this.#to(open.startOffset) }));
  });

  readonly #case: ParserMethod<[], Expression> = this.RULE('case', () => {
    const open = this.CONSUME(T.Case) as Token;
    const branches: { readonly when: Expression; readonly then: Expression }[] = [];
    let otherwise: Expression | undefined;
    this.#skip(WHENS);
    this.MANY(() => {
      this.CONSUME(T.When);
      const when = this.SUBRULE(this.#expression, { ARGS: [1, true] });
      if (this.#isNext(T.Then)) {
        this.CONSUME(T.Then);
        const then = this.SUBRULE1(this.#expression, { ARGS: [1, true] });
        this.ACTION(() => branches.push({ when, then }));
      } else this.#missing('then', CASE_FORM);
      this.#skip(WHENS);
    });
    if (this.#isNext(T.Else)) {
      this.CONSUME(T.Else);
      otherwise = this.SUBRULE2(this.#expression, { ARGS: [1, true] });
    }
    this.ACTION(() => {
      if (branches.length === 0) this.#missing('when', CASE_FORM);
    });
    this.#skip(NOTHING);
    this.CONSUME(T.End);
    return this.ACTION<Expression>(() => ({ node: 'case', branches, otherwise, span: this.#to(open.startOffset) }));
  });
}

const WHENS: Types = new Set([T.When, T.Else]);
const CASE_FORM = 'case when a then b else c end';

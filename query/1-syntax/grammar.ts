// The grammar of statements, sources and pipes, by Chevrotain, over shaped tokens: builds the syntax tree as it goes. It recovers by itself (a missing
// operand is a hole, what fits nowhere is skipped up to the next pipe, statement or closing bracket), each time with a diagnostic in the user's words,
// so that Chevrotain, whose own recovery knows neither, never has an error.
import type { ParserMethod } from 'chevrotain';
import type { Argument, Binary, Clause, Definition, Expression, Name, Pipe, Query, Range, Source, Span } from './ast.ts';
import { type Fix, fixOf, syntaxError } from './diagnostic.ts';
import { ExpressionGrammar } from './expression-grammar.ts';
import { CLAUSES, NOTHING, PIPES, STATEMENTS } from './grammar-tools.ts';
import { COMPARISON, endsOperand, startsOperand, T, type Token } from './tokens.ts';

const FN_FORM = 'fn name(a, b) = expression';

export class Grammar extends ExpressionGrammar {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  /** Expressions in one list, and nothing else. */
  readonly expressions = this.RULE('expressions', () => {
    const list = this.SUBRULE(this.list);
    this.CONSUME(T.EndOfText);
    return list;
  });

  // ——— statements

  readonly text = this.RULE('text', () => {
    this.skip(STATEMENTS);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.letStatement) },
        { ALT: () => this.SUBRULE(this.fnStatement) },
        { ALT: () => this.SUBRULE(this.alertStatement) },
        {
          ALT: () => {
            const query = this.SUBRULE(this.query);
            this.ACTION(() => {
              if (this.hasQuery) this.diagnostics.add(syntaxError('iql.second-query', {}, query.span));
              else this.statements.push(query);
              this.hasQuery = true;
            });
          },
        },
      ]);
      this.skip(STATEMENTS);
    });
    this.CONSUME(T.EndOfText);
  });

  protected readonly letStatement: ParserMethod<[], void> = this.RULE('letStatement', () => {
    if (this.level === 0) this.operators = 0;
    const word = this.CONSUME(T.Let) as Token;
    const name = this.isNext(T.Name) ? this.nameOf(this.CONSUME(T.Name) as Token) : this.nameHole('let');
    if (this.isNext(T.Equals)) this.CONSUME(T.Equals);
    else this.missing('=', 'let name = value');
    const naked = this.OR([
      { GATE: () => STATEMENTS.has(this.next().tokenType), ALT: () => this.SUBRULE(this.query) },
      { ALT: () => this.SUBRULE(this.expression, { ARGS: [1, true] }) },
    ]);
    this.ACTION(() => {
      let value = naked as Expression;
      if ((naked as Source | Query | Expression).node === 'query') {
        const query = naked as unknown as Query;
        const fix: Fix = {
          label: 'Add parentheses',
          edits: [...fixOf('', query.span.start, query.span.start, '(').edits, ...fixOf('', query.span.end, query.span.end, ')').edits],
        };
        this.diagnostics.add(syntaxError('iql.query-parentheses', {}, query.source.span, fix));
        value = { node: 'query-expression', query, span: query.span };
      }
      this.define({ node: 'let', name, value, span: this.to(word.startOffset) }, word);
    });
    // `let web = hosts | where …`: the pipes belong to a query that lacks its `from`.
    this.skip(STATEMENTS);
  });

  protected readonly fnStatement: ParserMethod<[], void> = this.RULE('fnStatement', () => {
    if (this.level === 0) this.operators = 0;
    const word = this.CONSUME(T.Fn) as Token;
    const name = this.isNext(T.Name) ? this.nameOf(this.CONSUME(T.Name) as Token) : this.nameHole('fn');
    const parameters: Name[] = [];
    if (this.isNext(T.Open)) {
      this.CONSUME(T.Open);
      this.MANY(() =>
        this.OR([
          { ALT: () => this.CONSUME(T.Comma) },
          {
            ALT: () => {
              const parameter = this.CONSUME1(T.Name) as Token;
              this.ACTION(() => parameters.push(this.nameOf(parameter)));
              if (this.isNext(T.Colon) && this.isNext(T.Name, 2)) this.typed(parameter, this.CONSUME(T.Colon) as Token, this.CONSUME2(T.Name) as Token);
            },
          },
        ]),
      );
      this.skip(NOTHING);
      this.CONSUME(T.Close);
    } else {
      const gap = this.gap();
      for (; this.isNext(T.Name); this.SKIP_TOKEN()) parameters.push(this.nameOf(this.next()));
      this.withoutParentheses(name, parameters, gap);
    }
    if (this.isNext(T.Equals)) this.CONSUME(T.Equals);
    else this.missing('=', FN_FORM);
    const body = this.SUBRULE(this.expression, { ARGS: [1, true] });
    this.ACTION(() => this.define({ node: 'fn', name, parameters, body, span: this.to(word.startOffset) }, word));
  });

  protected readonly alertStatement: ParserMethod<[], void> = this.RULE('alertStatement', () => {
    if (this.level === 0) this.operators = 0;
    const word = this.CONSUME(T.Alert) as Token;
    const name = this.isNext(T.Name) ? this.nameOf(this.CONSUME(T.Name) as Token) : this.nameHole('alert');
    const clauses: Clause[] = [];
    this.skip(CLAUSES);
    this.MANY(() => {
      const clause = this.SUBRULE(this.clause);
      this.ACTION(() => clauses.push(clause));
      this.skip(CLAUSES);
    });
    this.ACTION(() => this.statements.push({ node: 'alert', name, clauses, span: this.to(word.startOffset) }));
  });

  /** `fn half(x: float)`: what a parameter is each call says. */
  protected typed({ end }: Token, colon: Token, kind: Token): void {
    if (this.RECORDING_PHASE) return;
    const span = { start: colon.startOffset, end: kind.end };
    this.diagnostics.add(syntaxError('iql.unexpected', { found: this.written.slice(span.start, span.end) }, span, fixOf('Remove it', end, span.end, '')));
  }
  /** `fn half x = x / 2` */
  protected withoutParentheses(name: Name, parameters: readonly Name[], gap: Span): void {
    const names = parameters.map((p) => this.written.slice(p.span.start, p.span.end));
    const { end } = name.span;
    const fix = name.name === '' ? undefined : fixOf('Add parentheses', end, this.last().end, `(${names.join(', ')})`);
    this.diagnostics.add(syntaxError('iql.missing-word', { wanted: '(', form: FN_FORM }, gap, fix));
  }
  protected define(definition: Definition, word: Token): void {
    if (this.hasQuery) {
      this.diagnostics.add(syntaxError('iql.definition-after-query', { word: word.image.toLowerCase() }, { start: word.startOffset, end: word.end }));
    }
    this.statements.push(definition);
  }

  // ——— queries

  protected readonly query: ParserMethod<[], Query> = this.RULE('query', () => {
    const start = this.next().startOffset;
    const source = this.SUBRULE(this.source);
    const pipes: Pipe[] = [];
    this.skip(PIPES);
    this.MANY(() => {
      const pipe = this.SUBRULE(this.pipe);
      this.ACTION(() => pipes.push(pipe));
      this.skip(PIPES);
    });
    return this.ACTION<Query>(() => ({ node: 'query', source, pipes, span: { start, end: (pipes.at(-1) ?? source).span.end } }));
  });

  protected readonly source: ParserMethod<[], Source> = this.RULE('source', () => {
    const start = this.next().startOffset;
    return this.OR([
      {
        ALT: () => {
          const from = this.CONSUME(T.From) as Token;
          if (!this.RECORDING_PHASE && !(this.isNext(T.Name) || this.isNext(T.Data) || this.isNext(T.Combine))) return this.sourceHole(from);
          return this.OR1([
            { ALT: () => this.SUBRULE(this.namedSource, { ARGS: [start] }) },
            { ALT: () => this.SUBRULE(this.combineSource, { ARGS: [start] }) },
            { ALT: () => this.SUBRULE(this.inlineSource, { ARGS: [start] }) },
          ]);
        },
      },
      { ALT: () => this.SUBRULE1(this.inlineSource, { ARGS: [start] }) },
    ]);
  });
  protected sourceHole(from: Token): Source {
    if (!from.synthetic) this.diagnostics.add(syntaxError('iql.missing-source', { after: from.image }, this.gap()));
    const span = { start: from.end, end: from.end };
    return { node: 'source', name: { node: 'name', name: '', span }, range: undefined, span: { start: from.startOffset, end: from.end } };
  }

  protected readonly namedSource: ParserMethod<[number], Source> = this.RULE('namedSource', (start: number) => {
    const name = this.CONSUME(T.Name) as Token;
    const range = this.SUBRULE(this.range);
    return this.ACTION<Source>(() => ({ node: 'source', name: this.nameOf(name), range, span: this.to(start) }));
  });

  protected readonly combineSource: ParserMethod<[number], Source> = this.RULE('combineSource', (start: number) => {
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
            this.comma(comma);
            comma = false;
            const name = this.CONSUME(T.Name) as Token;
            if (this.isNext(T.Equals)) this.CONSUME(T.Equals);
            else this.missing('=', 'combine(a = (from …), b = (from …))');
            if (this.isNext(T.QueryOpen)) {
              this.CONSUME(T.QueryOpen);
              this.level += 1;
              const query = this.SUBRULE(this.query);
              this.level -= 1;
              this.skip(NOTHING);
              this.CONSUME1(T.Close);
              this.ACTION(() => parts.push({ name: this.nameOf(name), query }));
            } else this.missing('a query in parentheses', 'combine(a = (from …), b = (from …))');
          },
        },
      ]),
    );
    this.skip(NOTHING);
    this.CONSUME(T.Close);
    const range = this.SUBRULE(this.range);
    return this.ACTION<Source>(() => ({ node: 'combine', parts, range, span: this.to(start) }));
  });

  protected readonly inlineSource: ParserMethod<[number], Source> = this.RULE('inlineSource', (start: number) => {
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
            if (this.RECORDING_PHASE || this.isNext(T.Name) || this.isNext(T.Literal)) {
              unit = this.OR1([{ ALT: () => this.CONSUME(T.Name) }, { ALT: () => this.CONSUME(T.Literal) }]) as Token;
            }
            this.skip(NOTHING);
            this.CONSUME(T.Close);
          },
        },
      ]),
    );
    let rows: Expression | undefined;
    if (this.isNext(T.ListOpen)) rows = this.SUBRULE(this.list);
    else this.diagnostics.add(syntaxError('iql.data-form', {}, this.gap()));
    const range = this.SUBRULE(this.range);
    return this.ACTION<Source>(() => this.inline(start, words, unit, rows, range));
  });
  protected inline(start: number, words: readonly Token[], unit: Token | undefined, list: Expression | undefined, range: Range | undefined): Source {
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
    return { node: 'data', metric, rows, range, span: this.to(start) };
  }

  protected readonly range: ParserMethod<[], Range | undefined> = this.RULE('range', () => {
    const start = this.next().startOffset;
    let range: Omit<Range, 'span'> | undefined;
    this.MANY(() => {
      const word = this.CONSUME(T.RangeWord) as Token;
      const first = this.SUBRULE(this.expression, { ARGS: [COMPARISON + 1, false] });
      let second: Expression | undefined;
      if (this.RECORDING_PHASE || (word.word === 'between' && this.next().is(T.Operator) && this.next().word === 'and')) {
        this.CONSUME(T.Operator);
        second = this.SUBRULE1(this.expression, { ARGS: [COMPARISON + 1, false] });
      }
      this.ACTION(() => {
        const key = word.word as 'last' | 'between' | 'at' | 'offset';
        range ??= { last: undefined, between: undefined, at: undefined, offset: undefined };
        const taken = key === 'offset' ? range.offset : (range.last ?? range.between ?? range.at);
        if (taken !== undefined) this.diagnostics.add(syntaxError('iql.repeated-range', { word: key }, { start: word.startOffset, end: word.end }));
        if (key === 'between' && second === undefined) this.missing('and', 'between @start and @end');
        else range = { ...range, [key]: key === 'between' ? { from: first, to: second } : first };
      });
    });
    return this.ACTION<Range | undefined>(() => range && { ...range, span: this.to(start) });
  });

  // ——— pipes

  protected readonly pipe: ParserMethod<[], Pipe> = this.RULE('pipe', () => {
    const bar = this.CONSUME(T.Pipe) as Token;
    let name: Token | undefined;
    let raw: Token | undefined;
    let args: readonly Argument[] = [];
    const clauses: Clause[] = [];
    if (this.isNext(T.PipeName)) name = this.CONSUME(T.PipeName) as Token;
    if (this.isNext(T.Raw)) raw = this.CONSUME(T.Raw) as Token;
    args = this.SUBRULE(this.argumentList);
    this.MANY(() => {
      const clause = this.SUBRULE(this.clause);
      this.ACTION(() => clauses.push(clause));
    });
    return this.ACTION<Pipe>(() => ({
      name: name?.word ?? '',
      nameSpan: name === undefined ? { start: bar.end, end: bar.end } : { start: name.startOffset, end: name.end },
      arguments: args,
      clauses,
      raw: raw && { text: raw.image, span: { start: raw.startOffset, end: raw.end } },
      span: this.to(bar.startOffset),
    }));
  });

  protected readonly clause: ParserMethod<[], Clause> = this.RULE('clause', () => {
    const word = this.CONSUME(T.Clause) as Token;
    const args = this.SUBRULE(this.argumentList);
    return this.ACTION<Clause>(() => {
      if (args.length === 0) this.hole();
      return { word: word.word, wordSpan: { start: word.startOffset, end: word.end }, arguments: args, span: this.to(word.startOffset) };
    });
  });

  /** A query without parentheses is read only where an operand must stand; else it is the next statement. */
  protected mayStart(): boolean {
    const t = this.next();
    return !(t.is(T.From) || t.is(T.Data)) || !(t.statement || endsOperand(this.last()));
  }

  protected readonly argumentList: ParserMethod<[], Argument[]> = this.RULE('argumentList', () => {
    const all: Argument[] = [];
    let comma = true;
    this.MANY({
      GATE: () => this.mayStart(),
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
              this.comma(comma);
              comma = false;
              const argument = this.SUBRULE(this.argument);
              this.ACTION(() => all.push(argument));
            },
          },
        ]),
    });
    return all;
  });

  protected readonly argument: ParserMethod<[], Argument> = this.RULE('argument', () => {
    if (this.level === 0) this.operators = 0;
    const start = this.next().startOffset;
    let name: Name | undefined;
    const words: Expression[] = [];
    const clauses: Clause[] = [];
    const word = (found: Expression, led = false): void => {
      this.ACTION(() => {
        const before = words.at(-1);
        if (before?.node === 'name' && found.node === 'binary' && !led) this.unclear(before, found);
        words.push(found);
      });
    };
    const clause = (found: Clause): void => {
      this.ACTION(() => clauses.push(found));
    };
    this.OR([
      {
        GATE: () => this.isNext(T.Equals, 2),
        ALT: () => {
          const token = this.CONSUME(T.Name) as Token;
          this.CONSUME(T.Equals);
          this.ACTION(() => {
            name = this.nameOf(token);
            const t = this.next();
            if (!startsOperand(t) && !t.is(T.From) && !t.is(T.Data)) words.push(this.hole());
          });
        },
      },
      { ALT: () => word(this.SUBRULE(this.expression, { ARGS: [1, false] })) },
      { ALT: () => clause(this.SUBRULE(this.argumentClause)) },
    ]);
    this.MANY({
      GATE: () => this.mayStart(),
      DEF: () => {
        const { led } = this.next();
        word(this.SUBRULE1(this.expression, { ARGS: [1, false] }), led);
      },
    });
    this.MANY1(() => clause(this.SUBRULE1(this.argumentClause)));
    return this.ACTION<Argument>(() => ({ name, words, clauses, span: this.to(start) }));
  });
  protected unclear(name: Name, found: Binary): void {
    const span = { start: name.span.start, end: found.span.end };
    const edits = [
      { span: { start: name.span.end, end: found.span.start }, text: '(' },
      { span: { start: span.end, end: span.end }, text: ')' },
    ];
    const written = this.written.slice(span.start, span.end);
    this.diagnostics.add(syntaxError('iql.words-or-operator', { text: written, name: name.name }, span, { label: 'Add parentheses', edits }));
  }

  protected readonly argumentClause: ParserMethod<[], Clause> = this.RULE('argumentClause', () => {
    const word = this.CONSUME(T.ArgumentClause) as Token;
    const start = this.next().startOffset;
    const words: Expression[] = [];
    this.MANY({
      GATE: () => this.mayStart(),
      DEF: () => {
        const found = this.SUBRULE(this.expression, { ARGS: [1, false] });
        this.ACTION(() => words.push(found));
      },
    });
    return this.ACTION<Clause>(() => {
      if (words.length === 0) this.hole();
      const args = words.length === 0 ? [] : [{ name: undefined, words, clauses: [], span: this.to(start) }];
      return { word: word.word, wordSpan: { start: word.startOffset, end: word.end }, arguments: args, span: this.to(word.startOffset) };
    });
  });
}

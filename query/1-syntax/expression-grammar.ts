// The grammar of expressions, by precedence: operators, calls, lists, maps, `case`, queries in parentheses. The query itself is grammar.ts.
import type { ParserMethod, TokenType } from 'chevrotain';
import type { Binary, Expression, MapLiteral, Name, Query, Source } from './ast.ts';
import { MAX_DEPTH, MAX_OPERATORS } from './bounds.ts';
import { fixOf, syntaxError } from './diagnostic.ts';
import { CLOSERS, GrammarTools, NOTHING, OPENERS, STATEMENTS } from './grammar-tools.ts';
import { COMPARISON, endsOperand, PRECEDENCE, startsOperand, T, type Token } from './tokens.ts';

type Types = ReadonlySet<TokenType>;
const INFIX: Types = new Set([T.Operator, T.Minus, T.In, T.Between, T.IsMissing]);
/** What may follow a name directly as the argument of an aggregate: `p95 x`. */
const JUXTAPOSED: Types = new Set([T.Name, T.Callee, T.Literal]);
const WHENS: Types = new Set([T.When, T.Else]);
const CASE_FORM = 'case when a then b else c end';

type Entry = MapLiteral['entries'][number];

export abstract class ExpressionGrammar extends GrammarTools {
  protected abstract readonly query: ParserMethod<[], Query>;
  protected abstract readonly source: ParserMethod<[], Source>;

  protected precedence(): number {
    const t = this.next();
    return INFIX.has(t.tokenType) ? (PRECEDENCE.get(t.word) ?? COMPARISON) : 0;
  }

  /** `least`: the loosest operator that belongs to it. `nested`: inside brackets, where `p95 x` is a call, not two words of a pipe. */
  protected readonly expression: ParserMethod<[number, boolean], Expression> = this.RULE('expression', (least: number, nested: boolean) => {
    let left = this.SUBRULE(this.prefixed, { ARGS: [nested] });
    let compared: Expression | undefined;
    this.MANY({
      GATE: () => this.precedence() >= least,
      DEF: () => {
        const operator = this.next();
        const precedence = this.precedence();
        const chained = precedence === COMPARISON && compared !== undefined && compared === left ? this.chain(left, operator) : undefined;
        const subject = chained ?? left;
        let made = this.OR([
          { ALT: () => this.SUBRULE(this.infix, { ARGS: [subject, precedence, nested] }) },
          { ALT: () => this.SUBRULE(this.inList, { ARGS: [subject] }) },
          { ALT: () => this.SUBRULE(this.between, { ARGS: [subject, nested] }) },
          { ALT: () => this.SUBRULE(this.isMissing, { ARGS: [subject] }) },
        ]);
        this.ACTION(() => {
          if (precedence === COMPARISON) compared = made;
          if (chained !== undefined) {
            const span = { start: left.span.start, end: made.span.end };
            made = compared = {
              node: 'binary',
              operator: 'and',
              operatorSpan: { start: operator.startOffset, end: operator.startOffset },
              left,
              right: made,
              span,
            };
          }
          left = made;
          this.count(operator);
        });
      },
    });
    return left;
  });
  /** One operator more; at the limit the rest is not read, so that the tree is never deeper than that. */
  protected count(operator: Token): void {
    this.operators += 1;
    if (this.operators < MAX_OPERATORS) return;
    if (this.operators === MAX_OPERATORS) {
      this.diagnostics.add(syntaxError('iql.too-complex', { limit: MAX_OPERATORS }, { start: operator.startOffset, end: operator.end }));
    }
    this.drop();
  }
  protected drop(): void {
    for (let depth = 0; ; ) {
      const t = this.next();
      if (t.is(T.EndOfText) || (depth === 0 && (t.is(T.Pipe) || CLOSERS.has(t.tokenType) || STATEMENTS.has(t.tokenType)))) return;
      if (OPENERS.has(t.tokenType)) depth += 1;
      else if (CLOSERS.has(t.tokenType)) depth -= 1;
      this.SKIP_TOKEN();
    }
  }
  /** `a < b < c`: tells, and gives the operand both comparisons share. */
  protected chain(left: Expression, operator: Token): Expression | undefined {
    if (left.node !== 'binary') {
      this.diagnostics.add(syntaxError('iql.comparison-chain', {}, { start: operator.startOffset, end: operator.end }));
      return undefined;
    }
    const shared = left.operator === 'and' && left.right.node === 'binary' ? left.right.right : left.right;
    const written = this.written.slice(shared.span.start, shared.span.end);
    const fix = fixOf('Join them with and', operator.startOffset, operator.startOffset, `and ${written} `);
    this.diagnostics.add(syntaxError('iql.comparison-chain', {}, { start: operator.startOffset, end: operator.end }, fix));
    return shared;
  }

  protected readonly infix: ParserMethod<[Expression, number, boolean], Expression> = this.RULE(
    'infix',
    (left: Expression, precedence: number, nested: boolean) => {
      const operator = this.OR([{ ALT: () => this.CONSUME(T.Operator) }, { ALT: () => this.CONSUME(T.Minus) }]) as Token;
      const right = this.SUBRULE(this.expression, { ARGS: [precedence + 1, nested] });
      return this.ACTION<Expression>(() => {
        const operatorSpan = { start: operator.startOffset, end: operator.end };
        const negatedLike = operator.negated && operator.word === 'like';
        const span = { start: left.span.start, end: Math.max(right.span.end, operator.end) };
        const made: Expression = {
          node: 'binary',
          operator: (negatedLike ? 'not like' : operator.word) as Binary['operator'],
          operatorSpan,
          left,
          right,
          span,
        };
        this.nullCheck(made);
        return operator.negated && !negatedLike ? { node: 'unary', operator: 'not', operand: made, span } : made;
      });
    },
  );
  /** `x == null` of other languages. */
  protected nullCheck(made: Binary): void {
    const { left, right, operator } = made;
    if ((operator !== '==' && operator !== '!=') || right.node !== 'name' || !/^(null|nil|none)$/i.test(right.name)) return;
    const found = this.written.slice(made.span.start, made.span.end);
    const written = this.written.slice(left.span.start, left.span.end);
    const instead = operator === '==' ? `not exists ${written}` : `exists ${written}`;
    this.diagnostics.add(syntaxError('iql.is-null', { found, instead }, made.span, fixOf(`Write ${instead}`, made.span.start, made.span.end, instead)));
  }

  protected readonly inList: ParserMethod<[Expression], Expression> = this.RULE('inList', (operand: Expression) => {
    const word = this.CONSUME(T.In) as Token;
    let items: readonly Expression[] = [];
    const bare = !this.RECORDING_PHASE && !this.isNext(T.Open);
    if (!bare) {
      this.CONSUME(T.Open);
      items = this.SUBRULE(this.items);
      this.skip(NOTHING);
      this.CONSUME(T.Close);
    }
    if (bare || this.RECORDING_PHASE) {
      // `in $list`, `in [a, b]`, `in (from …)`.
      const found = this.SUBRULE(this.prefixed, { ARGS: [false] });
      this.ACTION(() => {
        items = found.node === 'list' ? found.items : [found];
        const fits = found.node === 'list' || found.node === 'parameter' || found.node === 'query-expression' || found.node === 'missing';
        if (!fits) this.diagnostics.add(syntaxError('iql.missing-word', { wanted: 'a list in parentheses', form: 'x in (a, b)' }, found.span));
      });
    }
    return this.ACTION<Expression>(() => ({ node: 'in', negated: word.negated, operand, items, span: this.to(operand.span.start) }));
  });

  protected readonly between: ParserMethod<[Expression, boolean], Expression> = this.RULE('between', (operand: Expression, nested: boolean) => {
    const word = this.CONSUME(T.Between) as Token;
    const low = this.SUBRULE(this.expression, { ARGS: [COMPARISON + 1, nested] });
    let high: Expression | undefined;
    if (this.RECORDING_PHASE || (this.next().is(T.Operator) && this.next().word === 'and')) {
      this.CONSUME(T.Operator);
      high = this.SUBRULE1(this.expression, { ARGS: [COMPARISON + 1, nested] });
    }
    return this.ACTION<Expression>(() => {
      if (high === undefined) this.missing('and', 'x between a and b');
      const span = this.to(operand.span.start);
      const made: Expression = { node: 'between', operand, low, high: high ?? this.hole(true), span };
      return word.negated ? { node: 'unary', operator: 'not', operand: made, span } : made;
    });
  });

  protected readonly isMissing: ParserMethod<[Expression], Expression> = this.RULE('isMissing', (operand: Expression) => {
    const word = this.CONSUME(T.IsMissing) as Token;
    return this.ACTION<Expression>(() => {
      const span = this.to(operand.span.start);
      const written = this.written.slice(operand.span.start, operand.span.end);
      const instead = word.negated ? `exists ${written}` : `not exists ${written}`;
      const found = this.written.slice(span.start, span.end);
      this.diagnostics.add(syntaxError('iql.is-null', { found, instead }, span, fixOf(`Write ${instead}`, span.start, span.end, instead)));
      const exists: Expression = { node: 'unary', operator: 'exists', operand, span };
      return word.negated ? exists : { node: 'unary', operator: 'not', operand: exists, span };
    });
  });

  protected readonly prefixed: ParserMethod<[boolean], Expression> = this.RULE('prefixed', (nested: boolean) => {
    if (!this.RECORDING_PHASE) {
      const t = this.next();
      const query = (t.is(T.From) || t.is(T.Data)) && !t.statement && !endsOperand(this.last());
      if (!startsOperand(t) && !query) return this.hole();
      if (this.prefixes >= MAX_DEPTH) this.dropPrefixes();
    }
    const start = this.next().startOffset;
    this.prefixes += 1;
    const found = this.OR([
      { ALT: () => this.unary(start, this.CONSUME(T.Not) as Token, () => this.SUBRULE(this.expression, { ARGS: [3, nested] })) },
      { ALT: () => this.unary(start, this.CONSUME(T.Exists) as Token, () => this.SUBRULE1(this.expression, { ARGS: [COMPARISON + 1, nested] })) },
      { ALT: () => this.unary(start, this.CONSUME(T.Minus) as Token, () => this.SUBRULE(this.prefixed, { ARGS: [nested] })) },
      { ALT: () => this.SUBRULE(this.operand, { ARGS: [nested] }) },
    ]);
    this.prefixes -= 1;
    return found;
  });
  protected unary(start: number, operator: Token, read: () => Expression): Expression {
    const operand = read();
    return this.ACTION<Expression>(() => ({
      node: 'unary',
      operator: operator.word as '-' | 'not' | 'exists',
      operand,
      span: { start, end: Math.max(operator.end, operand.span.end) },
    }));
  }
  protected dropPrefixes(): void {
    const t = this.next();
    if (!t.is(T.Not) && !t.is(T.Minus) && !t.is(T.Exists)) return;
    this.diagnostics.add(syntaxError('iql.too-deep', { limit: MAX_DEPTH }, { start: t.startOffset, end: t.end }));
    while (this.next().is(T.Not) || this.next().is(T.Minus) || this.next().is(T.Exists)) this.SKIP_TOKEN();
  }

  protected readonly operand: ParserMethod<[boolean], Expression> = this.RULE('operand', (nested: boolean) => {
    if (!this.RECORDING_PHASE && !startsOperand(this.next()) && !STATEMENTS.has(this.next().tokenType)) return this.hole();
    const start = this.next().startOffset;
    // `5 [0]` are two words.
    const indexable = this.RECORDING_PHASE || !['number', 'quantity', 'time'].includes(this.next().node?.node ?? '');
    let found: Expression = this.OR([
      { ALT: () => this.literal(this.CONSUME(T.Literal) as Token) },
      { ALT: () => this.SUBRULE(this.call) },
      { ALT: () => this.SUBRULE(this.nameOrAggregate, { ARGS: [nested] }) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.subQuery) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.map) },
      { ALT: () => this.SUBRULE(this.case) },
      { ALT: () => this.SUBRULE(this.nakedQuery) },
    ]);
    this.MANY({
      GATE: () => indexable,
      DEF: () => {
        const open = this.CONSUME(T.ListOpen) as Token;
        const index = this.SUBRULE(this.expression, { ARGS: [1, true] });
        this.skip(NOTHING);
        this.CONSUME(T.ListClose);
        const operand = found;
        this.ACTION(() => {
          found = { node: 'index', operand, index, span: this.to(start) };
          this.count(open);
        });
      },
    });
    return found;
  });
  protected literal(t: Token): Expression {
    return this.ACTION<Expression>(() => t.node as Expression);
  }

  protected readonly nameOrAggregate: ParserMethod<[boolean], Expression> = this.RULE('nameOrAggregate', (nested: boolean) => {
    const token = this.CONSUME(T.Name) as Token;
    let argument: Expression | undefined;
    if (this.RECORDING_PHASE || (nested && JUXTAPOSED.has(this.next().tokenType))) argument = this.SUBRULE(this.operand, { ARGS: [false] });
    return this.ACTION<Expression>(() => {
      const name = this.nameOf(token);
      if (argument === undefined) return name;
      return { node: 'call', function: name, arguments: [argument], where: undefined, written: 'words', span: this.to(token.startOffset) };
    });
  });

  protected readonly call: ParserMethod<[], Expression> = this.RULE('call', () => {
    const callee = this.CONSUME(T.Callee) as Token;
    this.CONSUME(T.Open);
    const args: Expression[] = [];
    const named: { readonly name: Name; readonly value: Expression }[] = [];
    let where: Expression | undefined;
    let comma = true;
    this.level += 1;
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
            const filter = this.SUBRULE(this.expression, { ARGS: [1, true] });
            this.ACTION(() => {
              if (where !== undefined) this.diagnostics.add(syntaxError('iql.unexpected', { found: 'where' }, { start: word.startOffset, end: word.end }));
              where ??= filter;
            });
            comma = false;
          },
        },
        {
          GATE: () => this.isNext(T.Colon, 2),
          ALT: () => {
            this.comma(comma);
            const name = this.CONSUME(T.Name) as Token;
            this.CONSUME(T.Colon);
            const value = this.SUBRULE1(this.expression, { ARGS: [1, true] });
            this.ACTION(() => named.push({ name: this.nameOf(name), value }));
            comma = false;
          },
        },
        {
          ALT: () => {
            this.comma(comma);
            const argument = this.SUBRULE2(this.expression, { ARGS: [1, true] });
            this.ACTION(() => args.push(argument));
            comma = false;
          },
        },
      ]),
    );
    this.skip(NOTHING);
    this.CONSUME(T.Close);
    this.level -= 1;
    return this.ACTION<Expression>(() => {
      const [only] = args;
      // A pipe's name before an expression in parentheses is no call: `| sum(x,)` is `| sum x`.
      if (callee.synthetic && only !== undefined && args.length === 1 && where === undefined && named.length === 0) return only;
      return {
        node: 'call',
        function: this.nameOf(callee),
        arguments: args,
        where,
        ...(named.length > 0 ? { named } : {}),
        written: 'parentheses',
        span: this.to(callee.startOffset),
      };
    });
  });

  protected readonly group: ParserMethod<[], Expression> = this.RULE('group', () => {
    const clause = this.last();
    const open = this.CONSUME(T.Open) as Token;
    if (!this.RECORDING_PHASE && clause.is(T.Clause) && clause.word === 'on' && this.isNext(T.Close)) {
      // `on ()`: no key.
      this.CONSUME(T.Close);
      return this.ACTION<Expression>(() => ({ node: 'list', items: [], span: this.to(open.startOffset) }));
    }
    this.level += 1;
    const inner = this.SUBRULE(this.expression, { ARGS: [1, true] });
    this.level -= 1;
    this.skip(NOTHING);
    this.CONSUME1(T.Close);
    return inner;
  });

  protected readonly subQuery: ParserMethod<[], Expression> = this.RULE('subQuery', () => {
    const open = this.CONSUME(T.QueryOpen) as Token;
    this.level += 1;
    const query = this.SUBRULE(this.query);
    this.level -= 1;
    this.skip(NOTHING);
    this.CONSUME(T.Close);
    return this.ACTION<Expression>(() => ({ node: 'query-expression', query, span: this.to(open.startOffset) }));
  });

  protected readonly nakedQuery: ParserMethod<[], Expression> = this.RULE('nakedQuery', () => {
    const source = this.SUBRULE(this.source);
    return this.ACTION<Expression>(() => {
      const { span } = source;
      const edits = [
        { span: { start: span.start, end: span.start }, text: '(' },
        { span: { start: span.end, end: span.end }, text: ')' },
      ];
      this.diagnostics.add(syntaxError('iql.query-parentheses', {}, span, { label: 'Add parentheses', edits }));
      return { node: 'query-expression', query: { node: 'query', source, pipes: [], span }, span };
    });
  });

  protected readonly items: ParserMethod<[], Expression[]> = this.RULE('items', () => {
    const items: Expression[] = [];
    let comma = true;
    this.level += 1;
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
            const item = this.SUBRULE(this.expression, { ARGS: [1, true] });
            this.ACTION(() => items.push(item));
          },
        },
      ]),
    );
    this.level -= 1;
    return items;
  });

  protected readonly list: ParserMethod<[], Expression> = this.RULE('list', () => {
    const open = this.CONSUME(T.ListOpen) as Token;
    const items = this.SUBRULE(this.items);
    this.skip(NOTHING);
    this.CONSUME(T.ListClose);
    return this.ACTION<Expression>(() => ({ node: 'list', items, span: this.to(open.startOffset) }));
  });

  protected readonly map: ParserMethod<[], Expression> = this.RULE('map', () => {
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
            this.comma(comma);
            comma = false;
            const key = this.OR1([{ ALT: () => this.CONSUME(T.Name) }, { ALT: () => this.CONSUME(T.Literal) }]) as Token;
            if (this.isNext(T.Colon)) {
              this.CONSUME(T.Colon);
            } else this.missing(':', '{name: value, …}');
            const value = this.SUBRULE(this.expression, { ARGS: [1, true] });
            this.ACTION(() => {
              if (key.is(T.Literal) && key.node?.node !== 'text') {
                this.diagnostics.add(syntaxError('iql.unexpected', { found: key.image }, { start: key.startOffset, end: key.end }));
              } else entries.push({ key: key.node?.node === 'text' ? key.node : this.nameOf(key), value });
            });
          },
        },
      ]),
    );
    this.skip(NOTHING);
    this.CONSUME(T.MapClose);
    return this.ACTION<Expression>(() => ({ node: 'map', entries, span: this.to(open.startOffset) }));
  });

  protected readonly case: ParserMethod<[], Expression> = this.RULE('case', () => {
    const open = this.CONSUME(T.Case) as Token;
    const branches: { readonly when: Expression; readonly then: Expression }[] = [];
    let otherwise: Expression | undefined;
    this.skip(WHENS);
    this.MANY(() => {
      this.CONSUME(T.When);
      const when = this.SUBRULE(this.expression, { ARGS: [1, true] });
      if (this.isNext(T.Then)) {
        this.CONSUME(T.Then);
        const then = this.SUBRULE1(this.expression, { ARGS: [1, true] });
        this.ACTION(() => branches.push({ when, then }));
      } else this.missing('then', CASE_FORM);
      this.skip(WHENS);
    });
    if (this.isNext(T.Else)) {
      this.CONSUME(T.Else);
      otherwise = this.SUBRULE2(this.expression, { ARGS: [1, true] });
    }
    this.ACTION(() => {
      if (branches.length === 0) this.missing('when', CASE_FORM);
    });
    this.skip(NOTHING);
    this.CONSUME(T.End);
    return this.ACTION<Expression>(() => ({ node: 'case', branches, otherwise, span: this.to(open.startOffset) }));
  });
}

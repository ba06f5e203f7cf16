// Random trees and texts of IQL for property tests. Trees are such as the parser makes of a right text; their spans say nothing.
import fc from 'fast-check';
import { ALERT } from '../alert-syntax.ts';
import type { Argument, BinaryOperator, Clause, Expression, MapLiteral, Name, Pipe, Query, Range, Source, Statement, Text } from '../ast.ts';
import { readNumber } from '../number-literal.ts';
import { parseSearch, printSearch } from '../search-syntax.ts';
import type { PipeSyntaxes } from '../signature.ts';
import { PRECEDENCE } from '../tokens.ts';

const span = { start: 0, end: 0 };
const WORDS = [
  'host',
  'value',
  'x',
  'y',
  'http.status_code',
  'x.p99.9',
  'größe',
  '_a1',
  'from.x',
  'last',
  'at',
  'offset',
  'on',
  'with',
  'within',
  'desc',
  's',
  'm',
  'B',
  'where',
  'like',
  'has',
  'starts',
  'contains',
  'is',
  'end',
  'By',
  'OVER',
  'data',
  'sum',
  'job:rate 5m',
  'a`b',
  '1st',
  'true',
  'if',
  'combine',
  'gauge',
  'order',
];
export const anyName: fc.Arbitrary<Name> = fc.constantFrom(...WORDS).map((name) => ({ node: 'name', name, span }));

const quantity = fc
  .constantFrom('5m', '1h30m', '250ms', '3d', '2w', '512B', '10KiB', '1.5GB', '90%', '0.5%', '10MiB/s', '5/s', '100ns')
  .map((text): Expression => ({ ...readNumber(text, 0).node, span }));
const number = fc.oneof(
  fc.nat().map((value): Expression => ({ node: 'number', value, integer: true, span })),
  fc.bigInt(2n ** 53n, 2n ** 63n - 1n).map((value): Expression => ({ node: 'number', value, integer: true, span })),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value): Expression => ({ node: 'number', value: Math.abs(value), integer: false, span })),
);
const text = fc.string({ unit: 'grapheme' }).map((value): Expression => ({ node: 'text', value: value.replaceAll('\0', ''), raw: false, span }));
const raw = fc.stringMatching(/^[a-z\\.*+" ]{0,10}$/).map((value): Expression => ({ node: 'text', value, raw: true, span }));
export const anyLiteral: fc.Arbitrary<Expression> = fc.oneof(
  quantity,
  number,
  text,
  raw,
  fc
    .constantFrom('2026-11-20', '2026-11-20T10:00:00.5Z', '2026-11-20T10:00[Europe/Berlin]', '2026-11-20T10:00+01:00')
    .map((t): Expression => ({ node: 'time', text: t, span })),
  fc.boolean().map((value): Expression => ({ node: 'bool', value, span })),
  fc.constantFrom<Expression>({ node: 'missing', span }, { node: 'now', span }),
  anyName.map(({ name }): Expression => ({ node: 'parameter', name, span })),
);
const OPERATORS = [...PRECEDENCE.keys()] as BinaryOperator[];
const optional = <V>(value: fc.Arbitrary<V>): fc.Arbitrary<V | undefined> => fc.option(value, { nil: undefined, freq: 2 });

/** Expressions and queries whose pipes are of `pipes`. */
export const treesOf = (
  pipes: PipeSyntaxes,
): { readonly text: fc.Arbitrary<Text>; readonly expression: fc.Arbitrary<Expression>; readonly query: fc.Arbitrary<Query> } => {
  const { expression, query } = fc.letrec<{ expression: Expression; query: Query; map: Expression }>((tie) => {
    const e = tie('expression') as fc.Arbitrary<Expression>;
    const q = tie('query') as fc.Arbitrary<Query>;
    const few = fc.array(e, { maxLength: 3 });
    const map = fc
      .array(fc.record({ key: fc.oneof(anyName, text) as fc.Arbitrary<MapLiteral['entries'][number]['key']>, value: e }), { maxLength: 3 })
      .map((entries): MapLiteral => ({ node: 'map', entries, span }));
    const call = fc
      .record({
        function: anyName,
        arguments: few,
        where: optional(e),
        named: optional(fc.array(fc.record({ name: anyName, value: e }), { minLength: 1, maxLength: 2 })),
      })
      .map(({ named, ...rest }): Expression => ({ node: 'call', ...rest, ...(named ? { named } : {}), written: 'parentheses', span }));
    const simple = fc.oneof({ weight: 3, arbitrary: anyName as fc.Arbitrary<Expression> }, { weight: 2, arbitrary: anyLiteral }, call);
    const subQuery = q.map((query): Expression => ({ node: 'query-expression', query, span }));
    const compound = fc.oneof(
      fc
        .record({ operator: fc.constantFrom('-' as const, 'not' as const, 'exists' as const), operand: e })
        .map((u): Expression => ({ node: 'unary', ...u, span })),
      fc.record({ operator: fc.constantFrom(...OPERATORS), left: e, right: e }).map((b): Expression => ({ node: 'binary', ...b, operatorSpan: span, span })),
      fc.record({ operand: e, low: e, high: e }).map((b): Expression => ({ node: 'between', ...b, span })),
      fc.record({ negated: fc.boolean(), operand: e, items: few }).map((i): Expression => ({ node: 'in', ...i, span })),
      call,
      fc.record({ function: anyName, argument: simple }).map(
        ({ function: f, argument }): Expression => ({
          node: 'call',
          function: f,
          arguments: [argument],
          where: undefined,
          written: 'words',
          span,
        }),
      ),
      fc
        .record({
          branches: fc.array(
            fc.tuple(e, e).map(([when, then]) => ({ when, then })),
            { minLength: 1, maxLength: 2 },
          ),
          otherwise: optional(e),
        })
        .map((c): Expression => ({ node: 'case', ...c, span })),
      fc.record({ operand: e, index: e }).map((i): Expression => ({ node: 'index', ...i, span })),
      few.map((items): Expression => ({ node: 'list', items, span })),
      map,
      subQuery,
    );
    const argumentOf = (syntax: { readonly argumentClauses: readonly string[] }, named: boolean): fc.Arbitrary<Argument> => {
      const clause = fc
        .constantFrom(...syntax.argumentClauses, '')
        .chain((word) =>
          e.map((one): Clause[] => (word === '' ? [] : [{ word, wordSpan: span, arguments: [{ name: undefined, words: [one], clauses: [], span }], span }])),
        );
      return fc
        .record({
          name: named ? optional(anyName) : fc.constant(undefined),
          words: fc.oneof(
            e.map((one) => [one]),
            fc.array(simple, { minLength: 1, maxLength: 3 }),
          ),
          clauses: clause,
        })
        .map((a) => ({ ...a, span }));
    };
    const pipe = fc.constantFrom(...pipes.values()).chain((syntax): fc.Arbitrary<Pipe> => {
      const base = { name: syntax.name, nameSpan: span, span };
      if (syntax.raw) {
        return fc
          .array(fc.constantFrom('a', '"b c"', 'pre*', '-x', 'or', 'and', 'not', 'k:v', '(a or b)', 'foo-bar', '-(', 'http://x', '*', ')'))
          .map((words) => {
            const { node, diagnostics } = parseSearch(
              words
                .join(' ')
                .replaceAll('-( ', '-(a')
                .replaceAll(/\((?![^()]*\))|(?<!\([^()]*)\)/g, ''),
              0,
            );
            return { ...base, arguments: [], clauses: [], raw: { text: diagnostics.length > 0 ? 'a' : printSearch(node), span } };
          });
      }
      const clauses = fc
        .subarray([...syntax.clauses])
        .chain((words) =>
          fc.tuple(
            ...words.map((word) =>
              fc
                .array(argumentOf({ argumentClauses: [] }, !syntax.comparing?.includes(word)), { minLength: 1, maxLength: 2 })
                .map((args): Clause => ({ word, wordSpan: span, arguments: args, span })),
            ),
          ),
        );
      return fc
        .record({ arguments: fc.array(argumentOf(syntax, syntax.equals !== 'compares'), { maxLength: 2 }), clauses })
        .map((p) => ({ ...base, ...p, raw: undefined }));
    });
    const range = optional(
      fc.record({ kind: fc.constantFrom('last', 'between', 'at', 'none'), a: e, b: e, offset: optional(e) }).map(({ kind, a, b, offset }): Range | undefined =>
        kind === 'none' && offset === undefined
          ? undefined
          : {
              last: kind === 'last' ? a : undefined,
              between: kind === 'between' ? { from: a, to: b } : undefined,
              at: kind === 'at' ? a : undefined,
              offset,
              span,
            },
      ),
    );
    const metric = optional(
      fc
        .record({
          kind: fc.constantFrom('gauge' as const, 'counter' as const, 'histogram' as const),
          unit: optional(fc.constantFrom('By', '1', 'By/s')),
          delta: fc.boolean(),
        })
        .map((m) => ({ ...m, span })),
    );
    const source: fc.Arbitrary<Source> = fc.oneof(
      { weight: 4, arbitrary: fc.record({ name: anyName, range }).map((s): Source => ({ node: 'source', ...s, span })) },
      fc.record({ metric, rows: fc.array(map, { maxLength: 2 }), range }).map((s): Source => ({ node: 'data', ...s, span })),
      fc
        .record({ parts: fc.array(fc.record({ name: anyName, query: q }), { minLength: 1, maxLength: 2 }), range })
        .map((s): Source => ({ node: 'combine', ...s, span })),
    );
    return {
      expression: fc.oneof({ depthSize: 'small', withCrossShrink: true }, anyName as fc.Arbitrary<Expression>, anyLiteral, compound),
      query: fc.record({ source, pipes: fc.array(pipe, { maxLength: 3, depthIdentifier: 'pipes' }) }).map((x): Query => ({ node: 'query', ...x, span })),
      map,
    };
  });
  const definition = fc.oneof(
    fc.record({ name: anyName, value: expression }).map((d) => ({ node: 'let' as const, ...d, span })),
    fc.record({ name: anyName, parameters: fc.array(anyName, { maxLength: 2 }), body: expression }).map((d) => ({ node: 'fn' as const, ...d, span })),
  );
  const argument = fc
    .record({ name: fc.constant(undefined), words: fc.oneof(fc.tuple(expression), fc.tuple(anyName, anyName)), clauses: fc.constant([]) })
    .map((a): Argument => ({ ...a, span }));
  const key = anyName.map((name): Argument => ({ name: undefined, words: [name], clauses: [], span }));
  const clause = fc
    .constantFrom(...ALERT.clauses)
    .chain((word) => fc.tuple(fc.constant(word), fc.array(word === 'on' ? key : argument, { minLength: 1, maxLength: 2 })))
    .map(([word, args]): Clause => ({ word, wordSpan: span, arguments: args, span }));
  const alert = fc.record({ name: anyName, clauses: fc.array(clause, { maxLength: 3 }) }).map((a): Statement => ({ node: 'alert', ...a, span }));
  const whole = fc
    .tuple(fc.array<Statement>(fc.oneof({ weight: 2, arbitrary: definition }, alert), { maxLength: 2 }), query)
    .map(([statements, asked]): Text => ({ statements: [...statements, asked], comments: [], span }));
  return { text: whole, expression, query };
};

/** Pieces of texts, right and wrong, side by side. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'from',
        'logs',
        '|',
        '|',
        'where',
        'search',
        'every',
        '1m',
        'by',
        'over',
        'x',
        '==',
        '=',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        ',',
        ':',
        '"',
        "'",
        '`',
        'r"',
        '//',
        '\n',
        '-',
        'not',
        'and',
        'or',
        'in',
        'between',
        'case',
        'when',
        'then',
        'else',
        'end',
        'let',
        'fn',
        'alert',
        'data',
        'combine',
        'last',
        'at',
        'offset',
        '@2026-11-20',
        '@',
        '$',
        '$p',
        '5',
        '5kb',
        '.',
        ';',
        '&&',
        '!',
        'is',
        'null',
        'starts',
        'with',
        'like',
        '??',
        '%',
        '*',
        '/',
        'if',
        'select',
        'join',
        'anti',
        'on',
        'error',
        'exists',
        'missing',
        'counter',
        '\0',
        '\ud800',
        '/*',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .chain((parts) => fc.constantFrom(' ', '', '  ').map((gap) => parts.join(gap)));

/** A tree without its spans, so that two of them compare by what they say. */
export const withoutSpans = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSpans);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, v]) => key !== 'span' && !key.endsWith('Span') && v !== undefined)
      .map(([key, v]) => [key, withoutSpans(v)]),
  );
};

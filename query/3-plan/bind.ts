// From checked to planned expressions: parameters, `now` and local times become values of one request, and what no row decides is worked
// out here, once: everything that needs a constant gets it as a literal.
import type { Value } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/coded-error.ts';
import type { Span } from '../1-syntax/ast.ts';
import { timeLiteralNanos } from '../1-syntax/time-literal.ts';
import type { Type, Typed } from '../2-semantic/type.ts';
import { fittedArguments, takesZone } from './constants.ts';
import { call, joined, type Literal, type PlanExpression } from './expression.ts';
import { type PlanType, planType } from './physical.ts';
import { PlacedError } from './placed-error.ts';
import type { Planning } from './request.ts';

export const typeOf = (t: Type): PlanType => (t.value === 'missing' || t.value === 'unknown' ? 'string' : planType(t.value, t.item));

/** `endless`: as in ranges and comparisons, a moment or a span beyond 64 bits stands for one without end; as a value it is an error. */
export const bind = (t: Typed, request: Planning, endless = false): PlanExpression => {
  const type = typeOf(t.type);
  switch (t.op) {
    case 'column':
      return { op: 'column', name: t.name, type };
    case 'literal':
      return literalOf(type, held(t.literal as Value, type, t.span, endless));
    case 'now':
      return literalOf('time', request.at);
    case 'time':
      return literalOf('time', held(timeLiteral(t.text, request.zone, t.span), 'time', t.span, endless));
    case 'parameter':
      return parameter(held(request.parameters.get(t.name) ?? null, type, t.span, endless), type);
    case 'attribute':
      throw new TypeError(`the attribute ${t.name} was left open by the checker`);
    case 'list': {
      const values = t.items.flatMap((i) =>
        i.op === 'parameter'
          ? listed(request.parameters.get(i.name) ?? null, typeOf(i.type)).map((v) => held(v, typeOf(i.type), i.span, false))
          : [constantOf(i, request)],
      );
      return literalOf(
        type,
        values.filter((v) => v !== null),
      );
    }
    case 'call': {
      if (t.function === 'and' || t.function === 'or') return chained(t, t.function, request);
      const bound = t.arguments.map((a) => bind(a, request, COMPARISONS.has(t.function)));
      if (t.function === 'to_float' && bound[0]?.type === 'float') return bound[0];
      const args = withFractions(t, bound);
      if (takesZone(t.function, args.length)) args.push({ op: 'literal', type: 'string', value: request.zone });
      return folded({ op: 'call', function: t.function, type, arguments: fitted(t, args) }, args, request);
    }
    case 'case': {
      const branches = t.branches.map((b) => {
        const [when, then] = [bind(b.when, request), bind(b.then, request)];
        return { when, then };
      });
      const otherwise = bind(t.otherwise, request);
      return folded({ op: 'case', type, branches, otherwise }, [otherwise, ...branches.flatMap((b) => [b.when, b.then])], request);
    }
  }
};

/** Lists and maps stay calls: no store takes them as values. */
const FOLDED: ReadonlySet<PlanType> = new Set<PlanType>(['bool', 'int', 'float', 'string', 'time', 'duration']);

/** What is made of literals is one; what cannot be represented stays as it is, and is counted where it is run. */
const folded = (e: PlanExpression, parts: readonly PlanExpression[], request: Planning): PlanExpression => {
  if (!FOLDED.has(e.type) || !parts.every((p) => p.op === 'literal')) return e;
  const value = request.workOut(e);
  return value === undefined ? e : { op: 'literal', type: e.type, value };
};

/** `a or b or c …`, however many. */
const chained = (t: Typed & { op: 'call' }, name: 'and' | 'or', request: Planning): PlanExpression => {
  const parts: PlanExpression[] = [];
  const left: Typed[] = [t];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part.op === 'call' && part.function === name) left.push(...part.arguments.toReversed());
    else parts.push(bind(part, request));
  }
  return folded(
    joined(parts as [PlanExpression, ...PlanExpression[]], (a, b) => call(name, 'bool', a, b)),
    parts,
    request,
  );
};

const MOST = 2n ** 63n - 1n;

/** A moment or a span that 64 bits of nanoseconds hold: `@9999-12-31` in a range stands for a day that never comes. */
const held = (value: Value, type: PlanType, span: Span, endless: boolean): Value => {
  if (!(type === 'time' || type === 'duration') || typeof value !== 'bigint' || (value <= MOST && value >= -MOST)) return value;
  if (endless) return value > 0n ? MOST : -MOST;
  throw new PlacedError('iql.too-far', { what: type === 'time' ? 'time' : 'duration', limit: type === 'time' ? TIMES : SPANS }, span);
};
const TIMES = '1677-09-22 to 2262-04-11';
const SPANS = '292 years';

const literalOf = (type: PlanType, value: Value): Literal => {
  const fitted = type === 'int' && typeof value === 'number' ? BigInt(value) : type === 'float' && typeof value === 'bigint' ? Number(value) : value;
  return { op: 'literal', type, value: fitted };
};

/** A fraction is no whole number of the list. */
const listed = (value: Value, type: PlanType): readonly Value[] =>
  (Array.isArray(value) ? (value as readonly Value[]) : [value]).flatMap((v) => (type === 'int' && typeof v === 'number' ? [] : [asType(v, type)]));

const asType = (value: Value, type: PlanType): Value =>
  type === 'float' && typeof value === 'bigint'
    ? Number(value)
    : type === 'string' && (typeof value === 'bigint' || typeof value === 'number')
      ? String(value)
      : value;

/** 1.5 where a whole number is meant: comparisons take it as it is. */
const parameter = (value: Value, type: PlanType): Literal =>
  type === 'int' && typeof value === 'number' ? literalOf('float', value) : literalOf(type, asType(value, type));

/** What a store must not be asked with is told at its place. */
const fitted = (t: Typed & { readonly op: 'call' }, args: readonly PlanExpression[]): readonly PlanExpression[] => {
  try {
    return fittedArguments(t.function, args);
  } catch (error) {
    throw error instanceof CodedError ? new PlacedError(error.code, error.parameters, t.span) : error;
  }
};

const COMPARISONS: ReadonlySet<string> = new Set(['equals', 'not_equals', 'less', 'less_or_equal', 'greater', 'greater_or_equal']);

/** The arguments, where a parameter that stands for a whole number has a fraction. */
const withFractions = (t: Typed & { readonly op: 'call' }, args: readonly PlanExpression[]): PlanExpression[] => {
  const odd = args.findIndex((a, i) => a.op === 'literal' && a.type === 'float' && t.arguments[i]?.type.value === 'int');
  if (odd < 0) return [...args];
  if (COMPARISONS.has(t.function)) return args.map((a) => (a.type === 'int' ? call('to_float', 'float', a) : a));
  const at = t.arguments[odd] as Typed;
  throw new PlacedError(
    'iql.parameter-value',
    { name: at.op === 'parameter' ? at.name : '', wanted: 'a whole number', got: String((args[odd] as Literal).value) },
    at.span,
  );
};

const timeLiteral = (text: string, zone: string, span: Span): bigint => {
  const found = timeLiteralNanos(text, zone);
  if (found === undefined) throw new PlacedError('iql.bad-time', { text }, span);
  return found;
};

/** The value of a constant; null where it is missing, as is what cannot be represented (told). */
export const constantOf = (t: Typed, request: Planning, endless = false): Value => {
  const e = bind(t, request, endless);
  const value = e.op === 'literal' ? e.value : request.workOut(e);
  if (value === undefined) request.notice('warning', 'iql.not-representable', { count: 1 }, t.span);
  return value ?? null;
};

/** The value of a constant that must have one; `what` it is of, for people. `endless` as for `bind`. */
export const neededConstant = (t: Typed, request: Planning, what: string, endless = false): Exclude<Value, null> => {
  const value = constantOf(t, request, endless);
  if (value === null) throw new PlacedError('iql.no-value', { what }, t.span);
  return value;
};

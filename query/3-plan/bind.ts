// From checked to planned expressions: parameters, `now` and local times become values of one request.
import type { Value } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/errors.ts';
import type { ValueType } from '../../schemas/types.ts';
import { timeLiteralNanos } from '../1-syntax/time-literal.ts';
import type { Type, Typed } from '../2-semantic/type.ts';
import { fittedArguments, takesZone } from './constants.ts';
import { call, joined, type Literal, type PlanExpression } from './expression.ts';
import type { PlanRequest } from './request.ts';

export const valueType = (t: Type): ValueType => (t.value === 'missing' || t.value === 'unknown' ? 'string' : t.value);

export const bind = (t: Typed, request: PlanRequest): PlanExpression => {
  const type = valueType(t.type);
  switch (t.op) {
    case 'column':
      return { op: 'column', name: t.name, type };
    case 'literal':
      return literalOf(type, t.literal as Value, t.type.item);
    case 'now':
      return literalOf('time', request.at);
    case 'time':
      return literalOf('time', timeLiteral(t.text, request.zone));
    case 'parameter':
      return literalOf(type, asType(request.parameters.get(t.name) ?? null, type));
    case 'attribute':
      throw new TypeError(`the attribute ${t.name} was left open by the checker`);
    case 'list': {
      const values = t.items.flatMap((i) =>
        i.op === 'parameter' ? listed(request.parameters.get(i.name) ?? null, valueType(i.type)) : [(bind(i, request) as Literal).value],
      );
      return literalOf(
        'list',
        values.filter((v) => v !== null),
        t.type.item,
      );
    }
    case 'call': {
      if (t.function === 'and' || t.function === 'or') return chained(t, t.function, request);
      const args = t.arguments.map((a) => bind(a, request));
      if (takesZone(t.function, args.length)) args.push({ op: 'literal', type: 'string', value: request.zone });
      return { op: 'call', function: t.function, type, arguments: fittedArguments(t.function, args) };
    }
    case 'case':
      return {
        op: 'case',
        type,
        branches: t.branches.map((b) => {
          const [when, then] = [bind(b.when, request), bind(b.then, request)];
          return { when, then };
        }),
        otherwise: bind(t.otherwise, request),
      };
  }
};

/** `a or b or c …`, however many. */
const chained = (t: Typed & { op: 'call' }, name: 'and' | 'or', request: PlanRequest): PlanExpression => {
  const parts: PlanExpression[] = [];
  const left: Typed[] = [t];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part.op === 'call' && part.function === name) left.push(...part.arguments.toReversed());
    else parts.push(bind(part, request));
  }
  return joined(parts as [PlanExpression, ...PlanExpression[]], (a, b) => call(name, 'bool', a, b));
};

const MOST = 2n ** 63n - 1n;

/** Moments and spans beyond 64 bits are as good as endless: `@9999-12-31` stands for a day that never comes. */
const bounded = (value: bigint): bigint => (value > MOST ? MOST : value < -MOST ? -MOST : value);

const literalOf = (type: ValueType, given: Value, item?: ValueType): Literal => {
  const value = (type === 'time' || type === 'duration') && typeof given === 'bigint' ? bounded(given) : given;
  const fitted = type === 'int' && typeof value === 'number' ? BigInt(value) : type === 'float' && typeof value === 'bigint' ? Number(value) : value;
  return item === undefined ? { op: 'literal', type, value: fitted } : { op: 'literal', type, item, value: fitted };
};

const listed = (value: Value, type: ValueType): readonly Value[] =>
  Array.isArray(value) ? (value as readonly Value[]).map((v) => asType(v, type)) : [asType(value, type)];

const asType = (value: Value, type: ValueType): Value =>
  type === 'float' && typeof value === 'bigint' ? Number(value) : type === 'int' && typeof value === 'number' ? BigInt(Math.trunc(value)) : value;

const timeLiteral = (text: string, zone: string): bigint => {
  const found = timeLiteralNanos(text, zone);
  if (found === undefined) throw new CodedError('iql.bad-time', { text });
  return found;
};

/** A bound constant, for pipes that need its value while planning; undefined when it is no constant. */
export const constantOf = (t: Typed, request: PlanRequest): Value | undefined => {
  const e = bind(t, request);
  if (e.op === 'literal') return e.value;
  return undefined;
};

// `fill 0|missing|previous|linear`: rows for the buckets that a series lacks.
import { isBucketKnown, mayBeTimed } from '../2-semantic/doubt.ts';
import { checkExpression } from '../2-semantic/expression.ts';
import { typeName } from '../2-semantic/numeric.ts';
import { isNumber, type Typed, visible } from '../2-semantic/type.ts';
import { bind } from '../3-plan/bind.ts';
import { call, columnReference } from '../3-plan/expression.ts';
import { planColumns } from '../3-plan/lower.ts';
import { bucketFor } from './every.ts';
import { afterMistake, type IqlPipe, plainArgument, syntax, written, wrongForm } from './pipe.ts';

export const fill: IqlPipe = {
  syntax: syntax('fill'),
  form: 'fill 0 | missing | previous | linear',
  summary: 'Fill the gaps of bucketed data',
  examples: ['from metrics.system.cpu.utilization | every 1m avg | max by host | fill 0'],
  check: (pipe, input, scope) => {
    const e = plainArgument(pipe.arguments[0]);
    const { bucket } = input;
    if ((bucket === undefined || !input.timed) && (isBucketKnown(input) || !mayBeTimed(input)))
      scope.reporter.error('iql.not-bucketed', { pipe: 'fill' }, written(pipe));
    if (e === undefined || pipe.arguments.length > 1) {
      wrongForm(pipe, fill, scope);
      return afterMistake(input);
    }
    const values = visible(input).filter((c) => c.name !== 'time' && !c.label && (isNumber(c.type) || c.type.value === 'duration'));
    let method: 'missing' | 'previous' | 'linear' = 'missing';
    let value: Typed | undefined;
    if (e.node === 'name' && (e.name === 'previous' || e.name === 'linear')) method = e.name;
    else if (e.node !== 'missing') {
      value = checkExpression({ ...scope, relation: input }, e);
      if (value === undefined) return afterMistake(input);
      if (value.op !== 'literal' || (!isNumber(value.type) && value.type.value !== 'duration')) {
        scope.reporter.error('iql.argument-type', { function: 'fill', wanted: 'a number, missing, previous or linear', got: typeName(value.type) }, e.span);
        return afterMistake(input);
      }
    }
    if (bucket === undefined || !input.timed) return afterMistake(input);
    const columns = planColumns(input);
    const names = new Set(values.map((v) => v.name));
    return {
      output: input,
      plan: (plan) => (request) => {
        const filled = {
          node: 'fill',
          input: plan(request),
          keys: input.key,
          carry: input.columns.filter((c) => c.label && c.name !== 'time' && !input.key.includes(c.name)).map((c) => c.name),
          bucket: bucketFor(bucket, request),
          from: request.from,
          to: request.to,
          values: values.map((v) => v.name),
          method,
          columns,
        } as const;
        if (value === undefined) return filled;
        const bound = bind(value, request);
        const number = bound.op === 'literal' ? Number(bound.value) : 0;
        const put = (c: (typeof columns)[number]) =>
          ({ op: 'literal', type: c.type, value: c.type === 'float' ? number : BigInt(Math.round(number)) }) as const;
        return {
          node: 'project',
          input: filled,
          columns,
          values: columns.map((c) => (names.has(c.name) ? call('coalesce', c.type, columnReference(c.name, c.type), put(c)) : columnReference(c.name, c.type))),
        };
      },
      streaming:
        method === 'linear' ? { kind: 'unbounded', reason: 'it looks at the value after the gap' } : { kind: 'bounded', bound: 'the last row of each series' },
    };
  },
};

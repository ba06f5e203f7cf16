// `fill 0|missing|previous|linear`: rows for the buckets that a series lacks.
import { isConstant } from '../2-semantic/constant.ts';
import { isSure, mayBeTimed } from '../2-semantic/doubt.ts';
import { checkExpression } from '../2-semantic/expression.ts';
import { toFloat, typeName } from '../2-semantic/numeric.ts';
import { settle } from '../2-semantic/settle.ts';
import { isNumber, type Relation, type RelationColumn, type Typed, type, visible } from '../2-semantic/type.ts';
import { neededConstant } from '../3-plan/bind.ts';
import { call, columnReference, type Literal, literal } from '../3-plan/expression.ts';
import { type Plan, planColumns } from '../3-plan/lower.ts';
import type { PlanType } from '../3-plan/physical.ts';
import type { Planning } from '../3-plan/request.ts';
import { afterMistake, type IqlPipe, plainArgument, syntax, written, wrongForm } from './pipe.ts';
import { computed, kept, project } from './project.ts';
import { bucketFor } from './width.ts';

export const fill: IqlPipe = {
  syntax: syntax('fill'),
  form: 'fill 0 | missing | previous | linear',
  summary: 'Fill the gaps of bucketed data',
  examples: ['from metrics.system.cpu.utilization | every 1m avg | max by host | fill 0'],
  check: (pipe, input, scope) => {
    const e = plainArgument(pipe.arguments[0]);
    const { bucket } = input;
    if ((bucket === undefined && isSure(input)) || !mayBeTimed(input)) scope.reporter.error('iql.not-bucketed', { pipe: 'fill' }, written(pipe));
    if (e === undefined || pipe.arguments.length > 1) {
      wrongForm(pipe, fill, scope);
      return afterMistake(input);
    }
    const values = visible(input).filter((c) => c.name !== 'time' && !c.label && (isNumber(c.type) || c.type.value === 'duration'));
    let method: 'missing' | 'previous' | 'linear' = 'missing';
    let value: Typed | undefined;
    if (e.node === 'name' && (e.name === 'previous' || e.name === 'linear')) method = e.name;
    else if (e.node !== 'missing') {
      const checked = checkExpression({ ...scope, relation: input }, e);
      if (checked === undefined) return afterMistake(input);
      value = settle(scope, checked, type('float'));
      if (!isConstant(value) || (!isNumber(value.type) && value.type.value !== 'duration')) {
        scope.reporter.error('iql.argument-type', { function: 'fill', wanted: 'a number, missing, previous or linear', got: typeName(value.type) }, e.span);
        return afterMistake(input);
      }
    }
    if (bucket === undefined || !input.timed) return afterMistake(input);
    // What comes between whole numbers need not be one.
    const wide = method === 'linear' || (value !== undefined && value.type.value !== 'int');
    const before = wide ? asFloats(input, values) : { output: input, plan: (p: Plan) => p };
    const { output } = before;
    const columns = planColumns(output);
    const names = new Set(values.map((v) => v.name));
    return {
      output,
      plan: (plan) => (request) => {
        const filled = {
          node: 'fill',
          input: before.plan(plan)(request),
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
        const put = filling(value, request);
        return {
          node: 'project',
          input: filled,
          columns,
          values: columns.map((c) =>
            names.has(c.name) ? call('coalesce', c.type, columnReference(c.name, c.type), put(c.type)) : columnReference(c.name, c.type),
          ),
        };
      },
      streaming:
        method === 'linear' ? { kind: 'unbounded', reason: 'it looks at the value after the gap' } : { kind: 'bounded', bound: 'the last row of each series' },
    };
  },
};

/** The whole numbers of these columns as floats. */
const asFloats = (input: Relation, values: readonly RelationColumn[]): ReturnType<typeof project> => {
  const names = new Set(values.filter((v) => v.type.value === 'int').map((v) => v.name));
  return project(
    input,
    visible(input).map((c) => {
      if (!names.has(c.name)) return kept(c);
      const column: RelationColumn = { ...c, type: { ...c.type, value: 'float' } };
      const of: Typed = { op: 'column', name: c.name, type: c.type, span: { start: 0, end: 0 } };
      return { ...computed(column, toFloat(of)), from: c.name };
    }),
  );
};

/** The literal for a column of that type; a duration and a number of seconds are one. */
const filling = (value: Typed, request: Planning): ((of: PlanType) => Literal) => {
  const given = neededConstant(value, request, 'what fills the gaps');
  const isDuration = value.type.value === 'duration';
  return (of) => {
    if (of === 'duration') return literal(of, isDuration ? given : BigInt(Math.round(Number(given) * 1e9)));
    const number = isDuration ? Number(given) / 1e9 : Number(given);
    return literal(of, of === 'float' ? number : BigInt(Math.round(number)));
  };
};

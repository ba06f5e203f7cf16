// `lookup dataset on k [== r]`: columns of an inventory dataset beside each row; never multiplies rows.
import type { Dataset } from '../../schemas/types.ts';
import type { Argument, Name } from '../1-syntax/ast.ts';
import { nearest } from '../1-syntax/nearest.ts';
import { doubted, isSure, mistakenColumn } from '../2-semantic/doubt.ts';
import { checkValue } from '../2-semantic/expression.ts';
import { typeName } from '../2-semantic/numeric.ts';
import { writeName } from '../2-semantic/report.ts';
import { datasetRelation } from '../2-semantic/source.ts';
import { columnNamed, type Relation, visible } from '../2-semantic/type.ts';
import { planColumns, sourcePlanner } from '../3-plan/lower.ts';
import { afterMistake, clauseOf, type IqlPipe, type PlanScope, plainArgument, syntax, wrongForm } from './pipe.ts';

/** `k` or `k == r`. */
const pairOf = (argument: Argument | undefined): { readonly left: string; readonly right: string } | undefined => {
  const e = plainArgument(argument);
  if (e?.node === 'name') return { left: e.name, right: e.name };
  if (e?.node === 'binary' && e.operator === '==' && e.left.node === 'name' && e.right.node === 'name') return { left: e.left.name, right: e.right.name };
  return undefined;
};

/** The inventory of that name; an unknown one is reported. */
const datasetNamed = (e: Name, scope: PlanScope): Dataset | undefined => {
  const choices = scope.catalogue.datasets.filter((d) => d.role === 'records' && d.key.length > 0);
  const dataset = choices.find((d) => d.name === e.name);
  if (dataset !== undefined || e.name === '') return dataset;
  const names = choices.map((d) => d.name);
  const near = nearest(e.name, names) ?? '';
  scope.reporter.error('iql.unknown-source', { name: e.name, nearest: near }, e.span, writeName(e.span, near));
  return undefined;
};

/** After a mistake: the rows with these columns. */
const besideEach = (input: Relation, columns: Relation['columns']): Relation => {
  const fresh = columns.filter((c) => columnNamed(input, c.name) === undefined).map((c) => (isSure(input) ? { ...c, label: true } : mistakenColumn(c.name)));
  return { ...input, columns: [...visible(input), ...fresh, ...input.columns.filter((c) => c.name.startsWith('#'))] };
};

export const lookup: IqlPipe = {
  syntax: { ...syntax('lookup', { clauses: ['on'] }), comparing: ['on'] },
  form: 'lookup dataset on k [== r]',
  summary: 'Columns of the inventory beside each row; fills what is missing',
  examples: ['from processes last 5m | latest | lookup hosts on host'],
  check: (pipe, input, scope) => {
    const e = plainArgument(pipe.arguments[0]);
    const on = clauseOf(pipe, 'on');
    const pair = pairOf(on?.arguments[0]);
    const before = scope.reporter.errors;
    if (e?.node !== 'name' || pipe.arguments.length > 1 || on === undefined || pair === undefined || on.arguments.length > 1) wrongForm(pipe, lookup, scope);
    const dataset = e?.node === 'name' ? datasetNamed(e, scope) : undefined;
    const key =
      on === undefined || pair === undefined ? undefined : checkValue({ ...scope, relation: input }, { node: 'name', name: pair.left, span: on.span });
    if (dataset === undefined) return afterMistake(doubted(input, true));
    const misspelt = key === undefined && pair?.left === pair?.right;
    if (on !== undefined && pair !== undefined && !misspelt && !dataset.key.includes(pair.right))
      scope.reporter.error('iql.lookup-key', { dataset: dataset.name, key: dataset.key.join(', ') }, on.span);
    const right = datasetRelation(dataset, dataset.name);
    const keyColumn = pair && columnNamed(input, pair.left);
    if (on !== undefined && key !== undefined && keyColumn?.type.value !== 'string')
      scope.reporter.error('iql.type-mismatch', { operator: 'on', left: typeName(key.type), right: 'text' }, on.span);
    if (key === undefined || keyColumn === undefined || pair === undefined || scope.reporter.errors > before)
      return afterMistake(besideEach(input, visible(right)));
    const take = visible(right)
      .filter((c) => c.name !== pair.right)
      .map((c) => ({ column: c.name, as: c.name, there: columnNamed(input, c.name) }))
      .filter(({ column, there }) => there === undefined || there.type.value === columnNamed(right, column)?.type.value);
    const fresh = take
      .filter((t) => t.there === undefined)
      .map((t) => ({ ...(columnNamed(right, t.column) as Relation['columns'][number]), label: keyColumn.label }));
    const shown = visible(input);
    const output: Relation = { ...input, columns: [...shown, ...fresh, ...input.columns.filter((c) => c.name.startsWith('#'))] };
    const joined = planColumns({ ...output, columns: [...input.columns, ...fresh] });
    const columns = planColumns(output);
    const source = sourcePlanner.scan(dataset, right);
    return {
      output,
      plan: (plan) => (request) => ({
        node: 'project',
        columns,
        values: columns.map((c) => ({ op: 'column', name: c.name, type: c.type })),
        input: {
          node: 'join',
          kind: 'lookup',
          left: plan(request),
          right: source(request),
          on: [pair],
          within: undefined,
          take: [...take.filter((t) => t.there !== undefined), ...take.filter((t) => t.there === undefined)].map((t) => ({
            column: t.column,
            as: t.as,
            fill: t.there !== undefined,
          })),
          columns: joined,
        },
      }),
      streaming: { kind: 'bounded', bound: `the rows of ${dataset.name}` },
    };
  },
};

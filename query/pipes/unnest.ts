// `unnest list`: a row for each item of a list, the other columns beside it.
import { mistakenColumn } from '../2-semantic/doubt.ts';
import { checkValue } from '../2-semantic/expression.ts';
import { typeName } from '../2-semantic/numeric.ts';
import { columnNamed, type Relation, type RelationColumn, type Typed, visible } from '../2-semantic/type.ts';
import { planColumns } from '../3-plan/lower.ts';
import { afterMistake, type IqlPipe, plainArgument, syntax, wrongForm } from './pipe.ts';
import { computed, hiddenName, kept, project } from './project.ts';

export const unnest: IqlPipe = {
  syntax: syntax('unnest'),
  form: 'unnest list',
  summary: 'A row for each item of a list',
  examples: ['from hosts | unnest addresses | select host, addresses'],
  check: (pipe, input, scope) => {
    const e = plainArgument(pipe.arguments[0]);
    if (e?.node !== 'name' || pipe.arguments.length > 1) {
      wrongForm(pipe, unnest, scope);
      return afterMistake(input);
    }
    const list = checkValue({ ...scope, relation: input, values: new Map() }, e);
    if (list !== undefined && list.type.value !== 'list')
      scope.reporter.error('iql.argument-type', { function: 'unnest', wanted: 'a list', got: typeName(list.type) }, e.span);
    if (list?.op !== 'column' || list.type.value !== 'list')
      return afterMistake({ ...input, columns: input.columns.map((c) => (c.name === e.name ? mistakenColumn(c.name) : c)) });
    const before = withOldKept(input, list);
    const place = hiddenName(before.output, 'item');
    const output: Relation = {
      ...before.output,
      columns: [
        ...before.output.columns.map((c) => (c.name === list.name ? itemColumn(c) : c)),
        { name: place, type: { value: 'int', unit: undefined, bare: false }, kind: undefined, label: false, description: '' },
      ],
      shape: 'rows',
      key: [],
      bucket: undefined,
      order: [...before.output.order, { column: place, descending: false }],
    };
    const columns = planColumns(output);
    return {
      output,
      steps: 2,
      plan: (plan) => {
        const rows = before.plan(plan);
        return (request) => ({ node: 'table', input: rows(request), function: { name: 'unnest', list: list.name, place }, reads: [list.name], columns });
      },
      streaming: { kind: 'stateless' },
    };
  },
};

const itemColumn = ({ name, type, kind, description }: RelationColumn): RelationColumn => ({
  name,
  type: { value: type.item ?? 'string', unit: type.unit, bare: false },
  kind,
  label: false,
  description,
});

/** What the order stands on goes on as it was. */
const withOldKept = (input: Relation, list: Typed & { readonly op: 'column' }): Pick<ReturnType<typeof project>, 'output' | 'plan'> => {
  const column = columnNamed(input, list.name) as RelationColumn;
  if (!input.order.some((k) => k.column === column.name)) return { output: input, plan: (p) => p };
  return project(
    input,
    visible(input).map((c) => (c === column ? computed(c, list) : kept(c))),
  );
};

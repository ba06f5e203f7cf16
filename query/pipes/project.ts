// Columns changed without losing what the platform still needs: when a user drops or overwrites a column that the key or the natural
// order stands on, its old values go on under a hidden name.

import { columnNamed, type OrderColumn, type Relation, type RelationColumn, type Typed } from '../2-semantic/type.ts';
import { bind, typeOf } from '../3-plan/bind.ts';
import { columnReference, type PlanExpression } from '../3-plan/expression.ts';
import { type Plan, planColumns } from '../3-plan/lower.ts';

/** A visible column of the output: one of the input under its own or another name, or a new value. */
export interface Output {
  readonly column: RelationColumn;
  /** undefined: the input's column `from`. */
  readonly value: Typed | undefined;
  readonly from: string | undefined;
}

export const kept = (column: RelationColumn): Output => ({ column, value: undefined, from: column.name });
export const renamed = (column: RelationColumn, name: string): Output => ({ column: { ...column, name }, value: undefined, from: column.name });
export const computed = (column: RelationColumn, value: Typed): Output => ({ column: { ...column, made: value }, value, from: undefined });

/** A hidden name that no column has. */
export const hiddenName = (input: Relation, base: string): string => {
  let name = `#${base}`;
  for (let i = 2; columnNamed(input, name) !== undefined; i++) name = `#${base}.${i}`;
  return name;
};

/** The relation with these visible columns, and the plan for it. */
export const project = (input: Relation, outputs: readonly Output[]): { readonly output: Relation; readonly plan: (plan: Plan) => Plan } => {
  const hidden: Output[] = input.columns.filter((c) => c.name.startsWith('#')).map(kept);
  const place = new Map<string, string>();
  for (const o of outputs) if (o.from !== undefined) if (!place.has(o.from) || o.from === o.column.name) place.set(o.from, o.column.name);
  const maps = input.open?.maps;
  const needed = new Set([
    ...input.key,
    ...input.order.map((k) => k.column),
    ...(input.timed ? ['time'] : []),
    ...(maps === undefined ? [] : [maps.text, maps.number]),
  ]);
  for (const name of needed) {
    if (place.has(name) || name.startsWith('#')) continue;
    const column = columnNamed(input, name);
    if (column === undefined) continue;
    const taken = new Set(hidden.map((h) => h.column.name));
    let alias = `#${name}`;
    while (taken.has(alias)) alias = `#${alias}`;
    hidden.push(renamed(column, alias));
    place.set(name, alias);
  }
  const moved = (name: string): string => place.get(name) ?? name;
  const all = [...outputs, ...hidden];
  const output: Relation = {
    ...input,
    columns: all.map((o) => o.column),
    key: input.key.map(moved),
    order: input.order.map((k): OrderColumn => ({ ...k, column: moved(k.column) })),
    timed: input.timed && moved('time') === 'time',
    open: input.open === undefined || maps === undefined ? input.open : { ...input.open, maps: { text: moved(maps.text), number: moved(maps.number) } },
  };
  const columns = planColumns(output);
  const plan =
    (before: Plan): Plan =>
    (request) => {
      const values = all.map(
        (o): PlanExpression => (o.value === undefined ? columnReference(o.from as string, typeOf(o.column.type)) : bind(o.value, request)),
      );
      return { node: 'project', input: before(request), columns, values };
    };
  return { output, plan };
};

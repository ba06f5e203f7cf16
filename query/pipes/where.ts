// `where expr`: keeps the rows for which it is true. `x in (from …)` as a condition of its own becomes a semi join.
import type { Expression, In } from '../1-syntax/ast.ts';
import { printName } from '../1-syntax/print-expression.ts';
import { checkCondition } from '../2-semantic/condition.ts';
import { isMistaken, isSure } from '../2-semantic/doubt.ts';
import { checkValue } from '../2-semantic/expression.ts';
import { typeName } from '../2-semantic/numeric.ts';
import { fix, replace } from '../2-semantic/report.ts';
import { type Relation, type RelationColumn, type Typed, visible } from '../2-semantic/type.ts';
import { bind } from '../3-plan/bind.ts';
import { conjunction, type PlanExpression } from '../3-plan/expression.ts';
import { type Plan, planColumns } from '../3-plan/lower.ts';
import { afterMistake, type IqlPipe, type PlanScope, plainArgument, syntax, wrongForm } from './pipe.ts';
import { computed, hiddenName, kept, project } from './project.ts';

/** The conditions joined by `and`. */
const parts = (e: Expression): readonly Expression[] => (e.node === 'binary' && e.operator === 'and' ? [...parts(e.left), ...parts(e.right)] : [e]);

const isSubQuery = (e: Expression): e is In => e.node === 'in' && e.items.length === 1 && e.items[0]?.node === 'query-expression';

/** The rows for which all conditions hold. */
export const filtered =
  (conditions: readonly Typed[], relation: Relation) =>
  (input: Plan): Plan => {
    const columns = planColumns(relation);
    return (request) => {
      const predicate = conjunction(conditions.map((c) => bind(c, request))) as PlanExpression;
      return { node: 'filter', input: input(request), predicate, columns };
    };
  };

export const where: IqlPipe = {
  syntax: { ...syntax('where'), equals: 'compares' },
  form: 'where condition',
  summary: 'Keep the rows for which the condition is true',
  examples: ['from metrics.system.cpu.utilization | where host == "web-1"', 'from logs | where severity >= "error" and service in ("api", "web")'],
  check: (pipe, input, scope) => {
    const e = plainArgument(pipe.arguments[0]);
    if (e === undefined || pipe.arguments.length > 1) {
      wrongForm(pipe, where, scope);
      return afterMistake(input);
    }
    let relation = input;
    const steps: ((plan: Plan) => Plan)[] = [];
    let whole = true;
    const conditions = parts(e);
    const predicates: Typed[] = [];
    for (const condition of conditions.filter((c) => !isSubQuery(c))) {
      const predicate = checkCondition({ ...scope, relation: input }, condition);
      if (predicate === undefined) whole = false;
      else predicates.push(predicate);
    }
    if (predicates.length > 0) steps.push(filtered(predicates, input));
    for (const condition of conditions.filter(isSubQuery)) {
      const step = semiJoin(condition, relation, scope);
      if (step === undefined) whole = false;
      else {
        relation = step.relation;
        steps.push(step.plan);
      }
    }
    if (!whole) return afterMistake(relation);
    const joins = conditions.some(isSubQuery);
    return {
      output: relation,
      plan: (plan) => steps.reduce((p, step) => step(p), plan),
      steps: steps.length,
      streaming: joins ? { kind: 'unbounded', reason: 'its sub-query is asked anew each time' } : { kind: 'stateless' },
    };
  },
};

/** Of several columns the one that the operand would be looked for in: of its name, else what tells the rows apart, else the only one of its type. */
const meantColumn = (operand: Typed, relation: Relation): RelationColumn | undefined => {
  const fitting = visible(relation).filter(({ type }) => type.value === operand.type.value);
  const named = fitting.find(({ name }) => operand.op === 'column' && name === operand.name);
  const keys = fitting.filter(({ name }) => relation.key.includes(name));
  return named ?? [keys, fitting].find((of) => of.length === 1)?.[0];
};

const semiJoin = (condition: In, input: Relation, scope: PlanScope): { readonly relation: Relation; readonly plan: (plan: Plan) => Plan } | undefined => {
  const operand = checkValue({ ...scope, relation: input }, condition.operand);
  const [item] = condition.items;
  if (item?.node !== 'query-expression') return undefined;
  const right = scope.query(item.query);
  const columns = visible(right.relation);
  const [column] = columns;
  if (column === undefined || columns.length > 1) {
    if (!isSure(right.relation)) return undefined;
    const meant = operand && meantColumn(operand, right.relation);
    const instead = `| select ${meant === undefined ? 'and one of them' : printName(meant.name)}`;
    const mend = meant && fix(`Add ${instead}`, replace({ start: item.query.span.end, end: item.query.span.end }, ` ${instead}`));
    scope.reporter.error('iql.one-column', { got: columns.length, instead }, condition.span, mend);
    return undefined;
  }
  if (operand === undefined || isMistaken(column)) return undefined;
  if (column.type.value !== operand.type.value) {
    scope.reporter.error('iql.type-mismatch', { operator: 'in', left: typeName(operand.type), right: typeName(column.type) }, condition.span);
    return undefined;
  }
  const { plan: asked } = right;
  if (asked === undefined) return undefined;
  const key: RelationColumn = { name: hiddenName(input, 'in'), type: operand.type, kind: undefined, label: false, description: '' };
  const widened = operand.op === 'column' ? undefined : project(input, [...visible(input).map(kept), computed(key, operand)]);
  const relation = widened?.output ?? input;
  const name = operand.op === 'column' ? operand.name : key.name;
  const output = planColumns(relation);
  return {
    relation,
    plan: (plan) => (request) => ({
      node: 'join',
      kind: condition.negated ? 'anti' : 'semi',
      left: (widened === undefined ? plan : widened.plan(plan))(request),
      right: asked(request),
      on: [{ left: name, right: column.name }],
      within: undefined,
      take: [],
      columns: output,
    }),
  };
};

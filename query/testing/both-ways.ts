// A text answered in several ways: by the stores as far as they can, by stores that filter badly, wholly in this process from the rows of the
// tables as they stand, which no emitter has asked for, and from plain rows that one has; and whether all are one answer.
import { type Batch, type Column, type Value, valueAt } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/errors.ts';
import type { Catalogue } from '../2-semantic/catalogue.ts';
import { inputsOf, type PlanNode } from '../3-plan/nodes.ts';
import type { PlanRequest } from '../3-plan/request.ts';
import { explained } from '../4-emit/fragment.ts';
import { ask, askersOf } from '../ask/ask.ts';
import { check, plan, type SplitPlan, split, storesWith } from '../compile.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { runPlan } from '../run/run.ts';
import { testEnvironment } from '../run/testing/environment.ts';
import { memorySource } from './memory-source.ts';
import type { LoadedStores } from './stores.ts';
import { supersetStores } from './superset-stores.ts';
import { EVERY_PASS, mustBeRight, optimizeVerified } from './verify-plan.ts';

export type Row = readonly Value[];
export type Outcome = { readonly rows: readonly Row[]; readonly notRepresentable: number; readonly mayBeMore: boolean } | { readonly failed: string };

/** How much of a plan the stores did. */
export type Pushed = 'whole' | 'partly' | 'plain rows';

export interface BothWays {
  readonly names: readonly string[];
  readonly pushed: Outcome;
  /** From `SELECT *` of the tables. */
  readonly local: Outcome;
  /** By stores that answer every condition with more rows than are wanted; where that was asked for. */
  readonly filteredTwice: Outcome | undefined;
  /** Wholly in this process too, but by the very plan that was pushed and from the emitter's plain rows: what is counted depends on where filters stand. */
  readonly counted: Outcome;
  readonly share: Pushed;
  /** A store may have left out rows in which a value is missing because it could not be represented: nobody is told of those. */
  readonly leavesOut: boolean;
  readonly sql: readonly string[];
}

const without = new Set(['push-filters']);

const cutsRows = (node: PlanNode): boolean =>
  (node.node === 'order' && node.count !== undefined) ||
  node.node === 'filter' ||
  (node.node === 'every' && !node.whole) ||
  (node.node === 'join' && (node.kind === 'inner' || node.kind === 'semi' || node.kind === 'anti')) ||
  inputsOf(node).some(cutsRows);

const size = (node: PlanNode): number => 1 + inputsOf(node).reduce((sum, n) => sum + size(n), 0);

const rowsOf = (batches: readonly Batch[], plan: PlanNode, names: readonly string[]): readonly Row[] => {
  const places = names.map((name) => plan.columns.findIndex((c) => c.name === name));
  return batches.flatMap((b) => Array.from({ length: b.length }, (_, i) => places.map((at) => valueAt(b.columns[at] as Column, i))));
};

/** What a user could have done is an outcome; a store that refuses its text is a defect. */
const outcome = async (answer: Promise<Outcome>): Promise<Outcome> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CodedError && error.code.startsWith('iql.')) return { failed: error.code };
    throw error;
  }
};

const askStores = async (parts: SplitPlan, loaded: LoadedStores, names: readonly string[]): Promise<Outcome> => {
  const { batches, notRepresentable, mayBeMore } = await ask(parts, askersOf(loaded.ports), RUN_FUNCTIONS);
  return { rows: rowsOf(batches, parts.plan, names), notRepresentable, mayBeMore };
};

const runHere = async (plan: PlanNode, loaded: LoadedStores, names: readonly string[]): Promise<Outcome> => {
  const env = testEnvironment();
  const batches = await runPlan(plan, { ...env, scan: memorySource(loaded.rows, env) });
  return { rows: rowsOf(batches, plan, names), notRepresentable: env.lost(), mayBeMore: false };
};

/** `changed`: another plan than what is made of the text. */
export const bothWays = async (
  text: string,
  catalogue: Catalogue,
  request: PlanRequest,
  loaded: LoadedStores,
  options: { readonly filteredTwice?: boolean; readonly changed?: (plan: PlanNode) => PlanNode } = {},
): Promise<BothWays> => {
  const checked = check(text, catalogue);
  // Half of the texts have their labels put on in the store, the others here; a third ask for what they fold in slices.
  const stores = storesWith({
    ...loaded.known,
    ...(text.length % 2 === 0 ? { mostHere: 0 } : {}),
    ...(text.length % 3 === 0 ? { mostAtOnce: 700 } : {}),
    dialect: loaded.ports.search.dialect,
  });
  let pushed: SplitPlan;
  let local: PlanNode;
  let superset: SplitPlan;
  let whole: PlanNode;
  let names: readonly string[];
  try {
    const { plan: made, columns } = plan(checked, request, { without: EVERY_PASS });
    const lowered = options.changed === undefined ? made : options.changed(made);
    whole = optimizeVerified(lowered, undefined, request.rights);
    names = columns.map((c) => c.name);
    pushed = split(whole, stores);
    superset = split(whole, supersetStores(stores));
    for (const { plan: rest } of [pushed, superset]) mustBeRight(rest, 'beside what stores answer');
    local = optimizeVerified(lowered, without, request.rights);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const failed = { failed: error.code };
    return { names: [], pushed: failed, local: failed, filteredTwice: failed, counted: failed, share: 'plain rows', leavesOut: false, sql: [] };
  }
  const sql = Array.from(pushed.fragments.values(), (f) => explained(f).text);
  const share: Pushed = pushed.plan.node === 'scan' ? 'whole' : size(pushed.plan) < size(local) ? 'partly' : 'plain rows';
  try {
    const [a, b, more] = await Promise.all([
      outcome(askStores(pushed, loaded, names)),
      outcome(runHere(local, loaded, names)),
      options.filteredTwice === true ? outcome(askStores(superset, loaded, names)) : undefined,
    ]);
    // With filters where they were written no fewer rows are asked than with those that were pushed.
    const none = [a, b].every((o) => 'rows' in o && o.notRepresentable === 0);
    const counted = none ? b : await outcome(askStores(split(whole, stores, { push: false }), loaded, names));
    const leavesOut = [...pushed.fragments.values()].some((f) => cutsRows(f.plan));
    return { names, pushed: a, local: b, filteredTwice: more, counted, share, leavesOut, sql };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${sql.join('\n')}`, { cause: error });
  }
};

const close = (a: number, b: number, tolerance: number): boolean => a === b || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));

export const sameValue = (a: Value, b: Value, tolerance = 1e-9): boolean => {
  if (typeof a === 'number' && typeof b === 'number') return close(a, b, tolerance);
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([k, v]) => b.has(k) && sameValue(v as Value, b.get(k) as Value, tolerance));
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => sameValue(v as Value, b[i] as Value, tolerance));
  return a === b;
};

const shown = (row: Row | undefined): string =>
  row === undefined
    ? '(no row)'
    : row
        .map((v) =>
          typeof v === 'bigint'
            ? String(v)
            : v instanceof Map
              ? JSON.stringify([...v])
              : typeof v === 'string'
                ? JSON.stringify(v)
                : Array.isArray(v)
                  ? `[${v.map(String).join()}]`
                  : String(v),
        )
        .join(' | ');

/** The first difference for people; undefined where both ways gave one answer, rows in one order, and none kept what it lost to itself. */
export const difference = ({ names, pushed, local, filteredTwice, counted, leavesOut }: BothWays): string | undefined => {
  const rows = rowDifference(names, pushed, local) ?? (filteredTwice && rowDifference(names, pushed, filteredTwice)) ?? rowDifference(names, pushed, counted);
  if (rows !== undefined || 'failed' in pushed || 'failed' in counted || pushed.mayBeMore) return rows;
  return pushed.notRepresentable === counted.notRepresentable || (leavesOut && pushed.notRepresentable < counted.notRepresentable)
    ? undefined
    : `not representable: ${pushed.notRepresentable} pushed, ${counted.notRepresentable} local`;
};

const rowDifference = (names: readonly string[], pushed: Outcome, local: Outcome): string | undefined => {
  if ('failed' in pushed || 'failed' in local) {
    const [a, b] = [pushed, local].map((o) => ('failed' in o ? o.failed : 'rows'));
    return a === b ? undefined : `pushed: ${a}; local: ${b}`;
  }
  const rows = Math.max(pushed.rows.length, local.rows.length);
  for (let i = 0; i < rows; i++) {
    const [a, b] = [pushed.rows[i], local.rows[i]];
    if (a === undefined || b === undefined || !a.every((v, k) => sameValue(v, b[k] as Value)))
      return `row ${i} of ${pushed.rows.length} pushed, ${local.rows.length} local\n  ${names.join(' | ')}\n  pushed ${shown(a)}\n  local  ${shown(b)}`;
  }
  return undefined;
};

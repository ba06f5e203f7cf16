// A PlanExpression over a batch, a column at a time. Constants stay one row, functions of a dictionary column run once an entry, and a branch of
// case, the right side of `and`, `or` and `??` is computed only for the rows that need it: a branch not taken has no effect.
import { type Batch, bitAt, type Column, columnIndex, columnOf, type DictionaryColumn, isPresent } from '../../core/batch/batch.ts';
import { bitmapBytes, clearBit, countOnes, setBit } from '../../core/batch/bits.ts';
import { concatColumns } from '../../core/batch/concat.ts';
import { takeColumn } from '../../core/batch/take.ts';
import { type CaseExpression, eachColumn, type FunctionCall, type PlanExpression } from '../3-plan/expression.ts';
import { canFail } from '../3-plan/failing.ts';
import { physicalType } from '../3-plan/physical.ts';
import { widen } from './conform.ts';
import type { RunEnvironment } from './environment.ts';
import { allBits, boolColumn, constantOf, type ScalarRun, trueBits, type Vector, vectorOf } from './vector.ts';

export type EvaluationEnvironment = Pick<RunEnvironment, 'functions' | 'warn'>;

/** The value of the expression for each row, in the physical type of its type. */
export const evaluate = (e: PlanExpression, batch: Batch, env: EvaluationEnvironment): Column => expand(evaluateVector(e, batch, env), batch.length);

/** Rows for which a predicate is true, as bits (beyond `batch.length` they may be anything). */
export const evaluateTrue = (e: PlanExpression, batch: Batch, env: EvaluationEnvironment): Uint8Array => trueBits(evaluateVector(e, batch, env), batch.length);

/** A constant as a column of `rows` rows; text as one entry of a dictionary. */
export const expand = ({ column, constant }: Vector, rows: number): Column => {
  if (!constant) return column;
  if (column.layout === 'text' && isPresent(column, 0))
    return { layout: 'dictionary', type: column.type, length: rows, validity: undefined, indices: new Int32Array(rows), dictionary: column };
  return takeColumn(column, new Int32Array(rows));
};

export const evaluateVector = (e: PlanExpression, batch: Batch, env: EvaluationEnvironment): Vector => {
  switch (e.op) {
    case 'column':
      return vectorOf(columnOf(batch, e.name));
    case 'literal':
      return constantOf(physicalType(e.type), e.value);
    case 'case':
      return evaluateCase(e, batch, env);
    case 'call':
      if (e.function === 'and' || e.function === 'or') return evaluateJunction(e, batch, env);
      if (e.function === 'coalesce') return evaluateCoalesce(e, batch, env);
      return callFunction(
        e,
        e.arguments.map((a) => evaluateVector(a, batch, env)),
        batch.length,
        env,
      );
  }
};

const scalarOf = (name: string, env: EvaluationEnvironment): ScalarRun => {
  const run = Object.hasOwn(env.functions.scalars, name) ? env.functions.scalars[name] : undefined;
  if (run === undefined) throw new TypeError(`the plan calls ${JSON.stringify(name)}, which is no scalar function`);
  return run;
};

const callFunction = (e: FunctionCall, args: readonly Vector[], rows: number, env: EvaluationEnvironment): Vector => {
  const run = scalarOf(e.function, env);
  const target = physicalType(e.type);
  const context = { type: e.type, notRepresentable: (count: number) => env.warn('not-representable', count) };
  const finish = (column: Column): Column => widen(column, target);
  if (args.every((a) => a.constant)) {
    // Worked out once, but missing in each row.
    const notRepresentable = (count: number): void => (rows === 0 ? undefined : context.notRepresentable(count * rows));
    return { column: finish(run(args, { ...context, rows: 1, notRepresentable })), constant: true };
  }
  const varying = args.filter((a) => !a.constant);
  const only = varying.length === 1 ? varying[0]?.column : undefined;
  if (only?.layout === 'dictionary' && only.dictionary.length < rows) {
    const entries = entriesOf(only);
    const made = finish(
      run(
        args.map((a) => (a.constant ? a : vectorOf(entries))),
        { ...context, rows: entries.length },
      ),
    );
    return vectorOf(spread(made, only));
  }
  return vectorOf(finish(run(args, { ...context, rows })));
};

/** The entries of a dictionary as rows, and one missing row at the end when the column has missing rows. */
const entriesOf = (column: DictionaryColumn): Column => {
  const { dictionary, validity } = column;
  if (validity === undefined) return dictionary;
  const { length } = dictionary;
  const offsets = new Int32Array(length + 2);
  offsets.set(dictionary.offsets.subarray(0, length + 1));
  offsets[length + 1] = offsets[length] as number;
  const present = allBits(length + 1);
  clearBit(present, length);
  return { layout: 'text', type: dictionary.type, length: length + 1, validity: present, offsets, data: dictionary.data };
};

/** What was made for the entries, for each row of the column. */
const spread = (made: Column, column: DictionaryColumn): Column => {
  let { indices } = column;
  if (column.validity !== undefined) {
    indices = indices.slice(0, column.length);
    for (let i = 0; i < column.length; i++) if (!isPresent(column, i)) indices[i] = made.length - 1;
  }
  if (made.layout === 'text' && made.validity === undefined)
    return { layout: 'dictionary', type: made.type, length: column.length, validity: undefined, indices, dictionary: made };
  return takeColumn(made, indices.length === column.length ? indices : indices.subarray(0, column.length));
};

/** Only the columns the expression needs, only those rows. */
const subset = (batch: Batch, rows: Int32Array, e: PlanExpression): Batch => {
  if (rows.length === batch.length) return batch;
  const names = new Set<string>();
  eachColumn(e, (name) => names.add(name));
  const places = [...names].map((name) => columnIndex(batch, name)).filter((at) => at >= 0);
  return {
    length: rows.length,
    fields: places.map((at) => batch.fields[at] as Batch['fields'][number]),
    columns: places.map((at) => takeColumn(batch.columns[at] as Column, rows)),
  };
};

/** Numbers of the rows whose bit is `wanted`. */
const rowsWhere = (bits: Uint8Array, rows: number, wanted: boolean): Int32Array => {
  const ones = countOnes(bits, rows);
  const out = new Int32Array(wanted ? ones : rows - ones);
  for (let i = 0, at = 0; i < rows; i++) if (bitAt(bits, i) === wanted) out[at++] = i;
  return out;
};

/** The value where the bits are set, missing elsewhere; what can be noticed is worked out for those rows only. */
export const evaluateWhere = (e: PlanExpression, wanted: Uint8Array | undefined, batch: Batch, env: EvaluationEnvironment): Vector => {
  if (wanted === undefined || !canFail(e, env.functions.failing)) return evaluateVector(e, batch, env);
  const rows = rowsWhere(wanted, batch.length, true);
  const value = evaluateVector(e, subset(batch, rows, e), env);
  if (value.constant || rows.length === batch.length) return value;
  const places = new Int32Array(batch.length).fill(-1);
  for (let i = 0; i < rows.length; i++) places[rows[i] as number] = i;
  return vectorOf(takeColumn(value.column, places));
};

const evaluateCase = (e: CaseExpression, batch: Batch, env: EvaluationEnvironment): Vector => {
  const type = physicalType(e.type);
  const parts: Column[] = [];
  const places = new Int32Array(batch.length);
  let placed = 0;
  let rest = Int32Array.from({ length: batch.length }, (_, i) => i);
  const put = (value: Vector, rows: Int32Array): void => {
    const column = widen(value.column, type);
    parts.push(column);
    for (let i = 0; i < rows.length; i++) places[rows[i] as number] = placed + (value.constant ? 0 : i);
    placed += column.length;
  };
  for (const { when, then } of e.branches) {
    const left = subset(batch, rest, when);
    const condition = evaluateVector(when, left, env);
    const bits = trueBits(condition, rest.length);
    const ones = countOnes(bits, rest.length);
    if (ones === 0) continue;
    const all = rest;
    const chosen = rowsWhere(bits, all.length, true).map((i) => all[i] as number);
    rest = rowsWhere(bits, all.length, false).map((i) => all[i] as number);
    const value = evaluateVector(then, subset(batch, chosen, then), env);
    if (parts.length === 0 && chosen.length === batch.length) return { column: widen(value.column, type), constant: value.constant };
    put(value, chosen);
  }
  if (rest.length > 0 || parts.length === 0) {
    const value = evaluateVector(e.otherwise, subset(batch, rest, e.otherwise), env);
    if (parts.length === 0) return { column: widen(value.column, type), constant: value.constant };
    put(value, rest);
  }
  return vectorOf(takeColumn(concatColumns(parts), places));
};

const operandsOf = (e: FunctionCall, name: string): readonly PlanExpression[] =>
  e.arguments.flatMap((a) => (a.op === 'call' && a.function === name ? operandsOf(a, name) : [a]));

/** `and`, `or`: what is decided is not asked of the next operand, when its evaluation can be noticed or is wanted by few rows. */
const evaluateJunction = (e: FunctionCall, batch: Batch, env: EvaluationEnvironment): Vector => {
  const rows = batch.length;
  const isAnd = e.function === 'and';
  const { failing } = env.functions;
  const [first, ...others] = operandsOf(e, e.function);
  const bits = trueBits(evaluateVector(first as PlanExpression, batch, env), rows);
  for (const right of others) {
    const ones = countOnes(bits, rows);
    const open = isAnd ? ones : rows - ones;
    if (open === 0) break;
    if (open === rows || !(canFail(right, failing) || open * 8 < rows)) {
      const other = trueBits(evaluateVector(right, batch, env), rows);
      for (let i = 0; i < bits.length; i++) bits[i] = isAnd ? (bits[i] as number) & (other[i] as number) : (bits[i] as number) | (other[i] as number);
      continue;
    }
    const asked = rowsWhere(bits, rows, isAnd);
    const other = trueBits(evaluateVector(right, subset(batch, asked, right), env), asked.length);
    for (let i = 0; i < asked.length; i++)
      if (bitAt(other, i) !== isAnd) {
        if (isAnd) clearBit(bits, asked[i] as number);
        else setBit(bits, asked[i] as number);
      }
  }
  return vectorOf(boolColumn(rows, bits));
};

const evaluateCoalesce = (e: FunctionCall, batch: Batch, env: EvaluationEnvironment): Vector => {
  const type = physicalType(e.type);
  const typed = (v: Vector): Vector => ({ ...v, column: widen(v.column, type) });
  let best = typed(evaluateVector(e.arguments[0] as PlanExpression, batch, env));
  for (const other of e.arguments.slice(1)) {
    if (best.column.validity === undefined) return best;
    if (best.constant) {
      if (isPresent(best.column, 0)) return best;
      best = typed(evaluateVector(other, batch, env));
      continue;
    }
    const { column } = best;
    const missing = rowsWhere((column.validity as Uint8Array).subarray(0, bitmapBytes(column.length)), column.length, false);
    if (missing.length === 0) return best;
    const value = typed(evaluateVector(other, subset(batch, missing, other), env));
    const places = Int32Array.from({ length: column.length }, (_, i) => i);
    for (let i = 0; i < missing.length; i++) places[missing[i] as number] = column.length + (value.constant ? 0 : i);
    best = vectorOf(takeColumn(concatColumns([column, value.column]), places));
  }
  return best;
};

// A result's batches as the columns of an answer: one JSON array a column.
//
// Exactly: times as ISO text with three digits of a second, up to nine where present; missing null; integers beyond ±(2^53 − 1) as text;
// durations as seconds (a number; its unit is `s`); lists as arrays, maps as objects without a prototype, so that a key named `__proto__` is
// a key like any other.
import { type Batch, type Column, type DataType, isPresent, type TextColumn, textAt, type Value, valueAt } from '../../core/batch/batch.ts';
import { formatTime } from '../../core/time.ts';
import type { ValueType } from '../../schemas/types.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { kindOf } from '../3-plan/physical.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface AnswerColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly values: readonly JsonValue[];
}

/** One array for each column over all batches. `columns` are the plan's, in order. */
export const answerColumns = (batches: readonly Batch[], columns: readonly PlanColumn[]): readonly AnswerColumn[] =>
  columns.map((column, i) =>
    answerColumn(
      batches.map((batch) => batch.columns[i] as Column),
      column,
    ),
  );

/** One array over all parts of a column. */
export const answerColumn = (parts: readonly Column[], { name, type }: PlanColumn): AnswerColumn => {
  const values: JsonValue[] = [];
  for (const part of parts) appendColumn(part, values);
  return { name, type: kindOf(type), values };
};

const appendColumn = (column: Column, out: JsonValue[]): void => {
  const { length } = column;
  if (column.layout === 'fixed' && column.values instanceof Float64Array) {
    for (let i = 0; i < length; i++) out.push(isPresent(column, i) ? (column.values[i] as number) : null);
    return;
  }
  if (column.layout === 'dictionary') {
    const entries = decodeUsed(column.dictionary);
    for (let i = 0; i < length; i++) out.push(isPresent(column, i) ? entries(column.indices[i] as number) : null);
    return;
  }
  // Buckets stand once a series: neighbours are often the same.
  let before: Value = null;
  let text: JsonValue = null;
  for (let i = 0; i < length; i++) {
    const value = valueAt(column, i);
    if (typeof value !== 'bigint') out.push(jsonValue(value, column.type));
    else {
      if (value !== before) text = jsonValue(value, column.type);
      before = value;
      out.push(text);
    }
  }
};

const decodeUsed = (dictionary: TextColumn): ((entry: number) => string) => {
  const known: (string | undefined)[] = new Array(dictionary.length);
  return (entry) => {
    let text = known[entry];
    if (text === undefined) {
      text = textAt(dictionary, entry);
      known[entry] = text;
    }
    return text;
  };
};

const jsonInt = (v: bigint): JsonValue => {
  const n = Number(v);
  return Number.isSafeInteger(n) ? n : String(v);
};

/** One value of a column of that type. */
export const jsonValue = (v: Value, type: DataType): JsonValue => {
  if (v === null || typeof v === 'boolean' || typeof v === 'string') return v;
  if (typeof v === 'number') return Number.isFinite(v) ? v : null;
  if (typeof v === 'bigint') {
    if (type.kind === 'timestamp') return formatTime(type.unit === 'ms' ? v * 1_000_000n : v);
    return type.kind === 'duration' ? Number(v) / 1e9 : jsonInt(v);
  }
  if (v instanceof Map) {
    const out: Record<string, JsonValue> = Object.create(null);
    const item: DataType = type.kind === 'map' ? type.value : { kind: 'utf8' };
    for (const [key, value] of v) out[key] = jsonValue(value as Value, item);
    return out;
  }
  const item: DataType = type.kind === 'list' ? type.item : { kind: 'utf8' };
  return (v as readonly Value[]).map((value) => jsonValue(value, item));
};

// Columns brought to the physical types of a plan: narrower integers and times widened, absent columns missing, NaN and infinities missing.
import { type Batch, type Column, columnIndex, type DataType, type Field, isPresent, typeEquals } from '../../core/batch/batch.ts';
import { bitmapBytes } from '../../core/batch/bits.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { takeColumn } from '../../core/batch/take.ts';
import { NANOS_PER_MS } from '../../core/time.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { physicalType } from '../3-plan/physical.ts';
import type { RunEnvironment } from './environment.ts';
import { finishFloats } from './vector.ts';

/** `rows` missing values. */
export const missingColumn = (type: DataType, rows: number): Column => takeColumn(columnFrom(type, []), new Int32Array(rows).fill(-1));

export const fieldsOf = (columns: readonly PlanColumn[]): readonly Field[] => columns.map((c) => ({ name: c.name, type: physicalType(c.type) }));

/** The batch's columns of those names, in that order, in the plan's physical types. */
export const conform = (batch: Batch, columns: readonly PlanColumn[], env: Pick<RunEnvironment, 'warn'>): Batch => {
  const fields = fieldsOf(columns);
  return {
    length: batch.length,
    fields,
    columns: fields.map((field) => {
      const column = batch.columns[columnIndex(batch, field.name)];
      return column === undefined ? missingColumn(field.type, batch.length) : finite(widen(column, field.type), env);
    }),
  };
};

const finite = (column: Column, env: Pick<RunEnvironment, 'warn'>): Column => {
  if (column.layout !== 'fixed' || !(column.values instanceof Float64Array)) return column;
  for (const v of column.values)
    if (v - v !== 0) return finishFloats(column.values.slice(), column.validity?.slice(), { notRepresentable: (n) => env.warn('not-representable', n) });
  return column;
};

/**
 * The column in another physical type that can hold it: integers to wider ones, to float or to durations of nanoseconds, milliseconds
 * to nanoseconds. An int beyond 2^63 − 1 (unsigned) keeps its 64 bits. Throws TypeError where that makes no sense, which is a mistake of the plan.
 */
export const widen = (column: Column, type: DataType): Column => {
  if (typeEquals(column.type, type)) return column;
  if (column.layout === 'list' && type.kind === 'list') return { ...column, type, items: widen(column.items, type.item) };
  if (column.layout === 'map' && type.kind === 'map') return { ...column, type, values: widen(column.values, type.value) };
  const { length, validity } = column;
  if (column.layout === 'fixed' && type.kind === 'float') {
    const values = new Float64Array(length);
    for (let i = 0; i < length; i++) values[i] = Number(column.values[i]);
    return { layout: 'fixed', type, length, validity, values };
  }
  if (column.layout === 'fixed' && column.type.kind !== 'float' && (type.kind === 'timestamp' || type.kind === 'duration' || type.kind === 'int')) {
    if (column.values instanceof BigUint64Array) {
      const values = new BigInt64Array(column.values.buffer, column.values.byteOffset, length);
      return { layout: 'fixed', type, length, validity, values };
    }
    const values = new BigInt64Array(length);
    const factor = column.type.kind === 'timestamp' && column.type.unit === 'ms' ? NANOS_PER_MS : 1n;
    if (column.values instanceof BigInt64Array) for (let i = 0; i < length; i++) values[i] = (column.values[i] as bigint) * factor;
    else for (let i = 0; i < length; i++) values[i] = BigInt(column.values[i] as number) * factor;
    return { layout: 'fixed', type, length, validity, values };
  }
  if (column.layout === 'fixed' && column.type.kind === 'int' && type.kind === 'bool') {
    const bits = new Uint8Array(bitmapBytes(length));
    for (let i = 0; i < length; i++) if (Number(column.values[i]) !== 0) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
    return { layout: 'bool', type, length, validity, bits };
  }
  if (isAllMissing(column)) return missingColumn(type, length);
  throw new TypeError(`a column of ${column.type.kind} cannot stand for one of ${type.kind}`);
};

const isAllMissing = (column: Column): boolean => {
  for (let i = 0; i < column.length; i++) if (isPresent(column, i)) return false;
  return true;
};

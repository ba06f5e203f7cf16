// The order of rows for `first`, `last` and sorting: several columns, each in a direction, text by code point or by levels, missing last.
import { type Batch, type Column, columnOf, isPresent, type Value, valueAt } from '../../core/batch/batch.ts';
import type { OrderKey } from '../3-plan/nodes.ts';
import type { Place, RowOrder } from './aggregate.ts';
import { compareText } from './bytes.ts';
import { compareValues } from './values.ts';
import { textRows } from './vector.ts';

type CompareRows = (a: number, b: number) => number;

/** Of two rows that both have a value. */
const byValue = (column: Column): CompareRows => {
  switch (column.layout) {
    case 'fixed': {
      const { values } = column;
      if (values instanceof BigInt64Array) {
        const halves = new Int32Array(values.buffer, values.byteOffset, column.length * 2);
        return (a, b) => {
          const high = (halves[a * 2 + 1] as number) - (halves[b * 2 + 1] as number);
          return high !== 0 ? high : ((halves[a * 2] as number) >>> 0) - ((halves[b * 2] as number) >>> 0);
        };
      }
      return (a, b) => {
        const [x, y] = [values[a] as number, values[b] as number];
        return x < y ? -1 : x > y ? 1 : 0;
      };
    }
    case 'text':
    case 'dictionary': {
      const { text, indices } = textRows({ column, constant: false });
      if (indices === undefined) return (a, b) => compareText(text, a, text, b);
      return (a, b) => {
        const [x, y] = [indices[a] as number, indices[b] as number];
        return x === y ? 0 : compareText(text, x, text, y);
      };
    }
    default:
      return (a, b) => compareValues(valueAt(column, a), valueAt(column, b));
  }
};

/** Text that is no level comes after all levels, by code point. */
const compareLevels = (levels: readonly string[]): ((a: Value, b: Value) => number) => {
  const rank = new Map<Value, number>(levels.map((l, i) => [l, i]));
  return (a, b) => {
    const [x, y] = [rank.get(a) ?? levels.length, rank.get(b) ?? levels.length];
    return x !== y ? x - y : compareValues(a, b);
  };
};

const compareOf = ({ descending, levels }: OrderKey, column: Column): CompareRows => {
  const ordered = levels === undefined ? undefined : compareLevels(levels);
  const values: CompareRows = ordered === undefined ? byValue(column) : (a, b) => ordered(valueAt(column, a), valueAt(column, b));
  const directed: CompareRows = descending ? (a, b) => -values(a, b) : values;
  if (column.validity === undefined) return directed;
  return (a, b) => {
    const hasA = isPresent(column, a);
    const hasB = isPresent(column, b);
    if (hasA && hasB) return directed(a, b);
    return hasA === hasB ? 0 : hasA ? -1 : 1;
  };
};

/** Rows by the keys; ties are 0. */
export const compareRowsBy = (batch: Batch, keys: readonly OrderKey[]): CompareRows => {
  const compares = keys.map((key) => compareOf(key, columnOf(batch, key.column)));
  if (compares.length === 1) return compares[0] as CompareRows;
  return (a, b) => {
    for (const compare of compares) {
      const d = compare(a, b);
      if (d !== 0) return d;
    }
    return 0;
  };
};

/** As `compareRowsBy`, for values taken out of rows. */
const comparePlaces = (keys: readonly OrderKey[]): ((a: Place, b: Place) => number) => {
  const compares = keys.map(({ levels }) => (levels === undefined ? compareValues : compareLevels(levels)));
  return (a, b) => {
    for (let i = 0; i < keys.length; i++) {
      const [x, y] = [a[i] as Value, b[i] as Value];
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const d = (compares[i] as (a: Value, b: Value) => number)(x, y);
      if (d !== 0) return keys[i]?.descending === true ? -d : d;
    }
    return 0;
  };
};

/** By `time` (missing first), then `ties`, then arrival. */
export const rowOrder = (batch: Batch, time: string | undefined, ties: readonly OrderKey[]): RowOrder => {
  const byTies = compareRowsBy(batch, ties);
  const tieColumns = ties.map((key) => columnOf(batch, key.column));
  const byTiePlaces = comparePlaces(ties);
  const timeColumn = time === undefined ? undefined : columnOf(batch, time);
  const byTime = timeColumn === undefined ? undefined : byValue(timeColumn);
  const compareTimes = (a: number, b: number): number => {
    if (timeColumn === undefined || byTime === undefined) return 0;
    const hasA = isPresent(timeColumn, a);
    const hasB = isPresent(timeColumn, b);
    return hasA && hasB ? byTime(a, b) : hasA === hasB ? 0 : hasA ? 1 : -1;
  };
  const remember = (row: number): Place => [timeColumn === undefined ? null : valueAt(timeColumn, row), ...tieColumns.map((c) => valueAt(c, row))];
  return {
    compareRows: (a, b) => compareTimes(a, b) || byTies(a, b) || a - b,
    remember,
    comparePlace: (row, place) => {
      const mine = remember(row);
      const [x, y] = [mine[0] as Value, place[0] as Value];
      if (x !== y) {
        if (x === null || y === null) return x === null ? -1 : 1;
        return compareValues(x, y);
      }
      return byTiePlaces(mine.slice(1), place.slice(1)) || 1;
    },
  };
};

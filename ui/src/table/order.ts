// The order of rows in a table by one column: missing last either way, ties as they came. Gives indices, moves no row.
import type { Column, Value } from '../data/types.ts';
import { isNumeric } from '../format/value.ts';

const asNumber = (value: Value | undefined): number => (value === null || value === undefined || value === '' ? Number.NaN : Number(value));

export const orderOf = (rows: number, column: Column | undefined, falling: boolean): Uint32Array => {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  if (column === undefined) return order;
  const sign = falling ? -1 : 1;
  const { values } = column;
  if (isNumeric(column) || column.type === 'time') {
    const numbers = Float64Array.from({ length: rows }, (_, i) => (column.type === 'time' ? Date.parse(String(values[i])) : asNumber(values[i])));
    return order.sort((a, b) => {
      const x = numbers[a] as number;
      const y = numbers[b] as number;
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
      return sign * (x - y) || a - b;
    });
  }
  const texts = Array.from({ length: rows }, (_, i) => {
    const value = values[i];
    return value === null || value === undefined ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
  return order.sort((a, b) => {
    const x = texts[a];
    const y = texts[b];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || a - b;
    return (x < y ? -sign : x > y ? sign : 0) || a - b;
  });
};

// Single values: their order and one text for each, for keys and ties. Columns are compared in bytes.ts and functions/run/compare.ts.
import type { Value } from '../../core/batch/batch.ts';

/** Order of two values of one type that are both present (false < true); for maps and lists only equality has a meaning. */
export const compareValues = (a: Value, b: Value): number => {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? (b === null ? 0 : 1) : -1;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'object' || typeof b === 'object') return compareStrings(canonical(a), canonical(b));
  return a < b ? -1 : a > b ? 1 : 0;
};

/** By code point: UTF-16 units, except that surrogates stand above all others. */
export const compareStrings = (a: string, b: string): number => {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (x >= 0xd800 && x < 0xe000 ? x + 0x10000 : x) - (y >= 0xd800 && y < 0xe000 ? y + 0x10000 : y);
  }
  return a.length - b.length;
};

/** One text for each value, so that equal values have equal texts. */
export const canonical = (value: Value): string => {
  if (value === null) return 'n';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `i${value}`;
  if (typeof value === 'number') return `f${value === 0 ? 0 : value}`;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof Map) return `{${[...value].map(([k, v]) => `${JSON.stringify(k)}:${canonical(v as Value)}`).join(',')}}`;
  return `[${(value as readonly Value[]).map(canonical).join(',')}]`;
};

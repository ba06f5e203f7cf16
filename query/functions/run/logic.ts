// and, or, not, exists, ??, and taking values out of maps and lists.
//
// Exactly: and, or, not are two-valued; a missing truth value counts as false. exists and ?? are as iql.md §5 says.
// map_get: missing when the map has no such key. list_get: 0 is the first; negative or beyond the end is missing.
// The evaluator computes the right side of and, or, ?? only for the rows that need it; what stands here joins finished columns.
import { type Column, isPresent } from '../../../core/batch/batch.ts';
import { concatColumns } from '../../../core/batch/concat.ts';
import { takeColumn } from '../../../core/batch/take.ts';
import { boolColumn, intsOf, makePredicate, maskOf, type ScalarRun, textReader, textRows, trueBits, type Vector } from '../../run/vector.ts';

const join =
  (f: (a: number, b: number) => number): ScalarRun =>
  (args, { rows }) => {
    const out = trueBits(args[0] as Vector, rows);
    for (const other of args.slice(1)) {
      const bits = trueBits(other, rows);
      for (let i = 0; i < out.length; i++) out[i] = f(out[i] as number, bits[i] as number);
    }
    return boolColumn(rows, out);
  };

const not: ScalarRun = (args, { rows }) => {
  const out = trueBits(args[0] as Vector, rows);
  for (let i = 0; i < out.length; i++) out[i] = ~(out[i] as number);
  return boolColumn(rows, out);
};

const exists: ScalarRun = (args, { rows }) => {
  const v = args[0] as Vector;
  const mask = maskOf(v);
  return makePredicate(rows, undefined, (i) => isPresent(v.column, i & mask));
};

const coalesce: ScalarRun = (args, { rows }) => {
  let best = args[0] as Vector;
  for (const other of args.slice(1)) {
    const places = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      const at = i & maskOf(best);
      places[i] = isPresent(best.column, at) ? at : best.column.length + (i & maskOf(other));
    }
    best = { column: takeColumn(concatColumns([best.column, other.column]), places), constant: false };
  }
  return best.column;
};

const mapGet: ScalarRun = (args, { rows }): Column => {
  const [map, key] = args as [Vector, Vector];
  const { column } = map;
  if (column.layout !== 'map') throw new TypeError(`no map in a column of ${column.type.kind}`);
  const [mapMask, keyMask] = [maskOf(map), maskOf(key)];
  const wanted = textReader(key);
  const keyAt = textReader({ column: column.keys, constant: false });
  const entries = textRows({ column: column.keys, constant: false });
  // With a dictionary of keys the entry is found once and rows compare numbers.
  const known = new Map<string, Set<number>>();
  const entriesOf = (name: string): Set<number> => {
    let found = known.get(name);
    if (found === undefined) {
      found = new Set();
      for (let e = 0; e < entries.text.length; e++) if (textReader({ column: entries.text, constant: false })(e) === name) found.add(e);
      known.set(name, found);
    }
    return found;
  };
  const places = new Int32Array(rows).fill(-1);
  for (let i = 0; i < rows; i++) {
    if (!isPresent(column, i & mapMask) || !isPresent(key.column, i & keyMask)) continue;
    const name = wanted(i);
    const end = column.offsets[(i & mapMask) + 1] as number;
    const found = entries.indices === undefined ? undefined : entriesOf(name);
    for (let k = column.offsets[i & mapMask] as number; k < end; k++) {
      if (found === undefined ? keyAt(k) === name : found.has((entries.indices as Int32Array)[k] as number)) places[i] = k;
    }
  }
  return takeColumn(column.values, places);
};

const listGet: ScalarRun = (args, { rows }): Column => {
  const [list, index] = args as [Vector, Vector];
  const { column } = list;
  if (column.layout !== 'list') throw new TypeError(`no list in a column of ${column.type.kind}`);
  const [listMask, indexMask] = [maskOf(list), maskOf(index)];
  const indices = intsOf(index);
  const places = new Int32Array(rows).fill(-1);
  for (let i = 0; i < rows; i++) {
    if (!isPresent(column, i & listMask) || !isPresent(index.column, i & indexMask)) continue;
    const start = column.offsets[i & listMask] as number;
    const size = (column.offsets[(i & listMask) + 1] as number) - start;
    const at = indices[i & indexMask] as bigint;
    if (at >= 0n && at < BigInt(size)) places[i] = start + Number(at);
  }
  return takeColumn(column.items, places);
};

export const LOGIC = { and: join((a, b) => a & b), or: join((a, b) => a | b), not, exists, coalesce, map_get: mapGet, list_get: listGet };

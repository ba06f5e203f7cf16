// Functions of text. Positions and lengths count code points, never bytes or UTF-16 units.
//
// Exactly:
// - lower, upper: Unicode's full mapping of the whole text in the root locale (ß upper is SS, a final Σ lower is ς), as ClickHouse's
//   lowerUTF8 and upperUTF8.
// - trim: takes space, \t, \n, \v, \f, \r off both ends, nothing else.
// - length: code points of text; items of a list or map.
// - substring(s, from[, n]): from 0 on (as list[0]); a negative `from` counts from the end and is cut to the beginning; without n to the
//   end; n ≤ 0 or a `from` past the end is empty text.
// - replace(s, a, b): every a from left to right; an empty a changes nothing. concat(…): missing when any part is.
//   What either makes has a limit (`mustFit`): an error, not a missing value.
// - split(s, sep): the parts between separators, so one part at least (empty text gives one empty part); an empty sep gives code points.
// - starts_with(x, part): heeds case; false when either is missing.
import { bitAt, type Column, list, type TextColumn, UTF8, type Value } from '../../../core/batch/batch.ts';
import { ColumnBuilder } from '../../../core/batch/build.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { codePoints } from '../../run/bytes.ts';
import {
  intsOf,
  isText,
  makeInts,
  makePredicate,
  makeText,
  maskOf,
  mustFit,
  presentInAll,
  type ScalarRun,
  textReader,
  textRows,
  type Vector,
} from '../../run/vector.ts';

const textFunction =
  (f: (text: string) => string): ScalarRun =>
  (args, { rows }) => {
    const text = textReader(args[0] as Vector);
    return makeText(rows, presentInAll(args, rows), (i) => f(text(i)));
  };

const EDGES = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g;

const length: ScalarRun = (args, { rows }) => {
  const v = args[0] as Vector;
  const present = presentInAll(args, rows);
  const mask = maskOf(v);
  if (isText(v)) {
    const { text, indices } = textRows(v);
    return makeInts(physicalType('int'), rows, present, (i) => BigInt(codePoints(text, indices === undefined ? i & mask : (indices[i & mask] as number))));
  }
  const { column } = v;
  if (column.layout !== 'list' && column.layout !== 'map') throw new TypeError(`a ${column.type.kind} has no length`);
  return makeInts(physicalType('int'), rows, present, (i) => BigInt((column.offsets[(i & mask) + 1] as number) - (column.offsets[i & mask] as number)));
};

const substringOf = (text: string, from: bigint, count: bigint | undefined): string => {
  const points = [...text];
  const size = BigInt(points.length);
  const start = from >= 0n ? from : from + size < 0n ? 0n : from + size;
  if (start >= size || (count !== undefined && count <= 0n)) return '';
  const end = count === undefined || start + count > size ? size : start + count;
  return points.slice(Number(start), Number(end)).join('');
};

const substring: ScalarRun = (args, { rows }) => {
  const [x, from, count] = args as [Vector, Vector, Vector | undefined];
  const text = textReader(x);
  const starts = intsOf(from);
  const counts = count === undefined ? undefined : intsOf(count);
  const [fromMask, countMask] = [maskOf(from), count === undefined ? 0 : maskOf(count)];
  return makeText(rows, presentInAll(args, rows), (i) => substringOf(text(i), starts[i & fromMask] as bigint, counts?.[i & countMask]));
};

const replace: ScalarRun = (args, { rows }) => {
  const [text, from, to] = args.map(textReader) as [(row: number) => string, (row: number) => string, (row: number) => string];
  return makeText(rows, presentInAll(args, rows), (i) => {
    const wanted = from(i);
    if (wanted === '') return text(i);
    const parts = text(i).split(wanted);
    mustFit('replace', text(i).length + (parts.length - 1) * (to(i).length - wanted.length));
    return parts.join(to(i));
  });
};

const concat: ScalarRun = (args, { rows }) => {
  const readers = args.map(textReader);
  return makeText(rows, presentInAll(args, rows), (i) => {
    let out = '';
    for (const read of readers) {
      out += read(i);
      mustFit('concat', out.length);
    }
    return out;
  });
};

const split: ScalarRun = (args, { rows }): Column => {
  const [text, separator] = args.map(textReader) as [(row: number) => string, (row: number) => string];
  const present = presentInAll(args, rows);
  const builder = new ColumnBuilder(list(UTF8));
  for (let i = 0; i < rows; i++) {
    let parts: readonly Value[] | null = null;
    if (present === undefined || bitAt(present, i)) parts = separator(i) === '' ? [...text(i)] : text(i).split(separator(i));
    builder.append(parts);
  }
  return builder.finish();
};

const startsWith: ScalarRun = (args, { rows }) => {
  const [x, part] = args as [Vector, Vector];
  const a = textRows(x);
  const b = textRows(part);
  return makePredicate(rows, presentInAll(args, rows), (i) =>
    beginsWith(
      a.text,
      a.indices === undefined ? i & a.mask : (a.indices[i & a.mask] as number),
      b.text,
      b.indices === undefined ? i & b.mask : (b.indices[i & b.mask] as number),
    ),
  );
};

const beginsWith = (x: TextColumn, a: number, y: TextColumn, b: number): boolean => {
  const xFrom = x.offsets[a] as number;
  const yFrom = y.offsets[b] as number;
  const size = (y.offsets[b + 1] as number) - yFrom;
  if ((x.offsets[a + 1] as number) - xFrom < size) return false;
  for (let i = 0; i < size; i++) if (x.data[xFrom + i] !== y.data[yFrom + i]) return false;
  return true;
};

export const TEXT = {
  lower: textFunction((s) => s.toLowerCase()),
  upper: textFunction((s) => s.toUpperCase()),
  trim: textFunction((s) => s.replace(EDGES, '')),
  length,
  substring,
  replace,
  split,
  concat,
  starts_with: startsWith,
};

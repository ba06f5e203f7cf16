// Columns that go with a question: as one text each, from which the store cuts its rows. Lists as parameters cost it a hundred times as much.

import type { LabelColumn, LabelRows } from '../known-series.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext } from './context.ts';

const bytesOf = (column: Uint32Array | BigInt64Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(column.buffer as ArrayBuffer, column.byteOffset, column.byteLength);

/** The bytes of a parameter, from a place that depends on the row. */
const cut = (bytes: Uint8Array<ArrayBuffer>, context: ClickHouseContext): ((from: string, length: string) => string) => {
  const whole = `base64Decode(${context.raw('String', bytes.toBase64())})`;
  return (from, length) => `substring(${whole}, ${from}, ${length})`;
};

const longs = (column: Uint32Array | BigInt64Array, context: ClickHouseContext): string =>
  `reinterpretAsInt64(${cut(bytesOf(column), context)('number * 8 + 1', '8')})`;

/** Each value once, and of each row where its own begins (from 1) and how long it is. */
const texts = ({ codes, values }: LabelColumn, context: ClickHouseContext): string => {
  const places = new Uint32Array(codes.length * 2);
  const begins = new Map<number, number>();
  let size = 0;
  for (const [row, code] of codes.entries()) {
    if (code < 0) continue;
    const length = (values.offsets[code + 1] as number) - (values.offsets[code] as number);
    let begin = begins.get(code);
    if (begin === undefined) {
      begin = size;
      begins.set(code, begin);
      size += length;
    }
    places[row * 2] = begin + 1;
    places[row * 2 + 1] = length;
  }
  const bytes = new Uint8Array(size);
  for (const [code, begin] of begins) bytes.set(values.data.subarray(values.offsets[code] as number, values.offsets[code + 1] as number), begin);
  const place = cut(bytesOf(places), context);
  return `nullIf(${cut(bytes, context)(`reinterpretAsUInt32(${place('number * 8 + 1', '4')})`, `reinterpretAsUInt32(${place('number * 8 + 5', '4')})`)}, '')`;
};

/** In a list that is written out when it is short. */
const FEW = 100;

/** `column` is one of these numbers, two words each; the store looks them up in its index only in the column's own type. */
export const isOneOf = (column: string, type: 'UInt32' | 'UInt64', ids: Uint32Array, context: ClickHouseContext): string => {
  const count = ids.length / 2;
  if (count === 0) return 'false';
  const values = new BigUint64Array(ids.slice().buffer);
  if (count === 1) return `${column} = ${values[0]}`;
  if (count <= FEW) return `${column} IN (${[...values].join(', ')})`;
  return `${column} IN (SELECT to${type}(${longs(ids, context)}) FROM numbers(${count}))`;
};

/** Rows with the columns `key` (Int64), `#since` where it is said, and the labels. */
export const packedLabels = ({ ids, since, labels }: LabelRows, key: string, context: ClickHouseContext): string => {
  const columns = [
    `${longs(ids, context)} AS ${quote(key)}`,
    ...(since === undefined ? [] : [`${longs(since, context)} AS \`#since\``]),
    ...Array.from(labels, ([name, column]) => `${texts(column, context)} AS ${quote(name)}`),
  ];
  return `SELECT ${columns.join(', ')} FROM numbers(${ids.length / 2})`;
};

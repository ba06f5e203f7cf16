// The series that the samples of a message are of, row by row: a set, which a sender's messages have in common reading after reading. It rests
// once beside them, named by a hash of its own bytes, so that a name never means other series than those it was made of.
import { wordsOf } from '../core/batch/words.ts';
import type { Sha256 } from './series-id.ts';

/** Columns of one length: as in the schema `metrics`. */
export interface SampleSet {
  readonly metric: Uint32Array;
  readonly id: BigUint64Array;
}

/** Of an id and a metric. */
const ROW = 12;
/** Of the hash that names a set: with as many sets as there are seconds in a million years two meet once in 10^11 times. */
const KEY_BYTES = 16;

/** All ids, then all metrics. */
export const encodeSet = ({ metric, id }: SampleSet): Uint8Array => {
  const bytes = new Uint8Array(id.length * ROW);
  bytes.set(new Uint8Array(id.buffer, id.byteOffset, id.length * 8));
  bytes.set(new Uint8Array(metric.buffer, metric.byteOffset, id.length * 4), id.length * 8);
  return bytes;
};

/** Whether the rows are those of the set that was encoded to these bytes. */
export const isSet = (bytes: Uint8Array, { metric, id }: SampleSet): boolean => {
  const rows = id.length;
  if (bytes.length !== rows * ROW) return false;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 3);
  const ids = wordsOf(id);
  for (let i = 0; i < rows * 2; i++) if (words[i] !== ids[i]) return false;
  for (let i = 0; i < rows; i++) if (words[rows * 2 + i] !== metric[i]) return false;
  return true;
};

export const setKey = (bytes: Uint8Array, sha256: Sha256): string => sha256(bytes).subarray(0, KEY_BYTES).toHex();

/** Throws `RangeError` where the bytes are not those that the key names. */
export const decodeSet = (bytes: Uint8Array, key: string, sha256: Sha256): SampleSet => {
  if (bytes.length % ROW !== 0 || setKey(bytes, sha256) !== key) throw new RangeError(`the set of series ${key} is damaged`);
  const rows = bytes.length / ROW;
  const copy = bytes.slice();
  return { id: new BigUint64Array(copy.buffer, 0, rows), metric: new Uint32Array(copy.buffer, rows * 8, rows) };
};

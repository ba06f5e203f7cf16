// Log lines as documents of the search store: each row gets its id (sender, boot, seq, row), a hash of its message and the number of its insert.
// Works by column; no row becomes an object.
import { createHash } from 'node:crypto';
import { type Batch, type Column, columnOf, type FixedArray, type TextColumn, UINT32, UINT64, UTF8 } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { enrichmentColumns } from './enrich.ts';
import { wholeLine } from './whole-line.ts';

/** 64 bits by which all rows of a message are found. */
export const messageHash = (sender: string, boot: bigint, seq: bigint): bigint =>
  createHash('sha256').update(`${sender}/${boot}/${seq}`).digest().readBigUInt64BE();

const fixed = (type: Column['type'], values: FixedArray): Column => ({ layout: 'fixed', type, length: values.length, validity: undefined, values });
const same = (value: bigint, length: number): Column => fixed(UINT64, new BigUint64Array(length).fill(value));

/** Rows of the table `logs`. */
export const documents = ({ batch, sender, boot, seq }: Decoded, insert: bigint, inventory: Pick<Inventory, 'of'>): Batch => {
  const { length } = batch;
  const who: Column = {
    layout: 'dictionary',
    type: UTF8,
    length,
    validity: undefined,
    indices: new Int32Array(length),
    dictionary: columnFrom(UTF8, [sender]) as TextColumn,
  };
  const row = new Uint32Array(length);
  for (let i = 0; i < length; i++) row[i] = i;
  const { raw, head, tail } = wholeLine(columnOf(batch, 'body'), columnOf(batch, 'raw'));
  return {
    length,
    fields: TABLE_FIELDS.logs,
    columns: [
      ...batch.columns.map((column, i) => (batch.fields[i]?.name === 'raw' ? raw : column)),
      head,
      tail,
      ...enrichmentColumns(batch, sender, inventory),
      who,
      same(boot, length),
      same(seq, length),
      fixed(UINT32, row),
      same(messageHash(sender, boot, seq), length),
      same(insert, length),
    ],
  };
};

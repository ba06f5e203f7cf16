// Log lines as they rest: each row gets its id (sender, boot, seq, row), what the inventory says of its host, and its whole line.
// Works by column; no row becomes an object.
import { type Batch, type Column, columnOf, type FixedArray, type TextColumn, UINT32, UINT64, UTF8 } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { enrichmentColumns } from './enrich.ts';
import { wholeLine } from './whole-line.ts';

const fixed = (type: Column['type'], values: FixedArray): Column => ({ layout: 'fixed', type, length: values.length, validity: undefined, values });
const same = (value: bigint, length: number): Column => fixed(UINT64, new BigUint64Array(length).fill(value));

const FIELDS = TABLE_FIELDS.logs.slice(0, -1);

/** Rows of the table `logs` without the number of their insert. */
export const logLines = ({ batch, sender, boot, seq }: Decoded, inventory: Pick<Inventory, 'of'>): Batch => {
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
    fields: FIELDS,
    columns: [
      ...batch.columns.map((column, i) => (batch.fields[i]?.name === 'raw' ? raw : column)),
      head,
      tail,
      ...enrichmentColumns(batch, sender, inventory),
      who,
      same(boot, length),
      same(seq, length),
      fixed(UINT32, row),
    ],
  };
};

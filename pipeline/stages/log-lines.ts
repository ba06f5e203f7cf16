// Log lines as they rest: each row has its id (sender, file, position), what the inventory says of its host, and its whole line.
// Works by column; no row becomes an object.
import { hash } from 'node:crypto';
import { type Batch, type Column, columnOf, type FixedColumn, isPresent, type TextColumn, UTF8 } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { LINE_PATTERN, TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { enrichmentColumns } from './enrich.ts';
import { linePatterns } from './line-pattern.ts';
import { wholeLine } from './whole-line.ts';

/** What is missing of it filled. */
const whole = (column: FixedColumn, missing: (row: number) => bigint): Column => {
  if (column.validity === undefined) return column;
  const values = BigUint64Array.from(column.values as BigUint64Array, (value, row) => (isPresent(column, row) ? value : missing(row)));
  return { ...column, validity: undefined, values };
};

const FIELDS = TABLE_FIELDS.logs.slice(0, -1);

/** Rows of the table `logs` without the number of their insert. */
export const documentLines = ({ batch, sender, boot, seq }: Decoded, inventory: Pick<Inventory, 'of'>): Batch => {
  const { length } = batch;
  const who: Column = {
    layout: 'dictionary',
    type: UTF8,
    length,
    validity: undefined,
    indices: new Int32Array(length),
    dictionary: columnFrom(UTF8, [sender]) as TextColumn,
  };
  const message = hash('sha256', `${boot}/${seq}`, 'buffer').readBigUInt64LE();
  const [body, line] = [columnOf(batch, 'body'), columnOf(batch, 'raw')];
  const { raw, head, tail } = wholeLine(body, line);
  return {
    length,
    fields: FIELDS,
    columns: [
      ...batch.columns.map((column, i) => {
        switch (batch.fields[i]?.name) {
          case 'raw':
            return raw;
          case 'file':
            return whole(column as FixedColumn, () => message);
          case 'position':
            return whole(column as FixedColumn, (row) => BigInt(row));
          default:
            return column;
        }
      }),
      head,
      tail,
      ...enrichmentColumns(batch, sender, inventory),
      who,
    ],
  };
};

/** The same, and the pattern of each, by which the column store finds words. */
export const logLines = (message: Decoded, inventory: Pick<Inventory, 'of'>): Batch => {
  const rows = documentLines(message, inventory);
  const [body, line] = [columnOf(message.batch, 'body'), columnOf(message.batch, 'raw')];
  return { ...rows, fields: [...rows.fields, LINE_PATTERN], columns: [...rows.columns, linePatterns(body, line, columnOf(rows, 'raw'))] };
};

// What is sampled on a host, processes and JVMs, as it rests: each row gets what the inventory says of its host.
// Works by column; no row becomes an object.
import type { Batch } from '../../core/batch/batch.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { enrichmentColumns } from './enrich.ts';

/** Rows of a table without the number of their insert. */
export const hostRows = (table: 'processes' | 'jvm') => {
  const fields = TABLE_FIELDS[table].slice(0, -1);
  return ({ batch, sender }: Decoded, inventory: Pick<Inventory, 'of'>): Batch => ({
    length: batch.length,
    fields,
    columns: [...batch.columns, ...enrichmentColumns(batch, sender, inventory)],
  });
};

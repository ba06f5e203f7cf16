// Process samples as they rest: each row gets what the inventory says of its host.
// Works by column; no row becomes an object.
import type { Batch } from '../../core/batch/batch.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { enrichmentColumns } from './enrich.ts';

const FIELDS = TABLE_FIELDS.processes.slice(0, -1);

/** Rows of the table `processes` without the number of their insert. */
export const processRows = ({ batch, sender }: Decoded, inventory: Pick<Inventory, 'of'>): Batch => ({
  length: batch.length,
  fields: FIELDS,
  columns: [...batch.columns, ...enrichmentColumns(batch, sender, inventory)],
});

// Which hosts the rows of a part speak for, held against what their sender may: a column `host`, and the label of a series. Rows without a host
// are those of their sender. Reads bytes, not texts, where the same host follows itself.
import { type Batch, type Column, columnIndex, columnOf, isPresent, type MapColumn, textAt } from '../core/batch/batch.ts';
import { sameText } from '../core/batch/same-bytes.ts';
import { CodedError } from '../core/errors.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { LabelRows } from '../schemas/definition-rows.ts';
import type { FrameLimits } from '../schemas/frame.ts';
import type { SignalSchema } from '../schemas/tables.ts';
import { type Authority, mustSpeakFor } from './authority.ts';
import type { UnknownPart } from './parts.ts';
import { unpackPart } from './receive/body.ts';

/** Each text of the column at least once. */
const eachText = (column: Column, meet: (text: string) => void): void => {
  if (column.layout === 'dictionary') {
    const used = new Set<number>();
    for (let row = 0; row < column.length; row++) if (isPresent(column, row)) used.add(column.indices[row] as number);
    for (const at of used) meet(textAt(column.dictionary, at));
  } else if (column.layout === 'text') {
    let before = -1;
    for (let row = 0; row < column.length; row++) {
      if (!isPresent(column, row)) continue;
      if (before === -1 || !sameText(column, row, column, before)) meet(textAt(column, row));
      before = row;
    }
  }
};

/** `batch`: its columns are of the schema's types. Throws `intake.host`. */
export const mustSpeakForRows = (authority: Authority, schema: SignalSchema, batch: Batch): void => {
  const meet = (host: string): void => {
    if (host !== '') mustSpeakFor(authority, host);
  };
  if (schema === 'series') {
    const labels = columnOf(batch, 'labels') as MapColumn;
    const { layout } = labels.values;
    if (layout !== 'text' && layout !== 'dictionary') return;
    new LabelRows(labels).eachHost(batch.length, meet);
    return;
  }
  const at = columnIndex(batch, 'host');
  if (at !== -1) eachText(batch.columns[at] as Column, meet);
};

/**
 * Of a part whose schema is not known here: what it calls as our schemas do, and what it holds in a form that can be read, is held against
 * what its sender may. Throws `intake.host`.
 */
export const mustSpeakForUnknown = async (authority: Authority, { ipc, encoding, size = 0 }: UnknownPart, { bytes, rows }: FrameLimits): Promise<void> => {
  let batches: readonly Batch[];
  try {
    batches = decodeStream(encoding === undefined ? ipc : await unpackPart(ipc, size), { maxBytes: bytes, maxRows: rows, maxFields: 256 });
  } catch (error) {
    if (error instanceof CodedError) return;
    throw error;
  }
  for (const batch of batches) {
    mustSpeakForRows(authority, 'logs', batch);
    const labels = batch.columns[columnIndex(batch, 'labels')];
    if (labels?.layout === 'map') mustSpeakForRows(authority, 'series', batch);
  }
};

// Events that their sender may not tell: of a kind that the platform alone writes, and of no host where the sender is bound to some, as such
// an event would look like one of the platform.
import { type Batch, columnIndex, columnOf, valueAt } from '../core/batch/batch.ts';
import { isPlatformKind } from '../schemas/event-kinds.ts';
import { REASONS } from './times.ts';

const KIND = REASONS.indexOf('event-kind') + 1;
const NO_HOST = REASONS.indexOf('no-host') + 1;

/** `given`: marks of rows that are dropped anyway. Returns the same where none was added. */
export const markEvents = (batch: Batch, given: Uint8Array | undefined, isBound: boolean): Uint8Array | undefined => {
  const kinds = columnOf(batch, 'kind');
  const hosts = batch.columns[columnIndex(batch, 'host')];
  let marks = given;
  for (let row = 0; row < batch.length; row++) {
    if ((given?.[row] ?? 0) !== 0) continue;
    const isForged = isPlatformKind(String(valueAt(kinds, row)));
    if (!isForged && !(isBound && ((hosts && valueAt(hosts, row)) ?? '') === '')) continue;
    if (marks === given) marks = given?.slice() ?? new Uint8Array(batch.length);
    (marks as Uint8Array)[row] = isForged ? KIND : NO_HOST;
  }
  return marks;
};

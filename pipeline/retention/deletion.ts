// Removes rows of a table of the column store that go one by one. The store does that by rewriting, in its own time: it is asked how far that is,
// so that nobody stands before a rewriting that cannot end, as on a disk that fills up. Then it is given up, and nothing of it stays behind.
import { CodedError } from '../../core/errors.ts';
import type { ColumnStore, Parameters } from '../../engines/columns/port.ts';
import { pause } from '../retry.ts';
import { rowsOf } from '../rollups/ledger.ts';

export interface DeletionOptions {
  readonly columns: Pick<ColumnStore, 'query' | 'command'>;
  readonly signal: AbortSignal;
  /** Whether the disk has the room that is to stay free. */
  readonly hasRoom: () => boolean;
  /** How long the rewriting may take. Default ten minutes. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 600_000;
const LOOK_MS = 1000;
/** The first looks: most tables are small. */
const FIRST_LOOK_MS = 20;
/** By itself, without waiting for the rewriting. */
const SETTINGS = { max_rows_to_read: 0, max_execution_time: 60, lightweight_deletes_sync: 0 };

const UNDONE =
  'SELECT mutation_id AS id, latest_fail_reason AS reason FROM system.mutations WHERE database = currentDatabase() AND table = {table:String} AND NOT is_done AND NOT is_killed';
const GIVE_UP = 'KILL MUTATION WHERE database = currentDatabase() AND table = {table:String}';

/** Rejects with `columns.not-removed` where it was given up, with `Stopped` when the signal aborts; it may be asked for again. */
export const deleteRows = async (
  table: string,
  condition: string,
  params: Parameters,
  { columns, signal, hasRoom, patienceMs = PATIENCE_MS }: DeletionOptions,
): Promise<void> => {
  // What is to be done is written down first.
  if (!hasRoom()) throw new CodedError('columns.not-removed', { table, reason: 'the disk is nearly full' });
  await columns.command(`DELETE FROM ${table} WHERE ${condition}`, { params, settings: SETTINGS, signal });
  const giveUp = async (reason: string): Promise<never> => {
    await columns.command(GIVE_UP, { params: { table }, settings: { max_execution_time: 60 } });
    throw new CodedError('columns.not-removed', { table, reason });
  };
  const begun = performance.now();
  for (let look = FIRST_LOOK_MS; ; look = Math.min(2 * look, LOOK_MS)) {
    // Also what an earlier process has begun: until that has ended, this has not.
    const undone = await rowsOf(columns, UNDONE, { params: { table }, signal });
    if (undone.length === 0) return;
    const failed = undone.map(({ reason }) => String(reason)).find((reason) => reason !== '');
    if (failed !== undefined) await giveUp(failed);
    if (!hasRoom()) await giveUp('the disk has become nearly full');
    if (performance.now() - begun > patienceMs) await giveUp(`it has not ended within ${Math.round(patienceMs / 1000)} s`);
    await pause(look, signal);
  }
};

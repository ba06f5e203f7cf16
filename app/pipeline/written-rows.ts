// Writes into tables of which the server holds answers, as rows that are told: which stretches one may change, and which are over. What removes rows
// is told to the server itself: on a full disk a file takes nothing, and rows are removed to make room.
import { type Batch, type Column, columnOf, INT64, UINT32, UTF8, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { Peer } from '../../core/node/peer.ts';
import type { WriteTeller } from '../../pipeline/told-writes.ts';
import type { Stretch } from '../../schemas/stretch.ts';
import type { ToldWriter } from './told-file.ts';

const column = (batch: Batch, name: string): Column => columnOf(batch, name);

export const begunRows = (write: number, rows: readonly Stretch[]): Batch =>
  batchOf([
    [
      'write',
      columnFrom(
        INT64,
        rows.map(() => BigInt(write)),
      ),
    ],
    [
      'table',
      columnFrom(
        UTF8,
        rows.map(({ table }) => table),
      ),
    ],
    [
      'metric',
      columnFrom(
        UINT32,
        rows.map(({ metric }) => metric ?? null),
      ),
    ],
    [
      'from',
      columnFrom(
        INT64,
        rows.map(({ from }) => from),
      ),
    ],
    [
      'to',
      columnFrom(
        INT64,
        rows.map(({ to }) => to),
      ),
    ],
  ]);

/** Of one write. */
export const stretchesIn = (batch: Batch): { readonly write: bigint; readonly rows: readonly Stretch[] } => ({
  write: valueAt(column(batch, 'write'), 0) as bigint,
  rows: Array.from({ length: batch.length }, (_, row) => ({
    table: valueAt(column(batch, 'table'), row) as string,
    metric: (valueAt(column(batch, 'metric'), row) ?? undefined) as number | undefined,
    from: valueAt(column(batch, 'from'), row) as bigint,
    to: valueAt(column(batch, 'to'), row) as bigint,
  })),
});

export const overRows = (writes: readonly number[]): Batch => batchOf([['write', columnFrom(INT64, writes.map(BigInt))]]);

export const writesIn = (batch: Batch): readonly bigint[] => Array.from({ length: batch.length }, (_, row) => valueAt(column(batch, 'write'), row) as bigint);

/** `server`: has `removing` of `ServerCalls`. */
export const writeTeller = (file: ToldWriter, server: Pick<Peer, 'call'>): WriteTeller => ({
  begun: (write, rows) => file.tell('begun', begunRows(write, rows)),
  removing: (write, rows) => server.call('removing', write, rows),
  over: (writes) => file.tell('over', overRows(writes)),
});

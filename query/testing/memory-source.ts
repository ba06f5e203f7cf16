// Scans answered from rows in memory, as the contract of `Scan` says it and by no store's language: what stores answer is compared with it.
import { type Batch, bitAt, columnIndex, columnOf, isPresent } from '../../core/batch/batch.ts';
import { batchOf } from '../../core/batch/build.ts';
import { takeRows } from '../../core/batch/take.ts';
import type { Dataset } from '../../schemas/types.ts';
import { eachColumn } from '../3-plan/expression.ts';
import type { PlanColumn, Scan } from '../3-plan/nodes.ts';
import { planType } from '../3-plan/physical.ts';
import { conform } from '../run/conform.ts';
import type { RunEnvironment } from '../run/environment.ts';
import { evaluateTrue } from '../run/evaluate.ts';

/** Every row of a dataset with its hidden columns, stale markers among them, of two samples of one series and time the later; of the inventory as at `at`. */
export type Rows = (dataset: Dataset, at: bigint | undefined) => Promise<Batch>;

export const memorySource = (rowsOf: Rows, env: Pick<RunEnvironment, 'functions' | 'warn'>): RunEnvironment['scan'] =>
  async function* (scan) {
    const all = await rowsOf(scan.dataset, scan.at);
    const columns = columnsRead(scan);
    const isWanted = [inRange(all, scan), notStale(all, columns)];
    const rows = where(all.length, (row) => isWanted.every((wanted) => wanted(row)));
    const there = columns.filter(({ name }) => columnIndex(all, name) >= 0).map(({ name }) => [name, columnOf(all, name)] as const);
    const read = conform(takeRows({ ...batchOf(there), length: all.length }, rows), columns, env);
    const holds = scan.filter && evaluateTrue(scan.filter, read, env);
    const kept =
      holds === undefined
        ? read
        : takeRows(
            read,
            where(read.length, (row) => bitAt(holds, row)),
          );
    yield conform(kept, scan.columns, env);
  };

const where = (rows: number, holds: (row: number) => boolean): Int32Array => Int32Array.from({ length: rows }, (_, row) => row).filter(holds);

/** Those of the scan and those that its filter speaks of. */
const columnsRead = ({ columns, filter, dataset }: Scan): readonly PlanColumn[] => {
  const out = new Map(columns.map((c) => [c.name, c]));
  if (filter !== undefined)
    eachColumn(filter, (name) => {
      const { type, item } = dataset.columns.find((c) => c.name === name) ?? { type: 'int', item: undefined };
      if (!out.has(name)) out.set(name, { name, type: planType(type, item) });
    });
  return [...out.values()];
};

type Test = (row: number) => boolean;

const inRange = (batch: Batch, { range, before }: Scan): Test => {
  if (range === undefined) return () => true;
  const time = columnOf(batch, 'time');
  if (time.layout !== 'fixed' || time.type.kind !== 'timestamp') throw new TypeError(`time is a column of ${time.type.kind}`);
  const nanos = time.type.unit === 'ms' ? 1_000_000n : 1n;
  const [from, to] = [range.from - before, range.to];
  return (row) => {
    const at = BigInt(time.values[row] as bigint) * nanos;
    return isPresent(time, row) && at >= from && at < to;
  };
};

/** Only who asks for `#stale` sees stale markers. */
const notStale = (batch: Batch, columns: readonly PlanColumn[]): Test => {
  const at = columnIndex(batch, '#stale');
  const stale = batch.columns[at];
  if (stale?.layout !== 'bool' || columns.some((c) => c.name === '#stale')) return () => true;
  return (row) => !bitAt(stale.bits, row);
};

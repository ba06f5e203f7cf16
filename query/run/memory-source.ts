// Scans answered from batches in memory: for tests, and for datasets that are small enough to stand in memory.
// It does exactly what `Scan` says, by the same evaluator and keys as the run.
import { type Batch, bitAt, type Column, columnIndex, columnOf, isPresent } from '../../core/batch/batch.ts';
import { batchOf } from '../../core/batch/build.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { takeRows } from '../../core/batch/take.ts';
import type { Scan } from '../3-plan/nodes.ts';
import { physicalType } from '../3-plan/physical.ts';
import { conform } from './conform.ts';
import type { RunEnvironment } from './environment.ts';
import { evaluateTrue } from './evaluate.ts';
import { KeyTable } from './keys.ts';
import { compareRowsBy } from './row-order.ts';
import { makeInts, makeText } from './vector.ts';

/** Batches of a dataset share their fields. `#insert`, where there, is the receive order, else the order of the rows is. */
export type Datasets = Readonly<Record<string, readonly Batch[]>>;

/**
 * The `scan` of a RunEnvironment over these datasets, by name; one that is not there is empty. `#series` is worked out from the
 * dataset's key columns where a batch has none.
 */
export const memorySource = (datasets: Datasets, env: Pick<RunEnvironment, 'functions' | 'warn'>): RunEnvironment['scan'] =>
  async function* (scan) {
    const batches = Object.hasOwn(datasets, scan.dataset.name) ? (datasets[scan.dataset.name] ?? []) : [];
    if (batches.length === 0) return;
    const whole = withSeries(concatBatches(batches), scan);
    const names = [...new Map([...scan.columns, ...scan.dataset.columns, INSERT, SERIES].map((c) => [c.name, c])).values()];
    const all = conform(
      whole,
      names.filter((c) => columnIndex(whole, c.name) >= 0 || scan.columns.some((wanted) => wanted.name === c.name)),
      env,
    );
    const newest = scan.dataset.shape === 'series' ? newestRows(all, scan) : Int32Array.from({ length: all.length }, (_, i) => i);
    const inRange = takeRows(all, newest.filter(inRangeOf(all, scan)));
    const kept = scan.filter === undefined ? undefined : evaluateTrue(scan.filter, inRange, env);
    const rows =
      kept === undefined
        ? inRange
        : takeRows(
            inRange,
            Int32Array.from({ length: inRange.length }, (_, i) => i).filter((i) => bitAt(kept, i)),
          );
    yield conform(rows, scan.columns, env);
  };

const INSERT = { name: '#insert', type: 'int' } as const;
const SERIES = { name: '#series', type: 'int' } as const;

const keyColumns = (batch: Batch, scan: Scan): readonly Column[] => {
  const at = columnIndex(batch, '#series');
  if (at >= 0) return [batch.columns[at] as Column];
  return scan.dataset.key.filter((name) => columnIndex(batch, name) >= 0).map((name) => columnOf(batch, name));
};

const seriesNumbers = (batch: Batch, scan: Scan): Int32Array => {
  const columns = keyColumns(batch, scan);
  return new KeyTable(
    columns.map((c) => c.type),
    true,
  ).add(columns, batch.length);
};

const withSeries = (batch: Batch, scan: Scan): Batch => {
  const wanted = scan.columns.find((c) => c.name === '#series');
  if (wanted === undefined || columnIndex(batch, '#series') >= 0) return batch;
  const ids = seriesNumbers(batch, scan);
  const column =
    wanted.type === 'string'
      ? makeText(batch.length, undefined, (i) => String(ids[i]))
      : makeInts(physicalType('int'), batch.length, undefined, (i) => BigInt(ids[i] as number));
  return batchOf([...batch.fields.map((f, i): [string, Column] => [f.name, batch.columns[i] as Column]), ['#series', column]]);
};

/** Of each series and time the row received last; in the order of the rows. */
const newestRows = (batch: Batch, scan: Scan): Int32Array => {
  if (columnIndex(batch, 'time') < 0) return Int32Array.from({ length: batch.length }, (_, i) => i);
  const columns = [...keyColumns(batch, scan), columnOf(batch, 'time')];
  const keys = new KeyTable(
    columns.map((c) => c.type),
    true,
  );
  const ids = keys.add(columns, batch.length);
  const compare = columnIndex(batch, '#insert') < 0 ? () => 0 : compareRowsBy(batch, [{ column: '#insert', descending: false }]);
  const best = new Int32Array(keys.size).fill(-1);
  for (let i = 0; i < batch.length; i++) {
    const id = ids[i] as number;
    const old = best[id] as number;
    if (old < 0 || compare(i, old) >= 0) best[id] = i;
  }
  return best.sort();
};

const inRangeOf = (batch: Batch, scan: Scan): ((row: number) => boolean) => {
  const { range } = scan;
  if (range === undefined) return () => true;
  const time = columnOf(batch, 'time');
  if (time.layout !== 'fixed' || !(time.values instanceof BigInt64Array)) throw new TypeError(`time is a column of ${time.type.kind}`);
  const { values } = time;
  const from = range.from - scan.before;
  return (row) => isPresent(time, row) && (values[row] as bigint) >= from && (values[row] as bigint) < range.to;
};

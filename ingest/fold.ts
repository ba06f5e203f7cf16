// The rows of a part that are over the series limit: marks them and makes the rows of the overflow series that stand for them.
// Columns that this program does not know are those of the first row that a made one stands for.
import { type Batch, type Column, columnIndex, type FixedColumn, type Value, valueAt } from '../core/batch/batch.ts';
import { columnFrom } from '../core/batch/build.ts';
import { takeRows } from '../core/batch/take.ts';
import type { FrameSeries } from './frame-series.ts';
import type { GivenDefinition, OverflowSeries } from './overflow.ts';
import type { Identify } from './sender-run.ts';
import { REASONS, SUMMED } from './times.ts';

export interface Folded {
  /** See REASONS. */
  readonly marks: Uint8Array | undefined;
  readonly made: Batch | undefined;
  /** The first label that is refused by its name. */
  readonly label?: string | undefined;
}

const DROPPED = REASONS.indexOf('series-limit') + 1;
const REFUSED = REASONS.indexOf('label-name') + 1;

/** A row of an overflow series, and one of those it stands for. */
interface Standing {
  readonly series: OverflowSeries;
  readonly row: number;
}

/** The rows that stand, with the values of `columns` in place of those they stand for. */
const made = (batch: Batch, standing: readonly Standing[], columns: Readonly<Record<string, (at: Standing) => Value>>): Batch | undefined => {
  if (standing.length === 0) return undefined;
  const taken = takeRows(
    batch,
    Int32Array.from(standing, ({ row }) => row),
  );
  const replaced = taken.fields.map(({ name, type }, i): Column => {
    const value = Object.hasOwn(columns, name) ? columns[name] : undefined;
    return value === undefined ? (taken.columns[i] as Column) : columnFrom(type, standing.map(value));
  });
  return { ...taken, columns: replaced };
};

/** Each id must be that of its definition, and no two definitions may share one: the first offence instead. */
export const foldDefinitions = (batch: Batch, { run }: FrameSeries, identify: Identify): Folded | { readonly row: number; readonly reason: string } => {
  const column = (name: string): Column => batch.columns[columnIndex(batch, name)] as Column;
  const [ids, names, labels] = [column('id'), column('name'), column('labels')];
  const standing = new Map<OverflowSeries, Standing>();
  let marks: Uint8Array | undefined;
  let label: string | undefined;
  for (let row = 0; row < batch.length; row++) {
    const given = valueAt(ids, row) as bigint;
    const [name, own] = [valueAt(names, row) as string, valueAt(labels, row) as ReadonlyMap<string, string>];
    const { id, print } = identify(name, own);
    if (id !== given) return { row, reason: `it is ${given}, the name and the labels of the row give ${id}` };
    // The platform names its own columns so.
    const refused = own.keys().find((key) => key.startsWith('#'));
    if (refused !== undefined) {
      run?.refuse(id);
      marks ??= new Uint8Array(batch.length);
      marks[row] = REFUSED;
      label ??= refused;
      continue;
    }
    const verdict = run?.define(id, print) ?? 'known';
    if (verdict === 'collision') return { row, reason: `${given} means another name and other labels already` };
    if (run === undefined || verdict !== 'over-limit') continue;
    const series = run.fold(id, name, own.get('host') ?? '', () => definitionAt(batch, row));
    marks ??= new Uint8Array(batch.length);
    marks[row] = series === undefined ? DROPPED : SUMMED;
    if (series !== undefined && !standing.has(series)) standing.set(series, { series, row });
  }
  const columns = { id: ({ series }: Standing) => series.id, labels: ({ series }: Standing) => series.labels };
  const given = Object.fromEntries(GIVEN.map((name) => [name, ({ series }: Standing) => series.given[name]]));
  return { marks, made: made(batch, [...standing.values()], { ...columns, ...given }), label };
};

const GIVEN = ['kind', 'temporality', 'unit', 'description', 'interval'] as const;

const definitionAt = (batch: Batch, row: number): GivenDefinition =>
  Object.fromEntries(
    GIVEN.map((name) => {
      const column = batch.columns[columnIndex(batch, name)];
      return [name, column === undefined ? null : valueAt(column, row)];
    }),
  ) as GivenDefinition;

/** Adds the samples over the limit to the frame's sums, but not those marked already. Values that are no number are left out. */
export const foldSamples = (batch: Batch, frame: FrameSeries, marked: Uint8Array | undefined): Folded => {
  const fixed = (name: string): FixedColumn => batch.columns[columnIndex(batch, name)] as FixedColumn;
  const ids = fixed('id').values as BigUint64Array;
  frame.meetSamples(ids.subarray(0, batch.length));
  const foldOf = frame.run?.overLimit();
  if (foldOf === undefined) return { marks: marked, made: undefined };
  const [metrics, times, values] = [fixed('metric').values, fixed('time').values, fixed('value').values];
  const standing = new Map<OverflowSeries, Map<number, Standing>>();
  let marks = marked;
  for (let row = 0; row < batch.length; row++) {
    const series = foldOf(ids[row] as bigint, metrics[row] as number);
    if (series === undefined || (marks !== undefined && marks[row] !== 0)) continue;
    marks ??= new Uint8Array(batch.length);
    if (series === 'refused') {
      marks[row] = REFUSED;
      continue;
    }
    const [time, value] = [Number(times[row]), values[row] as number];
    if (series === 'dropped' || !Number.isFinite(value) || (series.isForgotten(time) && !frame.isRepeat)) {
      marks[row] = DROPPED;
      continue;
    }
    marks[row] = SUMMED;
    frame.add(series, time, value);
    let rows = standing.get(series);
    if (rows === undefined) {
      rows = new Map();
      standing.set(series, rows);
    }
    if (!rows.has(time)) rows.set(time, { series, row });
  }
  const rows = [...standing].flatMap(([series, byTime]) => [...byTime].flatMap(([time, at]) => (frame.total(series, time) === undefined ? [] : [at])));
  const total = ({ series, row }: Standing): Value => frame.total(series, Number(times[row])) ?? null;
  return { marks, made: made(batch, rows, { id: ({ series }) => series.id, value: total }) };
};

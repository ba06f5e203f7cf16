// Rows of the table `series` as tests write them, and an index fed with them.
import type { DataType, Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { SeriesIndex } from '../series/series-index.ts';

/** A row of the table `series`. */
export interface Told {
  readonly name: string;
  readonly id: bigint;
  /** ms. */
  readonly from: number;
  readonly told: number;
  readonly kind: string;
  readonly unit: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly enrichment: Readonly<Record<string, string>>;
}

export const rowsOf = (rows: readonly Told[]) => {
  const typeOf = (name: string): DataType => TABLE_FIELDS.series.find((f) => f.name === name)?.type ?? { kind: 'int', bits: 64, signed: true };
  const column = (name: string, value: (row: Told) => Value) => [name, columnFrom(typeOf(name), rows.map(value))] as const;
  return batchOf([
    column('name', (r) => r.name),
    column('id', (r) => r.id),
    column('from', (r) => BigInt(r.from)),
    column('told', (r) => BigInt(r.told)),
    column('kind', (r) => r.kind),
    column('temporality', () => 'cumulative'),
    column('unit', (r) => r.unit),
    column('description', () => null),
    column('interval', () => 10_000),
    column('labels', (r) => new Map(Object.entries(r.labels))),
    column('enrichment', (r) => new Map(Object.entries(r.enrichment))),
  ]);
};

export const fed = (...pieces: readonly (readonly Told[])[]): SeriesIndex => {
  const index = new SeriesIndex();
  for (const rows of pieces) if (rows.length > 0) index.feed(rowsOf(rows));
  return index;
};

export const base: Told = { name: 'm', id: 1n, from: 1, told: 1, kind: 'counter', unit: 'By', labels: { host: 'a' }, enrichment: {} };

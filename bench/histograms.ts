// What a histogram takes on disk, with 20 explicit buckets and with 160 exponential ones, by codec: a thousand series that have up to forty
// values a reading, as running totals, merged into one part. `docs/decisions/` says what was chosen.

import { type Batch, type Column, columnOf, type FixedArray, FLOAT, list, UINT64, valueAt } from '../core/batch/batch.ts';
import { allocateFixed, batchOf } from '../core/batch/build.ts';
import { createLogger } from '../core/logger.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';
import { type Figure, short } from './figure.ts';

const SERIES = 1000;
const STEP_MS = 15_000;
/** The end of all sets: a midnight. */
const TO = 1_795_219_200_000;

interface Kind {
  readonly buckets: number;
  readonly isExplicit: boolean;
  readonly steps: number;
}
const KINDS: readonly Kind[] = [
  { buckets: 20, isExplicit: true, steps: 240 },
  { buckets: 160, isExplicit: false, steps: 60 },
];

/** Columns of a copy of the table, where they are not as in the table. */
interface Tried {
  readonly name: string;
  /** Codec of the counts of either form. */
  readonly counts?: string;
  readonly sum?: string;
}
const TRIED: readonly Tried[] = [
  { name: 'as the table is' },
  { name: 'counts ZSTD(1)', counts: 'ZSTD(1)' },
  { name: 'counts ZSTD(3)', counts: 'ZSTD(3)' },
  { name: 'counts T64, ZSTD(3)', counts: 'T64, ZSTD(3)' },
  { name: 'counts Delta, ZSTD(1)', counts: 'Delta(8), ZSTD(1)' },
  { name: 'counts T64, ZSTD(1)', counts: 'T64, ZSTD(1)' },
  { name: "counts T64('bit'), ZSTD(1)", counts: "T64('bit'), ZSTD(1)" },
  { name: "counts Delta, T64('bit'), ZSTD(1)", counts: "Delta(8), T64('bit'), ZSTD(1)" },
  { name: 'sum Gorilla, ZSTD(1)', sum: 'Gorilla, ZSTD(1)' },
  { name: 'sum FPC, ZSTD(1)', sum: 'FPC, ZSTD(1)' },
];
const UNLIMITED = { max_execution_time: 0, max_rows_to_read: 0, max_memory_usage: 0 };

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

const boundOf = (at: number): number => 0.001 * 1.3 ** at;

/** A column of lists of one length each. */
const lists = (rows: number, size: number, values: BigUint64Array | Float64Array): Column => {
  const type = values instanceof Float64Array ? FLOAT : UINT64;
  const items: Column = { layout: 'fixed', type, length: values.length, validity: undefined, values };
  return { layout: 'list', type: list(type), length: rows, validity: undefined, offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i * size), items };
};

/** Sorted by series and time. */
const readings = ({ buckets, isExplicit, steps }: Kind): Batch => {
  const rows = SERIES * steps;
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values = new Map<string, FixedArray>(
    TABLE_FIELDS.histograms.flatMap(({ name, type }) => (type.kind === 'list' || type.kind === 'bool' ? [] : [[name, allocateFixed(type, rows)] as const])),
  );
  const [metric, id, time, start, count, sum, insert] = ['metric', 'id', 'time', 'start', 'count', 'sum', 'insert'].map((name) => values.get(name)) as [
    Uint32Array,
    BigUint64Array,
    BigInt64Array,
    BigInt64Array,
    BigUint64Array,
    Float64Array,
    BigUint64Array,
  ];
  const counts = new BigUint64Array(rows * buckets);
  for (let series = 0, row = 0; series < SERIES; series++) {
    const busy = Math.ceil(random() * 40);
    // It has gone on for a day.
    const totals = BigUint64Array.from({ length: buckets }, (_, at) => {
      const share = ((1 - Math.abs((2 * at + 1) / buckets - 1)) * 2) / buckets;
      return BigInt(Math.round((86_400_000 / STEP_MS) * (busy / 2) * share));
    });
    let [all, whole] = [totals.reduce((a, b) => a + b, 0n), 0];
    for (let step = 0; step < steps; step++, row++) {
      for (let n = Math.round(busy * random()); n > 0; n--) {
        // Middle buckets more than those at the ends.
        const at = Math.floor(((random() + random() + random()) / 3) * buckets);
        totals[at] = (totals[at] as bigint) + 1n;
        all++;
        whole += boundOf(at % 20) * (1 + random() * 0.3);
      }
      metric[row] = Math.floor(series / 100);
      id[row] = BigInt(series) * 18_446_744_073_709n;
      time[row] = BigInt(TO - (steps - step) * STEP_MS);
      start[row] = BigInt(TO - 100_000_000 - series);
      count[row] = all;
      sum[row] = whole;
      insert[row] = BigInt(step);
      counts.set(totals, row * buckets);
    }
  }
  values.get('scale')?.fill(3 as never);
  values.get('positive_offset')?.fill(-80 as never);
  const edges = Float64Array.from({ length: rows * (buckets - 1) }, (_, i) => boundOf(i % (buckets - 1)));
  const own: Readonly<Record<string, Column>> = isExplicit
    ? { bounds: lists(rows, buckets - 1, edges), counts: lists(rows, buckets, counts) }
    : { positive_counts: lists(rows, buckets, counts) };
  const left = isExplicit ? ['scale', 'positive_offset', 'min', 'max'] : ['min', 'max'];
  return batchOf(
    TABLE_FIELDS.histograms.flatMap(({ name, type }): (readonly [string, Column])[] => {
      const array = values.get(name);
      if (left.includes(name)) return [];
      if (array === undefined) return own[name] === undefined ? [] : [[name, own[name]]];
      return [[name, { layout: 'fixed', type, length: rows, validity: undefined, values: array }]];
    }),
  );
};

/** Bytes of a row, of its lists of counts, of its sum, of its bounds. */
const SIZES = `SELECT sum(column_data_compressed_bytes) / any(rows) AS row, sumIf(column_data_compressed_bytes, column IN ('counts', 'positive_counts')) / any(rows) AS counts,
sumIf(column_data_compressed_bytes, column = 'sum') / any(rows) AS sum, sumIf(column_data_compressed_bytes, column = 'bounds') / any(rows) AS bounds
FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = 'tried'`;

const tried = async (
  columns: ColumnStore,
  kind: Kind,
  { name, counts, sum }: Tried,
  before: number | undefined,
): Promise<Figure & { readonly bytes: number }> => {
  await columns.command('CREATE TABLE tried AS histograms');
  const change = (column: string, type: string): Promise<void> => columns.command(`ALTER TABLE tried MODIFY COLUMN ${column} ${type}`);
  if (counts !== undefined) for (const column of ['counts', 'positive_counts']) await change(column, `Array(UInt64) CODEC(${counts})`);
  if (sum !== undefined) await change('sum', `Nullable(Float64) CODEC(${sum})`);
  await columns.command('INSERT INTO tried SELECT * FROM histograms', { settings: UNLIMITED });
  await columns.command('OPTIMIZE TABLE tried FINAL', { settings: UNLIMITED });
  const [sizes] = (await columns.query(SIZES)).batches;
  await columns.command('DROP TABLE tried SYNC');
  const of = (column: string): number => Number(valueAt(columnOf(sizes as Batch, column), 0));
  const bytes = of('row');
  return {
    what: `a histogram of ${kind.buckets} buckets, ${name}`,
    value: `${short(bytes)} B; counts ${short(of('counts'))}, sum ${short(of('sum'))}, bounds ${short(of('bounds'))}`,
    against: before === undefined ? '' : `${short(before)} B as the table is`,
    ratio: before === undefined ? undefined : bytes / before,
    bytes,
  };
};

const ofKind = async (kind: Kind): Promise<readonly Figure[]> => {
  const { columns, close } = await openTemporaryStore({ log });
  try {
    await columns.insert('histograms', readings(kind), { queryId: 'readings' });
    const figures: (Figure & { readonly bytes: number })[] = [];
    for (const candidate of TRIED) figures.push(await tried(columns, kind, candidate, figures[0]?.bytes));
    return figures;
  } finally {
    await close();
  }
};

export const run = async (): Promise<readonly Figure[]> => [...(await ofKind(KINDS[0] as Kind)), ...(await ofKind(KINDS[1] as Kind))];

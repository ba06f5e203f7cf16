// Series and their samples made inside the column store, as the pipeline leaves them there: for benches of which the way in is no part.
import type { ColumnStore } from '../engines/columns/port.ts';
import { UNLIMITED } from './column-store.ts';

const DAY_MS = 86_400_000;
/** Samples of one series in one insert. */
const PIECE = 2000;

export interface StoreSeries {
  readonly count: number;
  /** Expressions of SQL, of the series' number `s`. */
  readonly metric: string;
  readonly name: string;
  readonly id: string;
  readonly labels: string;
  readonly enrichment: string;
  readonly kind: 'gauge' | 'counter';
  readonly unit: string;
  /** A sample each `stepMs` from `fromMs` on, `samples` of them. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly samples: number;
  /** Of the sample's number `t` too. */
  readonly mantissa: string;
  readonly exponent: number;
}

/** Definitions, the days on which they have samples, and the samples. */
export const insertSeries = async (columns: ColumnStore, all: StoreSeries): Promise<void> => {
  const { count, metric, name, id, labels, enrichment, kind, unit, fromMs, stepMs, samples, mantissa, exponent } = all;
  const at = (ms: number | string): string => `fromUnixTimestamp64Milli(${ms}, 'UTC')`;
  const command = (sql: string): Promise<void> => columns.command(sql, { settings: UNLIMITED });
  await command(
    `INSERT INTO series SELECT ${metric}, ${name}, ${id}, ${at(fromMs)}, ${at(fromMs)}, '${kind}', 'cumulative', '${unit}', '', ${stepMs}, ${labels}, ${enrichment} FROM (SELECT number AS s FROM numbers(${count}))`,
  );
  const days = Math.floor((fromMs + samples * stepMs) / DAY_MS) - Math.floor(fromMs / DAY_MS) + 1;
  await command(
    `INSERT INTO series_days SELECT metric, id, toYYYYMM(d) AS month, groupBitOr(toUInt32(bitShiftLeft(toUInt32(1), toDayOfMonth(d) - 1)))
    FROM (SELECT ${metric} AS metric, ${id} AS id, fromUnixTimestamp64Milli(${fromMs} + ${DAY_MS} * arrayJoin(range(${days})), 'UTC') AS d FROM (SELECT number AS s FROM numbers(${count}))) GROUP BY metric, id, month`,
  );
  for (let from = 0; from < samples; from += PIECE) {
    const piece = Math.min(PIECE, samples - from);
    await command(
      `INSERT INTO samples (metric, id, time, mantissa, exponent, float, insert) SELECT ${metric}, ${id}, ${at(`${fromMs} + t * ${stepMs}`)}, ${mantissa}, ${exponent}, 0, 1
      FROM (SELECT intDiv(number, ${piece}) AS s, ${from} + number % ${piece} AS t FROM numbers(${count * piece}))`,
    );
  }
};

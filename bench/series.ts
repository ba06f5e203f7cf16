// What a month of many series costs beside their samples: definitions once, and each day that they have samples; against a row a series and day,
// as it was before. 1 M series are alive, one in fifty is another one the next day. Series by `INFRAMIRROR_BENCH_SERIES`.

import { type Batch, columnOf, valueAt } from '../core/batch/batch.ts';
import { createLogger } from '../core/logger.ts';
import { openTemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { SeriesDays } from '../pipeline/series-days.ts';
import { SeriesIndex } from '../pipeline/series-index.ts';
import { costOf, type Figure, median, short } from './figure.ts';

const SERIES = Number(process.env.INFRAMIRROR_BENCH_SERIES ?? 1_000_000);
const CHURN = Math.floor(SERIES / 50);
const DAYS = 30;
const ROUND = 250_000;
const METRICS = 50;
const CHUNK = 10_000;
/** 1 November 2026. */
const FROM = 1_793_491_200_000;
const DAY_MS = 86_400_000;
const UNLIMITED = { max_execution_time: 0, max_rows_to_read: 0, max_memory_usage: 0 };

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

/** As `idOf` makes it from a series' number. */
const ID = '(number + 1) * 11400714819323198485';
const idOf = (series: number): bigint => BigInt.asUintN(64, BigInt(series + 1) * 11_400_714_819_323_198_485n);

const definitions = (table: string, from: number, to: number, since: number): string =>
  `INSERT INTO ${table} SELECT number % ${METRICS}, concat('bench.metric_', toString(number % ${METRICS})), ${ID}, fromUnixTimestamp64Milli(${since}, 'UTC'), fromUnixTimestamp64Milli(${since}, 'UTC'), 'gauge', 'cumulative', '1', NULL, 15000,
map('host', concat('host-', toString(intDiv(number, 1000))), 'service', concat('service-', toString(number % 20)), 'instance', concat('host-', toString(intDiv(number, 1000)), ':', toString(number % 97)), 'device', concat('device-', toString(number)), 'job', 'bench', 'mode', ['user', 'system', 'idle', 'wait'][number % 4 + 1]),
map('region', 'eu-west', 'datacenter', 'eu-west-1', 'env', 'production', 'role', concat('role-', toString(number % 7)), 'owner', concat('team-', toString(number % 11))) FROM numbers(${from}, ${to - from})`;

/** What every series got at its first samples of a day before. */
const RENEW = `INSERT INTO daily SELECT metric, argMax(name, since), id, fromUnixTimestamp64Milli({since:Int64}, 'UTC'), fromUnixTimestamp64Milli({since:Int64}, 'UTC'), argMax(kind, since), argMax(temporality, since), argMax(tuple(unit), since).1, argMax(tuple(description), since).1, argMax(interval, since), argMax(labels, since), argMax(enrichment, since)
FROM daily WHERE metric IN ({metrics:Array(UInt32)}) AND id IN ({ids:Array(UInt64)}) GROUP BY metric, id`;

export const run = async (): Promise<readonly Figure[]> => {
  const { columns, engine, close } = await openTemporaryStore({ log });
  const one = async (sql: string): Promise<number> => {
    const { batches } = await columns.query(sql, { settings: UNLIMITED });
    return Number(valueAt(columnOf(batches[0] as Batch, 'v'), 0));
  };
  const cost = async (work: () => Promise<unknown>): Promise<number> => {
    const [own, child] = [process.cpuUsage(), costOf(engine.pid as number).cpu];
    await work();
    const { user, system } = process.cpuUsage(own);
    return (user + system) / 1e6 + costOf(engine.pid as number).cpu - child;
  };
  const bytesOf = (table: string): Promise<number> => one(`SELECT sum(bytes_on_disk) AS v FROM system.parts WHERE active AND table = '${table}'`);
  const rowsOf = (table: string): Promise<number> => one(`SELECT count() AS v FROM ${table}`);
  try {
    await columns.command(definitions('series', 0, SERIES, FROM), { settings: UNLIMITED });
    const index = new SeriesIndex();
    const days = new SeriesDays(columns, index);
    const { signal } = new AbortController();
    const midnights: number[] = [];
    for (let day = 0; day < DAYS; day++) {
      const first = day * CHURN;
      if (day > 0) await columns.command(definitions('series', first + SERIES - CHURN, first + SERIES, FROM + day * DAY_MS), { settings: UNLIMITED });
      const spent = await cost(async () => {
        for (let from = first; from < first + SERIES; from += ROUND) {
          const round = Array.from({ length: Math.min(ROUND, first + SERIES - from) }, (_, i) => from + i);
          await days.tell([{ day: FROM / DAY_MS + day, seriesIndex: Int32Array.from(round, (s) => index.atId(idOf(s), s % METRICS)) }], signal);
        }
      });
      midnights.push(spent);
    }
    await columns.command('CREATE TABLE daily AS series');
    await columns.command(definitions('daily', 0, SERIES, FROM), { settings: UNLIMITED });
    const renewed = Array.from({ length: Math.min(SERIES, 10 * CHUNK) }, (_, i) => i);
    const renewal = await cost(async () => {
      for (let from = 0; from < renewed.length; from += CHUNK) {
        const ids = renewed.slice(from, from + CHUNK).map(idOf);
        const params = { metrics: Array.from({ length: METRICS }, (_, i) => i), ids, since: FROM + DAY_MS };
        await columns.command(RENEW, { params, settings: UNLIMITED });
      }
    });
    for (const table of ['series', 'series_days', 'daily']) await columns.command(`OPTIMIZE TABLE ${table} FINAL`, { settings: UNLIMITED });
    const [rows, dayRows, bytes, dayBytes, dailyRows, dailyBytes] = await Promise.all([
      rowsOf('series'),
      rowsOf('series_days'),
      bytesOf('series'),
      bytesOf('series_days'),
      rowsOf('daily'),
      bytesOf('daily'),
    ]);
    const before = (dailyBytes / dailyRows) * SERIES * DAYS;
    const a = `${short(SERIES)} series, ${DAYS} days`;
    return [
      {
        what: `${a}: rows of series and series_days`,
        value: `${short(rows)} and ${short(dayRows)}`,
        against: `${short(SERIES * DAYS)} (a row a day)`,
        ratio: (rows + dayRows) / (SERIES * DAYS),
      },
      {
        what: `${a}: bytes`,
        value: `${short(bytes)} and ${short(dayBytes)}`,
        against: `${short(before)} (a row a day)`,
        ratio: (bytes + dayBytes) / before,
      },
      {
        what: 'first samples of a day',
        value: `${median(midnights).toFixed(2)} CPU-s`,
        against: `${((renewal / renewed.length) * SERIES).toFixed(2)} CPU-s (a row a day)`,
        ratio: median(midnights) / ((renewal / renewed.length) * SERIES),
      },
    ];
  } finally {
    await close();
  }
};

// The ledger's upkeep on the real column store: what it merges and removes, what it must leave, and that nothing is ever left unmarked
// while one time has two values, whoever dies and whatever comes between two of its steps.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Value, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { Columns } from '../engines/columns/port.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { InsertNumbers } from './insert-number.ts';
import { Inventory } from './inventory.ts';
import { Keeper } from './keeper.ts';
import { SeriesTable } from './series-table.ts';
import type { RoundContext } from './sink.ts';
import { samplesSink } from './sinks/samples.ts';
import { StoreClock } from './standing.ts';
import { SETTLED_MS, Upkeep } from './upkeep.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const today = Math.floor(Date.now() / DAY) * DAY;
const noon = today - DAY + 12 * HOUR;
/** Late enough that yesterday is over. */
const later = today + 2 * HOUR;

const folder = mkdtempSync(join(tmpdir(), 'inframirror-upkeep-'));
const telemetry = new TelemetryRegistry();
let engine: EmbeddedColumns;
let columns: Columns;

beforeAll(async () => {
  engine = await startEmbeddedColumns({ dataDir: folder, log: silentLogger });
  columns = openClickHouse(engine);
  await columns.migrate();
}, 60_000);
afterAll(async () => {
  await columns?.close();
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const table of ['samples', 'dirty']) await columns.command(`TRUNCATE TABLE ${table}`);
});

const rowsOf = async (sql: string): Promise<readonly (readonly Value[])[]> =>
  (await columns.query(sql)).batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))));
const at = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
/** One sample of one series by an insert of its own. */
const sample = (time: number, value: number): Promise<void> =>
  columns.command(`INSERT INTO samples (metric, id, time, mantissa, insert) SELECT 1, 1, ${at(time)}, ${value}, ${value}`);
/** A mark, by default old enough. */
const mark = (time: number, age = SETTLED_MS + 60_000, table = 'samples'): Promise<void> =>
  columns.command(`INSERT INTO dirty (table, hour, marked) SELECT '${table}', ${at(time - (time % HOUR))}, now64(3) - toIntervalMillisecond(${age})`);
/** Without FINAL: what a query sees that believes the ledger. */
const values = async (): Promise<readonly Value[]> => (await rowsOf('SELECT mantissa FROM samples ORDER BY time, mantissa')).flat();
const marks = (): Promise<readonly (readonly Value[])[]> =>
  rowsOf('SELECT DISTINCT table, toInt64(toUnixTimestamp64Milli(hour)) AS hour FROM dirty ORDER BY table, hour');

const upkeepOf = (over: Pick<Columns, 'query' | 'command'> = columns, now = () => later): Upkeep =>
  new Upkeep({ columns: over, telemetry, log: silentLogger, now });
/** The store, with something done before a statement that begins so. */
const justBefore = (begin: string, work: () => Promise<void> | void): Pick<Columns, 'query' | 'command'> => ({
  query: (sql, options) => columns.query(sql, options),
  command: async (sql, options) => {
    if (sql.startsWith(begin)) await work();
    return columns.command(sql, options);
  },
});
const twoValues = async (): Promise<void> => {
  await mark(noon);
  await sample(noon, 1);
  await sample(noon, 2);
  expect(await values()).toEqual([1n, 2n]);
};
const answers = async (): Promise<void> => {
  await expect
    .poll(
      () =>
        columns.ping().then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
};

describe('the upkeep of the ledger', { timeout: 60_000 }, () => {
  it('leaves one value for one time, and no mark', async () => {
    await twoValues();
    await mark(noon - 3 * DAY);
    await upkeepOf().run();
    expect([await values(), await marks()]).toEqual([[2n], []]);
    expect(telemetry.value('inframirror_pipeline_days_cleaned_total')).toBe(2);
  });

  it('leaves alone the day that is not over, the day that data still comes for, and other names', async () => {
    await mark(today + HOUR);
    await mark(noon);
    await mark(noon + HOUR, 0);
    await mark(noon - DAY, undefined, 'samples.other');
    const all = await marks();
    expect(all).toHaveLength(4);
    await upkeepOf().run();
    expect(await marks()).toEqual(all);
    await upkeepOf(columns, () => today + HOUR - 1).run();
    expect(await marks()).toEqual(all);
  });

  it.each(['OPTIMIZE', 'DELETE'])('keeps a mark that comes just before its %s, and the mark’s samples are merged the next time', async (step) => {
    await twoValues();
    const late = upkeepOf(
      justBefore(step, async () => {
        await mark(noon, 0);
        await sample(noon, 3);
      }),
    );
    await late.run();
    expect(await marks()).toEqual([['samples', BigInt(noon)]]);
    await columns.command('ALTER TABLE dirty UPDATE marked = marked - toIntervalHour(1) WHERE 1 SETTINGS mutations_sync = 2');
    await upkeepOf().run();
    expect([await values(), await marks()]).toEqual([[3n], []]);
  });

  it.each(['OPTIMIZE', 'DELETE'])('does no harm when the store is killed before or during its %s', async (step) => {
    for (const delay of [0, 1, 3]) {
      for (const table of ['samples', 'dirty']) await columns.command(`TRUNCATE TABLE ${table}`);
      await twoValues();
      const upkeep = upkeepOf(
        justBefore(step, () => {
          setTimeout(() => process.kill(engine.pid as number, 'SIGKILL'), delay);
        }),
      );
      await upkeep.run();
      await answers();
      if ((await marks()).length === 0) expect(await values()).toEqual([2n]);
      await upkeepOf().run();
      expect([await values(), await marks()]).toEqual([[2n], []]);
    }
  });

  it('may run in several processes at once, beside a worker', async () => {
    await twoValues();
    for (let n = 3; n < 7; n++) {
      const upkeeps = [upkeepOf(), upkeepOf(), upkeepOf()].map((upkeep) => upkeep.run());
      await mark(noon, 0);
      await sample(noon, n);
      await Promise.all(upkeeps);
      expect(await marks()).toEqual([['samples', BigInt(noon)]]);
      await columns.command('ALTER TABLE dirty UPDATE marked = marked - toIntervalHour(1) WHERE 1 SETTINGS mutations_sync = 2');
    }
    await upkeepOf().run();
    expect([await values(), await marks()]).toEqual([[6n], []]);
  });

  it('tries a day that cannot be merged again, later and later', async () => {
    await twoValues();
    let now = later;
    let tried = 0;
    const failing = upkeepOf(
      justBefore('OPTIMIZE', () => {
        tried++;
        throw new Error('no space');
      }),
      () => now,
    );
    const counts: number[] = [];
    for (let n = 0; n < 8; n++, now += 900_000) {
      await failing.run();
      counts.push(tried);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 3, 3, 4]);
    expect(await marks()).toHaveLength(1);
  });

  it('is begun by the keeper, again and again, and ends with it', async () => {
    const keeper = new Keeper({
      records: { tryLock: () => Promise.resolve({ lost: new AbortController().signal, release: () => Promise.resolve() }) },
      log: silentLogger,
      tasks: [() => new Upkeep({ columns, telemetry, log: silentLogger, now: () => later, everyMs: 20 })],
    });
    keeper.start();
    for (let n = 0; n < 2; n++) {
      await mark(noon);
      await expect.poll(marks, { timeout: 20_000 }).toEqual([]);
    }
    await keeper.stop();
    await mark(noon);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await marks()).toHaveLength(1);
  });
});

describe('a worker beside the upkeep', { timeout: 60_000 }, () => {
  it('marks its hours again when its insert took so long that they may have been cleared', async () => {
    let now = Date.now();
    const slow: Columns = {
      ...bound(columns),
      insert: async (table, batch, options) => {
        if (table === 'samples') {
          // The insert waits while its mark becomes old and the day is merged.
          await columns.command('ALTER TABLE dirty UPDATE marked = marked - toIntervalHour(1) WHERE 1 SETTINGS mutations_sync = 2');
          now += HOUR;
          await upkeepOf().run();
          expect(await marks()).toEqual([]);
        }
        await columns.insert(table, batch, options);
      },
    };
    const options = {
      columns: slow,
      clock: new StoreClock(slow),
      inventory: new Inventory({ query: () => Promise.resolve([]) }, silentLogger),
      telemetry,
      log: silentLogger,
    };
    const part = samplesSink({ ...options, maxExecutionMs: 8000, readBack: true, fence: true, now: () => now }, new SeriesTable(slow)).open({
      topic: 'im.metrics',
      partition: 0,
    });
    const context: RoundContext = {
      signal: new AbortController().signal,
      health: { failed: (error) => expect(error).toBeUndefined(), parked: (error) => expect(error).toBeUndefined(), recovered: () => {} },
      numbers: new InsertNumbers(0, 0n),
      interrupted: undefined,
      plan: () => Promise.resolve(),
    };
    await sample(noon, 1);
    const rows = [[1], [1n], [BigInt(noon)], [2]];
    const batch = batchOf(SIGNAL_FIELDS.metrics.map(({ name, type }, i) => [name, columnFrom(type, rows[i] ?? [])] as const));
    await part.write([{ schema: 'metrics', batch, stored: { offset: 0n } } as never], context);
    expect(await rowsOf('SELECT count() FROM samples')).toEqual([[2n]]);
    expect(await marks()).toEqual([['samples', BigInt(noon)]]);
  });
});

const bound = (all: Columns): Columns => ({
  migrate: () => all.migrate(),
  query: (sql, options) => all.query(sql, options),
  command: (sql, options) => all.command(sql, options),
  insert: (table, batch, options) => all.insert(table, batch, options),
  kill: (ids) => all.kill(ids),
  now: () => all.now(),
  ping: () => all.ping(),
  close: () => all.close(),
});

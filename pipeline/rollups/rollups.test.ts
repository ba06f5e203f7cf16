// Rollups on the real column store against an oracle that shares no code with them: random series come in random order, late, twice and over a
// store and a keeper that are killed; in the end each part is that of its samples, and what the language asks of windows made of parts is
// what it works out from the samples (query/functions/run/series.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { SERIES } from '../../query/functions/run/series.ts';
import type { SeriesWindow } from '../../query/run/aggregate.ts';
import { seeded } from '../../query/testing/random.ts';
import { FIVE_MINUTES, HOUR, type Level, partOfRow, type RollupRow } from '../../schemas/rollups.ts';
import { before, deltaOf, increaseOf, Part, rateOf } from '../../schemas/sample-part.ts';
import { encodeValues } from '../../schemas/sample-value.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { sized } from '../../test/support/long.ts';
import { writeLedger } from '../retention/ledger.ts';
import { openStores, type Stores } from '../testing/stores.ts';
import { counted } from './count.ts';
import { rowsOf, type Store } from './ledger.ts';
import { readPages } from './read.ts';
import { Rollups } from './rollups.ts';

const MINUTE = 60_000;
const HOUR_MS = 3_600_000;
const DAY = 86_400_000;
/** All samples are of the last hours of a day that is over; of what was before, retention has removed samples. */
const HOURS = 4;
const FROM = Math.floor(Date.now() / DAY) * DAY - DAY - HOURS * HOUR_MS;
const TO = FROM + HOURS * HOUR_MS;

const STALE_BITS = 0x7ff0000000000002n;
const STALE = new Float64Array(new BigUint64Array([STALE_BITS]).buffer);
const isStale = (value: number): boolean => new BigUint64Array(Float64Array.of(value).buffer)[0] === STALE_BITS;

interface Sample {
  readonly metric: number;
  readonly id: number;
  readonly time: number;
  readonly value: number;
  /** ms; 0: not known. */
  readonly start: number;
}

const dir = mkdtempSync(join(tmpdir(), 'inframirror-rollups-'));
const telemetry = new TelemetryRegistry();
let stores: Stores;
beforeAll(async () => {
  stores = await openStores(dir, silentLogger);
}, 120_000);
afterAll(async () => {
  await stores?.close();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);
beforeEach(async () => {
  for (const table of ['samples', 'marks', 'rollups_5m', 'rollups_1h', 'rollup_hours']) await stores.columns.command(`TRUNCATE TABLE ${table}`);
  await writeLedger(stores.records, { gone: { samples: FROM } });
});

let insert = 0;
/** One insert, as a worker makes it: marks first. */
const write = async (samples: readonly Sample[], marks: readonly ('late' | 'double')[] = []): Promise<void> => {
  for (const kind of marks) await mark(kind, samples);
  const values = { mantissa: new BigInt64Array(samples.length), exponent: new Int8Array(samples.length), float: new Float64Array(samples.length) };
  // Every value as it is: numbers would make a NaN of the marker.
  const floats = new Float64Array(samples.length);
  for (const [i, { value }] of samples.entries()) floats.set(isStale(value) ? STALE : [value], i);
  encodeValues(
    floats,
    Int32Array.from(samples, ({ id }) => id),
    sticky,
    values,
  );
  insert++;
  const of: Readonly<Record<string, (i: number) => Value>> = {
    metric: (i) => (samples[i] as Sample).metric,
    id: (i) => BigInt((samples[i] as Sample).id),
    time: (i) => BigInt((samples[i] as Sample).time),
    start: (i) => BigInt((samples[i] as Sample).start),
    mantissa: (i) => values.mantissa[i] as bigint,
    exponent: (i) => values.exponent[i] as number,
    float: (i) => values.float[i] as number,
    insert: () => BigInt(insert),
  };
  const rows = samples.map((_, i) => i);
  const batch = batchOf(TABLE_FIELDS.samples.map(({ name, type }) => [name, columnFrom(type, rows.map(of[name] as (i: number) => Value))] as const));
  await stores.columns.insert('samples', batch, { queryId: `test-${insert}` });
};
const sticky = new Int8Array(1000);

const mark = async (kind: 'late' | 'double', samples: readonly Sample[]): Promise<void> => {
  for (const key of new Set(samples.map(({ metric, time }) => `${metric}, fromUnixTimestamp64Milli(toInt64(${time - (time % HOUR_MS)}), 'UTC')`)))
    await stores.columns.command(`INSERT INTO marks (kind, metric, hour) SELECT '${kind}', ${key}`);
};

const rollups = (columns: Store = stores.columns, page = 400_000, settleMs = 0): Rollups =>
  new Rollups({ columns, records: stores.records, telemetry, log: silentLogger, delayMs: 0, settleMs, pauseMs: 0, page });
const ask = (sql: string): Promise<readonly Readonly<Record<string, Value>>[]> => rowsOf(stores.columns, sql);

interface StoredPart {
  readonly metric: number;
  readonly id: number;
  readonly time: number;
  readonly part: Part;
}

/** As a reader takes them: with FINAL where the ledger has several versions, and of hours alone that it says are there. */
const parts = async ({ table }: Level): Promise<readonly StoredPart[]> => {
  const fields = `metric, id, toUnixTimestamp(time) AS at, count, missing, stale, opens, ends, exponent, first, span, below, above, bulge, beyond, resets, floats, begins, lasts, first_start, last_start, runs`;
  const known = `SELECT metric, hour FROM rollup_hours WHERE NOT whole GROUP BY metric, hour HAVING max(toUnixTimestamp64Milli(computed)) > 0${table === FIVE_MINUTES.table ? ' AND argMaxIf(fine, version, toUnixTimestamp64Milli(computed) > 0)' : ''}`;
  const some = (versions: string): string => `(metric, toDateTime64(toStartOfHour(time), 3, 'UTC')) IN (${known} AND uniqExact(version) ${versions})`;
  const rows = await ask(`SELECT ${fields} FROM ${table} WHERE ${some('= 1')} UNION ALL SELECT ${fields} FROM ${table} FINAL WHERE ${some('> 1')}`);
  return rows.map((row) => {
    const number = (name: string): number => Number(row[name]);
    const list = (name: string): readonly number[] => (row[name] as readonly Value[]).map(Number);
    const numbers = Object.fromEntries(
      [
        'count',
        'missing',
        'stale',
        'exponent',
        'first',
        'span',
        'below',
        'above',
        'bulge',
        'beyond',
        'resets',
        'begins',
        'lasts',
        'first_start',
        'last_start',
      ].map((name) => [name, number(name)]),
    );
    const stored = {
      ...numbers,
      opens: Boolean(row.opens),
      ends: Boolean(row.ends),
      floats: list('floats'),
      runs: list('runs'),
    } as unknown as RollupRow;
    return { metric: number('metric'), id: number('id'), time: number('at') * 1000, part: partOfRow(number('at') * 1000, stored) };
  });
};

/** Sums of floats differ by the order they are added in, of values as large as `scale`. */
const near = (a: number | undefined, b: number | undefined, what: string, scale: number): void => {
  if (a === undefined || b === undefined) expect([what, a]).toEqual([what, b]);
  else if (Math.abs(a - b) > 1e-12 * scale) expect([what, a]).toEqual([what, b]);
};

/** The samples of one series that stand, in order of time. */
type Standing = readonly Sample[];

const windowOf = (all: Standing, from: number, to: number, lookback: number, delta: boolean): SeriesWindow | undefined => {
  const seen = all.filter(({ value }) => Number.isFinite(value) || isStale(value));
  const first = seen.findIndex(({ time }) => time >= from);
  const end = seen.filter(({ time }) => time < to).length;
  if (first < 0 || first >= end) return undefined;
  const earlier = seen[first - 1];
  return {
    times: BigInt64Array.from(seen, ({ time }) => BigInt(time) * 1_000_000n),
    values: Float64Array.from(seen, ({ value }) => value),
    starts: BigInt64Array.from(seen, ({ start }) => (start === 0 ? -1n : BigInt(start) * 1_000_000n)),
    stale: Uint8Array.from(seen, ({ value }) => (isStale(value) ? 1 : 0)),
    before: earlier !== undefined && !isStale(earlier.value) && earlier.time >= from - lookback ? first - 1 : -1,
    first,
    end,
    from: BigInt(from) * 1_000_000n,
    delta,
  };
};

/** Holds what is stored against all samples that were ever written, the latest last. */
const compare = async (written: readonly Sample[], random: () => number): Promise<{ readonly parts: number; readonly asked: number }> => {
  const standing = new Map<string, Map<number, Sample>>();
  for (const sample of written) {
    const key = `${sample.metric}/${sample.id}`;
    standing.set(key, (standing.get(key) ?? new Map()).set(sample.time, sample));
  }
  let count = 0;
  let asked = 0;
  for (const level of [HOUR, FIVE_MINUTES]) {
    const stored = Map.groupBy(await parts(level), ({ metric, id }) => `${metric}/${id}`);
    for (const [key, samples] of standing) {
      const all = [...samples.values()].sort((a, b) => a.time - b.time);
      const scale = all.reduce((most, { value }) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1) * all.length;
      const own = new Map((stored.get(key) ?? []).map(({ time, part }) => [time, part]));
      if (level === FIVE_MINUTES && own.size === 0) continue;
      for (let time = FROM; time < TO; time += level.stepMs) {
        const inside = all.filter((s) => s.time >= time && s.time < time + level.stepMs);
        const part = own.get(time);
        const what = `${key} at ${new Date(time).toISOString()} in ${level.table}`;
        if (inside.length === 0) {
          expect([what, part]).toEqual([what, undefined]);
          continue;
        }
        const finite = inside.filter(({ value }) => Number.isFinite(value));
        const stale = inside.filter(({ value }) => isStale(value)).length;
        expect([what, part?.count, part?.stale, part?.missing]).toEqual([what, finite.length, stale, inside.length - finite.length - stale]);
        count++;
        if (part === undefined || finite.length === 0) continue;
        const values = finite.map(({ value }) => value);
        near(
          part.sum,
          values.reduce((a, b) => a + b, 0),
          `${what}: sum`,
          scale,
        );
        const last = finite.at(-1) as Sample;
        expect([what, part.min, part.max, part.first, part.last]).toEqual([
          what,
          Math.min(...values),
          Math.max(...values),
          { time: finite[0]?.time, value: values[0], start: finite[0]?.start },
          { time: last.time, value: last.value, start: last.start },
        ]);
      }
      // Windows made of parts.
      for (let n = 0; n < 6; n++) {
        const steps = (TO - FROM) / level.stepMs;
        const a = Math.floor(random() * steps);
        const b = a + 1 + Math.floor(random() * (steps - a));
        const [from, to] = [FROM + a * level.stepMs, FROM + b * level.stepMs];
        const lookback = 5 * MINUTE;
        const together = (since: number, until: number): Part => {
          const sum = new Part();
          for (let time = since; time < until; time += level.stepMs) sum.append(own.get(time) ?? new Part());
          return sum;
        };
        const window = { part: together(from, to), before: before(together(FROM, from), from, lookback), from };
        for (const delta of [false, true]) {
          const language = windowOf(all, from, to, lookback, delta);
          const run = (name: keyof typeof SERIES): number | undefined => {
            const value = language && SERIES[name](language);
            if (value !== undefined) asked++;
            return value === undefined ? undefined : Number(value);
          };
          const what = `${key} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}${delta ? ' of increments' : ''} in ${level.table}`;
          near(increaseOf(window, delta), run('increase'), `increase of ${what}`, scale);
          near(rateOf(window, delta), run('rate'), `rate of ${what}`, scale);
          if (!delta) near(deltaOf(window), run('delta'), `delta of ${what}`, scale);
        }
      }
    }
  }
  return { parts: count, asked };
};

/** Of it all samples are decimals without a start: they are put together by another statement. */
const PLAIN = 2;

/** The readings of a series, with all that can be wrong with one. */
const series = (metric: number, id: number, random: () => number): Sample[] => {
  const interval = metric === 3 ? 60_000 : metric === 4 ? 600_000 : 15_000 * (random() < 0.2 ? 2 : 1);
  const kind = ['counter', 'gauge', 'floats', 'odd'][Math.floor(random() * (metric === PLAIN ? 2 : 4))] as string;
  const out: Sample[] = [];
  let start = metric !== PLAIN && random() < 0.3 ? FROM - Math.floor(random() * HOUR_MS) : 0;
  let value = Math.floor(random() * 1000);
  for (let time = FROM + Math.floor(random() * interval); time < TO; time += interval) {
    const at = time + Math.floor(random() * 10);
    if (random() < 0.003) time += Math.floor(random() * 20 * MINUTE);
    if (kind === 'counter') value += Math.floor(random() * 50);
    else if (kind === 'gauge') value = Math.round((value + random() - 0.5) * 10) / 10;
    else value = (random() - 0.3) * 10 ** Math.floor(random() * (kind === 'odd' ? 18 : 3));
    if (kind === 'counter' && random() < 0.01) {
      value = Math.floor(random() * 20);
      if (start !== 0) start = at - Math.floor(random() * 5000);
    }
    const odd = metric === PLAIN ? 1 : random();
    const told = odd < 0.01 ? Number.NaN : odd < 0.015 ? Number.POSITIVE_INFINITY : odd < 0.03 ? (STALE[0] as number) : value;
    if (at < TO) out.push({ metric, id, time: at, value: told, start: random() < 0.05 ? 0 : start });
  }
  return out;
};

const shuffled = <T>(list: readonly T[], random: () => number): T[] => {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
};

/** The store, whose process is killed at some of its statements. */
const dying = (random: () => number, deaths: { left: number }): Store => {
  const maybe = (): void => {
    if (deaths.left === 0 || random() > 0.12) return;
    deaths.left--;
    const { columnsPid } = stores;
    if (columnsPid !== undefined) setTimeout(() => process.kill(columnsPid, 'SIGKILL'), Math.floor(random() * 8));
  };
  const { columns } = stores;
  return {
    query: (sql, options) => columns.query(sql, options),
    now: () => columns.now(),
    insert: (table, batch, options) => {
      maybe();
      return columns.insert(table, batch, options);
    },
  };
};
const answers = (): Promise<unknown> =>
  expect
    .poll(
      () =>
        stores.columns.ping().then(
          () => true,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);

describe('what is put together', { timeout: 300_000 }, () => {
  it('is what its samples are, whatever comes late or twice, and whoever dies', async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    const random = seeded(seed);
    const written: Sample[] = [];
    const all = [1, 2, 3, 4].flatMap((metric) => [1, 2, 3, 4, 5, 6].flatMap((n) => series(metric, metric * 10 + n, random)));
    // In time at first; the rest late, in any order, in pieces.
    const first = all.filter(() => random() < 0.8);
    const isFirst = new Set(first);
    await write(first);
    written.push(...first);
    const deaths = { left: 6 };
    const kept = async (): Promise<void> => {
      for (;;) {
        const keeper = rollups(dying(random, deaths), 500 + Math.floor(random() * 5000));
        const broken = await keeper.run().then(
          () => false,
          () => true,
        );
        await answers();
        if (!broken) return;
      }
    };
    await kept();
    const late = shuffled(
      all.filter((sample) => !isFirst.has(sample)),
      random,
    );
    while (late.length > 0) {
      const piece = late.splice(0, 1 + Math.floor(random() * sized(1200, 400)));
      // Some come again with another value.
      const again = shuffled(written, random)
        .slice(0, 5)
        .map((sample) => ({ ...sample, value: Math.floor(random() * 100) }));
      await write([...piece, ...again], ['late', 'double']);
      written.push(...piece, ...again);
      if (random() < 0.5) await kept();
    }
    expect(deaths.left).toBeLessThan(6);
    // What was refused in between is tried again.
    deaths.left = 0;
    for (let n = 0; n < 3; n++) await kept();
    const found = await compare(written, random);
    expect(found.parts).toBeGreaterThan(500);
    expect(found.asked).toBeGreaterThan(500);
  });

  /** A counter read all through the first hour. */
  const counter = (metric: number, interval: number, from = FROM, to = FROM + HOUR_MS): Sample[] =>
    Array.from({ length: Math.ceil((to - from) / interval) }, (_, n) => ({ metric, id: metric, time: from + n * interval, value: n, start: 0 }));
  const counts = async (level: Level): Promise<readonly (readonly number[])[]> =>
    (await parts(level))
      .map(({ metric, time, part }) => [metric, (time - FROM) / level.stepMs, part.count])
      .sort((a, b) => (a[0] as number) - (b[0] as number) || (a[1] as number) - (b[1] as number));

  it('is of five minutes only where that takes less room, and stays so', async () => {
    await write([...counter(1, 30_000), ...counter(2, 60_000), ...counter(3, 1_800_000)]);
    await rollups().run();
    expect(await counts(HOUR)).toEqual([
      [1, 0, 120],
      [2, 0, 60],
      [3, 0, 2],
    ]);
    expect(await counts(FIVE_MINUTES)).toEqual(Array.from({ length: 12 }, (_, n) => [1, n, 10]));
    // Another series of the metric, which is read seldom: the parts that are there must not become wrong.
    await write(
      Array.from({ length: 60 }, (_, n) => ({ metric: 1, id: 100 + n, time: FROM + n, value: 1, start: 0 })).flatMap((s) => [
        s,
        { ...s, time: s.time + 40 * MINUTE },
      ]),
      ['late'],
    );
    await rollups().run();
    expect((await counts(FIVE_MINUTES)).length).toBe(12 + 120);
  });

  it('is not made of what retention has left over', async () => {
    await write(counter(1, 15_000));
    await rollups().run();
    const [whole, fine] = [await counts(HOUR), await counts(FIVE_MINUTES)];
    // The day goes, and what comes late makes it anew.
    await stores.columns.command('TRUNCATE TABLE samples');
    await write([{ metric: 1, id: 1, time: FROM + 1, value: 1, start: 0 }], ['late']);
    await rollups().run();
    expect([await counts(HOUR), await counts(FIVE_MINUTES)]).toEqual([whole, fine]);
    const version = () => ask('SELECT max(version) AS version FROM rollup_hours');
    const before = await version();
    await rollups().run();
    expect(await version()).toEqual(before);
    // Of what was never put together, retention alone knows.
    await writeLedger(stores.records, { gone: { samples: FROM + HOUR_MS } });
    await write([{ metric: 2, id: 2, time: FROM + 1, value: 1, start: 0 }], ['late']);
    await write([{ metric: 2, id: 2, time: FROM + HOUR_MS + 1, value: 1, start: 0 }], ['late']);
    await rollups().run();
    expect((await counts(HOUR)).filter(([metric]) => metric === 2)).toEqual([[2, 1, 1]]);
  });

  it('is made once more when it was made by a clock that was ahead', async () => {
    await write(counter(1, 15_000, FROM, FROM + 10 * MINUTE));
    await rollups().run();
    await stores.columns.command(
      'INSERT INTO rollup_hours SELECT whole, metric, hour, version + 1, computed + toIntervalDay(3), fine, samples FROM rollup_hours WHERE toUnixTimestamp64Milli(computed) > 0',
    );
    // Nobody marks them: by that clock the hour was not over.
    await write(counter(1, 15_000, FROM + 10 * MINUTE));
    await rollups().run();
    expect(await counts(HOUR)).toEqual([[1, 0, 240]]);
    const versions = () => ask('SELECT uniqExact(version) AS n FROM rollup_hours');
    const once = await versions();
    await rollups().run();
    expect(await versions()).toEqual(once);
  });

  it('never takes two values of one time for two samples: the metric is marked and made again, and keeps no other waiting', async () => {
    const samples = counter(2, 15_000);
    await write([...counter(1, 15_000), ...samples, ...counter(3, 15_000)]);
    await write(samples.slice(100, 103).map((s) => ({ ...s, value: 7 })));
    const failed = () => telemetry.value('inframirror_rollups_failed_hours_total');
    const before = failed();
    await stores.columns.command('SYSTEM STOP MERGES samples');
    const open = () => ask('SELECT metric FROM rollup_hours WHERE NOT whole GROUP BY metric, version HAVING max(toUnixTimestamp64Milli(computed)) = 0');
    const whole = [1, 2, 3].map((metric) => [metric, 0, 240]);
    // What is marked is looked at when it has settled.
    await rollups(stores.columns, 400_000, HOUR_MS).run();
    expect([failed() - before, await counts(HOUR), await open()]).toEqual([0, whole.filter(([metric]) => metric !== 2), [{ metric: 2 }]]);
    await rollups(stores.columns, 400_000, HOUR_MS).run();
    expect(await open()).toEqual([{ metric: 2 }]);
    await rollups().run();
    await stores.columns.command('SYSTEM START MERGES samples');
    expect([failed() - before, await counts(HOUR)]).toEqual([0, whole]);
    expect((await parts(HOUR)).find(({ metric }) => metric === 2)?.part.sum).toBe((239 * 240) / 2 - 303 + 21);
    expect(await ask('SELECT DISTINCT toString(kind) AS kind, metric FROM marks ORDER BY kind')).toEqual([
      { kind: 'double', metric: 2 },
      { kind: 'late', metric: 2 },
    ]);
    const versions = () => ask('SELECT uniqExact(version) AS n FROM rollup_hours');
    const once = await versions();
    await rollups().run();
    expect(await versions()).toEqual(once);
  });

  it('finds two values of one time wherever a page is cut', async () => {
    const samples = counter(1, 300_000);
    await write(samples);
    await write(samples.map((s) => ({ ...s, value: 7 })));
    await stores.columns.command('SYSTEM STOP MERGES samples');
    // A page ends between the two of each time, so that none of them is seen.
    for (let n = 0; n < 2; n++) await rollups(stores.columns, 0.5).run();
    await stores.columns.command('SYSTEM START MERGES samples');
    expect(await counts(HOUR)).toEqual([[1, 0, 12]]);
  });

  it('leaves few rows in the ledger however often it fails', async () => {
    await write([...counter(1, 15_000), ...counter(2, 15_000), ...counter(3, 15_000)]);
    const refusing: Store = {
      ...dying(() => 1, { left: 0 }),
      insert: (table, batch, options) => (table === 'rollups_1h' ? Promise.reject(new Error('refused')) : stores.columns.insert(table, batch, options)),
    };
    const tries = 6;
    for (let n = 0; n < tries; n++) await rollups(refusing).run();
    expect(await ask('SELECT metric, toUInt32(count()) AS n FROM rollup_hours WHERE NOT whole GROUP BY metric ORDER BY metric')).toEqual([
      { metric: 1, n: tries },
      { metric: 2, n: 2 },
      { metric: 3, n: 2 },
    ]);
    await rollups().run();
    expect([await counts(HOUR), (await counts(FIVE_MINUTES)).length]).toEqual([[1, 2, 3].map((metric) => [metric, 0, 240]), 36]);
  });

  it('is read in pages that are not large however series and samples lie', async () => {
    const samples = [
      ...counter(1, 60_000),
      ...Array.from({ length: 20 }, (_, n) => counter(2, 600_000).map((s) => ({ ...s, id: n + 1 }))).flat(),
      ...counter(3, 2_000),
      ...counter(4, 1_800_000),
    ];
    await write(samples);
    const { signal } = new AbortController();
    const own = { store: stores.columns, hour: FROM, signal };
    const page = 100;
    const read: string[] = [];
    for await (const batches of readPages(await counted({ ...own, metrics: undefined }), { doubles: false, odd: false }, { ...own, page })) {
      const rows = batches.flatMap((batch) =>
        Array.from({ length: batch.length }, (_, row) => ['metric', 'id', 'time'].map((name) => Number(valueAt(columnOf(batch, name), row))).join('/')),
      );
      expect(rows.length).toBeLessThanOrEqual(2 * page);
      read.push(...rows);
    }
    const order = [...samples].sort((a, b) => a.metric - b.metric || a.id - b.id || a.time - b.time);
    expect(read).toEqual(order.map(({ metric, id, time }) => `${metric}/${id}/${time}`));
  });

  it('may be made by two keepers at once', async () => {
    await write(counter(1, 15_000));
    await Promise.all([rollups().run(), rollups().run(), rollups().run()]);
    expect([await counts(HOUR), (await counts(FIVE_MINUTES)).length]).toEqual([[[1, 0, 240]], 12]);
  });

  it('goes from the oldest hour on, and says how many wait', async () => {
    await write(counter(1, 15_000, FROM, TO));
    const hours: number[] = [];
    const watching: Store = {
      ...dying(() => 1, { left: 0 }),
      insert: (table, batch, options) => {
        if (table === 'rollups_1h') hours.push(Number(valueAt(columnOf(batch, 'time'), 0)) * 1000, telemetry.value('inframirror_rollups_hours_waiting'));
        return stores.columns.insert(table, batch, options);
      },
    };
    await rollups(watching).run();
    expect(hours).toEqual([0, 1, 2, 3].flatMap((n) => [FROM + n * HOUR_MS, HOURS - n]));
    expect(telemetry.value('inframirror_rollups_hours_waiting')).toBe(0);
  });
});

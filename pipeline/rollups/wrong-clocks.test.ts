// Rollups on the real column store whose clock is ahead, or behind, for a while: when it is right again, what was put together is what stands, whichever
// samples came before, meanwhile and after. Late samples are marked as the sink of samples does it.
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { HOUR } from '../../schemas/rollups.ts';
import { SeriesIndex } from '../series-index.ts';
import { lateMarks } from '../sinks/late.ts';
import { LateMarks, markRows, type SampleBlock } from '../stages/samples.ts';
import { counter, FROM, HOUR_MS, MINUTE, type Sample, samplesToParts } from '../testing/samples-to-parts.ts';
import type { Store } from './ledger.ts';
import { Rollups } from './rollups.ts';

const made = samplesToParts();
const DAY_MS = 24 * HOUR_MS;

/** ms: what the time is, and by how much the store's clock is ahead of it. */
let [time, wrong] = [0, 0];
/** The latest time that the sink has given a number by. */
let passed = 0;
let late = new LateMarks();
const now = (): number => time + wrong;

beforeEach(() => {
  [time, wrong, passed] = [FROM + HOUR_MS + 30 * MINUTE, 0, 0];
  late = new LateMarks();
});

const run = async (): Promise<void> => {
  const { columns, records } = made.stores;
  const store: Store = { query: (sql, o) => columns.query(sql, o), insert: (table, batch, o) => columns.insert(table, batch, o), now: async () => now() };
  await new Rollups({ columns: store, records, telemetry: made.telemetry, log: silentLogger, pauseMs: 0 }).run();
};

/** As the sink of samples does it, in one process. */
const write = async (samples: readonly Sample[]): Promise<void> => {
  const { columns } = made.stores;
  await made.write(samples);
  passed = Math.max(passed, now());
  const index = new SeriesIndex();
  const block: SampleBlock = {
    day: 0,
    length: samples.length,
    sent: [],
    seriesIndex: Int32Array.from(samples, ({ id, metric }) => index.atId(BigInt(id), metric)),
    hour: new Uint8Array(samples.length),
    time: Float64Array.from(samples, (sample) => sample.time),
  };
  const { marks, stand } = await lateMarks(late, [block], index, { columns, now: now(), passed, signal: new AbortController().signal });
  if (marks.length > 0) await columns.insert('marks', markRows(marks, now()), { queryId: `late-${Math.random()}` });
  stand();
};

/** A sample of another series of the metric in the first hour. */
const one = (n: number, metric = 1): Sample => ({ metric, id: 100 + n, time: FROM + 30 * MINUTE + n, value: 5, start: 0 });
const first = async (): Promise<number> =>
  (await made.counts(HOUR)).filter(([metric, hour]) => metric === 1 && hour === 0).reduce((sum, [, , count]) => sum + (count as number), 0);

describe('the store’s clock', { timeout: 300_000 }, () => {
  it('a day ahead for a quarter of an hour: late samples are taken while it is and afterwards, and in the end nothing is made again', async () => {
    await write(counter(1, 15_000));
    await run();
    wrong = DAY_MS;
    await write([one(1)]);
    time += 15 * MINUTE;
    await run();
    expect(await first()).toBe(241);
    wrong = 0;
    time += 5 * MINUTE;
    await write([one(2)]);
    time += 15 * MINUTE;
    await run();
    expect(await first()).toBe(242);
    // A mark that lies ahead hides this one.
    time += 2 * HOUR_MS;
    await write([one(3)]);
    time += HOUR_MS + 15 * MINUTE;
    await run();
    expect(await first()).toBe(243);
    time += 2 * DAY_MS;
    await run();
    const versions = () => made.ask('SELECT uniqExact(version) AS n FROM rollup_hours');
    const before = await versions();
    time += 2 * HOUR_MS;
    await run();
    expect([await first(), await versions()]).toEqual([243, before]);
  });

  it('a day ahead, and nobody looks until it has caught up: what came meanwhile is taken', async () => {
    await write(counter(1, 15_000));
    wrong = DAY_MS;
    await write([one(1)]);
    time += 15 * MINUTE;
    await run();
    wrong = 0;
    time += 5 * MINUTE;
    await write([one(2)]);
    time += 3 * DAY_MS;
    await run();
    expect(await first()).toBe(242);
  });

  it('ahead into the minute in which the hour is due: it is put together again when it ends', async () => {
    time = FROM + 5 * MINUTE;
    await write(counter(1, 15_000, FROM, FROM + 5 * MINUTE));
    wrong = HOUR_MS + 8 * MINUTE;
    await run();
    expect(await first()).toBe(20);
    wrong = 0;
    time += MINUTE;
    await run();
    await write(counter(1, 15_000, FROM + 5 * MINUTE));
    time = FROM + HOUR_MS + 12 * MINUTE;
    await run();
    expect(await first()).toBe(240);
  });

  it('a day behind: samples of hours that do not seem over are taken when it is right again, also of a metric that was not there', async () => {
    await write([...counter(1, 15_000), ...counter(2, 15_000)]);
    await run();
    time += 2 * HOUR_MS;
    await write([one(0, 2)]);
    wrong = -DAY_MS;
    await write([one(1), one(2, 3)]);
    time += 15 * MINUTE;
    await run();
    wrong = 0;
    time += 15 * MINUTE;
    await run();
    expect(await first()).toBe(241);
    expect((await made.counts(HOUR)).filter(([metric]) => metric === 3)).toEqual([[3, 0, 1]]);
  });
});

// The ledger over a real column store: whatever was known before, the answer is by the hours that are marked now.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import { metricDataset } from '../../schemas/catalogue.ts';
import type { SampleMark } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import type { PlanNode } from '../3-plan/nodes.ts';
import { Ledger } from './ledger.ts';

const HOUR = 3_600_000_000_000n;
const NEVER = new AbortController().signal;
const BASE = 490_000n * HOUR;
let store: TemporaryStore;
let columns: ColumnStore;

beforeAll(async () => {
  store = await openTemporaryStore();
  columns = store.columns;
});
afterAll(() => store?.close());

const METRIC = metricHash('some.metric');

const mark = (kind: SampleMark, metric: number, hour: bigint): Promise<void> =>
  columns.command(`INSERT INTO marks (kind, metric, hour) VALUES ('${kind}', ${metric}, fromUnixTimestamp64Milli(${hour / 1_000_000n}, 'UTC'))`);

const plan = (from: bigint, to: bigint): PlanNode => ({
  node: 'scan',
  dataset: metricDataset({ name: 'some.metric', kind: 'gauge', temporality: 'cumulative', labels: [] }),
  columns: [],
  range: { from, to },
  before: 0n,
  filter: undefined,
});

/** What is answered, and how often it was asked for. */
const marked = async (ledger: Ledger, mark: SampleMark, from: bigint, to: bigint) => {
  let times = 0;
  const hours = await ledger.asking(plan(from, to), NEVER, async (hoursOf) => {
    times++;
    return hoursOf(mark, METRIC, from, to);
  });
  return { hours, times };
};

test('what is known is taken as it is, what changed is asked for again', async () => {
  const ledger = new Ledger(columns);
  const [from, to] = [BASE, BASE + 5n * HOUR];
  expect(await marked(ledger, 'double', from, to)).toEqual({ hours: [], times: 1 });
  await mark('double', METRIC, BASE + HOUR);
  expect(await marked(ledger, 'double', from, to)).toEqual({ hours: [BASE + HOUR], times: 2 });
  expect(await marked(ledger, 'double', from, to)).toEqual({ hours: [BASE + HOUR], times: 1 });
  // Another range says nothing of this one.
  expect(await marked(ledger, 'double', BASE + 20n * HOUR, BASE + 21n * HOUR)).toEqual({ hours: [], times: 1 });
  expect(await marked(ledger, 'double', from, to)).toEqual({ hours: [BASE + HOUR], times: 1 });
  await columns.command('TRUNCATE TABLE marks');
  expect(await marked(ledger, 'double', from, to)).toEqual({ hours: [], times: 2 });
});

test('marks of a metric are its own, an hour that only touches the range is in it', async () => {
  const ledger = new Ledger(columns);
  await mark('stale', METRIC, BASE);
  await mark('stale', metricHash('another.metric'), BASE + HOUR);
  expect((await marked(ledger, 'stale', BASE + HOUR - 1n, BASE + 3n * HOUR)).hours).toEqual([BASE]);
  expect((await marked(ledger, 'stale', BASE + HOUR, BASE + 3n * HOUR)).hours).toEqual([]);
});

test('where the ledger cannot be read there is no answer, and the work is told to end', async () => {
  const closed = openClickHouse({ url: store.engine.url, socketPath: join(store.dataDir, 'nowhere') });
  const ledger = new Ledger(closed);
  let ended = false;
  const work = (_: unknown, signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        ended = true;
        reject(new Error('ended'));
      }),
    );
  await expect(ledger.asking(plan(BASE, BASE + HOUR), NEVER, work)).rejects.toMatchObject({ code: 'columns.unavailable' });
  expect(ended).toBe(true);
  await closed.close();
});

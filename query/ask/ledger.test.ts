// The ledger over a real column store: whatever was known before, the answer is by the hours that are marked now.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch, Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import { metricDataset, metrics } from '../../schemas/catalogue.ts';
import type { SampleMark } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { PlanNode } from '../3-plan/nodes.ts';
import { Ledger } from './ledger.ts';
import type { TellRows } from './told-rows.ts';

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

const plan = (from: bigint, to: bigint, metric: string | null = 'some.metric'): PlanNode => ({
  node: 'scan',
  dataset: metric === null ? metrics : metricDataset({ name: metric, kind: 'gauge', temporality: 'cumulative', labels: [] }),
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

describe('told of every mark', () => {
  const OTHER = metricHash('told.metric');
  const hearers: ((rows: Batch) => void)[] = [];
  const tell: TellRows = (hear) => void hearers.push(hear);
  let told: ColumnStore;
  beforeAll(() => {
    const { url, socketPath, incoming } = store.engine;
    const inserted = (_: string, rows: Batch): void => hearers.forEach((hear) => void hear(rows));
    told = openClickHouse({ url, socketPath, incoming, inserted });
  });
  afterAll(() => told?.close());

  const insert = (kind: string, hour: bigint, metric = OTHER): Promise<void> => {
    const values: readonly Value[] = [kind, metric, hour / 1_000_000n, 0n];
    const rows = batchOf(TABLE_FIELDS.marks.map(({ name, type }, i) => [name, columnFrom(type, [values[i] as Value])] as const));
    return told.insert('marks', rows, { queryId: randomUUID() });
  };
  const known = async (ledger: Ledger, from: bigint, to: bigint, metric: string | null = 'told.metric', during?: () => Promise<void>) => {
    let [times, hours]: [number, readonly bigint[]] = [0, []];
    await ledger.asking(plan(from, to, metric), NEVER, async (hoursOf) => {
      hours = hoursOf('double', metric === null ? undefined : metricHash(metric), from, to);
      if (times++ === 0) await during?.();
    });
    return { hours, times };
  };
  const asked = () => {
    const texts: string[] = [];
    const query: ColumnStore['query'] = (text, options) => {
      texts.push(text);
      return told.query(text, options);
    };
    return { texts, ledger: new Ledger({ query }, tell) };
  };
  const [from, to] = [BASE + 100n * HOUR, BASE + 105n * HOUR];

  test('what stands is read once, and then a mark is known as soon as it stands', async () => {
    await insert('double', from);
    const { ledger, texts } = asked();
    expect(await known(ledger, from, to)).toEqual({ hours: [from], times: 2 });
    for (const kind of ['double', 'late']) await insert(kind, from + (kind === 'late' ? 3n : 1n) * HOUR);
    await insert('double', from + 2n * HOUR, metricHash('another.metric'));
    expect(await known(ledger, from, to)).toEqual({ hours: [from, from + HOUR], times: 1 });
    // Later hours and parts of the range are known with it, earlier ones are not.
    expect(await known(ledger, from + HOUR, to + 50n * HOUR)).toEqual({ hours: [from + HOUR], times: 1 });
    expect(texts.length).toBe(1);
    await insert('double', from - 2n * HOUR);
    expect((await known(ledger, from - 3n * HOUR, to)).hours).toEqual([from - 2n * HOUR, from, from + HOUR]);
    expect(texts.length).toBe(2);
    // Of all metrics together too.
    const all = [from - 2n * HOUR, from, from + HOUR, from + 2n * HOUR];
    expect((await known(ledger, from - 3n * HOUR, to, null)).hours).toEqual(all);
    await insert('double', from + 4n * HOUR, metricHash('a third metric'));
    expect(await known(ledger, from - 3n * HOUR, to, null)).toEqual({ hours: [...all, from + 4n * HOUR], times: 1 });
    expect(texts.length).toBe(3);
  });

  test('a mark that is written while a question is answered has it asked again, what was known of its metric or not', async () => {
    const { ledger } = asked();
    const [later, end] = [to + 100n * HOUR, to + 110n * HOUR];
    const marks = [later, later + HOUR, later + 2n * HOUR];
    for (let i = 0; i < 2; i++) {
      const during = (): Promise<void> => insert('double', marks[i] as bigint);
      expect(await known(ledger, later, end, 'told.metric', during)).toEqual({ hours: marks.slice(0, i + 1), times: 2 });
    }
  });
});

// Random texts over real stores: what the stores answer and what this process works out from plain rows must be one answer, rows in one
// order. Prints how much was really pushed, so that it cannot come to compare a way with itself.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { columnOf, type Value, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { SAMPLE_MARKS } from '../schemas/sample-value.ts';
import { metricHash } from '../schemas/series-id.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import { inputsOf, type PlanNode, withInputs } from './3-plan/nodes.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { unlimited } from './caller.ts';
import { check } from './compile.ts';
import { QueryService } from './service.ts';
import { bothWays, difference, type Pushed } from './testing/both-ways.ts';
import { FOUND } from './testing/found-texts.ts';
import { PARAMETERS, randomText } from './testing/random-text.ts';
import { CHANGE, END, makeData } from './testing/store-data.ts';
import { learnedCatalogue, METRICS } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

const TEXTS = Number(process.env.INFRAMIRROR_TEXTS ?? sized(300, 3000));

let loaded: LoadedStores;
beforeAll(async () => {
  loaded = await loadStores(makeData(SEED));
});
afterAll(() => loaded?.stop());

const moment = (ms: number): bigint => BigInt(ms) * 1_000_000n;

/** Ends, zone and watermark of the request by one number. */
const requestOf = (n: number): PlanRequest => {
  const at = moment(CHANGE + ([10, 20, 7.5, 0][n % 4] as number) * 60_000) + (n % 3 === 1 ? 1n : 0n);
  const from = at - moment(([20, 60, 180, 1] as const)[n % 4] as number) * 60_000n;
  return {
    at,
    from,
    to: at,
    zone: (['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'] as const)[(n >> 2) % 4] as string,
    parameters: PARAMETERS,
    rights: ALL_ROWS,
    completeTo: n % 5 === 0 ? at - moment(90_000) : at,
    notice: () => {},
  };
};

const numbers = fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 });
/** Without bias towards small numbers: each choice is as likely. */
const cases = fc.noBias(
  fc.record({
    head: fc.array(fc.nat(1 << 20), { minLength: 2, maxLength: 2 }),
    pipes: fc.array(numbers, { maxLength: 5, size: 'max' }),
    request: fc.nat(1 << 20),
  }),
);

test.each(FOUND)('%s', async (_, text) => {
  expect(check(text, learnedCatalogue).diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  for (const request of [0, 1, 2, 6])
    expect(difference(await bothWays(text, learnedCatalogue, requestOf(request), loaded, { filteredTwice: request === 2 }))).toBeUndefined();
});

const ODD = metricHash('odd.values');

test.each([
  ['from metrics.odd.values', ''],
  [
    'from metrics.odd.values | where host == "web-1" | max by text',
    " AND id IN (SELECT id FROM series WHERE name = 'odd.values' AND labels['host'] = 'web-1')",
  ],
  ['from metrics.odd.values | where value > 0 | every all max', ''],
  ['from metrics.odd.values | top 2 text by max(value)', '', 2],
  ['from metrics.odd.values | count by host', ' AND false'],
])('what came as no number is counted here as the store has it, each time it is read: %s', async (text, and, times = 1) => {
  const request = requestOf(2);
  const range = `time >= fromUnixTimestamp64Nano(${request.from}) AND time < fromUnixTimestamp64Nano(${request.to})`;
  const count = `SELECT countIf(exponent = 127 AND NOT isFinite(float)) AS n FROM samples FINAL WHERE metric = ${ODD} AND ${range}${and}`;
  const { batches } = await loaded.ports.columns.query(count);
  const wanted = Number(batches.map((batch) => valueAt(columnOf(batch, 'n'), 0))[0]);
  if (and !== ' AND false') expect(wanted).toBeGreaterThan(5);
  const both = await bothWays(text, learnedCatalogue, request, loaded);
  expect(difference(both)).toBeUndefined();
  expect(both.counted).toMatchObject({ notRepresentable: times * wanted, mayBeMore: false });
});

test('whoever asks is told that there may be some, and how many when they ask, by the ledger of the store', async () => {
  const { columns, search } = loaded.ports;
  const found = METRICS.flatMap(({ name }) =>
    SAMPLE_MARKS.flatMap((kind) =>
      loaded.known.marks(kind, metricHash(name), 0n, 2n ** 62n).map((hour) => [kind, metricHash(name), hour / 1_000_000n] as const),
    ),
  );
  const marks = TABLE_FIELDS.marks.slice(0, 3).map(
    ({ name, type }, at) =>
      [
        name,
        columnFrom(
          type,
          found.map((mark) => mark[at] as Value),
        ),
      ] as const,
  );
  await columns.insert('marks', batchOf(marks), { queryId: 'marks' });
  const catalogue = new LearnedCatalogue(DATASETS, columns, search);
  await catalogue.refresh(END);
  const service = new QueryService({ ports: loaded.ports, catalogue, completeUpTo: () => undefined }).for(unlimited('test'));
  const { at, from, to } = requestOf(2);
  const told = async (text: string, countMissing = false): Promise<readonly string[]> => {
    const { diagnostics } = await service.query(text, { at, from, to, countMissing });
    return diagnostics.filter((d) => d.code.endsWith('not-representable')).map((d) => `${d.severity} ${d.code} ${d.message.split(' ')[0]}`);
  };
  const lost = async (text: string): Promise<number> => {
    const { counted } = await bothWays(text, learnedCatalogue, { ...requestOf(2), zone: 'UTC', completeTo: at }, loaded);
    return 'rows' in counted ? counted.notRepresentable : Number.NaN;
  };
  for (const text of [
    'from metrics.odd.values | max by text',
    'from metrics.odd.values | set x = 1 / (value - value)',
    'from metrics.odd.values | where value * 1e300 > 0 | count',
    'from metrics | where name == "odd.values" | max by name',
    'from processes | summarize sum(virtual_memory) by host',
    'from logs | where 1 / (duration_ms - duration_ms) > 0.5 | count by path',
    'from metrics.http.latency | every 1m avg | set x = value / 0',
  ]) {
    const count = await lost(text);
    expect(count, text).toBeGreaterThan(0);
    expect(await told(text), text).toEqual(['warning iql.maybe-not-representable some']);
    expect(await told(text, true), text).toEqual([`warning iql.not-representable ${count}`]);
  }
  for (const text of [
    // None is missing of what could be.
    'from metrics.http.latency | every 1m avg | set x = 1 / (value * value + 1)',
    'from metrics.http.latency | every 1m avg | set x = value / 5',
    'from logs | summarize mean = avg(duration_ms) by path | set x = 1000 * mean',
  ]) {
    expect(await told(text), text).toEqual([]);
    expect(await told(text, true), text).toEqual(['info iql.not-representable no']);
  }
});

test.each([
  ['from metrics.system.cpu.utilization | every 1m avg', 'cpu', 'value', ['max', 'min', 'avg']],
  ['from logs | every 5m count by service, path', 'path', 'count', ['sum', 'max']],
  ['from processes | every 1m avg memory | sum by name', 'name', 'memory', ['sum', 'max']],
  ['from logs', 'service', 'duration_ms', ['max', 'count']],
])('the best keys of %s are those of the largest aggregates', async (text, key, value, aggregates) => {
  for (const name of aggregates)
    for (const [pipe, sign] of [
      ['top', -1],
      ['bottom', 1],
    ] as const) {
      const request = requestOf(2);
      const best = await bothWays(`${text} | ${pipe} 2 ${key} by ${name}(${value}) | distinct ${key}`, learnedCatalogue, request, loaded);
      const all = await bothWays(`${text} | select ${key}, ${value} | summarize m = ${name}(${value}) by ${key}`, learnedCatalogue, request, loaded);
      expect([difference(best), difference(all)]).toEqual([undefined, undefined]);
      if (!('rows' in best.pushed && 'rows' in all.local)) throw new Error('no rows');
      const worth = (m: unknown): number => (m === null ? Number.POSITIVE_INFINITY : sign * Number(m));
      const ranked = all.local.rows.toSorted((a, b) => worth(a[1]) - worth(b[1])).slice(0, 2);
      expect(best.pushed.rows.map(([k]) => k).sort()).toEqual(ranked.map(([k]) => k).sort());
    }
});

const phased = (phase: bigint, node: PlanNode): PlanNode => {
  const changed = withInputs(
    node,
    inputsOf(node).map((input) => phased(phase, input)),
  );
  if ((changed.node !== 'every' && changed.node !== 'fill') || changed.bucket.kind !== 'fixed') return changed;
  return { ...changed, bucket: { ...changed.bucket, phase } };
};

test.each([
  'from metrics.system.cpu.utilization | every 1m avg | max by host',
  'from metrics.system.cpu.utilization | every 90s max over 7m',
  'from metrics.system.cpu.utilization | every 5m count over 20s',
  'from metrics.system.network.io | every 1m rate | sum by host',
  'from logs | every 5m count by service',
])('steps may begin at any moment: %s', async (text) => {
  for (const phase of [moment(1), -moment(70_000), moment(CHANGE + 1_234)]) {
    const both = await bothWays(text, learnedCatalogue, requestOf(2), loaded, { changed: (plan) => phased(phase, plan) });
    expect(difference(both)).toBeUndefined();
    if (!('rows' in both.pushed)) throw new Error('no rows');
    const times = both.pushed.rows.map((row) => row[both.names.indexOf('time')] as bigint);
    const [step] = /\d+[sm]/.exec(text) as RegExpExecArray;
    const nanos = moment(Number.parseInt(step, 10) * (step.endsWith('m') ? 60_000 : 1_000));
    expect(times.length).toBeGreaterThan(3);
    expect(times.filter((t) => (t - phase) % nanos !== 0n)).toEqual([]);
  }
});

// Half a second a text on a busy machine.
test('stores and this process give one answer', { timeout: 600_000 + TEXTS * 500 }, async () => {
  const shares: Record<Pushed, number> = { whole: 0, partly: 0, 'plain rows': 0 };
  let answered = 0;
  let counted = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ head, pipes, request }) => {
      const text = randomText(head, pipes, learnedCatalogue);
      const both = await bothWays(text, learnedCatalogue, requestOf(request), loaded, { filteredTwice: request % sized(3, 1) === 0 }).catch(
        (error: unknown) => {
          throw new Error(`${text}\n${(error as Error).message}`, { cause: error });
        },
      );
      shares[both.share]++;
      if ('rows' in both.pushed && both.pushed.rows.length > 0) answered++;
      if ('rows' in both.counted && both.counted.notRepresentable > 0) counted++;
      const found = difference(both);
      if (found !== undefined) throw new Error(`${text}\n(request ${request})\n${found}\n${both.sql.join('\n')}`);
    }),
    { numRuns: TEXTS, endOnFailure: false, seed: SEED },
  );
  const total = shares.whole + shares.partly + shares['plain rows'];
  console.log(
    `of ${total} texts ${shares.whole} were pushed whole, ${shares.partly} partly, ${shares['plain rows']} as plain rows; ${answered} gave rows, ${counted} counted what cannot be represented`,
  );
  expect(shares.whole / total).toBeGreaterThan(0.4);
  expect(answered / total).toBeGreaterThan(0.5);
  expect(counted / total).toBeGreaterThan(0.08);
});

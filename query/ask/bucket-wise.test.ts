// Which parts of a plan are bucket-wise, what tells two of them apart, and what a piece of one is asked as.
import { expect, test } from 'vitest';
import { inputsOf, type PlanNode, scansOf } from '../3-plan/nodes.ts';
import { ALL_ROWS, type RowRights, rightsOf } from '../3-plan/rights.ts';
import { type Emitter, LOSSLESS } from '../4-emit/emitter.ts';
import { check, plan, split } from '../compile.ts';
import { FAILING } from '../functions/failing.ts';
import { conditionOf } from '../row-condition.ts';
import { learnedCatalogue } from '../testing/store-metrics.ts';
import { type BucketWise, bucketWiseParts, within } from './bucket-wise.ts';

const MINUTE = 60_000_000_000n;
const NOW = BigInt(Date.UTC(2026, 10, 20, 12)) * 1_000_000n;
/** What a store does not do is done here: rows are put in order, and buckets without rows filled. */
const doneHere = (node: PlanNode): boolean => node.node === 'order' || node.node === 'fill';
let refused = doneHere;
const isRefused = (node: PlanNode): boolean => refused(node) || inputsOf(node).some(isRefused);
const emitter: Emitter = {
  answers: () => 'exact',
  emit: (node) => (isRefused(node) ? undefined : { request: node, losses: LOSSLESS }),
  explain: () => ({ text: '', parameters: new Map() }),
};
const emitters = { columns: emitter, search: emitter, records: emitter };

const partsOf = (text: string, { at = NOW, rights = ALL_ROWS }: { readonly at?: bigint; readonly rights?: RowRights } = {}): readonly BucketWise[] => {
  const checked = check(text, learnedCatalogue);
  expect(checked.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const request = { at, from: at - 60n * MINUTE, to: at, zone: 'UTC', parameters: new Map(), completeTo: at, notice: () => {}, rights };
  return [...bucketWiseParts(split(plan(checked, request).plan, { emitters, failing: FAILING })).parts.values()];
};
const partOf = (...asked: Parameters<typeof partsOf>): BucketWise => {
  const [part, ...others] = partsOf(...asked);
  expect(others).toEqual([]);
  return part as BucketWise;
};

test.each([
  'from metrics.http.latency last 20m | every 1m avg',
  'from metrics.http.latency last 20m | where host == "a" | every 1m avg | max by host',
  'from metrics.http.latency last 20m | every 1m avg | where value > 1ms',
  'from logs last 20m | where severity == "error" | every 1m count by service',
  'from processes last 20m | every 1m avg cpu | max by host',
])('%s', (text) => {
  expect(partOf(text)).toMatchObject({ time: 'time', count: undefined, every: { from: NOW - 20n * MINUTE, to: NOW } });
});

test.each([
  // One window over all of the range, rows by themselves, and what is changed in place.
  'from metrics.http.latency last 20m | every all avg',
  'from metrics.http.latency last 20m | latest',
  'from logs last 20m | limit 10',
  'from events last 20m | every 1m count',
  'from hosts | count by region',
])('%s has none', (text) => {
  expect(partsOf(text)).toEqual([]);
});

test('how far before a bucket its rows lie: of counters the sample before, and all of a window', () => {
  const reachOf = (pipe: string): bigint => partOf(`from metrics.system.network.io last 20m | every 1m ${pipe}`).reach;
  expect(partOf('from metrics.http.latency last 20m | every 1m max').reach).toBe(0n);
  expect(reachOf('rate')).toBeGreaterThan(0n);
  expect(reachOf('rate over 5m') - reachOf('rate')).toBe(5n * MINUTE);
  expect([partOf('from metrics.http.latency last 20m | every 1m max over 5m'), partOf('from metrics.http.latency last 20m | every 1m max')]).toMatchObject([
    { isWholeAtFrom: true },
    { isWholeAtFrom: false },
  ]);
});

test('the same rows have the same key whenever they are asked for, others another', () => {
  const { key } = partOf('from metrics.http.latency last 20m | where host == "a" | every 1m avg');
  expect(partOf('from metrics.http.latency last 30m | where host == "a" | every 1m avg', { at: NOW + 7n * MINUTE }).key).toBe(key);
  const web = rightsOf([{ datasets: 'all', where: conditionOf('role == "web"') }]);
  const others = [
    partOf('from metrics.http.latency last 20m | where host == "b" | every 1m avg'),
    partOf('from metrics.http.latency last 20m | where host == "a" | every 2m avg'),
    partOf('from metrics.http.latency last 20m | where host == "a" | every 1m max'),
    partOf('from metrics.http.latency last 20m | where host == "a" | every 1m avg over 2m'),
    partOf('from metrics.system.memory.usage last 20m | where host == "a" | every 1m avg'),
    partOf('from metrics.http.latency last 20m | where host == "a" | every 1m avg', { rights: web }),
  ].map((part) => part.key);
  expect(new Set([key, ...others]).size).toBe(1 + others.length);
});

test('a piece reads its range and what its windows need before it, or cannot be said to the store', async () => {
  const part = partOf('from metrics.http.latency last 20m | every 1m max over 5m');
  const range = { from: NOW - 10n * MINUTE, to: NOW - 5n * MINUTE };
  const prepared: PlanNode[] = [];
  const piece = await within(part, range, async (node) => void prepared.push(node));
  expect(scansOf(piece?.fragment.plan as PlanNode)).toMatchObject([{ range, before: 4n * MINUTE }]);
  expect(prepared).toEqual([piece?.fragment.plan]);
  refused = (node) => node.node === 'scan' && node.range?.from === range.from;
  expect(await within(part, range, async () => undefined)).toBeUndefined();
  refused = doneHere;
});

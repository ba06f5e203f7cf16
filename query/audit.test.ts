// Which texts are audited, and when: only where something can fail, and where a missing value would be seen only when one is seen.
import { expect, test } from 'vitest';
import { FLOAT, INT64, type Value } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { CodedError, hasCode } from '../core/errors.ts';
import type { ColumnStore, QueryAnswer, QueryOptions } from '../engines/columns/port.ts';
import type { SampleMark } from '../schemas/sample-value.ts';
import { metricHash } from '../schemas/series-id.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { CLICKHOUSE, check, plan, type SplitPlan, type Stores, split } from './compile.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { ask } from './run/ask.ts';
import { specCatalogue } from './testing/spec-run.ts';

const HOUR = 3_600_000_000_000n;
const at = 1_795_172_400_000_000_000n;
const request: PlanRequest = { at, from: at - HOUR, to: at, zone: 'UTC', parameters: new Map(), completeTo: at, notice: () => {} };
const dialects: Stores['dialects'] = { columns: 'clickhouse', search: 'clickhouse', records: 'postgres' };

type Marked = readonly (readonly [mark: SampleMark, metric: number])[];

const partsOf = (text: string, marked: Marked = [], options?: { readonly push: boolean }): SplitPlan => {
  const checked = check(text, specCatalogue);
  expect(checked.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  const marks: Stores['marks'] = (mark, metric) => (marked.some(([m, of]) => m === mark && of === metric) ? [at - HOUR] : []);
  return split(plan(checked, request, { limit: 100 }).plan, { dialects, clickhouse: CLICKHOUSE, marks }, options);
};
const auditsOf = (text: string, marks: Marked = []) => [...partsOf(text, marks).fragments.values()].flatMap((f) => f.audits);

test.each([
  'from metrics.system.memory.usage',
  'from metrics.system.memory.usage | every 1m avg | sum by host | set gib = value / 1GiB, share = 100 * value * value | where gib > 1',
  'from metrics.system.network.io | every 1m rate | p95 by host',
  'from processes | where time - start > 5m | every 1m avg(cpu), stddev(cpu) | avg cpu.avg by name',
  'from processes | summarize sum(threads), p99(cpu) by name | sort cpu.p99 desc',
  'from logs | summarize avg(status), p99(status) by path',
  'from logs | where abs(status) + 1 > 500 | count by host',
  'from hosts | where cores > 4',
])('%s: nothing can fail', (text) => {
  expect(auditsOf(text)).toEqual([]);
});

const seenIn = (...missingIn: string[]) => ({ missingIn, rows: 101 });
test.each<readonly [string, readonly unknown[]]>([
  ['from metrics.system.memory.usage | set r = value / value', [seenIn('r')]],
  ['from metrics.system.memory.usage | set r = value / value | rename r as s | set t = 2 * s | drop s', [seenIn('t'), seenIn('t')]],
  ['from metrics.system.memory.usage | set r = (value / value) ?? 0', [undefined]],
  ['from metrics.system.memory.usage | set r = value ?? value / value', [seenIn('r')]],
  ['from metrics.system.memory.usage | set r = if(value / value > 1, 1, 0)', [undefined]],
  ['from metrics.system.memory.usage | set r = if(value > 1KiB, value / value, 0)', [seenIn('r')]],
  ['from metrics.system.memory.usage | where value / value > 1', [undefined]],
  ['from metrics.system.memory.usage | set r = value / value | where r > 1', [undefined]],
  ['from metrics.system.memory.usage | set r = value / value | limit 10', [{ missingIn: ['r'], rows: 10 }]],
  ['from metrics.system.memory.usage | set r = value / value | top 3 by r per host', [undefined]],
  ['from metrics.system.memory.usage | set r = value / value | limit 0', []],
  ['from metrics.system.memory.usage | set r = value / value | select host', []],
  ['from metrics.system.memory.usage | every 1m max(value / value)', [undefined]],
  ['from processes | summarize sum(memory) by name', [seenIn('memory.sum')]],
  ['from processes | summarize s = sum(memory) by name | where s > 1KiB', [undefined]],
  ['from logs | set big = status * 1e165 | every 1m sum(big) by host', [seenIn('big')]],
])('%s', (text, whens) => {
  expect(auditsOf(text).map((a) => a.when)).toEqual(whens);
});

const MEMORY = metricHash('system.memory.usage');

test('values that came as no numbers are counted where their metric is marked, and where the values are read', () => {
  const marked = (text: string) => auditsOf(text, [['not-finite', MEMORY]]);
  const [audit, ...more] = marked('from metrics.system.memory.usage | where host == "a" and value > 1KiB | count');
  expect(more).toEqual([]);
  expect(audit).toMatchObject({ when: undefined, shared: true });
  expect([...(audit?.parameters.values() ?? [])]).toContain('a');
  expect([...(audit?.parameters.values() ?? [])]).not.toContain(1024);
  expect(marked('from metrics.system.memory.usage | count by host')).toEqual([]);
  expect(marked('from metrics.system.network.io | every 1m rate')).toEqual([]);
});

test('where sums may be too large a window without zeros is counted always; increases run here', () => {
  const marks: Marked = [
    ['extreme', MEMORY],
    ['extreme', metricHash('system.network.io')],
  ];
  expect(auditsOf('from metrics.system.memory.usage | every 1m avg', marks).map((a) => a.when)).toEqual([undefined]);
  const parts = partsOf('from metrics.system.network.io | every 1m rate', marks);
  expect(parts.plan.node).not.toBe('scan');
});

test('what can fail in a filter stays with what has to run here', () => {
  const [fragment] = [...partsOf('from metrics.system.memory.usage | where value / value > 1 and exp(value / 1KiB) > 2 and host == "a"').fragments.values()];
  expect(fragment?.audits).toEqual([]);
  expect([...(fragment?.parameters.values() ?? [])]).toContain('a');
  expect(fragment?.text).not.toContain('ifNotFinite');
});

interface Put {
  readonly text: string;
  readonly options: QueryOptions | undefined;
}
/** A column store that answers by the text. */
const storeOf = (answer: (put: Put) => Promise<readonly (readonly [string, readonly Value[]])[]> | readonly (readonly [string, readonly Value[]])[]) => {
  const puts: Put[] = [];
  const query = async (text: string, options?: QueryOptions): Promise<QueryAnswer> => {
    puts.push({ text, options });
    const columns = await answer({ text, options });
    const batch = batchOf(columns.map(([name, values]) => [name, columnFrom(name === 'r' ? FLOAT : INT64, values)] as const));
    return { batches: [batch], stats: { rowsRead: 1, bytesRead: 8, elapsedMs: 0 } };
  };
  const columns = { query } as unknown as ColumnStore;
  return { puts, run: (parts: SplitPlan) => ask(parts, { columns, search: columns as never, records: {} as never }, RUN_FUNCTIONS, {}) };
};
const isAudit = ({ text }: Put): boolean => text.includes('#lost');
const DIVIDED = 'from metrics.system.memory.usage | select r = value / value';

test('an audit that a missing value calls for is asked only then, or when the answer was cut', async () => {
  const parts = partsOf(DIVIDED);
  const rows = (r: readonly (number | null)[]) => parts.plan.columns.map((c) => [c.name, c.name === 'r' ? r : r.map((_, i) => BigInt(i))] as const);
  const present = storeOf(() => rows([1, 2]));
  expect((await present.run(parts)).notRepresentable).toBe(0);
  expect(present.puts.filter(isAudit)).toHaveLength(0);
  const missing = storeOf((put) => (isAudit(put) ? [['#lost0', [7n]]] : rows([1, null])));
  expect((await missing.run(parts)).notRepresentable).toBe(7);
  const full = storeOf((put) => (isAudit(put) ? [['#lost0', [5n]]] : rows(Array.from({ length: 101 }, () => 1))));
  expect((await full.run(parts)).notRepresentable).toBe(5);
});

test('an audit that fails fails the question, and ends what was asked beside it', async () => {
  const parts = partsOf('from metrics.system.memory.usage | where value / value > 1');
  let ended = false;
  const failing = storeOf(async (put) => {
    if (isAudit(put)) throw new CodedError('columns.limit', { limit: 'time' } as never);
    await new Promise((resolve) => put.options?.signal?.addEventListener('abort', resolve));
    ended = true;
    throw new CodedError('columns.cancelled', {});
  });
  await expect(failing.run(parts)).rejects.toSatisfy((e) => hasCode(e, 'columns.limit'));
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(ended).toBe(true);
});

test('what is read twice is counted once', async () => {
  const parts = partsOf('from metrics.system.memory.usage | top 2 host by max(value)', [['not-finite', MEMORY]], { push: false });
  const audits = [...parts.fragments.values()].flatMap((f) => f.audits);
  expect(audits).toHaveLength(2);
  const store = storeOf((put) => (isAudit(put) ? [['#lost0', [3n]]] : []));
  expect((await store.run(parts)).notRepresentable).toBe(3);
});

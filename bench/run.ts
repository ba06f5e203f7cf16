// The runner: filter, aggregate and windows over a million samples in memory, each against a loop written by hand for just that.

import { type Batch, FLOAT, INT64, type TextColumn, TIME_NS, UTF8 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import type { AggregateFunction } from '../query/2-semantic/function-names.ts';
import { call, columnReference, literal } from '../query/3-plan/expression.ts';
import type { Every, PlanColumn, PlanNode } from '../query/3-plan/nodes.ts';
import { RUN_FUNCTIONS } from '../query/functions/run/functions.ts';
import { Budget } from '../query/run/budget.ts';
import { runPlan } from '../query/run/run.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const ROWS = 1_000_000;
const SERIES = 1_000;
const SAMPLES = ROWS / SERIES;
const STEP = 15_000_000_000n;
const MINUTE = 60_000_000_000n;

const fixed = (type: typeof FLOAT, values: Float64Array | BigInt64Array) => ({ layout: 'fixed', type, length: ROWS, validity: undefined, values }) as const;

/** Series one after the other, 15 s apart; the host as a dictionary, as stores send labels. */
const time = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(i % SAMPLES) * STEP);
const series = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(Math.floor(i / SAMPLES)));
const host = Int32Array.from({ length: ROWS }, (_, i) => Math.floor(i / SAMPLES) % 100);
const value = Float64Array.from({ length: ROWS }, (_, i) => (i * 7919) % 1000);
const hosts = columnFrom(
  UTF8,
  Array.from({ length: 100 }, (_, i) => `host-${i}`),
) as TextColumn;
const samples: Batch = batchOf([
  ['time', fixed(TIME_NS, time)],
  ['#series', fixed(INT64, series)],
  ['host', { layout: 'dictionary', type: UTF8, length: ROWS, validity: undefined, indices: host, dictionary: hosts }],
  ['value', fixed(FLOAT, value)],
]);
const COLUMNS: readonly PlanColumn[] = [
  { name: 'time', type: 'time' },
  { name: '#series', type: 'int' },
  { name: 'host', type: 'string' },
  { name: 'value', type: 'float' },
];
const input: PlanNode = { node: 'inline', columns: COLUMNS, batch: samples };
const x = columnReference('value', 'float');

const filter: PlanNode = { node: 'filter', input, columns: COLUMNS, predicate: call('greater', 'bool', x, literal('float', 900)) };
const aggregate: PlanNode = {
  node: 'aggregate',
  input,
  keys: ['host'],
  aggregates: [{ name: 'value', type: 'float', function: 'avg', arguments: [x], where: undefined }],
  time: undefined,
  order: [],
  columns: [
    { name: 'host', type: 'string' },
    { name: 'value', type: 'float' },
  ],
};
const window = (name: AggregateFunction): Every => ({
  node: 'every',
  input,
  keys: ['#series'],
  carry: ['host'],
  bucket: { kind: 'fixed', nanos: MINUTE },
  over: undefined,
  from: 0n,
  to: BigInt(SAMPLES) * STEP,
  lookback: 5n * MINUTE,
  whole: false,
  aggregates: [{ name: 'value', type: 'float', function: name, arguments: [x], where: undefined }],
  delta: false,
  ties: [],
  columns: [
    { name: '#series', type: 'int' },
    { name: 'host', type: 'string' },
    { name: 'time', type: 'time' },
    { name: 'value', type: 'float' },
  ],
});

const filterByHand = (): number => {
  const kept = new Int32Array(ROWS);
  let count = 0;
  for (let i = 0; i < ROWS; i++) if ((value[i] as number) > 900) kept[count++] = i;
  const columns = [new BigInt64Array(count), new BigInt64Array(count), new Int32Array(count), new Float64Array(count)] as const;
  for (let i = 0; i < count; i++) {
    const row = kept[i] as number;
    columns[0][i] = time[row] as bigint;
    columns[1][i] = series[row] as bigint;
    columns[2][i] = host[row] as number;
    columns[3][i] = value[row] as number;
  }
  return count;
};

const aggregateByHand = (): Float64Array => {
  const sums = new Float64Array(100);
  const counts = new Float64Array(100);
  for (let i = 0; i < ROWS; i++) {
    const g = host[i] as number;
    sums[g] = (sums[g] as number) + (value[i] as number);
    counts[g] = (counts[g] as number) + 1;
  }
  return sums.map((s, g) => s / (counts[g] as number));
};

const BUCKETS = Number((BigInt(SAMPLES) * STEP) / MINUTE);

/** It knows what the runner must find out: that series are dense numbers and samples in order. */
const windowByHand = (): Float64Array => {
  const sums = new Float64Array(SERIES * BUCKETS);
  const counts = new Float64Array(SERIES * BUCKETS);
  for (let i = 0; i < ROWS; i++) {
    const g = Number(series[i]) * BUCKETS + Number((time[i] as bigint) / MINUTE);
    sums[g] = (sums[g] as number) + (value[i] as number);
    counts[g] = (counts[g] as number) + 1;
  }
  return sums.map((s, g) => s / (counts[g] as number));
};

const rateByHand = (): Float64Array => {
  const rises = new Float64Array(SERIES * BUCKETS);
  const spans = new Float64Array(SERIES * BUCKETS);
  for (let i = 1; i < ROWS; i++) {
    if (series[i] !== series[i - 1]) continue;
    const g = Number(series[i]) * BUCKETS + Number((time[i] as bigint) / MINUTE);
    const rise = (value[i] as number) - (value[i - 1] as number);
    rises[g] = (rises[g] as number) + (rise < 0 ? (value[i] as number) : rise);
    spans[g] = (spans[g] as number) + Number((time[i] as bigint) - (time[i - 1] as bigint)) / 1e9;
  }
  return rises.map((r, g) => r / (spans[g] as number));
};

const compared = async (what: string, plan: PlanNode, byHand: () => unknown): Promise<Figure> => {
  const env = { functions: RUN_FUNCTIONS, scan: async function* () {}, tables: {}, warn: () => {} };
  const ours = await cpuSeconds(() => runPlan(plan, { ...env, budget: new Budget() }), 1, 5);
  const plain = await cpuSeconds(byHand, 1, 5);
  return { what, value: `${short(ROWS / ours)} rows/CPU-s`, against: `${short(ROWS / plain)} rows/CPU-s (loop by hand)`, ratio: plain / ours };
};

export const run = async (): Promise<readonly Figure[]> => [
  await compared('run filter, one in ten kept', filter, filterByHand),
  await compared('run avg by host', aggregate, aggregateByHand),
  await compared('run every 1m avg, 1,000 series', window('avg'), windowByHand),
  await compared('run every 1m rate, 1,000 series', window('rate'), rateByHand),
];

// Names of metrics and of their labels over the limit, through the door: their rows are dropped and counted, and the sender is named.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameQuota } from './name-quota.ts';
import { setUp } from './testing/door.ts';
import { type Definition, frameOf, NOW, samplesPart, seriesPart } from './testing/frames.ts';

const DAY = 86_400_000;
const GENEROUS = { metricsPerSender: 1000, metrics: 1000, labelNamesPerSender: 1000, labelNames: 1000 };
const words = (what: string, from: number, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${what}-${from + i}`);

const open = (limits: Partial<typeof GENEROUS>) => {
  const { door, post, telemetry } = setUp({ limits });
  let seq = 0;
  const send = (definitions: readonly Definition[], agent = 'a', samples: readonly Definition[] = []) => {
    seq += 100;
    return post(frameOf([seriesPart(definitions), ...samples.map((one) => samplesPart(one, [[NOW, 1]]))], { agent, host: `host-of-${agent}`, seq }));
  };
  return { door, send, telemetry };
};

test('a metric gets no more names of labels of one sender than it may, and goes on with those that it has', async () => {
  const { door, send, telemetry } = open({ labelNamesPerSender: 10 });
  const withLabel = (label: string): Definition => ['system.memory.utilization', [[label, 'x']]];
  const over = withLabel('l-10');
  expect(await send(words('l', 0, 500).map(withLabel), 'a', [over])).toMatchObject({
    status: 200,
    rows: 10,
    dropped: [
      { schema: 'series', reason: 'label-limit', rows: 490, firstRow: 10, label: 'l-10' },
      { schema: 'metrics', reason: 'label-limit', rows: 1 },
    ],
  });
  expect(await send([['system.memory.utilization', [['l-3', 'another value']]]])).toMatchObject({ rows: 1, dropped: [] });
  expect(await send([['system.cpu.time', [['l-400', 'x']]]])).toMatchObject({ rows: 1, dropped: [] });
  // Of another sender there is room.
  expect(await send([withLabel('mode')], 'b')).toMatchObject({ rows: 1, dropped: [] });
  expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'label-limit', schema: 'series' })).toBe(490);
  expect(door.state.names.labels).toEqual([
    expect.objectContaining({ sender: 'a', host: 'host-of-a', metric: 'system.memory.utilization', label: 'l-10', rows: 491 }),
  ]);
});

test('a metric gets no more names of labels of all senders than it may: who brings those over it is refused', async () => {
  const { send } = open({ labelNamesPerSender: 40, labelNames: 100 });
  const of = (from: number): Definition => ['m', words('l', from, 40).map((name) => [name, 'x'] as const)];
  expect(await send([of(0)], 'a')).toMatchObject({ rows: 1 });
  expect(await send([of(40)], 'b')).toMatchObject({ rows: 1 });
  expect(await send([of(80)], 'c')).toMatchObject({ rows: 0, dropped: [{ reason: 'label-limit', rows: 1, label: 'l-100' }] });
  expect(await send([of(20), of(60 - 20)], 'c')).toMatchObject({ rows: 2, dropped: [] });
});

test('a sender brings no more names of metrics than it may, and what others brought costs it nothing', async () => {
  const { door, send, telemetry } = open({ metricsPerSender: 100 });
  const metrics = (prefix: string, count: number): readonly Definition[] => words(prefix, 0, count).map((name) => [name, [['host', 'h']]] as const);
  expect(await send(metrics('a', 100), 'a')).toMatchObject({ rows: 100, dropped: [] });
  expect(await send([...metrics('a', 100), ...metrics('b', 300)], 'b')).toMatchObject({
    rows: 200,
    dropped: [{ reason: 'metric-limit', rows: 200, firstRow: 200 }],
  });
  expect(await send([['a-0', [['host', 'another']]]], 'b')).toMatchObject({ rows: 1, dropped: [] });
  expect(telemetry.value('inframirror_ingest_metrics', {})).toBe(200);
  expect(door.state.names.metrics).toEqual([expect.objectContaining({ sender: 'b', metric: 'b-100', rows: 200 })]);
});

test('labels beyond 128 bytes of a name and 1,024 of a value are dropped and named, the others of the frame go on', async () => {
  const { send } = open({});
  const sizes: readonly Definition[] = [
    ['m', [['n'.repeat(128), 'v'.repeat(1024)]]],
    ['m', [['n'.repeat(129), 'v']]],
    ['m', [['path', 'v'.repeat(1025)]]],
  ];
  expect(await send(sizes)).toMatchObject({ status: 200, rows: 1, dropped: [{ reason: 'label-size', rows: 2, firstRow: 1, label: 'n'.repeat(129) }] });
});

test('who has no key of its own leaves a quarter of the places to the others, under however many names', () => {
  const quota = new NameQuota({ ...GENEROUS, metricsPerSender: 10, metrics: 100, labelNamesPerSender: 10, labelNames: 40 }, () => NOW);
  const metrics = (sender: string, isBound: boolean) => words(sender, 0, 20).filter((name) => quota.define(sender, isBound, name, []) === undefined).length;
  expect(words('made-up', 0, 20).reduce((sum, sender) => sum + metrics(sender, false), 0)).toBe(75);
  expect(quota.state.largest).toEqual({ sender: 'made-up-0', metrics: 10 });
  expect(['x', 'y', 'z'].map((sender) => metrics(sender, true))).toEqual([10, 10, 5]);
  const labels = (sender: string, isBound: boolean) => words(sender, 0, 20).filter((name) => quota.define(sender, isBound, 'x-0', [name]) === undefined).length;
  expect(words('shared', 0, 10).reduce((sum, sender) => sum + labels(sender, false), 0)).toBe(30);
  expect([labels('x', true), labels('y', true)]).toEqual([10, 0]);
});

test('a name keeps its place for a month, and what is counted is what is there', () => {
  const step = fc.record({
    sender: fc.constantFrom('a', 'b', 'c'),
    metric: fc.integer({ min: 0, max: 6 }),
    labels: fc.uniqueArray(fc.constantFrom('k', 'l', 'm', 'n', 'o'), { maxLength: 3 }),
    days: fc.constantFrom(0, 0, 0, 1, 20, 40),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = { metricsPerSender: 3, metrics: 5, labelNamesPerSender: 2, labelNames: 3 };
      let now = NOW;
      const quota = new NameQuota(limits, () => now);
      let model: {
        readonly metric: number;
        readonly by: string;
        readonly day: number;
        labels: { readonly label: string; readonly by: string; readonly day: number }[];
      }[] = [];
      for (const { sender, metric, labels, days } of steps) {
        now += days * DAY;
        const day = Math.floor(now / DAY);
        model = model.filter((one) => one.day >= day - 30);
        for (const one of model) one.labels = one.labels.filter((label) => label.day >= day - 30);
        const known = model.find((one) => one.metric === metric);
        const fresh = labels.filter((label) => !known?.labels.some((one) => one.label === label));
        const mayBring = known !== undefined || (model.filter((one) => one.by === sender).length < limits.metricsPerSender && model.length < limits.metrics);
        const mayLabel =
          fresh.length === 0 ||
          (fresh.length + (known?.labels.filter((one) => one.by === sender).length ?? 0) <= limits.labelNamesPerSender &&
            fresh.length + (known?.labels.length ?? 0) <= limits.labelNames);
        const verdict = quota.define(sender, true, `m${metric}`, labels);
        expect(verdict?.limit).toBe(!mayBring ? 'metric-limit' : mayLabel ? undefined : 'label-limit');
        if (verdict !== undefined) continue;
        const brought = fresh.map((label) => ({ label, by: sender, day }));
        if (known === undefined) model.push({ metric, by: sender, day, labels: brought });
        else known.labels.push(...brought);
        expect(quota.size).toBe(model.length);
      }
    }),
  );
});

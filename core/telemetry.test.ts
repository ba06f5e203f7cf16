// Tests of the registry of own measures: rendering, escaping, bounds.
import { expect, test } from 'vitest';
import { TelemetryRegistry } from './telemetry.ts';

test('renders counters and gauges as Prometheus text, sorted by name', () => {
  const registry = new TelemetryRegistry();
  registry.describe('im_rows_total', 'counter', 'Rows\nin');
  registry.add('im_rows_total', { schema: 'logs' }, 3);
  registry.add('im_rows_total', { schema: 'logs' });
  registry.set('im_lag', {}, Number.POSITIVE_INFINITY);
  expect(registry.render()).toBe(
    '# TYPE im_lag gauge\nim_lag +Inf\n# HELP im_rows_total Rows\\nin\n# TYPE im_rows_total counter\nim_rows_total{schema="logs"} 4\n',
  );
});

test('label values are escaped and their order does not matter', () => {
  const registry = new TelemetryRegistry();
  registry.add('a_total', { b: 'x"\\\n', a: '1' });
  registry.add('a_total', { a: '1', b: 'x"\\\n' });
  expect(registry.render()).toContain('a_total{a="1",b="x\\"\\\\\\n"} 2\n');
});

test('label sets are bounded: what is over the bound is summed into one', () => {
  const registry = new TelemetryRegistry();
  for (let i = 0; i < 2500; i++) registry.add('a_total', { id: String(i) });
  expect(registry.value('a_total', { overflow: 'true' })).toBe(500);
  expect(registry.value('a_total', { id: '0' })).toBe(1);
});

test('tells its counters with their labels', () => {
  const registry = new TelemetryRegistry();
  registry.set('gauge', {}, 1);
  registry.add('b_total', { reason: 'late', stage: 'ingest' }, 2);
  registry.add('b_total', { stage: 'ingest', reason: 'late' }, 3);
  registry.add('a_total');
  expect(registry.counters()).toEqual([
    { name: 'a_total', labels: {}, value: 1 },
    { name: 'b_total', labels: { reason: 'late', stage: 'ingest' }, value: 5 },
  ]);
  for (let i = 0; i < 2500; i++) registry.add('c_total', { id: String(i) });
  expect(registry.counters().filter(({ labels }) => labels.overflow === 'true')).toEqual([{ name: 'c_total', labels: { overflow: 'true' }, value: 500 }]);
});

test('a gauge of things that come and go tells those alone that are there', () => {
  const registry = new TelemetryRegistry();
  registry.set('part_ok', { part: 'pipeline' }, 0);
  registry.setAll('part_ok', [
    { labels: { part: 'disk' }, value: 1 },
    { labels: { part: 'door' }, value: 0 },
  ]);
  expect(registry.render()).toBe('# TYPE part_ok gauge\npart_ok{part="disk"} 1\npart_ok{part="door"} 0\n');
  registry.setAll('part_ok', []);
  expect(registry.render()).toBe('');
  // What was told long ago takes no room.
  for (let i = 0; i < 2500; i++) registry.setAll('part_ok', [{ labels: { part: String(i) }, value: 1 }]);
  expect(registry.render()).toBe('# TYPE part_ok gauge\npart_ok{part="2499"} 1\n');
  registry.add('a_total');
  expect(() => registry.setAll('a_total', [])).toThrow(TypeError);
});

test('a counter refuses to fall and a name refuses another type', () => {
  const registry = new TelemetryRegistry();
  registry.add('a_total');
  expect(() => registry.add('a_total', {}, -1)).toThrow(RangeError);
  expect(() => registry.add('a_total', {}, Number.NaN)).toThrow(RangeError);
  expect(() => registry.set('a_total', {}, 1)).toThrow(TypeError);
});

test('collectors run before a rendering until taken back', () => {
  const registry = new TelemetryRegistry();
  let n = 0;
  const stop = registry.collect(() => registry.set('n', {}, ++n));
  expect(registry.render()).toContain('n 1');
  stop();
  expect(registry.render()).toContain('n 1');
});

// What `/metrics` says, held to the grammars, and each name in the code to the list that describes it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { isSource, ourFiles, textOf } from '../../test/support/sources.ts';
import { describeMeasures, MEASURES } from './measures.ts';
import { OwnMeasures } from './own-measures.ts';
import { readExposition } from './testing/exposition.ts';

const FORMATS = ['prometheus', 'openmetrics'] as const;

test('every measure of the code is described, and every one that is described is in the code', () => {
  const names = new Set<string>();
  for (const path of ourFiles.filter(
    (p) => isSource(p) && /^(app|core|engines|graphql|ingest|pipeline|query)\//.test(p) && !/\.test\.ts$|measures\.ts$|testing\//.test(p),
  ))
    for (const [name] of textOf(path).matchAll(
      /(?<=['`])(?:inframirror|process)(?:_[a-z0-9_]+)?(?:_total|_bytes|_seconds|_ratio|_messages|_connections|_series|_letters|_up|_waiting|_ok|_hosts|_metrics|_silent|_still)(?=['`])/g,
    ))
      names.add(name);
  const own = textOf('app/metrics/own-measures.ts');
  const made = ['inframirror_dead_rows_total', 'inframirror_dropped_rows_total'];
  const known = Object.keys(MEASURES).filter((name) => !own.includes(`'${name}'`) && !made.includes(name));
  expect([...names].filter((name) => MEASURES[name] === undefined && !name.includes('${'))).toEqual([]);
  expect(known.filter((name) => !names.has(name))).toEqual([]);
});

test('names and units go by the rules: base units, _total for counters alone, one sentence of help', () => {
  for (const [name, [type, help]] of Object.entries(MEASURES)) {
    expect(name, name).toMatch(/^(inframirror|process)_[a-z0-9_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name, name).not.toMatch(/_(ms|millis|minutes|kb|mib|percent)(_|$)/);
    expect(help, name).toMatch(/^[A-Z].*\.$|^[A-Z].*: [a-z ]+\.$/);
    if (type === 'histogram') expect(name, name).toMatch(/_seconds$/);
  }
});

test.each(FORMATS)('whatever is counted reads as %s', (format) => {
  const names = Object.entries(MEASURES);
  const label = fc.record({ k: fc.string({ unit: 'grapheme' }), other: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(names.length - 1), label, fc.double({ min: 0, noNaN: true })), { maxLength: 60 }), (events) => {
      const telemetry = new TelemetryRegistry();
      describeMeasures(telemetry);
      for (const [at, labels, value] of events) {
        const [name, [type]] = names[at] as (typeof names)[number];
        if (type === 'counter') telemetry.add(name, labels, value);
        else if (type === 'gauge') telemetry.set(name, labels, -value);
        else telemetry.observe(name, labels, value);
      }
      if (events.length === 0) return;
      const read = readExposition(telemetry.render(format), format);
      const families = new Set(events.map(([at]) => names[at]?.[0].replace(format === 'openmetrics' ? /_total$/ : /$^/, '')));
      expect(new Set(read.keys())).toEqual(families);
    }),
  );
});

test('a histogram has what was observed in the buckets of its bounds', () => {
  const telemetry = new TelemetryRegistry();
  telemetry.describe('h_seconds', 'histogram', 'Help.');
  for (const seconds of [0.0005, 0.001, 0.3, 1, 1000]) telemetry.observe('h_seconds', { a: 'x' }, seconds);
  const samples = readExposition(telemetry.render(), 'prometheus').get('h_seconds')?.samples ?? [];
  const at = (le: string): number | undefined => samples.find(({ labels }) => labels.le === le)?.value;
  expect([at('0.001'), at('0.25'), at('0.5'), at('1.0'), at('60.0'), at('+Inf')]).toEqual([2, 2, 3, 4, 4, 5]);
  expect(samples.at(-2)).toEqual({ name: 'h_seconds_sum', labels: { a: 'x' }, value: 1001.3015 });
});

test('the reader is strict: it refuses what breaks the grammar', () => {
  const good = '# HELP a_total x\n# TYPE a_total counter\na_total{b="c"} 1\n';
  expect(readExposition(good, 'prometheus').get('a_total')?.samples).toHaveLength(1);
  for (const bad of [
    good.slice(0, -1),
    good.replace('# HELP a_total x\n', ''),
    good.replace('# TYPE a_total counter\n', ''),
    good.replaceAll('_total', ''),
    good.replace('"c"', '"c'),
    good.replace(' 1\n', ' one\n'),
    good.replace(' 1\n', ' -1\n'),
    `${good}a_total{b="c"} 2\n`,
    `${good}${good}`,
    good.replace('b="c"', 'b="c",b="d"'),
  ])
    expect(() => readExposition(bad, 'prometheus'), bad).toThrow();
  expect(() => readExposition(`${good}# EOF\n`, 'openmetrics')).toThrow();
});

test('the server’s own measures are there from the first moment, and counters of others only rise', async () => {
  const telemetry = new TelemetryRegistry();
  const store = { pid: 1 as number | undefined, restarts: 2 };
  const spaces = { read: () => Promise.resolve([{ name: 'columns', bytes: 7, diskFree: 3, diskSize: 9 }]) };
  const notes = () => ({ last: { dir: '/b', point: '2026-11-29T00:00:00Z', bytes: 1, seconds: 1 } });
  const pipeline = { pid: 7, restarts: 1, usage: { memory: 5, cpu: 2 } };
  const measures = new OwnMeasures({
    telemetry,
    spaces,
    keepers: { columns: store },
    pipeline,
    notes,
    letters: { waiting: () => Promise.resolve({ count: 0, since: undefined }) },
    begun: 1500,
    areSettingsTaken: () => false,
    problems: () => 2,
    keeps: () => true,
  });
  measures.start();
  const value = (name: string): number | undefined => readExposition(telemetry.render('openmetrics'), 'openmetrics').get(name)?.samples[0]?.value;
  expect(value('inframirror_build_info')).toBe(1);
  expect(value('process_start_time_seconds')).toBe(1.5);
  expect(value('inframirror_settings_taken')).toBe(0);
  expect(value('inframirror_pipeline_process_cpu_seconds')).toBe(2);
  // Another process of it begins at nothing.
  pipeline.usage.cpu = 0.5;
  expect(value('inframirror_pipeline_process_cpu_seconds')).toBe(2.5);
  expect(['up', 'resident_memory_bytes', 'restarts'].map((name) => value(`inframirror_pipeline_process_${name}`))).toEqual([1, 5, 1]);
  expect([value('inframirror_problems'), value('inframirror_keeps')]).toEqual([2, 1]);
  expect(value('inframirror_backup_timestamp_seconds')).toBe(Date.UTC(2026, 10, 29) / 1000);
  expect(value('process_cpu_seconds')).toBeGreaterThan(0);
  expect(value('inframirror_event_loop_delay_p99_seconds')).toBeGreaterThanOrEqual(0);
  expect([value('inframirror_store_up'), value('inframirror_store_restarts')]).toEqual([1, 2]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(['store_bytes', 'disk_free_bytes', 'disk_size_bytes'].map((name) => value(`inframirror_${name}`))).toEqual([7, 3, 9]);
  store.pid = undefined;
  store.restarts = 3;
  expect([value('inframirror_store_up'), value('inframirror_store_restarts')]).toEqual([0, 3]);
  measures.stop();
});

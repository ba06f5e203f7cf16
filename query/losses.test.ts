// Of which texts a store may make values missing without anybody seeing it, and in which columns of its answer they would be seen.
import { expect, test } from 'vitest';
import type { SampleMark } from '../schemas/sample-value.ts';
import { metricHash } from '../schemas/series-id.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { explained } from './4-emit/fragment.ts';
import type { MarkedHours } from './4-emit/losses.ts';
import { check, plan, type SplitPlan, split, storesWith } from './compile.ts';
import { specCatalogue, specSeries } from './testing/spec-run.ts';

const HOUR = 3_600_000_000_000n;
const at = 1_795_172_400_000_000_000n;
const request: PlanRequest = { at, from: at - HOUR, to: at, zone: 'UTC', parameters: new Map(), rights: ALL_ROWS, completeTo: at, notice: () => {} };
const MEMORY = metricHash('system.memory.usage');

const partsOf = (text: string, marked: readonly SampleMark[] = [], options?: { readonly push: boolean }): SplitPlan => {
  const checked = check(text, specCatalogue);
  expect(checked.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  const marks: MarkedHours = (mark, metric) => (marked.includes(mark) && metric === MEMORY ? [at - HOUR] : []);
  return split(plan(checked, request, { limit: 100 }).plan, storesWith({ marks, series: specSeries, mostHere: 0 }), options);
};
/** The columns, and `hidden`. */
const lossesOf = (text: string, marked?: readonly SampleMark[]): readonly string[] =>
  [...partsOf(text, marked).fragments.values()].flatMap(({ emission: { losses } }) => [...losses.columns.keys(), ...(losses.isHidden ? ['hidden'] : [])]);

const M = 'from metrics.system.memory.usage';
test.each<readonly [string, readonly string[]]>([
  [M, []],
  [`${M} | every 1m avg | avg by host | set gib = value / 1GiB, share = 100 * value * value | where gib > 1`, []],
  ['from metrics.system.network.io | every 1m rate | p95 by host', []],
  ['from processes | where time - start > 5m | every 1m avg(cpu), stddev(cpu) | avg cpu.avg by name', []],
  ['from hosts | where cores > 4', []],
  [`${M} | set r = value / value`, ['r']],
  [`${M} | set r = value / 0`, ['r']],
  [`${M} | set r = value / value | rename r as s | set t = 2 * s | drop s`, ['t']],
  [`${M} | set r = (value / value) ?? 0`, ['hidden']],
  [`${M} | set r = value ?? value / value`, ['r']],
  [`${M} | set r = if(value / value > 1, 1, 0)`, ['hidden']],
  [`${M} | set r = if(value > 1KiB, value / value, 0)`, ['r']],
  [`${M} | where value / value > 1`, ['hidden']],
  [`${M} | set r = value / value | where r > 1`, ['r', 'hidden']],
  [`${M} | set r = value / value | select host`, []],
  [`${M} | every 1m max(value / value)`, ['hidden']],
  ['from processes | summarize sum(memory) by name', ['memory.sum']],
  ['from processes | summarize s = sum(memory) by name | where s > 1KiB', ['s']],
  ['from processes | every 1m max(memory * 9007199254740993) | max by name', ['hidden']],
  ['from processes | where pid != 9007199254740993 and time > @2026-11-20 + 5m', []],
  ['from logs | where status * 1e165 > 1 | count by host', ['hidden']],
])('%s', (text, losses) => {
  expect(lossesOf(text)).toEqual(losses);
});

test('values that came as no numbers are told of where a store went on with them', () => {
  expect(lossesOf(M, ['not-finite'])).toEqual(['value']);
  expect(lossesOf(`${M} | where host == "a"`, ['not-finite'])).toEqual(['value']);
  expect(lossesOf(`${M} | where value > 1KiB`, ['not-finite'])).toEqual(['value', 'hidden']);
  expect(lossesOf(`${M} | every 1m avg`, ['not-finite'])).toEqual(['hidden']);
  expect(lossesOf(`${M} | count by host`, ['not-finite'])).toEqual([]);
});

test('where a metric has very large values any number may be too large', () => {
  expect(lossesOf(`${M} | every 1m avg`, ['extreme'])).toEqual(['value', 'hidden']);
  expect(lossesOf(`${M} | every 1m avg, max`, ['extreme'])).toEqual(['value.avg']);
  expect(lossesOf(`${M} | where value * 8 > 1KiB | count by host`, ['extreme'])).toEqual(['hidden']);
});

test('to count, a store is asked for nothing that can fail', () => {
  const [fragment, ...more] = [...partsOf(`${M} | where value / value > 1 and host == "a" | avg by host`, ['not-finite'], { push: false }).fragments.values()];
  expect(more).toEqual([]);
  const asked = fragment && explained(fragment);
  expect(asked?.text).toContain('s.id = ');
  expect(asked?.text).not.toMatch(/ifNotFinite|isFinite|avg/);
});

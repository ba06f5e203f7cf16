// Labels from the inventory over real stores: a host that moves keeps the place it had for what it sent before. The way the stores are asked
// usually supposes that no host moved; that it is asked otherwise here is seen in the answers.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALL_ROWS } from './3-plan/rights.ts';
import { bothWays, difference } from './testing/both-ways.ts';
import { CHANGE, makeData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

let loaded: LoadedStores;
beforeAll(async () => {
  loaded = await loadStores(makeData(7));
});
afterAll(() => loaded?.stop());

const at = BigInt(CHANGE) * 1_000_000n;
const minutes = (n: number): bigint => at + BigInt(n * 60) * 1_000_000_000n;
const request = (from: bigint, to: bigint) => ({ at: to, from, to, zone: 'UTC', parameters: new Map(), rights: ALL_ROWS, completeTo: to, notice: () => {} });

/** Minutes from the change of clocks and the other columns, as the stores tell it; fails where this process tells otherwise. */
const rows = async (text: string, from = -30, to = 20): Promise<readonly (readonly unknown[])[]> => {
  const both = await bothWays(text, learnedCatalogue, request(minutes(from), minutes(to)), loaded);
  expect(difference(both)).toBeUndefined();
  if (!('rows' in both.pushed)) throw new Error(both.pushed.failed);
  return both.pushed.rows.map((row) => row.map((v) => (typeof v === 'bigint' && v > 1n << 50n ? Number((v - at) / 1_000_000_000n) / 60 : v)));
};

const CPU = 'from metrics.system.cpu.utilization | where host == "web-1"';

test('a bucket has the place of its newest sample', async () => {
  const found = await rows('from metrics.system.memory.usage | where host == "web-1" | every 5m count | max by datacenter');
  const places = (from: number, to: number) => new Set(found.filter(([time]) => (time as number) >= from && (time as number) < to).map(([, place]) => place));
  expect(places(-30, -10)).toEqual(new Set(['fra1']));
  expect(places(-10, -5)).toContain('nyc2');
  expect(places(-5, 0)).toEqual(new Set(['nyc2']));
  expect(places(5, 20)).toEqual(new Set(['fra1']));
});

test('a filter on the place holds for the samples that were sent from there', async () => {
  const times = (await rows(`${CPU} | where datacenter == "nyc2"`)).map(([time]) => time as number);
  expect(times.length).toBeGreaterThan(10);
  for (const time of times) expect(time >= -7 && time < 4.01).toBe(true);
  const count = async (where: string): Promise<number> => Number((await rows(`${CPU} ${where} | summarize n = count()`))[0]?.[0]);
  expect((await count('| where datacenter == "nyc2"')) + (await count('| where datacenter == "fra1"'))).toBe(await count(''));
  expect(await count('| where datacenter == "nyc2"')).toBe(times.length);
});

test('a filter over time takes the samples sent from there, not the series', async () => {
  const found = await rows(`${CPU} | where datacenter == "nyc2" | every 1m count | sum by host`);
  expect(found.length).toBeGreaterThan(5);
  for (const [time] of found) expect((time as number) >= -7 && (time as number) <= 4).toBe(true);
  expect(await rows(`${CPU} | where datacenter == "nyc2" | every 1m count | sum by host`, 5, 20)).toEqual([]);
});

test('without a move in the range one place holds throughout, also before the first row of the series', async () => {
  expect((await rows(`${CPU} | every all count | sum by datacenter`, -30, -8)).map(([place]) => place)).toEqual(['fra1']);
  expect((await rows(`${CPU} | every all count | sum by datacenter`, -6, 3)).map(([place]) => place)).toEqual(['nyc2']);
});

test('a rate of a host that moves goes on across the move', async () => {
  const text = 'from metrics.system.network.io | where host == "db-1" | every 1m rate | sum by region';
  const regions = new Map((await rows(text)).map(([time, region]) => [time as number, region]));
  expect([...regions.keys()].length).toBeGreaterThan(10);
  for (const [time, region] of regions) expect([time, region]).toEqual([time, time >= -4 ? 'eu' : null]);
});

test('all metrics together, and the newest sample of each series, are told as of then', async () => {
  for (const text of [
    `${CPU} | latest`,
    `${CPU} | latest by datacenter`,
    'from metrics.system.memory.usage | where datacenter == "fra1" and host == "db-1" | every 2m max | top 3 by value',
    'from metrics.system.memory.usage | where datacenter != "fra1" or value > 5B | summarize n = count() by datacenter, host',
    'from metrics | where name == "system.memory.usage" | every 5m max | max by name',
  ])
    await rows(text);
});

// A lookup after few rows asks the inventory for the hosts of these rows alone, and answers as if it had asked for all.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valueAt } from '../core/batch/batch.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { ask, askersOf } from './ask/ask.ts';
import { check, plan, split, storesWith } from './compile.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { bothWays, difference } from './testing/both-ways.ts';
import { CHANGE, makeData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

let loaded: LoadedStores;
beforeAll(async () => {
  loaded = await loadStores(makeData(7));
});
afterAll(() => loaded?.stop());

const to = BigInt(CHANGE) * 1_000_000n;
const request = { at: to, from: to - 1_800_000_000_000n, to, zone: 'UTC', parameters: new Map(), rights: ALL_ROWS, completeTo: to, notice: () => {} };

/** Hosts of the answer, and how many rows of the inventory were read for it. */
const asked = async (text: string): Promise<{ readonly hosts: readonly unknown[]; readonly read: readonly number[] }> => {
  const both = await bothWays(text, learnedCatalogue, request, loaded);
  expect(difference(both)).toBeUndefined();
  const planned = plan(check(text, learnedCatalogue), request);
  const parts = split(planned.plan, storesWith(loaded.known));
  const read: number[] = [];
  const records = {
    query: async (...args: Parameters<typeof loaded.ports.records.query>) => {
      const rows = await loaded.ports.records.query(...args);
      read.push(rows.length);
      return rows;
    },
  };
  const { batches } = await ask(parts, askersOf({ ...loaded.ports, records: { ...loaded.ports.records, ...records } }), RUN_FUNCTIONS);
  const at = parts.plan.columns.findIndex(({ name }) => name === 'host');
  return { hosts: batches.flatMap((b) => Array.from({ length: b.length }, (_, row) => b.columns[at] && valueAt(b.columns[at], row))), read };
};

test.each([
  ['the best of all', 'from processes | latest | top 1 by cpu | lookup hosts on host', 1],
  ['a text of its own', 'data [{host: "db-1"}, {host: "web-2"}, {host: "nowhere"}] | lookup hosts on host', 2],
  ['rows of a few hosts', 'from logs | where host in ("web-1", "o\'hara") | limit 50 | lookup hosts on host', 2],
  ['what is sorted by what was looked up', 'data [{host: "db-1"}, {host: "web-2"}] | lookup hosts on host | sort cores', 2],
  ['no row at all', 'from logs | where host == "nowhere" | lookup hosts on host', 0],
])('%s', async (_, text, most) => {
  const { hosts, read } = await asked(text);
  expect(read.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(most);
  expect(new Set(hosts).size).toBeGreaterThanOrEqual(most);
});

test('more hosts than a store is told by name are all asked for', async () => {
  const many = Array.from({ length: 1_001 }, (_, i) => `{host: "h${i}"}`).join(', ');
  const { hosts, read } = await asked(`data [${many}, {host: "web-1"}] | lookup hosts on host`);
  expect(hosts).toHaveLength(1_002);
  expect(read).toEqual([5]);
});

// Hosts that changed, over a store that does not manage one of them, or does not answer for a while: all others are brought up to their inventory.
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { type HostEntry, Inventory } from './inventory.ts';
import { Reenricher } from './re-enrich.ts';
import { SeriesTable } from './series-table.ts';

const entryOf = (host: string, env = 'live'): HostEntry => ({ host, sender: host, enrichment: [undefined, undefined, env, undefined, undefined] });

let enricher: Reenricher | undefined;
afterEach(() => enricher?.stop());

/** `refuses`: hosts that the store does not manage; `isAway`: of the question of all series. */
const open = (refuses: ReadonlySet<string>, isAway = false) => {
  const enriched: string[] = [];
  const columns: Pick<ColumnStore, 'insert' | 'query' | 'command'> = {
    insert: () => Promise.resolve(),
    query: () => (isAway ? Promise.reject(new Error('memory')) : Promise.resolve({ batches: [], stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } })),
    command: (_, options = {}) => {
      const { hosts, env } = options.params as { hosts: readonly string[]; env: readonly string[] };
      if (hosts.some((host) => refuses.has(host))) return Promise.reject(new Error('memory'));
      enriched.push(...hosts.map((host, i) => `${host} ${env[i]}`));
      return Promise.resolve();
    },
  };
  const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
  enricher = new Reenricher(new SeriesTable(columns), inventory, silentLogger);
  enricher.start();
  return { enriched, inventory };
};

test('a host that the store does not manage holds up no other, and comes when it does, as it is then', async () => {
  const refuses = new Set(['b']);
  const { enriched, inventory } = open(refuses);
  inventory.update(['a', 'b', 'c', 'd'].map((host) => entryOf(host)));
  await expect.poll(() => enriched, { timeout: 30_000 }).toEqual(['a live', 'c live', 'd live']);
  inventory.update([entryOf('b', 'test')]);
  refuses.clear();
  await expect.poll(() => enriched, { timeout: 30_000 }).toEqual(['a live', 'c live', 'd live', 'b test']);
});

test('changes are followed while what was missed before cannot be looked up', async () => {
  const { enriched, inventory } = open(new Set(), true);
  inventory.update([entryOf('a')]);
  await expect.poll(() => enriched, { timeout: 30_000 }).toEqual(['a live']);
});

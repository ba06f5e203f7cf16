// What is kept in memory of the table of hosts, from one reading to the next: neither more than the table has, nor less than was told meanwhile.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import type { RecordRow } from '../engines/records/port.ts';
import { type HostEntry, Inventory, NO_ENRICHMENT, REFRESH_MS } from './inventory.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const rowOf = (host: string, sender: string, env: string): RecordRow => ({ host, sender, env });
const entryOf = (host: string, sender: string, env: string): HostEntry => ({ host, sender, enrichment: [undefined, undefined, env, undefined, undefined] });

test('hosts that the table has no more are forgotten, by name and by sender, and those told of during a reading are not', async () => {
  let rows: readonly RecordRow[] = [rowOf('a', 'agent-a', 'live'), rowOf('b', 'relay', 'live'), rowOf('c', 'relay', 'test')];
  let meanwhile = (): void => undefined;
  const query = (): Promise<RecordRow[]> => {
    const read = [...rows];
    meanwhile();
    return Promise.resolve(read);
  };
  const inventory = new Inventory({ query }, silentLogger);
  await inventory.start();
  const envOf = (host: string | undefined, sender: string): string | undefined => inventory.of(host, sender)[2];
  expect([...inventory.hosts.keys()]).toEqual(['a', 'b', 'c']);
  expect([envOf('a', ''), envOf(undefined, 'agent-a'), envOf(undefined, 'relay')]).toEqual(['live', 'live', 'test']);
  rows = [rowOf('b', 'relay', 'live')];
  meanwhile = () => inventory.update([entryOf('d', 'agent-d', 'new'), entryOf('b', 'relay', 'newer')]);
  await vi.advanceTimersByTimeAsync(REFRESH_MS);
  expect([...inventory.hosts.keys()].toSorted()).toEqual(['b', 'd']);
  expect([inventory.of('a', ''), inventory.of(undefined, 'agent-a')]).toEqual([NO_ENRICHMENT, NO_ENRICHMENT]);
  expect([envOf('d', ''), envOf('b', ''), envOf(undefined, 'relay')]).toEqual(['new', 'newer', 'newer']);
  // Its sender has another host now, and the store has both.
  meanwhile = () => undefined;
  rows = [rowOf('b', 'agent-b', 'live'), rowOf('d', 'agent-d', 'new')];
  await vi.advanceTimersByTimeAsync(REFRESH_MS);
  expect([envOf(undefined, 'relay'), envOf(undefined, 'agent-b'), envOf(undefined, 'agent-d')]).toEqual([undefined, 'live', 'new']);
  await inventory.stop();
});

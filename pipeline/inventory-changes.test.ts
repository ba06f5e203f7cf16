// What a worker reads of the table of hosts when another one has written it: the rows that changed, whatever the times in them, and all of them
// only where some went. On a real record store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { startEmbeddedPostgres } from '../engines/records/embedded/embedded.ts';
import { openPostgres } from '../engines/records/postgres/postgres.ts';
import { Inventory, REFRESH_MS } from './inventory.ts';

test('only what changed is read, also of a transaction that was under way at the reading before; what went is forgotten', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'inventory-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const server = await startEmbeddedPostgres({ dataDir: dir });
  onTestFinished(() => server.stop());
  const records = openPostgres(server.connection);
  onTestFinished(() => records.close());
  await records.migrate();
  await records.query(
    "INSERT INTO hosts (host, sender, env, first_seen, last_seen) SELECT 'h' || i, CASE WHEN i < 3 THEN 'relay' ELSE 's' || i END, 'live', 1, 1000 FROM generate_series(1, 100) i",
  );
  let rows = 0;
  const query: typeof records.query = async (...asked) => {
    const found = await records.query(...asked);
    rows += found.filter(({ host }) => host !== undefined).length;
    return found;
  };
  const fake = vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const inventory = new Inventory({ query }, silentLogger);
  await inventory.start();
  onTestFinished(() => inventory.stop());
  expect([rows, inventory.hosts.size]).toEqual([100, 100]);
  const envOf = (host: string | undefined, sender = ''): string | undefined => inventory.of(host, sender)[2];
  const readUntil = async (holds: () => boolean): Promise<number> => {
    rows = 0;
    fake.advanceTimersByTime(REFRESH_MS);
    await vi.waitFor(() => expect(holds()).toBe(true), { timeout: 20_000 });
    return rows;
  };
  let commit = (): void => undefined;
  let begun = (): void => undefined;
  const isBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const slow = records.transaction(async (q) => {
    // Its agent's clock is far behind.
    await q.query("UPDATE hosts SET env = 'slow', last_seen = 1 WHERE host = 'h50'");
    begun();
    await new Promise<void>((resolve) => {
      commit = resolve;
    });
  });
  await isBegun;
  await records.query("UPDATE hosts SET env = 'test', sender = 'own' WHERE host = 'h2'");
  expect(await readUntil(() => envOf('h2') === 'test')).toBe(1);
  expect([envOf(undefined, 'own'), envOf(undefined, 'relay'), envOf('h50')]).toEqual(['test', 'live', 'live']);
  commit();
  await slow;
  await records.query("INSERT INTO hosts (host, sender, env, first_seen, last_seen) VALUES ('new', 'sn', 'live', 1, 1)");
  expect(await readUntil(() => envOf('h50') === 'slow' && envOf('new') === 'live')).toBeLessThan(5);
  await records.query("DELETE FROM hosts WHERE host = 'h7'");
  await readUntil(() => !inventory.hosts.has('h7'));
  expect([envOf('h7'), inventory.hosts.size]).toEqual([undefined, 100]);
}, 120_000);

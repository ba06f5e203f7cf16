// Whose series are, in a real record store: another start knows all that this one was told of, whatever was written when, and never another host.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { highOf, lowOf } from '../core/batch/words.ts';
import { silentLogger } from '../core/logger.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/records/embedded/embedded.ts';
import type { Records } from '../engines/records/port.ts';
import { openPostgres } from '../engines/records/postgres/postgres.ts';
import { KeptSeriesHosts } from './kept-series-hosts.ts';
import { SeriesTables } from './series-tables.ts';

let server: EmbeddedPostgres;
let records: Records;
const dir = mkdtempSync(join(tmpdir(), 'inframirror-series-hosts-'));
beforeAll(async () => {
  server = await startEmbeddedPostgres({ dataDir: dir });
  records = openPostgres(server.connection);
  await records.migrate();
}, 60_000);
afterAll(async () => {
  await records?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => void (await records.query('DELETE FROM series_hosts')));

const DAY_MS = 86_400_000;
let clock = Date.UTC(2026, 10, 20, 12);
const now = (): number => clock;

interface Start {
  readonly series: SeriesTables;
  readonly kept: KeptSeriesHosts;
}
const open = async (store: Pick<Records, 'query'> = records): Promise<Start> => {
  const series = new SeriesTables({ seriesPerSender: 100_000, series: 1_000_000 }, now);
  const kept = new KeptSeriesHosts({ records: store, series, log: silentLogger, now });
  await kept.start();
  return { series, kept };
};
/** As the door does with a definition. */
const define = ({ series }: Start, sender: string, id: bigint, host: string): void => {
  series.of(sender).define(id, 1n, host);
  series.hosts.note(id, host);
};
const hostOf = ({ series }: Start, id: bigint): string | undefined => series.hosts.hostOf(lowOf(id), highOf(id));
const rows = async (): Promise<number> => (await records.query('SELECT count(*)::int4 AS n FROM series_hosts'))[0]?.n as number;

const HOSTS = ['web-1', '', '__proto__', 'a"\u0000\ud800,[', 'web-1 '] as const;
type Step =
  | { readonly do: 'define'; readonly server: number; readonly sender: number; readonly id: bigint }
  | { readonly do: 'flush' | 'all' | 'restart'; readonly server: number };

test('whatever two servers were told, wrote and forgot, a start knows all of it that was written, and no other host', async () => {
  const at = { server: fc.nat(1) };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('define' as const), ...at, sender: fc.nat(3), id: fc.bigInt(0n, 2n ** 64n - 1n) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'all' as const, 'restart' as const), ...at }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await records.query('DELETE FROM series_hosts');
      const starts = [await open(), await open()];
      const told = new Map<bigint, string>();
      for (const one of steps) {
        const start = starts[one.server] as Start;
        if (one.do === 'define') {
          const host = HOSTS[Number(one.id % 5n)] as string;
          define(start, `s-${one.server}-${one.sender}`, one.id, host);
          told.set(one.id, host);
        } else if (one.do === 'flush') await start.kept.flush();
        else if (one.do === 'all') {
          await start.kept.flush();
          await start.kept.writeAll();
        } else {
          await start.kept.stop();
          starts[one.server] = await open();
        }
      }
      for (const { kept } of starts) await kept.stop();
      const next = await open();
      for (const [id, host] of told) expect(hostOf(next, id)).toBe(host);
      await next.kept.stop();
    }),
    { numRuns: 25 },
  );
}, 300_000);

test('what a server wrote piece by piece is put together, by sender; what nobody sent of for long is gone', async () => {
  const first = await open();
  for (let i = 0n; i < 100n; i++) {
    define(first, `sender-${i % 4n}`, i, `host-${i % 8n}`);
    await first.kept.flush();
  }
  expect(await rows()).toBe(100);
  clock += 1000;
  await first.kept.writeAll();
  expect(await rows()).toBe(4);
  await first.kept.stop();
  // Another start sends of two of them: the samples' sender need not define again.
  const second = await open();
  for (let day = 0; day < 9; day++) {
    clock += DAY_MS;
    for (let i = 0n; i < 100n; i++) if (i % 4n < 2n) second.series.of(`sender-${i % 4n}`).define(i, 1n, `host-${i % 8n}`);
    await second.kept.writeAll();
  }
  expect(await rows()).toBe(2);
  await second.kept.stop();
  const third = await open();
  for (let i = 0n; i < 100n; i++) expect(hostOf(third, i)).toBe(i % 4n < 2n ? `host-${i % 8n}` : undefined);
  await third.kept.stop();
});

test('what could not be written is written with the next', async () => {
  let fails = false;
  const start = await open({
    query: (...args) => (fails ? Promise.reject(new Error('away')) : records.query(...args)),
  });
  define(start, 'a', 1n, 'web-1');
  fails = true;
  await expect(start.kept.flush()).rejects.toThrow('away');
  define(start, 'a', 2n, 'web-2');
  fails = false;
  await start.kept.flush();
  await start.kept.stop();
  const next = await open();
  expect([hostOf(next, 1n), hostOf(next, 2n)]).toEqual(['web-1', 'web-2']);
  await next.kept.stop();
});

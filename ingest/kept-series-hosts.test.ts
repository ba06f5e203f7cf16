// Whose series are, in a real record store: another start knows all that this one was told of, whatever was written when, and never another host.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { highOf, lowOf } from '../core/batch/words.ts';
import { CodedError } from '../core/errors.ts';
import { silentLogger } from '../core/logger.ts';
import type { Records } from '../engines/records/port.ts';
import { openTemporaryRecords, type TemporaryRecords } from '../engines/records/testing/temporary-records.ts';
import { KeptSeriesHosts } from './kept-series-hosts.ts';
import { SeriesTables } from './series-tables.ts';

let store: TemporaryRecords;
let records: Records;
beforeAll(async () => {
  store = await openTemporaryRecords();
  records = store.records;
}, 60_000);
afterAll(async () => {
  await store?.close();
});
beforeEach(async () => void (await records.query('DELETE FROM series_hosts')));

const DAY_MS = 86_400_000;
let clock = Date.UTC(2026, 10, 20, 12);
const now = (): number => clock;

interface Start {
  readonly series: SeriesTables;
  readonly kept: KeptSeriesHosts;
}
const open = async (asked: Pick<Records, 'query'> = records): Promise<Start> => {
  const series = new SeriesTables({ seriesPerSender: 100_000, series: 1_000_000 }, now);
  const kept = new KeptSeriesHosts({ records: asked, series, log: silentLogger, now });
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

test('what a server wrote piece by piece is put together', async () => {
  const first = await open();
  for (let i = 0n; i < 100n; i++) {
    define(first, `sender-${i % 4n}`, i, `host-${i % 8n}`);
    await first.kept.flush();
  }
  expect(await rows()).toBe(100);
  clock += 1000;
  await first.kept.writeAll();
  expect(await rows()).toBe(1);
  await first.kept.stop();
  const next = await open();
  for (let i = 0n; i < 100n; i++) expect(hostOf(next, i)).toBe(`host-${i % 8n}`);
  await next.kept.stop();
});

test('what a sender has not sent since a start stays for eight days, whoever writes what is sent beside it, and then goes', async () => {
  const first = await open();
  for (const id of [1n, 2n, 3n]) define(first, 'a', id, `web-${id}`);
  await first.kept.flush();
  clock += 1000;
  await first.kept.writeAll();
  await first.kept.stop();
  // Two servers at once: of the first series samples come all the time, of the second one on the fourth day, of the third none.
  const both = [await open(), await open()];
  for (let hours = 0; hours <= 14 * 24; hours += 6) {
    if (hours > 0) clock += DAY_MS / 4;
    for (const [i, { series, kept }] of both.entries()) {
      series.of('a').define(1n, 1n, 'web-1');
      if (hours === 4 * 24 && i === 0) series.of('a').define(2n, 1n, 'web-2');
      await kept.writeAll();
    }
    expect(await rows()).toBeLessThan(30);
    const next = await open();
    expect(hostOf(next, 1n)).toBe('web-1');
    if (hours < 11.9 * 24) expect(hostOf(next, 2n)).toBe('web-2');
    if (hours > 13.1 * 24) expect(hostOf(next, 2n)).toBeUndefined();
    if (hours < 8 * 24) expect(hostOf(next, 3n)).toBe('web-3');
    if (hours > 8 * 24) expect(hostOf(next, 3n)).toBeUndefined();
    await next.kept.stop();
  }
  for (const { kept } of both) await kept.stop();
});

test('rows are bounded however long hosts are, and a start asks for no more than that at once', async () => {
  const start = await open();
  const host = (i: bigint): string => `${i}`.padEnd(512, i % 2n === 0n ? '\u0001' : 'ü');
  for (let i = 0n; i < 3000n; i++) define(start, `sender-${i % 3n}`, i, host(i));
  for (let i = 3000n; i < 203_000n; i++) define(start, `sender-${i % 3n}`, i, 'web-1');
  const largest = async (): Promise<unknown> => (await records.query('SELECT max(length(ids) + octet_length(hosts))::int4 AS n FROM series_hosts'))[0]?.n;
  for (const write of [() => start.kept.flush(), () => start.kept.writeAll()]) {
    await write();
    expect(await rows()).toBeGreaterThan(5);
    expect(await largest()).toBeLessThanOrEqual(1 << 20);
    let answer = 0;
    const query: Records['query'] = async (sql, ...rest) => {
      const found = await records.query(sql, ...rest);
      answer = Math.max(
        answer,
        ...[found.reduce((bytes, { hosts, ids }) => bytes + Buffer.byteLength(String(hosts ?? '')) + ((ids as Uint8Array | undefined)?.length ?? 0), 0)],
      );
      return found;
    };
    const next = await open({ query });
    expect(answer).toBeLessThanOrEqual(1 << 20);
    for (const i of [0n, 1n, 2999n, 3000n, 202_999n]) expect([i, hostOf(next, i)]).toEqual([i, i < 3000n ? host(i) : 'web-1']);
    await next.kept.stop();
    await records.query('DELETE FROM series_hosts');
  }
  await start.kept.stop();
});

test('a start reads no more than a bound, passes over a row that is too large, and takes those first that are not mostly hosts', async () => {
  const first = await open();
  define(first, 'a', 1n, 'web-1');
  await first.kept.flush();
  // Newer, of a version before that bounded nothing.
  await records.query(
    `INSERT INTO series_hosts (writer, noted, hosts, ids) SELECT 'x', $1::int8 + n, '[["' || n || repeat('h', 1000000 * CASE n WHEN 200 THEN 20 ELSE 1 END) || '",1]]',
    decode(lpad(to_hex(n), 2, '0') || '00000000000001', 'hex') FROM generate_series(100, 250) AS n`,
    [BigInt(clock) * 1_000_000n],
  );
  const next = await open();
  expect(hostOf(next, 1n)).toBe('web-1');
  const of = (n: bigint): string | undefined => hostOf(next, (1n << 56n) | n);
  const known = Array.from({ length: 151 }, (_, i) => BigInt(100 + i)).filter((n) => of(n) !== undefined);
  expect(known).toHaveLength(134);
  expect([known.includes(250n), known.includes(200n), known.includes(100n)]).toEqual([true, false, false]);
  clock += 1000;
  await next.kept.writeAll();
  expect(await rows()).toBeLessThan(152);
  await next.kept.stop();
  await first.kept.stop();
}, 60_000);

test('what the record store refuses holds up nothing else', async () => {
  const start = await open({
    query: (sql, params, ...rest) =>
      String(params?.[2]).includes('refused')
        ? Promise.reject(new CodedError('records.refused-rows', { code: '22021', reason: 'no such text' }))
        : records.query(sql, params, ...rest),
  });
  start.series.hosts.note(1n, 'refused');
  await start.kept.flush();
  define(start, 'b', 2n, 'web-2');
  await start.kept.flush();
  expect(await rows()).toBe(1);
  for (const [sender, host] of ['web', 'refused', 'mail'].entries())
    for (let i = 0n; i < 3000n; i++) define(start, host, BigInt(sender + 1) * 10_000n + i, `${host}-${i}`.padEnd(500, '.'));
  await start.kept.flush();
  clock += 1000;
  await start.kept.writeAll();
  expect((await records.query('SELECT count(DISTINCT noted)::int4 AS n FROM series_hosts'))[0]?.n).toBe(1);
  const next = await open();
  expect([10_000n, 20_000n, 32_999n].map((id) => hostOf(next, id)?.slice(0, 3))).toEqual(['web', undefined, 'mai']);
  for (const { kept } of [next, start]) await kept.stop();
});

test.each([
  new CodedError('records.unavailable', { reason: 'connection refused' }),
  new CodedError('records.rejected', { code: '42501', reason: 'permission denied for table series_hosts' }),
])('what could not be written ($code) is written with the next', async (failure) => {
  let fails = false;
  const start = await open({
    query: (...args) => (fails ? Promise.reject(failure) : records.query(...args)),
  });
  define(start, 'a', 1n, 'web-1');
  fails = true;
  await expect(start.kept.flush()).rejects.toBe(failure);
  define(start, 'a', 2n, 'web-2');
  fails = false;
  await start.kept.flush();
  await start.kept.stop();
  const next = await open();
  expect([hostOf(next, 1n), hostOf(next, 2n)]).toEqual(['web-1', 'web-2']);
  await next.kept.stop();
});

// When hosts were last heard, in a real record store: what moves it, what does not, what a restart keeps, and the state that follows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import type { RecordRow, Records } from '../engines/records/port.ts';
import { openTemporaryRecords, type TemporaryRecords } from '../engines/records/testing/temporary-records.ts';
import { HOST_STATES, hostState, LATE_MS, SILENT_MS } from '../schemas/host-state.ts';
import { Heard, type HeardFrame } from './heard.ts';

let store: TemporaryRecords;
let records: Records;
beforeAll(async () => {
  store = await openTemporaryRecords();
  records = store.records;
}, 60_000);
afterAll(async () => {
  await store?.close();
});

const NOW = Date.now();
const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;
const frame = (
  host: string,
  seq: number,
  { boot = 5n, sender = `agent of ${host}`, sent = NOW }: { boot?: bigint; sender?: string; sent?: number } = {},
): HeardFrame => ({
  host,
  sender,
  boot,
  seq: BigInt(seq),
  sent: new Date(sent).toISOString(),
});
/** As the inventory comes: with the sender's own time, here a day ago. */
const introduce = async (...hosts: readonly string[]): Promise<void> => {
  for (const host of hosts)
    await records.query('INSERT INTO hosts (host, sender, first_seen, last_seen) VALUES ($1, $2, $3, $3)', [host, `agent of ${host}`, ns(NOW - 86_400_000)]);
};
const row = async (host: string): Promise<RecordRow | undefined> => (await records.query('SELECT * FROM hosts_now WHERE host = $1', [host]))[0];
const open = async (): Promise<Heard> => {
  const heard = new Heard(records, silentLogger);
  await heard.start();
  return heard;
};

test('a frame moves it, one that comes again does not, also after a restart', async () => {
  await introduce('web-1');
  const first = await open();
  first.note(frame('web-1', 10), NOW - 60_000);
  await first.stop();
  expect((await row('web-1'))?.last_seen).toBe(ns(NOW - 60_000));
  const second = await open();
  second.note(frame('web-1', 10), NOW);
  second.note(frame('web-1', 4), NOW);
  second.note(frame('web-1', 99, { boot: 4n }), NOW);
  await second.flush();
  expect((await row('web-1'))?.last_seen).toBe(ns(NOW - 60_000));
  second.note(frame('web-1', 1, { boot: 6n }), NOW - 30_000);
  await second.flush();
  expect((await row('web-1'))?.last_seen).toBe(ns(NOW - 30_000));
  // Set up anew: another sender, whatever its numbers.
  second.note(frame('web-1', 1, { sender: 'another', boot: 1n }), NOW - 10_000);
  await second.stop();
  expect((await row('web-1'))?.last_seen).toBe(ns(NOW - 10_000));
});

test('before anything was heard it is the time of the inventory', async () => {
  await introduce('cold-1');
  expect(await row('cold-1')).toMatchObject({ last_seen: ns(NOW - 86_400_000), agent_lag: null, agent_stopped: null });
});

test('frames ahead of their inventory are kept until it has come; a host that only claims to be one gets no row', async () => {
  const heard = await open();
  heard.note(frame('early-1', 1), NOW - 2000);
  await heard.flush();
  expect(await records.query("SELECT 1 FROM hosts_heard WHERE host = 'early-1'")).toEqual([]);
  await introduce('early-1');
  await heard.stop();
  expect((await row('early-1'))?.last_seen).toBe(ns(NOW - 2000));
});

test('the state in the store is that of schemas/host-state.ts', async () => {
  const heard = await open();
  const slack = 20_000;
  const cases = [0, LATE_MS - slack, LATE_MS + slack, SILENT_MS - slack, SILENT_MS + slack].flatMap((age) =>
    [-5000, 0, LATE_MS - slack, LATE_MS + slack, 365 * 86_400_000].map((lagMs) => ({ age, lagMs })),
  );
  const now = Date.now();
  await introduce(...cases.map((_, i) => `state-${i}`));
  for (const [i, { age, lagMs }] of cases.entries()) heard.note(frame(`state-${i}`, 1, { sent: now - age - lagMs }), now - age);
  await heard.stop();
  const seen = new Set<string>();
  for (const [i, { age, lagMs }] of cases.entries()) {
    const found = await row(`state-${i}`);
    expect(found).toMatchObject({ agent_lag: ns(lagMs), last_seen: ns(now - age) });
    expect([age, lagMs, found?.agent_state]).toEqual([age, lagMs, hostState({ lastSeen: now - age, lagMs, stopped: false }, Date.now())]);
    seen.add(found?.agent_state as string);
  }
  expect([...seen].sort()).toEqual(HOST_STATES.filter((state) => state !== 'stopped').sort());
});

test('an agent that said it ends is stopped until a newer run is heard', async () => {
  await introduce('stop-1');
  const heard = await open();
  heard.note(frame('stop-1', 7), NOW);
  await heard.flush();
  await records.query('UPDATE hosts_heard SET stopped = $2, stop_boot = 5 WHERE host = $1', ['stop-1', ns(NOW)]);
  expect(await row('stop-1')).toMatchObject({ agent_state: 'stopped', agent_stopped: ns(NOW) });
  heard.note(frame('stop-1', 1, { boot: 6n }), Date.now());
  await heard.stop();
  expect(await row('stop-1')).toMatchObject({ agent_state: 'reporting', agent_stopped: null });
});

test('a clock of any year hurts nobody else', async () => {
  await introduce('year-9999', 'year-0001', 'plain-1');
  const heard = await open();
  heard.note({ ...frame('year-9999', 1), sent: '9999-12-31T23:59:59Z' }, NOW);
  heard.note({ ...frame('year-0001', 1), sent: '0001-01-01T00:00:00Z' }, NOW);
  heard.note(frame('plain-1', 1), NOW);
  await heard.stop();
  expect((await row('plain-1'))?.last_seen).toBe(ns(NOW));
  expect((await row('year-9999'))?.last_seen).toBe(ns(NOW));
});

test('ten thousand hosts are written in few statements', async () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `many-${i}`);
  await records.query("INSERT INTO hosts (host, sender, first_seen, last_seen) SELECT h, 'x', 0, 0 FROM unnest($1::text[]) AS n (h)", [names]);
  let statements = 0;
  const heard = new Heard(
    {
      query: (...args) => {
        statements++;
        return records.query(...args);
      },
    },
    silentLogger,
  );
  await heard.start();
  for (const name of names) heard.note(frame(name, 1), NOW);
  await heard.flush();
  expect(statements).toBeLessThan(20);
  const written = await records.query("SELECT count(*) AS n FROM hosts_heard WHERE host LIKE 'many-%' AND heard = $1", [ns(NOW)]);
  expect(written).toEqual([{ n: 10_000n }]);
  // Nothing new: nothing is written.
  statements = 0;
  await heard.stop();
  expect(statements).toBe(0);
}, 60_000);

// A browser's session over a real record store: good while it stands there, and for a while after where that store has gone away, so that
// the status can still be read, and nothing else; whoever was never seen gets nothing then.
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryRecords, type TemporaryRecords } from '../../engines/records/testing/temporary-records.ts';
import { type DataFolder, openDataFolder } from '../data-folder.ts';
import { Access, type CallerKind } from './access.ts';

const dir = mkdtempSync(join(tmpdir(), 'access-'));
let store: TemporaryRecords;
let folder: DataFolder;
beforeAll(async () => {
  folder = openDataFolder(join(dir, 'data'));
  store = await openTemporaryRecords();
}, 120_000);
afterAll(async () => {
  await store?.close();
  rmSync(dir, { recursive: true, force: true });
});

const MINUTE_MS = 60_000;
const posted = (cookie: string, origin: string): IncomingMessage =>
  ({ method: 'POST', headers: { cookie, origin, host: 'here' } }) as unknown as IncomingMessage;
const asked = (cookie: string): IncomingMessage => ({ method: 'GET', headers: { cookie } }) as unknown as IncomingMessage;

test('a session that cannot be asked about may look only, and nothing heaps up before a record store that hangs', async () => {
  const { records } = store;
  const gate = { open: Promise.withResolvers<void>(), questions: 0 };
  gate.open.resolve();
  const query: typeof records.query = async (...args) => {
    gate.questions++;
    await gate.open.promise;
    return records.query(...args);
  };
  let ahead = 0;
  const begun = Date.now();
  const clock = (): number => begun + ahead;
  const access = new Access(folder, { query }, clock, clock);
  const cookie = (await access.openSession(false)).split(';', 1)[0] as string;
  const get = (): Promise<CallerKind> => access.callerOf(asked(cookie));
  const many = (): Promise<readonly CallerKind[]> => Promise.all(Array.from({ length: 100 }, get));
  gate.questions = 0;
  expect(new Set(await many())).toEqual(new Set(['session']));
  expect(gate.questions).toBe(1);
  // Within a minute of its last answer nobody is asked.
  expect(await access.callerOf(posted(cookie, 'http://here'))).toBe('session');
  gate.open = Promise.withResolvers();
  ahead = 2 * MINUTE_MS;
  expect(new Set(await many())).toEqual(new Set(['trusted']));
  expect(await access.callerOf(posted(cookie, 'http://here'))).toBe('trusted');
  expect(await access.callerOf(posted(cookie, 'http://evil'))).toBe('origin');
  // The question that hangs is the one that all wait for, also later.
  ahead += 10_000;
  expect(new Set(await many())).toEqual(new Set(['trusted']));
  expect(gate.questions).toBe(2);
  // Made-up sessions fill nothing either.
  const before = gate.questions;
  const foreign = Array.from({ length: 1000 }, (_, i) => access.callerOf(asked(cookie.replace(/=.*/, `=${String(i).padStart(43, 'x')}`))));
  const refusals = Promise.allSettled(foreign);
  expect(gate.questions - before).toBeLessThan(300);
  expect(await get()).toBe('trusted');
  // It was ended meanwhile.
  await records.query('DELETE FROM sessions');
  gate.open.resolve();
  expect(new Set((await refusals).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code)))).toEqual(new Set(['none', 'access.unavailable']));
  expect(await get()).toBe('none');
  expect(await access.callerOf(posted(cookie, 'http://here'))).toBe('none');
});

test('a clock that is set back lengthens no session by what it was ahead, and ends none', async () => {
  const { records } = store;
  const DAY_MS = 86_400_000;
  let [now, ticks] = [Date.now() + 400 * DAY_MS, 0];
  const access = new Access(
    folder,
    records,
    () => now,
    () => ticks,
  );
  const cookie = (await access.openSession(false)).split(';', 1)[0] as string;
  const caller = (): Promise<CallerKind> => access.callerOf(asked(cookie));
  expect(await caller()).toBe('session');
  now -= 400 * DAY_MS;
  expect(await caller()).toBe('session');
  ticks += 2 * MINUTE_MS;
  expect(await caller()).toBe('session');
  // It is asked about again by how long it is, and not when the clock is there again.
  now += MINUTE_MS;
  const second = (await access.openSession(false)).split(';', 1)[0] as string;
  expect(await access.callerOf(asked(second))).toBe('session');
  now -= DAY_MS;
  await records.query('DELETE FROM sessions WHERE created = (SELECT max(created) FROM sessions)');
  ticks += 2 * MINUTE_MS;
  expect(await access.callerOf(asked(second))).toBe('none');
  expect(await caller()).toBe('session');
  [now, ticks] = [now + 31 * DAY_MS, ticks + 2 * MINUTE_MS];
  expect(await caller()).toBe('none');
});

test('a session outlives a record store that goes away, for an hour and for those alone who were seen before', async () => {
  const { records } = store;
  let ahead = 0;
  const clock = (): number => Date.now() + ahead;
  const access = new Access(folder, records, clock, clock);
  const open = async (): Promise<string> => {
    ahead += 1000;
    return (await access.openSession(false)).split(';', 1)[0] as string;
  };
  const [seen, unseen, removed] = [await open(), await open(), await open()];
  const caller = (cookie: string): Promise<CallerKind> => access.callerOf(asked(cookie));
  expect([await caller(seen), await caller(removed)]).toEqual(['session', 'session']);
  // It is asked again after a minute: one that was ended is none.
  ahead += 2 * MINUTE_MS;
  await records.query('DELETE FROM sessions WHERE created = (SELECT max(created) FROM sessions)');
  expect([await caller(seen), await caller(removed)]).toEqual(['session', 'none']);
  const fresh = new Access(folder, records);
  await records.close();
  ahead += 2 * MINUTE_MS;
  expect(await caller(seen)).toBe('trusted');
  const away = expect.objectContaining({ code: 'access.unavailable' });
  for (const cookie of [unseen, removed]) await expect(caller(cookie)).rejects.toThrow(away);
  await expect(fresh.callerOf(asked(seen))).rejects.toThrow(away);
  await expect(fresh.openSession(false)).rejects.toThrow(away);
  ahead += 61 * MINUTE_MS;
  await expect(caller(seen)).rejects.toThrow();
});

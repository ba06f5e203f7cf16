// A browser's session over a real record store: good while it stands there, and for a while after where that store has gone away, so that
// the status can still be read; whoever was never seen gets nothing then.
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryRecords, type TemporaryRecords } from '../../engines/records/testing/temporary-records.ts';
import { type DataFolder, openDataFolder } from '../data-folder.ts';
import { Access, type Caller } from './access.ts';

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
const asked = (cookie: string): IncomingMessage => ({ method: 'GET', headers: { cookie } }) as unknown as IncomingMessage;

test('a session outlives a record store that goes away, for an hour and for those alone who were seen before', async () => {
  const { records } = store;
  let ahead = 0;
  const access = new Access(folder, records, () => Date.now() + ahead);
  const open = async (): Promise<string> => {
    ahead += 1000;
    return (await access.openSession(false)).split(';', 1)[0] as string;
  };
  const [seen, unseen, removed] = [await open(), await open(), await open()];
  const caller = (cookie: string): Promise<Caller> => access.callerOf(asked(cookie));
  expect([await caller(seen), await caller(removed)]).toEqual(['session', 'session']);
  // It is asked again after a minute: one that was ended is none.
  ahead += 2 * MINUTE_MS;
  await records.query('DELETE FROM sessions WHERE created = (SELECT max(created) FROM sessions)');
  expect([await caller(seen), await caller(removed)]).toEqual(['session', 'none']);
  const fresh = new Access(folder, records);
  await records.close();
  ahead += 2 * MINUTE_MS;
  expect(await caller(seen)).toBe('session');
  for (const cookie of [unseen, removed]) await expect(caller(cookie)).rejects.toThrow();
  await expect(fresh.callerOf(asked(seen))).rejects.toThrow();
  ahead += 61 * MINUTE_MS;
  await expect(caller(seen)).rejects.toThrow();
});

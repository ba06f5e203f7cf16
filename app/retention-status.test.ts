// The line of retention on real stores: from when on data is there, what is told of a clock and of a disk as soon as their cause is gone, and
// which process keeps where it is another.
import { hostname } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import type { PartStatus } from '../graphql/service.ts';
import { Keeper } from '../pipeline/keeper.ts';
import { writeLedger } from '../pipeline/retention/ledger.ts';
import { DAY, now, put, stores, today, withStores } from '../pipeline/testing/retained.ts';
import { SETTINGS, type Settings } from './config/settings.ts';
import { type RetentionParts, retentionStatus } from './retention-status.ts';

withStores();

const STANDARD = Object.fromEntries(Object.entries(SETTINGS).map(([name, { fallback }]) => [name, fallback])) as unknown as Settings;
const keeping = { keeps: true, holder: () => Promise.resolve(undefined) };
const told = (more: Partial<RetentionParts> = {}): Promise<PartStatus> =>
  retentionStatus({ ...stores, keeper: keeping, lacksRoom: () => false, now: () => now, ...more }, STANDARD);
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

test('a table that is cut by the month tells its first row, not the first of the month', async () => {
  const from = Date.UTC(2026, 9, 24);
  await put('samples', 3);
  for (const at of [from + 5 * DAY, from])
    await stores.columns.command(`INSERT INTO rollups_5m (metric, id, time) SELECT 1, 1, toDateTime(${at / 1000}, 'UTC')`);
  const { state, detail } = await told();
  expect(state).toBe('ok');
  expect(detail).toContain(`samples from ${dayText(today - 3 * DAY)}, kept 15d`);
  expect(detail).toContain('rollups_5m from 2026-10-24, kept 365d');
  expect(detail).toContain('rollups_1h none yet');
});

test('a clock that jumped is told until it is set right, and no moment longer', async () => {
  await writeLedger(stores.records, { gone: {}, clock: { at: now + 30 * DAY, jumped: now + 30 * DAY, from: now } });
  expect(await told({ now: () => now + 30 * DAY + 1000 })).toMatchObject({ state: 'degraded', detail: expect.stringContaining('the clock jumped by days') });
  for (const right of [now + 60_000, now + 31 * DAY + 1000]) {
    const { state, detail } = await told({ now: () => right });
    expect([state, detail.includes('clock')]).toEqual(['ok', false]);
  }
});

test('days that went for want of room are told for a day, as a failure only while room is missing', async () => {
  await writeLedger(stores.records, { gone: {}, emergency: { table: 'logs', day: today - 9 * DAY, at: now } });
  const text = `the disk was nearly full at ${dayText(now)} 12:00 UTC, logs of ${dayText(today - 9 * DAY)} and older were removed`;
  const short = await told({ lacksRoom: () => true });
  expect(short).toMatchObject({ state: 'degraded', detail: expect.stringContaining(text) });
  expect(short.detail).not.toContain('room again');
  expect(await told()).toMatchObject({ state: 'ok', detail: expect.stringContaining(`${text}; there is room again`) });
  expect((await told({ now: () => now + DAY })).detail).not.toContain('nearly full');
});

test('where another process keeps, it is named', async () => {
  const keeper = (): Keeper => {
    const one = new Keeper({ records: stores.records, tasks: [], log: silentLogger, everyMs: 20 });
    onTestFinished(() => one.stop());
    return one;
  };
  const [first, second] = [keeper(), keeper()];
  expect((await told({ keeper: second })).detail).toContain('no process keeps at this moment');
  first.start();
  await expect.poll(() => first.keeps, { timeout: 20_000 }).toBe(true);
  second.start();
  const minute = new Date().toISOString().slice(0, 13);
  expect((await told({ keeper: second })).detail).toContain(`kept by pipeline process ${process.pid} on ${hostname()}, since ${minute.replace('T', ' ')}`);
  expect((await told({ keeper: first })).detail).not.toContain('kept by');
});

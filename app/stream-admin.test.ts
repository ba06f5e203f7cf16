// What an operator does to the stream, with the real stores and a pipeline at work: what is refused takes no group away and stands in no
// audit; what is done stands there, and what fails on its way says so; and the audit is read again as it is asked for.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamAdmin } from '../graphql/service.ts';
import { NOW_NS, partOf } from '../ingest/testing/frames.ts';
import { type Running, runPipeline } from '../pipeline/testing/running.ts';
import { readAudit } from './audit.ts';
import { streamAdmin } from './stream-admin.ts';

let running: Running;
let admin: StreamAdmin;
beforeAll(async () => {
  running = await runPipeline();
  admin = streamAdmin(running.stores.stream, running.pipeline, running.stores.records);
});
afterAll(() => running?.stop());

const ALL = { since: undefined, until: undefined, who: undefined, what: undefined, about: undefined, limit: 100 };
const audit = async (filter: Partial<typeof ALL> | object = {}) => {
  const { entries, isMore } = await readAudit(running.stores.records, { ...ALL, ...filter });
  return { rows: entries.map(({ who, what, detail }) => [who, what, detail]), isMore, entries };
};
const GROUP = 'pipeline-logs';
const isThere = async (): Promise<boolean> => (await running.stores.stream.state()).groups.some(({ group, isJoined }) => group === GROUP && isJoined);

test('a replay that is refused leaves the group at its work, and nothing says that it was done', async () => {
  const { stream } = running.stores;
  await expect.poll(isThere).toBe(true);
  await expect(admin.replay('admin', 'im.nothing', 'earliest', false)).rejects.toMatchObject({ code: 'pipeline.no-topic' });
  // What comes now is not read yet.
  const open = await running.pipeline.holdRounds(30_000);
  const seen: boolean[] = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      seen.push(await isThere());
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const { ipc } = partOf('logs', { time: [NOW_NS], body: ['unread'] });
  const headers = {
    schema: 'logs',
    version: '1',
    sender: 's',
    boot: '1',
    seq: '1',
    rows: '1',
    received: String(NOW_NS),
    from: String(NOW_NS),
    to: String(NOW_NS),
  };
  await stream.produce('im.logs', [{ key: 's', headers, value: ipc }]);
  const later = { time: Date.now() + 60_000 };
  await expect(admin.replay('admin', 'im.logs', later, false)).rejects.toMatchObject({ code: 'pipeline.skips' });
  await expect(admin.replay('admin', 'im.logs', { offset: 99n }, true)).rejects.toMatchObject({ code: 'pipeline.beyond' });
  const plan = await admin.replayPlan('im.logs', later);
  expect(plan.filter(({ skipped }) => skipped > 0n)).toEqual([expect.objectContaining({ from: 1n, skipped: 1n, skippedFrom: 0n })]);
  isOver = true;
  await watching;
  open();
  expect(new Set(seen)).toEqual(new Set([true]));
  expect((await audit()).rows).toEqual([]);
  await running.settled();
});

test('what is done stands in the audit, and what then fails has a row that says why', async () => {
  await admin.replay('admin', 'im.logs', 'earliest', false);
  await expect(admin.forget('session', GROUP)).rejects.toThrow('pipeline-logs');
  const { rows, entries } = await audit();
  expect(rows).toEqual([
    ['session', 'stream.forget', { group: GROUP, failed: expect.stringContaining(GROUP) }],
    ['session', 'stream.forget', { group: GROUP }],
    ['admin', 'stream.replay', { topic: 'im.logs', from: 'earliest' }],
  ]);
  const [newest, , oldest] = entries;
  expect((await audit({ who: 'admin' })).rows).toHaveLength(1);
  expect((await audit({ who: 'adm' })).rows).toHaveLength(0);
  expect((await audit({ what: 'stream' })).rows).toHaveLength(3);
  expect((await audit({ what: 'stream.forget' })).rows).toHaveLength(2);
  expect((await audit({ what: 'str' })).rows).toHaveLength(0);
  expect((await audit({ about: GROUP })).rows).toHaveLength(2);
  expect((await audit({ about: 'pipeline' })).rows).toHaveLength(0);
  expect((await audit({ since: newest?.time })).entries[0]?.id).toBe(newest?.id);
  expect((await audit({ until: oldest?.time })).rows).toHaveLength(0);
  expect(await audit({ limit: 2 })).toMatchObject({ isMore: true, entries: [{ id: newest?.id }, {}] });
  expect((await audit({ limit: 3 })).isMore).toBe(false);
});

test('what is given up unread stands in the audit with how many and from where to where, before it is done and after', async () => {
  await running.settled();
  const { stream } = running.stores;
  const [place] = (await stream.partitions('im.logs')).filter(({ next }) => next > 0n);
  const next = place?.next ?? 0n;
  const open = await running.pipeline.holdRounds(30_000);
  const { ipc } = partOf('logs', { time: [NOW_NS], body: ['given up'] });
  const headers = {
    schema: 'logs',
    version: '1',
    sender: 's',
    boot: '1',
    seq: '2',
    rows: '1',
    received: String(NOW_NS),
    from: String(NOW_NS),
    to: String(NOW_NS),
  };
  await stream.produce('im.logs', [{ key: 's', headers, value: ipc }]);
  const replayed = await admin.replay('admin', 'im.logs', { time: Date.now() + 60_000 }, true);
  open();
  const skips = { messages: 1, offsets: { [place?.partition ?? -1]: `${next} up to ${next + 1n}` } };
  expect(replayed.reduce((sum, { skipped }) => sum + skipped, 0n)).toBe(1n);
  const { rows } = await audit({ what: 'stream.replay', limit: 2 });
  const about = { topic: 'im.logs', from: expect.stringMatching(/^20/) };
  expect(rows.map(([, , detail]) => detail)).toEqual([
    { ...about, skips, skipped: skips },
    { ...about, skips },
  ]);
});

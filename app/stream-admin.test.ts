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

const ALL = { since: undefined, until: undefined, who: undefined, what: undefined, limit: 100 };
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
  await expect(admin.replay('admin', 'im.logs', { time: Date.now() + 60_000 }, false)).rejects.toMatchObject({ code: 'pipeline.skips' });
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
  expect((await audit({ since: newest?.time })).entries[0]?.id).toBe(newest?.id);
  expect((await audit({ until: oldest?.time })).rows).toHaveLength(0);
  expect(await audit({ limit: 2 })).toMatchObject({ isMore: true, entries: [{ id: newest?.id }, {}] });
  expect((await audit({ limit: 3 })).isMore).toBe(false);
});

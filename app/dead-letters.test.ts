// Dead letters on real stores and a pipeline at work: found by kind, shown with their rows, replayed so that each row stands once however often
// and with whatever death between, dropped; those that this version does not know stay; what the door never saw passes it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasCode } from '../core/errors.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import { formatTime } from '../core/time.ts';
import type { StoredMessage } from '../engines/stream/port.ts';
import { openDoor } from '../ingest/door.ts';
import { ipcOf, NOW_NS, packed, partOf } from '../ingest/testing/frames.ts';
import { bury } from '../pipeline/dead.ts';
import { type Running, runPipeline } from '../pipeline/testing/running.ts';
import { DEAD_TOPIC } from '../schemas/tables.ts';
import { DeadLetters, lettersPart } from './dead-letters.ts';

let running: Running;
let letters: DeadLetters;
/** Hosts that have an agent of their own. */
const taken = new Set<string>();

beforeAll(async () => {
  running = await runPipeline();
  const { stream, records } = running.stores;
  const registry = { isSharedTaken: true, generation: 0, find: () => undefined, ofHost: (host: string) => (taken.has(host) ? ({ host } as never) : undefined) };
  letters = new DeadLetters({ stream, records, door: openDoor({ stream, telemetry: noTelemetry, log: silentLogger }), registry });
});
afterAll(() => running?.stop());

const now = Date.now();
const at = BigInt(now - 60_000) * 1_000_000n;
const line = (body: string, host = 'web-1') => partOf('logs', { time: [at], severity: ['error'], body: [body], host: [host] });
const stored = (body: string, seq: number): StoredMessage => ({
  topic: 'im.logs',
  partition: 0,
  offset: BigInt(seq),
  key: 'agent-1',
  headers: { schema: 'logs', version: '1', sender: 'agent-1', boot: '5', seq: String(seq), rows: '1', received: String(at), from: String(at), to: String(at) },
  value: line(body).ipc,
});
/** As the pipeline does it. */
const buried = async (body: string, seq: number, reason = 'refused-row'): Promise<void> => {
  const message = stored(body, seq);
  await bury([{ message, value: message.value, rows: 1, stage: 'logs', reason, error: `no ${body}` }], running.stores.stream, noTelemetry);
};
/** As the door does it with a part that it does not know. */
const unknown = (schema: string, part = line('of a newer agent'), version = '1'): Promise<void> => {
  const own = packed(part);
  const headers = {
    schema,
    version,
    sender: 'agent-2',
    boot: '7',
    seq: '1',
    rows: '1',
    received: String(NOW_NS),
    encoding: 'zstd',
    stage: 'ingest',
    reason: 'unknown-schema',
    buried: String(now),
    error: `schema ${schema} of version ${version} is not known`,
  };
  return running.stores.stream.produce(DEAD_TOPIC, [{ key: 'agent-2', headers, value: own.ipc }]);
};
const lines = async (): Promise<readonly unknown[]> => {
  await running.settled();
  return (await running.ask('from logs | select body | sort body', now - 3_600_000, now + 60_000)).body ?? [];
};
const waiting = async () => (await letters.list({}, false, 100)).letters;

test('replayed, a letter is stored once, also where the note of it was lost; a dropped one is told of no more', async () => {
  expect(await lettersPart(letters)).toEqual({ name: 'dead letters', state: 'ok', detail: 'none waits' });
  await buried('one', 1);
  await buried('two', 2, 'limit');
  await buried('three', 3);
  const { groups } = await letters.list({}, false, 100);
  expect(groups.map(({ reason, letters: count, topic, schema, stage }) => [stage, reason, topic, schema, count])).toEqual([
    ['pipeline logs', 'refused-row', 'im.logs', 'logs', 2],
    ['pipeline logs', 'limit', 'im.logs', 'logs', 1],
  ]);
  expect((await letters.list({ reason: 'limit' }, false, 100)).letters.map(({ error }) => error)).toEqual(['no two']);
  expect((await letters.list({ topic: 'im.metrics' }, false, 100)).groups).toEqual([]);
  expect(await lettersPart(letters)).toMatchObject({ state: 'degraded', detail: expect.stringMatching(/^3 wait, since 20.*: inframirror dead list$/) });
  const [first] = await waiting();
  const whole = await letters.show(first?.id ?? '');
  const moment = formatTime(at);
  expect([whole.content?.[0], whole.headers]).toEqual([
    expect.objectContaining({ body: 'one', host: 'web-1', time: moment }),
    expect.objectContaining({ origin: 'im.logs/0/1', received: moment, from: moment, to: moment }),
  ]);

  expect(await letters.replay('admin', { reason: 'refused-row' })).toEqual({ replayed: 2, droppedRows: 0, refused: [], isMore: false });
  expect(await lines()).toEqual(['one', 'three']);
  expect(await letters.replay('admin', {})).toMatchObject({ replayed: 1 });
  expect(await lines()).toEqual(['one', 'three', 'two']);
  expect(await letters.replay('admin', {})).toMatchObject({ replayed: 0 });
  // It died between the stream and its note.
  await running.stores.records.query('DELETE FROM dead_letters_done');
  expect(await letters.replay('admin', {})).toMatchObject({ replayed: 3 });
  expect(await lines()).toEqual(['one', 'three', 'two']);
  expect((await letters.list({}, true, 100)).letters.map(({ state }) => state)).toEqual(['replayed', 'replayed', 'replayed']);

  await buried('four', 4);
  const [fourth] = await waiting();
  const rows = async () => (await running.stores.records.query("SELECT count(*)::int AS n FROM audit WHERE what LIKE 'dead.%'"))[0]?.n;
  const audited = await rows();
  for (const ids of [
    [fourth?.id ?? '', '0/999', 'x'],
    ['0/999', fourth?.id ?? '', 'x'],
  ])
    for (const change of [letters.drop('admin', { ids }), letters.replay('admin', { ids })])
      await expect(change).rejects.toMatchObject({ code: 'dead.missing', parameters: { ids: '0/999, x', named: 3 } });
  expect([await rows(), (await waiting()).length]).toEqual([audited, 1]);
  expect(await letters.drop('admin', { ids: [fourth?.id ?? ''] })).toBe(1);
  expect([await waiting(), await letters.drop('admin', {})]).toEqual([[], 0]);
  expect(await letters.replay('admin', { ids: [fourth?.id ?? ''] })).toMatchObject({ replayed: 0 });
  // What its sender sends next is taken as before.
  const { headers, ...next } = stored('five', 5);
  await running.stores.stream.produce('im.logs', [{ ...next, headers }]);
  expect(await lines()).toEqual(['five', 'one', 'three', 'two']);
  const audit = await running.stores.records.query("SELECT what, detail FROM audit WHERE what LIKE 'dead.%' ORDER BY id");
  expect(audit[0]).toEqual({ what: 'dead.replay', detail: { reason: 'refused-row' } });
  // What came of it stands in a second row.
  expect(audit[1]).toEqual({ what: 'dead.replay', detail: { reason: 'refused-row', replayed: 2 } });
  expect(audit).toContainEqual({ what: 'dead.drop', detail: { ids: [fourth?.id], count: 1, dropped: 1 } });
});

test('a part that the door did not know passes it now: of other hosts, malformed or still unknown it stays', async () => {
  await unknown('logs');
  await unknown('dreams');
  await unknown('logs', line('of a newer version'), '2');
  await unknown('logs', line('of somebody else', 'taken-host'));
  await unknown('logs', { ...line('x'), ipc: ipcOf('events', { time: [at], kind: ['k'], title: ['t'] }) });
  await unknown('logs', partOf('logs', { time: [at - 400n * 86_400_000_000_000n], body: ['very old'] }));
  taken.add('taken-host');
  const { replayed, refused, droppedRows } = await letters.replay('admin', {});
  expect([replayed, droppedRows]).toEqual([2, 1]);
  const reasons = refused.map(({ reason }) => reason).join('\n');
  expect(refused).toHaveLength(4);
  for (const part of ['knows no schema dreams', 'schema logs of version 2', 'taken-host', 'column']) expect(reasons).toContain(part);
  expect(await lines()).toContain('of a newer agent');
  expect((await lines()).filter((body) => body === 'of a newer agent')).toHaveLength(1);
  expect(await waiting()).toHaveLength(4);
});

test('what became of a letter that the stream has let go is forgotten with the next one', async () => {
  const { records } = running.stores;
  const noted = async () => (await records.query(`SELECT "offset" FROM dead_letters_done WHERE partition = 0 AND "offset" < 0`)).length;
  await records.query(`INSERT INTO dead_letters_done (partition, "offset", what, who, time) VALUES (0, -1, 'dropped', 'admin', 0)`);
  expect(await noted()).toBe(1);
  await letters.drop('admin', {});
  expect(await noted()).toBe(0);
});

test('a letter that is not there is told', async () => {
  for (const id of ['0/999', '9/0', 'x', '0/-1', '']) await expect(letters.show(id), id).rejects.toSatisfy((error) => hasCode(error, 'dead.none'));
});

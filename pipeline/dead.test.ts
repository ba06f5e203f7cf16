// What cannot be written, from frames at the door to the dead letters, on the real stores; what comes beside it goes on.
import { expect, test } from 'vitest';
import type { Message } from '../engines/stream/port.ts';
import { ipcOf } from '../ingest/testing/frames.ts';
import { framesToRows, minute } from './testing/frames-to-rows.ts';

const own = framesToRows();
const { settled, rowsOf, telemetry } = own;

test('what no retry can save is a dead letter with origin, stage and error; the rest goes on', async () => {
  const sender = 'dead-1';
  const headers = (schema: string, n: number, version = '1'): Record<string, string> => ({ schema, version, sender, boot: '1', seq: String(n), rows: '1' });
  const line = (body: string): Uint8Array => ipcOf('logs', { time: [BigInt(minute) * 1_000_000n], body: [body] });
  const message = (head: Record<string, string>, value: Uint8Array): Message => ({ key: sender, headers: head, value });
  await own.stores.stream.produce('im.logs', [
    message(headers('logs', 1), line('good 1')),
    message(headers('logs', 2, '9'), line('another version')),
    message(headers('logs', 3), Uint8Array.of(1, 2, 3)),
    message(headers('metrics', 4), line('another schema')),
    message(headers('logs', 5), ipcOf('logs', { time: [-(2n ** 62n)], body: ['too early'] })),
    message({ what: 'no identity' }, line('x')),
    message(headers('logs', 6), line('good 2')),
  ]);
  await settled();
  expect(await rowsOf(`SELECT body FROM logs WHERE sender = '${sender}' ORDER BY body`)).toEqual([['good 1'], ['good 2']]);
  const letters: Record<string, string>[] = [];
  const consumer = await own.stores.stream.consume(
    { group: 'dead-test', topics: ['im.dead'] },
    {
      assigned: () => Promise.resolve(undefined),
      deliver: ({ messages }) => {
        letters.push(...messages.map((m) => ({ ...m.headers })));
        return Promise.resolve();
      },
      revoked: () => Promise.resolve(),
      failed: () => undefined,
    },
  );
  await expect.poll(() => letters.length, { timeout: 20_000 }).toBe(5);
  await consumer.stop();
  const told = letters.map(({ seq: n, stage, origin }) => [n, stage, origin?.startsWith('im.logs/')]);
  expect(told.toSorted()).toEqual(
    [
      ['2', 'pipeline decode', true],
      ['3', 'pipeline decode', true],
      ['4', 'pipeline decode', true],
      ['5', 'pipeline decode', true],
      [undefined, 'pipeline decode', true],
    ].toSorted(),
  );
  expect(letters.every(({ error }) => error !== undefined && error.length > 5)).toBe(true);
  expect(telemetry.value('inframirror_dead_rows_total', { stage: 'pipeline-decode', reason: 'unknown-version' })).toBe(1);
});

test('an event the record store cannot keep is a dead letter, those beside it stand', async () => {
  const sender = 'zero-1';
  const event = (n: number, title: string): Message => ({
    key: sender,
    headers: { schema: 'events', version: '1', sender, boot: '1', seq: String(n), rows: '1' },
    value: ipcOf('events', { time: [BigInt(minute) * 1_000_000n], kind: ['deploy'], title: [title], host: [sender] }),
  });
  await own.stores.stream.produce('im.events', [event(1, 'one'), event(2, 't\0wo'), event(3, 'three'), event(4, 'four')]);
  await settled();
  const events = await own.stores.records.query('SELECT title FROM events WHERE host = $1 ORDER BY seq', [sender]);
  expect(events.map(({ title }) => title)).toEqual(['one', 'three', 'four']);
  expect(telemetry.value('inframirror_dead_rows_total', { stage: 'pipeline-records', reason: 'refused-message' })).toBe(1);
});

test('missing columns are filled, unknown ones ignored and counted', async () => {
  const sender = 'columns-1';
  await own.stores.stream.produce('im.logs', [
    {
      key: sender,
      headers: { schema: 'logs', version: '1', sender, boot: '1', seq: '1', rows: '1' },
      value: ipcOf('logs', { time: [BigInt(minute) * 1_000_000n], body: ['x'], newer: ['?'] }, [
        { name: 'time', type: { kind: 'timestamp', unit: 'ns' } },
        { name: 'body', type: { kind: 'utf8' } },
        { name: 'newer', type: { kind: 'utf8' } },
      ]),
    },
  ]);
  await settled();
  expect(await rowsOf(`SELECT body, severity, mapKeys(attributes) FROM logs WHERE sender = '${sender}'`)).toEqual([['x', null, []]]);
  expect(telemetry.value('inframirror_pipeline_unknown_columns_total', { schema: 'logs' })).toBe(1);
});

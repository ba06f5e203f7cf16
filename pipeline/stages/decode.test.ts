// Messages as they may come: whole ones conform to their schema, anything else becomes a letter with a reason, nothing throws.
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { valueAt } from '../../core/batch/batch.ts';
import type { StoredMessage } from '../../engines/stream/port.ts';
import { ipcOf } from '../../ingest/testing/frames.ts';
import { SIGNAL_FIELDS, type SignalSchema } from '../../schemas/tables.ts';
import { decodeMessage, envelopeOf } from './decode.ts';

const HEADERS = { schema: 'logs', version: '1', sender: 'a', boot: '1', seq: '2', rows: '1' };
const message = (value: Uint8Array, headers: Readonly<Record<string, string>> = HEADERS): StoredMessage => ({
  topic: 'im.logs',
  partition: 0,
  offset: 5n,
  key: 'a',
  headers,
  value,
});
const decode = (stored: StoredMessage, schemas: readonly SignalSchema[] = ['logs']) => {
  const envelope = envelopeOf(stored);
  if (envelope === undefined) throw new Error('no envelope');
  return decodeMessage(stored, envelope, schemas);
};
const line = ipcOf('logs', { time: [5n], body: ['x'] });

test.each([
  [{ ...HEADERS, version: '2' }, line, 'unknown-version'],
  [{ ...HEADERS, schema: 'traces' }, line, 'unknown-schema'],
  [{ ...HEADERS, schema: '__proto__' }, line, 'unknown-schema'],
  [HEADERS, ipcOf('logs', { body: ['x'] }), 'malformed'],
  [HEADERS, ipcOf('logs', { time: [null], body: ['x'] }), 'malformed'],
  [HEADERS, ipcOf('logs', { time: [5n], body: [null] }), 'malformed'],
  [HEADERS, ipcOf('metrics', { time: [5n] }), 'malformed'],
  [HEADERS, ipcOf('logs', { time: [5n, -1n], body: ['x', 'y'] }), 'malformed'],
  [HEADERS, ipcOf('logs', { time: [2n ** 62n * 2n - 1n], body: ['x'] }), 'malformed'],
  [HEADERS, new Uint8Array(0), 'malformed'],
])('%j is a dead letter', (headers, value, reason) => {
  const outcome = decode(message(value, headers));
  expect(outcome).toMatchObject({ ok: false, letter: { reason, stage: 'decode', value, rows: 1 } });
});

test('a packed message is unpacked; one that is damaged, too large or packed otherwise is a letter, as it came', () => {
  const packed = zstdCompressSync(line);
  expect(decode(message(packed, { ...HEADERS, encoding: 'zstd' }))).toMatchObject({ ok: true, decoded: { batch: { length: 1 } } });
  const bomb = zstdCompressSync(new Uint8Array(65 << 20));
  for (const [value, encoding] of [
    [line, 'zstd'],
    [packed, 'gzip'],
    [packed.subarray(0, -3), 'zstd'],
    [bomb, 'zstd'],
  ] as const)
    expect(decode(message(value, { ...HEADERS, encoding }))).toMatchObject({ ok: false, letter: { reason: 'malformed', value } });
});

test.each(Object.keys(HEADERS))('without %s nothing is known of a message', (name) => {
  const { [name as keyof typeof HEADERS]: _, ...rest } = HEADERS;
  expect(envelopeOf(message(line, rest))).toBeUndefined();
  if (!['schema', 'sender'].includes(name)) expect(envelopeOf(message(line, { ...HEADERS, [name]: '-1' }))).toBeUndefined();
  if (!['schema', 'sender'].includes(name)) expect(envelopeOf(message(line, { ...HEADERS, [name]: String(2n ** 64n) }))).toBeUndefined();
});

test('what is missing is filled only where nothing may be missing', () => {
  const outcome = decode(message(ipcOf('logs', { time: [5n, 6n], body: ['x', 'y'], attributes: [null, new Map([['k', 'v']])] })));
  if (!outcome.ok) throw new Error(outcome.letter.error);
  const { batch } = outcome.decoded;
  expect(batch.fields).toEqual(SIGNAL_FIELDS.logs);
  const row = (at: number) => Object.fromEntries(batch.fields.map(({ name }, i) => [name, valueAt(batch.columns[i] as (typeof batch.columns)[number], at)]));
  expect(row(0)).toMatchObject({ time: 5n, body: 'x', service: null, severity: null, attributes: new Map(), numbers: new Map() });
  expect(row(1)).toMatchObject({ time: 6n, attributes: new Map([['k', 'v']]) });
});

test('cut and changed bytes never throw', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: line.length }),
      fc.integer({ min: 0, max: line.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      (length, at, byte) => {
        const bytes = line.slice(0, length);
        if (at < length) bytes[at] = byte;
        const outcome = decode(message(bytes));
        if (!outcome.ok) expect(outcome.letter.error).not.toBe('');
      },
    ),
    { numRuns: 500 },
  );
});

// Inventories: what enriches is taken out of the labels, and an event names exactly what changed.
import { expect, test } from 'vitest';
import type { Value } from '../../core/batch/batch.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { ipcOf } from '../../ingest/testing/frames.ts';
import type { Decoded } from '../message.ts';
import { decodeMessage, envelopeOf } from './decode.ts';
import { eventOf, type InventoryRow, inventoryRows } from './inventory.ts';

const rowOf = (columns: Readonly<Record<string, Value>>): InventoryRow => {
  const value = ipcOf('inventory', Object.fromEntries(Object.entries({ time: 5_000_000_000n, host: 'h', ...columns }).map(([name, one]) => [name, [one]])));
  expect(decodeStream(value)).toHaveLength(1);
  const headers = { schema: 'inventory', version: '1', sender: 's', boot: '1', seq: '1', rows: '1' };
  const message = { topic: 'im.events', partition: 0, offset: 0n, key: 's', headers, value };
  const envelope = envelopeOf(message);
  const outcome = envelope === undefined ? undefined : decodeMessage(message, envelope, ['inventory']);
  if (outcome?.ok !== true) throw new Error('not decoded');
  const decoded: Decoded = outcome.decoded;
  return inventoryRows(decoded)[0] as InventoryRow;
};

test('labels that enrich become columns, empty ones say nothing', () => {
  const labels = new Map([
    ['region', 'eu'],
    ['env', ''],
    ['rack', '7'],
    ['__proto__', 'x'],
  ]);
  const { facts } = rowOf({ labels, os: '', cores: 4 });
  expect(facts).toMatchObject({ host: 'h', region: 'eu', env: null, os: null, cores: 4, sender: 's' });
  expect([...facts.labels]).toEqual([
    ['rack', '7'],
    ['__proto__', 'x'],
  ]);
});

test('the first one is new, the same again is nothing', () => {
  const row = rowOf({ os: 'Linux' });
  expect(eventOf(row, undefined)).toMatchObject({ kind: 'inventory.new', title: 'h reports for the first time' });
  expect(eventOf(row, rowOf({ os: 'Linux' }).facts)).toBeUndefined();
  // Another sender for the same host is no change of the host.
  expect(eventOf(row, { ...row.facts, sender: 'other' })).toBeUndefined();
});

test('a change names each thing with before and after', () => {
  const before = rowOf({
    os: 'Linux 1',
    cores: 4,
    addresses: ['10.0.0.1'],
    labels: new Map([
      ['env', 'test'],
      ['rack', '7'],
    ]),
  });
  const after = rowOf({ os: 'Linux 2', cores: 4, addresses: ['10.0.0.1', '::1'], memory: 5n, labels: new Map([['env', 'prod']]) });
  const event = eventOf(after, before.facts);
  expect(event?.kind).toBe('inventory.change');
  expect(event?.title).toBe('h changed: operating system Linux 1 → Linux 2; env test → prod; addresses 10.0.0.1 → 10.0.0.1, ::1; and 2 more');
  expect(Object.fromEntries(event?.attributes ?? [])).toEqual({
    os: 'Linux 1 → Linux 2',
    env: 'test → prod',
    addresses: '10.0.0.1 → 10.0.0.1, ::1',
    'labels.rack': '7 → (none)',
    memory: '(none) → 5',
    'inventory.time': '1970-01-01T00:00:05.000Z',
  });
});

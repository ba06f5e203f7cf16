// Log lines on their way into a search store with documents of its own: what is refused becomes a letter of the message it came with, a store that
// is away is waited for, and who is stopped stops. The store is one in memory; the real one is tested with its engine.
import { expect, test } from 'vitest';
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { CodedError } from '../../core/errors.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import type { RefusedLine, SearchWriter } from '../../engines/search/port.ts';
import { SIGNAL_FIELDS, TABLE_FIELDS } from '../../schemas/tables.ts';
import { InsertNumbers } from '../insert-number.ts';
import type { Decoded } from '../message.ts';
import { Stopped } from '../retry.ts';
import type { RoundContext } from '../sink.ts';
import { documentsSink } from './documents.ts';

const bodies = (batch: Batch): readonly Value[] => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, 'body'), row));

const messageOf = (offset: bigint, lines: readonly string[]): Decoded => ({
  stored: { topic: 'im.logs', partition: 0, offset, key: 'a', headers: {}, value: new Uint8Array(0) },
  schema: 'logs',
  sender: 'a',
  boot: 1n,
  seq: offset,
  received: 0n,
  latest: undefined,
  batch: batchOf(
    SIGNAL_FIELDS.logs.map(({ name, type }) => {
      const of = (line: string): Value => (name === 'time' ? 1n : name === 'body' ? line : name === 'position' ? 7n : name === 'file' ? 1n : null);
      return [name, columnFrom(type, lines.map(of))] as const;
    }),
  ),
});

/** Answers what `fails` does not reject; refuses each line `bad`. */
const storeOf = (fails: Error[]): SearchWriter & { readonly rows: Batch[] } => {
  const rows: Batch[] = [];
  return {
    rows,
    begin: (lines) => {
      const refused: RefusedLine[] = [];
      return {
        refused,
        send: async () => {
          const error = fails.shift();
          if (error !== undefined) throw error;
          rows.push(lines);
          for (const [row, body] of bodies(lines).entries()) if (body === 'bad') refused.push({ row, reason: 'mapper_parsing_exception: no' });
        },
      };
    },
  };
};

const contextOf = (signal: AbortSignal, told: string[]): RoundContext => ({
  signal,
  health: { failed: ({ message }) => void told.push(message), parked: () => void told.push('parked'), recovered: () => void told.push('recovered') },
  numbers: new InsertNumbers(0, 0n),
  interrupted: undefined,
  until: () => 0n,
  owned: () => Number.POSITIVE_INFINITY,
  plan: () => Promise.reject(new Error('nothing is planned')),
});

const partOf = (writer: SearchWriter) => documentsSink({ writer, inventory: { of: () => [] } }).open({ topic: 'im.logs', partition: 0 });

test('a line that is refused is a letter of its own message, with the reason, and all rows go as one batch of the table', async () => {
  const store = storeOf([]);
  const messages = [messageOf(3n, ['one', 'bad']), messageOf(5n, ['two']), messageOf(6n, ['bad', 'three'])];
  const letters = await partOf(store).write(messages, contextOf(new AbortController().signal, []));
  expect(store.rows.map(bodies)).toEqual([['one', 'bad', 'two', 'bad', 'three']]);
  expect(store.rows[0]?.fields).toEqual(TABLE_FIELDS.logs);
  expect(letters.map(({ message, rows, error }) => [message.offset, rows, error])).toEqual([
    [3n, 1, 'mapper_parsing_exception: no'],
    [6n, 1, 'mapper_parsing_exception: no'],
  ]);
  expect(letters.flatMap(({ value }) => decodeStream(value).flatMap(bodies))).toEqual(['bad', 'bad']);
});

test('a store that is away is waited for, and told of', async () => {
  const told: string[] = [];
  const away = new CodedError('search.unavailable', { reason: '429' });
  const store = storeOf([away, away]);
  expect(await partOf(store).write([messageOf(1n, ['x'])], contextOf(new AbortController().signal, told))).toEqual([]);
  expect(told).toEqual([away.message, away.message, 'recovered']);
});

test('what only a person can mend is told as such, and whoever is stopped meanwhile stops', async () => {
  const told: string[] = [];
  const stop = new AbortController();
  const context = contextOf(stop.signal, told);
  const parked = { ...context, health: { ...context.health, parked: () => void stop.abort() } };
  const refusal = new CodedError('search.other-mapping', { name: 'x', reason: 'y' });
  await expect(partOf(storeOf([refusal])).write([messageOf(1n, ['x'])], parked)).rejects.toBeInstanceOf(Stopped);
  expect(told).toEqual([]);
});

// What is learned of attributes, on the real store: names and kinds from all hosts, new ones and late ones soon, and bounds.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import { openColumnSearch } from '../../engines/search/embedded/open.ts';
import { RETENTION } from '../../schemas/retention.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { fairShare, LearnedAttributes } from './learned-attributes.ts';

const NOW = Date.UTC(2026, 10, 20, 12, 30);
const HOUR = 3_600_000;

interface Line {
  readonly ms: number;
  readonly sender?: string;
  /** When it came in. */
  readonly insertedMs?: number;
  readonly text?: Readonly<Record<string, string>>;
  readonly number?: Readonly<Record<string, number>>;
}

let store: TemporaryStore;
let columns: ColumnStore;
let inserts = 0;
beforeAll(async () => {
  store = await openTemporaryStore();
  columns = store.columns;
}, 60_000);
afterAll(() => store?.close());
beforeEach(() => columns.command('TRUNCATE TABLE logs'));

const write = async (lines: readonly Line[]): Promise<void> => {
  const value = (name: string, { ms, sender = '', insertedMs = ms, text = {}, number = {} }: Line, row: number): Value => {
    switch (name) {
      case 'sender':
        return sender;
      case 'time':
        return BigInt(ms) * 1_000_000n;
      case 'insert':
        return BigInt(insertedMs) << 22n;
      case 'attributes':
        return new Map(Object.entries(text));
      case 'numbers':
        return new Map(Object.entries(number));
      case 'position':
        return BigInt(row);
      case 'file':
        return 1n;
      case 'body':
        return 'x';
      default:
        return ['head', 'tail'].includes(name) ? '' : null;
    }
  };
  const fields = TABLE_FIELDS.logs.map(
    ({ name, type }) =>
      [
        name,
        columnFrom(
          type,
          lines.map((line, row) => value(name, line, row)),
        ),
      ] as const,
  );
  await columns.insert('logs', batchOf(fields), { queryId: `attributes-${inserts++}` });
};
const learner = (): LearnedAttributes => new LearnedAttributes(openColumnSearch(columns), () => RETENTION.logs);
const shown = (of: LearnedAttributes) => of.all.map(({ name, type, share }) => [name, type, Math.round(share * 100)]);

test('names with their kind and how many lines have them, most used first, also after a start anew', { timeout: 60_000 }, async () => {
  const day = Array.from(
    { length: 10 },
    (_, i): Line => ({
      ms: NOW - i * 60_000,
      insertedMs: NOW - 61_000 - i,
      text: { path: '/', ...(i < 2 ? { code: 'E1' } : {}) },
      number: { ...(i < 5 ? { status: 200 } : {}), ...(i === 9 ? { code: 7 } : {}) },
    }),
  );
  await write(day);
  const learned = learner();
  expect(await learned.learn(NOW)).toBe(true);
  const wanted = [
    ['path', 'text', 100],
    ['status', 'number', 50],
    ['code', 'both', 30],
  ];
  expect(shown(learned)).toEqual(wanted);
  expect([learned.kind('path'), learned.kind('code'), learned.kind('nothing')]).toEqual(['text', 'both', undefined]);
  expect(learned.all[0]?.lastSeen).toBe(BigInt(NOW) * 1_000_000n);
  expect(await learned.learn(NOW + 5000)).toBe(false);
  expect(shown(learned)).toEqual(wanted);
  const again = learner();
  await again.learn(NOW + 10_000);
  expect(shown(again)).toEqual(wanted);
});

test('a busy host does not hide what another one wrote hours or days before', { timeout: 60_000 }, async () => {
  await write([{ ms: NOW - 5 * HOUR, text: { quiet: 'a' } }]);
  await write([{ ms: NOW - 9 * 24 * HOUR, number: { older: 1 } }]);
  await columns.command(
    `INSERT INTO logs (time, body, attributes, insert) SELECT fromUnixTimestamp64Milli(${NOW} - number), 'x', map('busy', 'x'), bitShiftLeft(toUInt64(${NOW}), 22) FROM numbers(300000)`,
  );
  const learned = learner();
  await learned.learn(NOW);
  expect(learned.all.map(({ name }) => name).sort()).toEqual(['busy', 'older', 'quiet']);
});

test('what comes in later is learned at the next look, late lines too, and only what came in is read', { timeout: 60_000 }, async () => {
  await columns.command(
    `INSERT INTO logs (time, body, attributes, insert) SELECT fromUnixTimestamp64Milli(${NOW} - number), 'x', map('busy', 'x'), bitShiftLeft(toUInt64(${NOW - HOUR}), 22) FROM numbers(100000)`,
  );
  const learned = learner();
  await learned.learn(NOW);
  await write([{ ms: NOW - 3 * HOUR, insertedMs: NOW + 1000, text: { late: 'a', __proto__x: '', "it's `odd`\n": 'x' } }]);
  expect(await learned.learn(NOW + 5000)).toBe(true);
  expect(learned.all.map(({ name }) => name).sort()).toEqual(['__proto__x', 'busy', "it's `odd`\n", 'late']);
  expect(learned.all[0]?.name).toBe('busy');
});

test('names without end are bounded, the ones seen last stay, and nothing is kept beyond the retention', { timeout: 60_000 }, async () => {
  const names = (from: number) => `mapFromArrays(arrayMap(i -> 'k' || toString(${from} + number * 100 + i), range(100)), arrayMap(i -> 'v', range(100)))`;
  const insert = (from: number, ms: number) =>
    columns.command(
      `INSERT INTO logs (time, body, attributes, insert) SELECT fromUnixTimestamp64Milli(${ms}), 'x', ${names(from)}, bitShiftLeft(toUInt64(${ms}), 22) FROM numbers(60)`,
    );
  await insert(0, NOW - HOUR);
  const learned = learner();
  await learned.learn(NOW);
  expect(learned.all.length).toBeLessThanOrEqual(5000);
  await insert(1_000_000, NOW + 1000);
  await learned.learn(NOW + 5000);
  expect(learned.all.length).toBe(5000);
  expect(learned.all.filter(({ name }) => name.length >= 8).length).toBeGreaterThan(4900);
  await learned.learn(NOW + 31 * 24 * HOUR);
  expect(learned.all).toEqual([]);
});

test('one sender’s names without end hide none of the others, before it and after', { timeout: 60_000 }, async () => {
  const flood = (lines: number, ms: number) =>
    columns.command(
      `INSERT INTO logs (sender, time, body, attributes, insert) SELECT 'flood', fromUnixTimestamp64Milli(${ms}), 'x', mapFromArrays(arrayMap(i -> 'aa' || toString(number * 120 + i), range(120)), arrayMap(i -> 'v', range(120))), bitShiftLeft(toUInt64(${ms}), 22) FROM numbers(${lines})`,
    );
  const order = (sender: string, ms: number, name: string): Line => ({ ms, sender, text: { [name]: '17' } });
  await write([order('shop', NOW - 1000, 'order_id')]);
  await flood(1000, NOW - 500);
  const learned = learner();
  await learned.learn(NOW);
  expect(learned.kind('order_id')).toBe('text');
  // Another one from then on.
  await flood(1000, NOW + 1000);
  await write([order('late', NOW + 2000, 'zz_customer')]);
  await learned.learn(NOW + 5000);
  await learned.learn(NOW + 10_000);
  expect([learned.kind('order_id'), learned.kind('zz_customer')]).toEqual(['text', 'text']);
  expect(learned.all.length).toBeLessThanOrEqual(5000);
  expect(learned.all.length).toBeGreaterThan(4900);
  const again = learner();
  await again.learn(NOW + 10_000);
  expect([again.kind('order_id'), again.kind('zz_customer')]).toEqual(['text', 'text']);
});

test('a share is fair where nobody could have more without another one having less', () => {
  expect(fairShare([3, 4], 10)).toBe(10);
  expect(fairShare([1, 100, 2], 10)).toBe(7);
  expect(fairShare([50, 50, 50], 10)).toBe(3);
});

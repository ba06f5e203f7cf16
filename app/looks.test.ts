// Parts that hang, that fail and that answer, looked at together: each is told by itself, and nothing heaps up before one that hangs.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PartStatus } from '../graphql/service.ts';
import { type Look, Looks } from './looks.ts';

const ok = (name: string): PartStatus => ({ name, state: 'ok', detail: 'answers' });
const never = (): Promise<never> => new Promise(() => undefined);
const good = (name: string): Look => ({ name, read: () => [ok(name)] });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const PATIENCE_MS = 2000;
/** As long as a part may take, and no longer. */
const told = async (looks: Looks, list: readonly Look[]): Promise<readonly PartStatus[]> => {
  const parts = looks.all(list);
  await vi.advanceTimersByTimeAsync(PATIENCE_MS);
  return parts;
};

test('a part that hangs is named, and all others tell their state, in their order', async () => {
  const parts = await told(new Looks(), [
    good('a'),
    { name: 'b', late: 'down', about: () => 'process 7', read: never },
    {
      name: 'c',
      read: () => {
        throw new Error('broken');
      },
    },
    { name: 'd', read: () => Promise.resolve([ok('d 1'), ok('d 2')]) },
    { name: 'e', tells: ['e 1', 'e 2'], read: never },
  ]);
  expect(parts).toEqual([
    ok('a'),
    { name: 'b', state: 'down', detail: 'no answer within 2 s; process 7' },
    { name: 'c', state: 'degraded', detail: 'broken' },
    ok('d 1'),
    ok('d 2'),
    { name: 'e 1', state: 'degraded', detail: 'no answer within 2 s' },
    { name: 'e 2', state: 'degraded', detail: 'no answer within 2 s' },
  ]);
});

test('what asks a part that does not answer says so; what needs no answer of it says its own', async () => {
  const store: Look = { name: 'column store', late: 'down', read: never };
  const failing: Look = { name: 'rollups', asks: ['column store', 'record store'], read: () => [{ name: 'rollups', state: 'degraded', detail: 'aborted' }] };
  const parts = await told(new Looks(), [store, good('record store'), failing, { ...good('agents'), asks: ['column store'] }]);
  expect(parts.map(({ detail }) => detail)).toEqual(['no answer within 2 s', 'answers', 'not known: the column store does not answer', 'answers']);
  const both = await told(new Looks(), [store, { name: 'record store', late: 'down', read: never }, failing]);
  expect(both[2]?.detail).toBe('not known: the column store and the record store do not answer');
  expect(await told(new Looks(), [good('column store'), failing])).toContainEqual({ name: 'rollups', state: 'degraded', detail: 'aborted' });
});

test('one look at a time before a part that hangs, and it is well again when it answers', async () => {
  const looks = new Looks();
  let begun = 0;
  let answer = (_: readonly PartStatus[]): void => undefined;
  const look: Look = {
    name: 'a',
    read: () => {
      begun++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  for (let i = 0; i < 5; i++) expect((await told(looks, [look]))[0]?.state).toBe('degraded');
  expect(begun).toBe(1);
  expect((await told(looks, [look]))[0]?.detail).toMatch(/^no answer for \d+ s$/);
  answer([ok('a')]);
  expect(await looks.all([look])).toEqual([ok('a')]);
  const again = looks.all([look]);
  expect(begun).toBe(2);
  answer([ok('a')]);
  expect(await again).toEqual([ok('a')]);
});

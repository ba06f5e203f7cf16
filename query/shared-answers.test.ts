// One question of many askers: asked once while it is under way and for as long as an answer may be old, ended with its last asker.
import { expect, test } from 'vitest';
import type { QueryResult } from './result.ts';
import { SharedAnswers } from './shared-answers.ts';

const LONG = 60_000;
const resultOf = (rowCount: number): QueryResult => ({
  columns: [{ name: 'n', type: 'int', unit: undefined, values: [] }],
  lines: undefined,
  rowCount,
  valueCount: rowCount,
  truncated: undefined,
  completeUpTo: undefined,
  partial: [],
  diagnostics: [],
  stats: { elapsedMs: 0, rowsRead: 0, bytesRead: 0 },
});

/** A store that answers when it is told to. */
const held = () => {
  const calls: { readonly signal: AbortSignal; readonly resolve: (result: QueryResult) => void; readonly reject: (error: Error) => void }[] = [];
  const ask = (signal: AbortSignal): Promise<QueryResult> => {
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult>();
    calls.push({ signal, resolve, reject });
    return promise;
  };
  return { calls, ask };
};

test('askers of one question join it, and have its answer while it is young enough', async () => {
  const { calls, ask } = held();
  const answers = new SharedAnswers<QueryResult>();
  const both = [answers.get('a', LONG, undefined, ask), answers.get('a', LONG, undefined, ask)];
  const other = answers.get('b', LONG, undefined, ask);
  expect(calls.length).toBe(2);
  calls[0]?.resolve(resultOf(1));
  calls[1]?.resolve(resultOf(2));
  expect((await Promise.all([...both, other])).map((r) => r.rowCount)).toEqual([1, 1, 2]);
  expect((await answers.get('a', LONG, undefined, ask)).rowCount).toBe(1);
  expect(calls.length).toBe(2);
  const fresh = answers.get('a', 0, undefined, ask);
  calls[2]?.resolve(resultOf(3));
  expect((await fresh).rowCount).toBe(3);
});

test('who leaves does not take the answer from the others; with the last one the question ends', async () => {
  const { calls, ask } = held();
  const answers = new SharedAnswers<QueryResult>();
  const [first, second] = [new AbortController(), new AbortController()];
  const one = answers.get('a', LONG, first.signal, ask);
  const two = answers.get('a', LONG, second.signal, ask);
  first.abort();
  await expect(one).rejects.toMatchObject({ code: 'iql.cancelled' });
  expect(calls[0]?.signal.aborted).toBe(false);
  second.abort();
  await expect(two).rejects.toMatchObject({ code: 'iql.cancelled' });
  expect(calls[0]?.signal.aborted).toBe(true);
  // What was given up is nobody's answer.
  const again = answers.get('a', LONG, undefined, ask);
  expect(calls.length).toBe(2);
  calls[1]?.resolve(resultOf(5));
  expect((await again).rowCount).toBe(5);
});

test('a failure is told to those that wait, and is not kept; nor is an answer that is large', async () => {
  const { calls, ask } = held();
  const answers = new SharedAnswers<QueryResult>();
  const waiting = [answers.get('a', LONG, undefined, ask), answers.get('a', LONG, undefined, ask)];
  calls[0]?.reject(new Error('away'));
  for (const one of waiting) await expect(one).rejects.toThrow('away');
  const large = answers.get('a', LONG, undefined, ask);
  calls[1]?.resolve(resultOf(1_000_000));
  await large;
  const next = answers.get('a', LONG, undefined, ask);
  expect(calls.length).toBe(3);
  calls[2]?.resolve(resultOf(1));
  await next;
});

test('however many questions are answered, few are kept', async () => {
  const { calls, ask } = held();
  const answers = new SharedAnswers<QueryResult>();
  for (let i = 0; i < 1000; i++) {
    const one = answers.get(`q${i}`, LONG, undefined, ask);
    calls.at(-1)?.resolve(resultOf(1));
    await one;
  }
  const asked = calls.length;
  const again = answers.get('q0', LONG, undefined, ask);
  expect(calls.length).toBe(asked + 1);
  calls.at(-1)?.resolve(resultOf(1));
  await again;
});

// Holds that an answer is that of its own question: never a repeated one, once, and none after it was dropped.
import { afterEach, expect, it } from 'vitest';
import { type Answer, ask, askOnce } from './client.ts';

const QUESTION = 'query Now { now }';
const { fetch } = globalThis;
afterEach(() => {
  globalThis.fetch = fetch;
});
/** A server that counts its answers. */
const counting = (): void => {
  let asked = 0;
  globalThis.fetch = async () => Response.json({ data: { now: ++asked } });
};

it('the same question again has the new answer, also while another asks it', async () => {
  counting();
  const now = async (): Promise<unknown> => (await askOnce<{ now: number }, Record<string, never>>(QUESTION, {})).data;
  expect(await now()).toEqual({ now: 1 });
  expect(await now()).toEqual({ now: 2 });
  const answers: Answer<unknown>[] = [];
  ask(QUESTION, {}, (answer) => answers.push(answer));
  expect(await now()).toMatchObject({ now: expect.any(Number) });
  expect(answers).toHaveLength(1);
  await now();
  expect(answers).toHaveLength(1);
});

it('a dropped question is not answered', async () => {
  counting();
  const answers: Answer<unknown>[] = [];
  ask(QUESTION, {}, (answer) => answers.push(answer))();
  await askOnce('query Other { now }', {});
  expect(answers).toEqual([]);
});

it('what is no answer says which kind', async () => {
  globalThis.fetch = async () => Response.json({}, { status: 401 });
  expect(await askOnce(QUESTION, {})).toEqual({ failure: { kind: 'signed-out' } });
  globalThis.fetch = async () => Response.json({ errors: [{ message: 'no such field' }] });
  expect(await askOnce(QUESTION, {})).toEqual({ failure: { kind: 'refused', message: 'no such field' } });
  globalThis.fetch = async () => {
    throw new TypeError('connection refused');
  };
  expect(await askOnce(QUESTION, {})).toEqual({ failure: { kind: 'unreachable', message: 'connection refused' } });
});

// The settings that a restore brings back: as they were, with their comments, but without the folder of then.
import { expect, test } from 'vitest';
import { withoutData } from './restore.ts';

const of = async (text: string): Promise<string> => {
  const chunks = (async function* () {
    yield Buffer.from(text.slice(0, 7));
    yield Buffer.from(text.slice(7));
  })();
  return Buffer.concat(await Array.fromAsync(withoutData(chunks))).toString();
};

test('names no data folder, so that no empty one is begun in its place, and else says what it said', async () => {
  expect(await of('# ours\ndata: data\nretention:\n  logs: 7d # short\n')).toMatch(/^(# ours\n)?retention:\n {2}logs: 7d # short\n$/);
  expect((await of('data: /srv/x\n')).trim()).toBe('{}');
  for (const text of ['retention:\n  data: 3\n', 'a: [', '# nothing\n', '']) expect(await of(text)).toBe(text);
});

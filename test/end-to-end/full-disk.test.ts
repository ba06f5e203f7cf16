// A start on a disk without a free byte: what is there can be asked, and it is said what is wrong; with room it is as before.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clearDisk, fillDisk, smallDisk } from '../support/small-disk.ts';
import { command, eventually, startProduct } from './support/product.ts';

const STATUS = '{ status { problems { part message mend } parts { name state detail } } }';
interface Told {
  readonly status: {
    readonly problems: readonly { readonly part: string }[];
    readonly parts: readonly { readonly name: string; readonly state: string; readonly detail: string }[];
  };
}

test('starts on a full disk to be asked', async (context) => {
  const disk = smallDisk(context, '1400m');
  const dataDir = join(disk, 'data');
  const first = await startProduct({ folder: dataDir });
  // So small a disk is no problem by itself, and is told with what it leaves.
  const begun = (await first.graphql<Told>(STATUS)).data?.status;
  expect(begun?.problems).toEqual([]);
  expect(begun?.parts.find(({ name }) => name === 'stream')).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/, which its disk leaves it \(limits\.stream: 10 GiB\)$/),
  });
  await eventually('the host is known', async () => ((await first.ask('from hosts')).rowCount === 1 ? true : undefined));
  await first.stop();
  expect(statSync(join(dataDir, 'reserve')).size).toBe(48 << 20);
  fillDisk(disk);
  const full = await startProduct({ folder: dataDir });
  try {
    expect((await full.ask('from hosts')).rowCount).toBe(1);
    const { data } = await full.graphql<Told>(STATUS);
    expect(data?.status.problems.map(({ part }) => part)).toEqual(['disk', 'stream']);
    expect(data?.status.parts.filter(({ state }) => state === 'down')).toEqual([]);
    expect(existsSync(join(dataDir, 'reserve'))).toBe(false);
  } finally {
    await full.stop();
  }
  // Filled again, and nothing is kept any more: then it is said in words, and nothing is left that stands in the way of the next start.
  fillDisk(disk);
  const refused = await command(['start', '--data', dataDir, '--listen', '127.0.0.1:0', '--no-agent']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^inframirror: the disk of \S+ is full: .* \[disk\.full\]$/m)]);
  expect(existsSync(join(dataDir, 'address.new'))).toBe(false);
  clearDisk(disk);
  const last = await startProduct({ folder: dataDir });
  expect((await last.graphql<Told>(STATUS)).data?.status.problems).toEqual([]);
  await last.stop();
  expect(existsSync(join(dataDir, 'reserve'))).toBe(true);
}, 240_000);

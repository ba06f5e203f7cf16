// Tests of what a folder takes of its disk.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bytesBelow, StoreSpaces } from './store-spaces.ts';

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'spaces-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
};

test('sums all files below, follows no link, and takes a folder that is not there as empty', async () => {
  const dir = folder();
  const other = folder();
  writeFileSync(join(other, 'large'), new Uint8Array(8 << 20).fill(1));
  mkdirSync(join(dir, 'a/b'), { recursive: true });
  writeFileSync(join(dir, 'a/b/file'), new Uint8Array(1 << 20).fill(1));
  writeFileSync(join(dir, 'a/file'), new Uint8Array(1 << 20).fill(1));
  symlinkSync(other, join(dir, 'link'));
  symlinkSync(join(other, 'large'), join(dir, 'a/link'));
  const bytes = await bytesBelow(dir);
  expect(bytes >= 2 << 20 && bytes < 3 << 20).toBe(true);
  expect(await bytesBelow(join(dir, 'none'))).toBe(0);
});

test('what goes away while it is measured takes nothing of the rest along', async () => {
  const dir = folder();
  for (let i = 0; i < 300; i++) {
    mkdirSync(join(dir, `part-${i}`));
    writeFileSync(join(dir, `part-${i}/file`), new Uint8Array(16 << 10).fill(1));
  }
  const measuring = bytesBelow(dir);
  for (let i = 0; i < 10; i++) rmSync(join(dir, `part-${i * 30}`), { recursive: true });
  expect((await measuring) >= 290 * (16 << 10)).toBe(true);
});

test('tells each store with its disk', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'file'), new Uint8Array(1 << 20).fill(1));
  const spaces = new StoreSpaces(
    new Map([
      ['columns', dir],
      ['records', join(dir, 'none')],
    ]),
  );
  const [columns, records] = await spaces.read();
  expect(columns?.name).toBe('columns');
  expect((columns?.bytes ?? 0) >= 1 << 20).toBe(true);
  expect((columns?.diskFree ?? 0) < (columns?.diskSize ?? 0)).toBe(true);
  expect(records).toEqual({ name: 'records', bytes: 0, diskFree: undefined, diskSize: undefined });
});

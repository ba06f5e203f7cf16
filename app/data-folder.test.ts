// Who may look into a data folder: the user of the server alone, also where a version before this made it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openDataFolder } from './data-folder.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const open = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-data-'));
  folders.push(folder);
  openDataFolder(folder);
  mkdirSync(join(folder, 'stream'));
  for (const path of [folder, join(folder, 'stream')]) chmodSync(path, 0o755);
  return folder;
};
const modeOf = (...path: readonly string[]): number => statSync(join(...path)).mode & 0o777;

test('a folder that was open to others is closed with what is in it', () => {
  const folder = open();
  openDataFolder(folder);
  expect([modeOf(folder), modeOf(folder, 'stream')]).toEqual([0o700, 0o700]);
});

test('where others keep something too, only what is ours is closed', () => {
  const folder = open();
  writeFileSync(join(folder, 'of-another'), '');
  openDataFolder(folder);
  expect([modeOf(folder), modeOf(folder, 'stream')]).toEqual([0o755, 0o700]);
});

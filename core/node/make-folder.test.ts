// Folders that are made, and those that cannot be.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

test('makes what is missing, and says what is in the way', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-folder-'));
  try {
    makeFolder(join(folder, 'a', 'b'));
    makeFolder(join(folder, 'a', 'b'));
    expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file'))).toThrow(/EEXIST/);
    expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(/ENOTDIR/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.runIf(process.platform === 'linux')('ends where nothing can be made', () => {
  expect(() => makeFolder('/proc/inframirror/data')).toThrow(/ENOENT/);
});

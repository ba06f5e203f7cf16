// The name of who runs a process, where the user table has one and where it has none.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownName } from './own-name.ts';

test('is that of the user table', () => {
  expect(ownName()).toBe(userInfo().username);
});

test.skipIf(process.getuid?.() !== 0)('is the number where the user table has none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'own-name-'));
  try {
    copyFileSync(join(import.meta.dirname, 'own-name.ts'), join(folder, 'own-name.mts'));
    writeFileSync(join(folder, 'tell.mjs'), `import { ownName } from './own-name.mts';\nprocess.setuid(54321);\nprocess.stdout.write(ownName());\n`);
    expect(execFileSync(process.execPath, [join(folder, 'tell.mjs')], { encoding: 'utf8' })).toBe('uid 54321');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// Commands that were called wrongly, or where no server is: each names what is wrong and what there is instead, on one line and its mend on the next.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../../test/end-to-end/support/product.ts';
import { holdDataFolder } from '../data-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'inframirror-usage-'));
beforeAll(() => {
  for (const name of ['token', 'instance']) writeFileSync(join(folder, name), `${'t'.repeat(43)}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<readonly [readonly string[], number, string]>([
  [['dead'], 2, 'say what of the dead letters: dead list, dead show ID, dead replay or dead drop [command.usage]'],
  [['config', 'chek'], 2, 'config has no "chek"; did you mean "check"? [command.usage]'],
  [['agent', 'lst'], 2, 'agent has no "lst"; did you mean "list"? [command.usage]'],
  [['agent', 'frobnicate', 'x'], 2, 'agent has no "frobnicate"; there are token, list, revoke, release, forget, shared [command.usage]'],
  [['start', '--config', join(folder, 'none')], 2, `the settings are wrong: ${join(folder, 'none')}: there is no such file [config.wrong]`],
  [['restore', folder, '--data', join(folder, 'new')], 1, `there is no whole backup in ${folder}: it has no manifest.json [backup.none]`],
])('%j', async (args, code, line) => {
  const told = await command(args);
  expect([told.code, told.stdout, told.stderr.split('\n')[0]]).toEqual([code, '', `inframirror: ${line}`]);
  expect(told.stderr.split('\n')).toHaveLength(3);
});

test('where nobody said which server, it says why it asks there', async () => {
  // Only one who takes no part in it: an address that is free now may be taken in the next moment.
  const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const url = `http://127.0.0.1:${(other.address() as { port: number }).port}`;
  try {
    const named = await command(['audit', '--data', folder, '--server', url]);
    expect(named.stderr).toMatch(/^inframirror: http\S+ does not answer: (?!.*no server runs from)/);
    const guessed = await command(['audit', '--data', folder]);
    if (guessed.stderr.includes('[command.server]')) expect(guessed.stderr).toContain(`, and no server runs from ${folder} [command.server]`);
  } finally {
    other.close();
  }
});

test('a loss is accepted while the server is stopped', async () => {
  const lock = await holdDataFolder(folder);
  try {
    const { code, stderr } = await command(['accept-loss', 'stream', '--data', folder]);
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      expect.stringMatching(/: its server runs \(process \d+ on .*\); stop that first, .* \[store\.not-accepted\]$/),
    ]);
  } finally {
    lock.release();
  }
});

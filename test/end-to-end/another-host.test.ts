// docs/guide/another-host.md: what it says to bring to another host is all that an agent needs there.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from './support/product.ts';

const folder = mkdtempSync(join(tmpdir(), 'inframirror-another-host-'));
beforeAll(() => {
  const guide = readFileSync(join(ROOT, 'docs/guide/another-host.md'), 'utf8');
  const brought = /^tar czf inframirror-agent\.tgz (.+)$/m.exec(guide)?.[1]?.split(' ') ?? [];
  expect(brought.length).toBeGreaterThan(5);
  for (const name of brought.filter((path) => path !== 'node_modules/node')) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules/node'), join(folder, 'node_modules/node'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = join(folder, 'bin/inframirror.js');
const there = (...args: readonly string[]) => spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8', timeout: 60_000 });

test('the agent runs there', async () => {
  expect(there('--version')).toMatchObject({ status: 0 });
  expect(there('agent', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('agent token --host') });
  const [state, token] = [join(folder, 'state'), join(folder, 'token')];
  writeFileSync(token, 'not asked for by anybody\n');
  const options = ['--server', 'http://127.0.0.1:9', '--token-file', token, '--data', state, '--no-journal', '--logs', join(folder, '*.log')];
  const agent = spawn(process.execPath, [program, 'agent', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  agent.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(agent, 'exit');
  try {
    await expect.poll(() => said, { timeout: 60_000 }).toContain('the agent runs');
  } finally {
    agent.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
}, 180_000);

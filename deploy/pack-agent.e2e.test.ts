// The agent's package on a host that has nothing: unpacked as docs/guide/another-host.md says, with an empty search path, it tells what it is
// and sends what it has collected.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Sink } from '../agent/testing/sink.ts';
import { VERSION } from '../app/version.ts';
import { ROOT } from '../test/end-to-end/support/product.ts';
import { type AgentPackage, packAgent } from './pack-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'inframirror-agent-package-'));
const there = join(folder, 'opt/inframirror-agent');
const program = join(there, 'inframirror-agent');
let made: AgentPackage;
let door: Sink;
beforeAll(async () => {
  door = await Sink.start();
  made = await packAgent(folder);
  const guide = readFileSync(join(ROOT, 'docs/guide/another-host.md'), 'utf8');
  const options = /^mkdir -p \/opt\/inframirror-agent && tar (.+) -C \/opt\/inframirror-agent$/m.exec(guide)?.[1]?.split(' ') ?? [];
  expect(options.at(-1)).toMatch(/^inframirror-agent-\*\.tar\.gz$/);
  mkdirSync(there, { recursive: true });
  execFileSync('tar', [...options.slice(0, -1), made.file, '-C', there]);
}, 180_000);
afterAll(async () => {
  await door?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const NOTHING = { PATH: '', HOME: '/nonexistent' };
const run = (file: string, ...args: readonly string[]) => spawnSync(file, args, { cwd: '/', env: NOTHING, encoding: 'utf8', timeout: 60_000 });

test('it holds the agent, its Node and their licences, and no more', () => {
  expect(globSync('**/*', { cwd: there }).sort()).toEqual(
    ['LICENSE', 'LICENSE.node', 'inframirror-agent', 'inframirror-agent.service', 'lib', 'lib/inframirror-agent.js', 'lib/node', 'package.json'].sort(),
  );
  expect(readFileSync(join(there, 'LICENSE.node'), 'utf8')).toContain('Node.js');
  // What is not built in is nowhere on that host.
  const imported = [...readFileSync(join(there, 'lib/inframirror-agent.js'), 'utf8').matchAll(/(?:^import .*from |\bimport\()"([^"]+)"/gm)].map(
    ([, name]) => name,
  );
  expect(imported.length).toBeGreaterThan(5);
  expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([]);
  expect(made.file).toContain(`inframirror-agent-${VERSION}-${process.platform}-${process.arch}.tar.gz`);
  console.log(`agent's package: ${made.bytes} bytes, unpacked ${made.unpackedBytes}`);
});

test('it says what it is, by a link too', () => {
  const link = join(folder, 'link');
  symlinkSync(program, link);
  for (const file of [program, link]) expect(run(file, '--version')).toMatchObject({ status: 0, stdout: `${VERSION}\n`, stderr: '' });
  expect(run(program, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--join TOKEN|FILE'), stderr: '' });
  expect(run(program, 'list')).toMatchObject({ status: 2, stderr: expect.stringContaining('"list"') });
});

test('it collects, keeps and sends', async () => {
  const [state, token, lines] = [join(folder, 'state'), join(folder, 'token'), join(folder, 'shop.log')];
  writeFileSync(token, `${door.token}\n`);
  writeFileSync(lines, 'a line of the shop\n');
  const options = ['--server', door.url, '--token-file', token, '--data', state, '--host', 'web-1', '--no-journal', '--logs', lines];
  const agent = spawn(program, options, { cwd: '/', env: NOTHING, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  agent.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(agent, 'exit');
  try {
    await expect.poll(() => said, { timeout: 60_000 }).toContain('the agent runs');
    const sent = () => [...new Set(door.parts.map(({ schema }) => schema))];
    await expect.poll(sent, { timeout: 60_000 }).toEqual(expect.arrayContaining(['metrics', 'logs', 'processes']));
    expect(door.parts[0]?.header.host).toBe('web-1');
  } finally {
    agent.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
}, 180_000);

// Agents as an operator meets them: the server's own joins by itself; another joins by one command here and one there, its labels are those of its
// token, the shared token may not speak for it, and it can be listed and revoked.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf, partOf, zstd } from '../../ingest/testing/frames.ts';
import { command, type Product, ROOT, startProduct } from './support/product.ts';

let product: Product;
let agent: ChildProcess | undefined;
beforeAll(async () => {
  product = await startProduct();
}, 120_000);
afterAll(async () => {
  agent?.kill('SIGKILL');
  await product?.stop();
}, 60_000);

const run = (...args: readonly string[]) => command(['agent', ...args, '--data', product.folder]);
const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

test('the server’s own agent has joined by itself', async () => {
  const { code, stdout, stderr } = await run('list');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^\S+ +active +[0-9a-f]{32} /m)]);
  expect(stderr).toContain('the shared token is taken too');
  expect((await product.parts()).find(({ name }) => name === 'agents')).toMatchObject({ state: 'ok', detail: '1 joined' });
  expect(await product.values('from events last 1h | where kind == "inventory.new" | count')).toEqual([1]);
}, 60_000);

test('another host: a token here, one command there', async () => {
  const made = await run('token', '--host', 'web-*', '--label', 'env=prod', '--label', 'rack=7');
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^ij1\.[\w-]{150}\n$/)]);
  const folder = join(product.folder, 'other-agent');
  const args = ['--server', product.origin, '--data', folder, '--no-journal', '--logs', '/none-such/*.log'];
  const wrong = await command(['agent', ...args, '--host', 'db-1', '--join', made.stdout.trim()]);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('the join token is for web-*, this host is "db-1" [join.host]')]);
  agent = spawn(process.execPath, [join(ROOT, 'app/main.ts'), 'agent', ...args, '--host', 'web-7', '--label', 'env=dev', '--join', made.stdout.trim()], {
    stdio: 'ignore',
  });
  await until('its inventory is there', async () => (await product.values('from hosts | where host == "web-7" | select env', 'env')).includes('prod'));
  await until('the difference is told', async () => (await product.values('from events last 1h | where kind == "agent.labels" | count'))[0] === 1);
  expect(await command(['agent', ...args, '--host', 'web 8', '--join', made.stdout.trim()])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('letters, digits'),
  });
  const again = await command(['agent', '--server', product.origin, '--data', join(product.folder, 'third'), '--host', 'web-8', '--join', made.stdout.trim()]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('[join.used]')]);

  const now = BigInt(Date.now());
  const line = partOf('logs', { time: [now * 1_000_000n], severity: ['info'], body: ['forged'], host: ['web-7'] });
  const body = zstd(frameOf([line], { agent: 'forger', host: 'other', boot: now, sent: new Date().toISOString() }));
  const forged = await product.frames(body, { 'content-encoding': 'zstd' });
  expect([forged.status, await forged.json()]).toEqual([403, expect.objectContaining({ code: 'intake.host', host: 'web-7' })]);

  const listed = await run('list');
  const id = /^web-7 +active +(\S+)/m.exec(listed.stdout)?.[1] ?? '';
  expect(listed.stdout).toContain('env=prod rack=7');
  expect(await run('release', id)).toMatchObject({ code: 0, stdout: `nothing to do: ${id} of web-7 is active already\n` });
  const held = await run('token', '--host', 'WEB-7');
  expect([held.code, held.stdout, held.stderr]).toEqual([
    0,
    expect.stringMatching(/^ij1\./),
    expect.stringContaining(`warning: web-7 has an agent already (${id})`),
  ]);
  const replacing = (...labels: readonly string[]) => run('token', '--host', 'web-7', '--replace', id, ...labels);
  const keeping = (await replacing()).stderr;
  expect(keeping).toContain('web-7 keeps its labels: env=prod rack=7\n');
  expect(keeping).not.toContain('warning');
  expect((await replacing('--label', 'rack=7', '--label', 'env=prod')).stderr).not.toContain('rack');
  expect((await replacing('--label', 'env=dev')).stderr).toContain('warning: web-7 will have env=dev instead of env=prod rack=7\n');
  expect((await replacing('--no-labels')).stderr).toContain('warning: web-7 will have no labels instead of env=prod rack=7\n');
  expect(await replacing('--no-labels', '--label', 'env=dev')).toMatchObject({ code: 2, stderr: expect.stringContaining('not both') });
  expect((await run('token', '--host', 'web-9')).stderr).not.toContain('warning');
  expect(await run('revoke', id)).toMatchObject({ code: 0, stdout: `revoked: ${id} of web-7\n` });
  expect(await run('revoke', id)).toMatchObject({ code: 0, stdout: `nothing to do: ${id} of web-7 is revoked already (by admin)\n` });
  expect(await run('release', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('[agent.revoked]') });
  expect(await run('revoke', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringMatching(/\[agent\.none\]\n.*agent list/) });
  expect(await run('revoke')).toMatchObject({ code: 2 });
  expect(await run('token')).toMatchObject({ code: 2 });
  expect(await run('token', '--host', 'a b')).toMatchObject({ code: 1, stderr: expect.stringContaining('[join.value]') });
  expect(await run('shared', 'off')).toMatchObject({ code: 0 });
  const shared = await product.frames(body, { 'content-encoding': 'zstd' });
  expect([shared.status, await shared.json()]).toEqual([403, expect.objectContaining({ code: 'access.shared-off' })]);
}, 180_000);

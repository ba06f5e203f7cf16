// Starting and stopping as a user does it: the ready line, tokens, a second start, what is in the way.

import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { begin, command, eventually, newFolder, startProduct } from './support/product.ts';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const made = await newFolder();
  folders.push(made);
  return made;
};
afterAll(async () => {
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

/** Folders and files of a folder, itself too, that other users of the machine could read, change or enter. */
const openToOthers = (path: string): readonly string[] =>
  [path, ...readdirSync(path, { withFileTypes: true, recursive: true }).map((entry) => join(entry.parentPath, entry.name))].filter((at) => {
    const found = lstatSync(at, { throwIfNoEntry: false });
    return found !== undefined && (found.isDirectory() || found.isFile()) && (found.mode & 0o077) !== 0;
  });

test('each start prints the link that signs in, the next goes on where it was, and SIGTERM ends each within ten seconds', async () => {
  const data = join(await folder(), 'made/here');
  const first = await startProduct({ folder: data });
  const { token } = first;
  expect(first.heard.stdout).toBe(`InfraMirror is ready at ${first.origin}/?token=${token}\n`);
  for (const name of ['token', 'agent-token']) expect(statSync(join(data, name)).mode & 0o777).toBe(0o600);
  expect(first.token).not.toBe(first.agentToken);
  // Ready means: the first own sample can be asked for.
  const [count] = await first.values('from metrics.system.memory.usage last 5m | summarize n = count()');
  expect(count).toBeGreaterThan(0);
  expect(openToOthers(data)).toEqual([]);
  const began = performance.now();
  first.child.kill('SIGTERM');
  expect(await first.ended).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(existsSync(join(data, 'address'))).toBe(false);

  const second = await startProduct({ folder: data });
  expect(second.heard.stdout).toBe(`InfraMirror is ready at ${second.origin}/?token=${token}\n`);
  expect(second.token).toBe(token);
  const kinds = await second.values('from events last 1h | sort time | select kind');
  expect(kinds.filter((kind) => kind === 'agent.start').length).toBe(2);
  expect(kinds.filter((kind) => kind === 'agent.stop').length).toBe(1);
  second.child.kill('SIGINT');
  expect((await second.ended).code).toBe(0);
  console.log(`ready after ${Math.round(first.readyMs)} ms on a new folder, ${Math.round(second.readyMs)} ms on an old one`);
});

test('two on one data folder: the second refuses and the first goes on', async () => {
  const product = await startProduct();
  try {
    const second = begin(product.folder);
    expect((await second.ended).code).toBe(1);
    expect(second.heard.stdout).toBe('');
    expect(second.heard.stderr).toContain('is in use by process ');
    expect(second.heard.stderr).toContain('Stop the other server');
    expect(await product.values('from hosts | select host')).toHaveLength(1);
  } finally {
    await product.stop();
  }
});

test('a taken address is named at once', async () => {
  const data = await folder();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = `127.0.0.1:${(other.address() as { port: number }).port}`;
  try {
    const { heard, ended } = begin(data, { args: ['--listen', address] });
    expect((await ended).code).toBe(1);
    expect(heard.stderr).toContain(`cannot listen on ${address}: it is in use`);
    expect(heard.stderr).toContain('--listen');
  } finally {
    other.close();
  }
  await (await startProduct({ folder: data })).stop();
});

test('a data folder that cannot be used is named with its mend', async () => {
  const data = await folder();
  const file = join(data, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) {
    const { heard, ended } = begin(path);
    expect((await ended).code).toBe(1);
    expect(heard.stderr).toContain(`the data folder ${path} cannot be used`);
    expect(heard.stderr).toContain('--data');
  }
});

test('a token file that holds no token is not taken for one', async () => {
  const data = await folder();
  writeFileSync(join(data, 'token'), '\n', { mode: 0o644 });
  const { heard, ended } = begin(data);
  expect((await ended).code).toBe(1);
  expect(heard.stderr).toContain(`${join(data, 'token')} holds no token`);
});

test('a store that cannot start is named, and nothing is left running', async () => {
  const data = await folder();
  mkdirSync(join(data, 'records'), { recursive: true });
  writeFileSync(join(data, 'records/pg'), 'no folder');
  const { heard, ended } = begin(data);
  expect((await ended).code).toBe(1);
  expect(heard.stderr).toContain('the record store does not start');
  expect(heard.stdout).toBe('');
  expect(readFileSync(join(data, 'agent-token'), 'utf8')).toMatch(/^\S{32,}\n$/);
});

test('an agent that cannot run is named, and nothing is left running', async () => {
  const data = await folder();
  writeFileSync(join(data, 'agent'), 'no folder');
  const { heard, ended } = begin(data);
  expect((await ended).code).toBe(1);
  expect(heard.stderr).toContain('the agent cannot use its folder');
  expect(heard.stderr).toContain('this host’s agent does not start');
  expect(heard.stdout).toBe('');
});

test('told to stop while it starts, it ends in good order', async () => {
  const data = await folder();
  const { child, heard, ended } = begin(data);
  await eventually('the first files', async () => existsSync(join(data, 'token')));
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(heard.stdout).toBe('');
  const product = await startProduct({ folder: data });
  await product.stop();
});

test('probes are answered from the first moment, ready only when it is', async () => {
  const data = await folder();
  const port = await freePort();
  const { child, ended } = begin(data, { args: ['--listen', `127.0.0.1:${port}`] });
  const probe = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  await eventually('the address', async () => (await probe('/-/healthy')).status === 200);
  const early = await probe('/-/ready');
  expect(early.status).toBe(503);
  expect(await early.text()).toBe('starting\n');
  await eventually('ready', async () => (await probe('/-/ready')).status === 200, 90_000);
  child.kill('SIGTERM');
  await ended;
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

test('settings come from the environment where no option is given', async () => {
  const data = await folder();
  chmodSync(data, 0o755);
  const wrong = await command(['start'], { env: { INFRAMIRROR_DATA: data, INFRAMIRROR_LISTEN: 'nowhere' } });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('INFRAMIRROR_LISTEN: listen: it must be HOST:PORT');
});

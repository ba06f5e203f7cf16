// How hosts are, through the whole product: real agents that are stopped, killed and started again, frames sent twice, and a server that restarts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf, logsPart, partOf, zstd } from '../../ingest/testing/frames.ts';
import { eventually, type Json, type Product, preparedFolder, ROOT, startProduct } from './support/product.ts';

let folder: string;
let product: Product;
const agents: ChildProcess[] = [];
const PORT_ARGS: string[] = [];

const start = async (): Promise<void> => {
  product = await startProduct({ folder, args: [...PORT_ARGS, '--no-agent'] });
  // The same address after a restart, as in life.
  if (PORT_ARGS.length === 0) PORT_ARGS.push('--listen', new URL(product.origin).host);
};

const startAgent = (host: string): ChildProcess => {
  const args = ['app/main.ts', 'agent', '--server', product.origin, '--token-file', join(folder, 'agent-token'), '--data', join(folder, `of-${host}`)];
  const child = spawn(process.execPath, [...args, '--host', host, '--label', 'team=shop', '--logs', join(folder, 'none/*.log')], {
    cwd: ROOT,
    stdio: 'ignore',
  });
  agents.push(child);
  return child;
};
const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
};

beforeAll(async () => {
  folder = await preparedFolder();
  await start();
});
afterAll(async () => {
  for (const child of agents) await end(child, 'SIGKILL');
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
});

const FIELDS = 'host state lastSeen lagSeconds startedAt stoppedAt agentVersion labels leftOut spoolBytes waitingFrames';
const hostOf = async (host: string): Promise<Readonly<Record<string, Json>> | undefined> => {
  const { data, errors } = await product.graphql<{ hosts: readonly Readonly<Record<string, Json>>[] }>(`{ hosts { ${FIELDS} } }`);
  if (data == null) throw new Error(JSON.stringify(errors));
  return data.hosts.find((found) => found.host === host);
};
const lastSeen = async (host: string): Promise<number> => Date.parse(String((await hostOf(host))?.lastSeen));
const inState = (host: string, state: string) =>
  eventually(`${host} is ${state}`, async () => ((await hostOf(host))?.state === state ? hostOf(host) : false), 60_000);

test('an agent that runs is heard again and again, with its version, lag and spool', async () => {
  startAgent('web-1');
  const first = await inState('web-1', 'reporting');
  expect(first).toMatchObject({ labels: { team: 'shop' }, stoppedAt: null });
  expect(String(first?.agentVersion)).toMatch(/\d/);
  expect(Array.isArray(first?.leftOut)).toBe(true);
  const before = await lastSeen('web-1');
  await eventually('it is heard anew', async () => (await lastSeen('web-1')) > before + 5000, 60_000);
  await eventually('its figures', async () => typeof (await hostOf('web-1'))?.spoolBytes === 'number', 60_000);
  expect(await product.values('from hosts | where agent_state == "reporting" | select host')).toEqual(['web-1']);
  expect(Number((await hostOf('web-1'))?.lagSeconds)).toBeLessThan(60);
  expect(await product.values('from hosts | where last_seen < now - 5m | select host')).toEqual([]);
});

test('one that is stopped on purpose says so, and reports again when it is started', async () => {
  const child = startAgent('db-1');
  await inState('db-1', 'reporting');
  await end(child, 'SIGTERM');
  const stopped = await inState('db-1', 'stopped');
  expect(Date.now() - Date.parse(String(stopped?.stoppedAt))).toBeLessThan(60_000);
  startAgent('db-1');
  const again = await inState('db-1', 'reporting');
  expect(again?.stoppedAt).toBeNull();
});

test('one that dies stays as last heard: no frame sent again and no restart of the server moves it', async () => {
  // A sender of our own, whose last frame is known byte by byte.
  const now = Date.now();
  const header = { agent: 'agent of gone-1', host: 'gone-1', boot: 3n, sent: new Date(now).toISOString() };
  const inventory = partOf('inventory', { time: [BigInt(now) * 1_000_000n], host: ['gone-1'], os: ['Test OS'], agent_version: ['9.9'] });
  const body = zstd(frameOf([inventory, logsPart(['last words'], [BigInt(now) * 1_000_000n])], { ...header, seq: 1 }));
  const send = async (): Promise<void> => expect((await product.frames(body, { 'content-encoding': 'zstd' })).status).toBe(200);
  /** What the door noted before this was asked stands in the store: a host that goes on was heard later. */
  const written = async (): Promise<void> => {
    const since = Date.now();
    await eventually('web-1 is heard anew', async () => (await lastSeen('web-1')) > since, 90_000);
  };
  await send();
  await inState('gone-1', 'reporting');
  const stored = async (): Promise<number> => Date.parse(String((await product.values('from hosts | where host == "gone-1" | select last_seen'))[0]));
  // Once it stands in the store it is the door's time, near ours.
  const heard = await eventually('the door’s time', async () => {
    const seen = await stored();
    return seen !== now && Math.abs(seen - now) < 60_000 && seen;
  });
  await send();
  await written();
  expect(await stored()).toBe(heard);
  expect(await product.values(`from hosts | where last_seen < now - 5s and host == "gone-1" | select host`)).toEqual(['gone-1']);
  await product.stop();
  await start();
  expect(await stored()).toBe(heard);
  await send();
  // The others are heard again by themselves.
  await written();
  expect(await stored()).toBe(heard);
  expect((await hostOf('web-1'))?.state).toBe('reporting');
  const at = new Date(heard + 1000).toISOString();
  expect(await product.values(`from hosts at @${at} | where host == "gone-1" | select os`)).toEqual(['Test OS']);
});

// The whole agent against a real server: what a host tells, and that no line is lost or doubled however often it is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { columnOf, type Value, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { silentLogger } from '../core/logger.ts';
import { SAMPLE_FIELDS, SIGNAL_FIELDS } from '../schemas/tables.ts';
import { type Agent, startAgent } from './agent.ts';
import { type AgentConfig, agentConfig } from './config.ts';
import type { ChildSettings } from './testing/child.ts';
import { recorded, standInJournal } from './testing/journalctl.ts';
import { Sink } from './testing/sink.ts';
import { YESTERDAY } from './testing/yesterday.ts';

let folder = '';
let sink: Sink;
let agents: Agent[] = [];
let children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-'));
  sink = await Sink.start();
  writeFileSync(join(folder, 'token'), sink.token);
  mkdirSync(join(folder, 'logs'));
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  for (const child of children) await kill(child);
  agents = [];
  children = [];
  await sink.stop();
  rmSync(folder, { recursive: true });
});

const settings = (more: Partial<AgentConfig> = {}): AgentConfig =>
  agentConfig({
    server: sink.url,
    tokenFile: join(folder, 'token'),
    folder: join(folder, 'data'),
    host: 'web-1',
    logs: [`${folder}/logs/*.log`],
    journal: false,
    metricsMs: 100,
    processesMs: 300,
    logsMs: 50,
    discoverMs: 100,
    inventoryMs: 100,
    retryMs: 20,
    retryMostMs: 100,
    ...more,
  });
const run = async (more: Partial<AgentConfig> = {}): Promise<Agent> => {
  const agent = await startAgent(settings(more), { log: silentLogger, version: '1.2.3' });
  agents.push(agent);
  return agent;
};
const CHILD = fileURLToPath(new URL('testing/child.ts', import.meta.url));
const runChild = async (more: Partial<ChildSettings> = {}, env = process.env): Promise<ChildProcess> => {
  const { labels: _, ...plain } = settings();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, JSON.stringify({ ...plain, ...more })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', () => reject(new Error('the agent ended by itself')));
  });
  return child;
};
const kill = (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });
const write = (name: string, ...lines: string[]): void => appendFileSync(join(folder, 'logs', name), lines.map((l) => `${l}\n`).join(''));
const events = (): Value[] => [...sink.column('events', 'kind')];

describe('the agent', () => {
  test('tells metrics with their definitions ahead, processes, logs, the inventory and its start', async () => {
    write('a.log', `${YESTERDAY}T10:00:00Z ERROR it broke code=7`);
    await run({
      labels: new Map([
        ['region', 'eu'],
        ['rack', 'r1'],
      ]),
    });
    const schemas = ['series', 'metrics', 'processes', 'logs', 'inventory', 'events'];
    await sink.until(() => schemas.every((schema) => sink.parts.some((part) => part.schema === schema)));
    for (const part of sink.parts) {
      expect(part.header).toMatchObject({
        host: 'web-1',
        labels: new Map([
          ['region', 'eu'],
          ['rack', 'r1'],
        ]),
      });
      for (const batch of part.batches) {
        expect(batch.length).toBe(part.rows);
        // A collector knows no start of what it counts.
        const own = part.schema === 'metrics' ? SAMPLE_FIELDS : SIGNAL_FIELDS[part.schema as keyof typeof SIGNAL_FIELDS];
        expect(batch.fields).toEqual(own);
      }
    }
    const defined = new Set<Value>();
    for (const part of sink.parts) {
      const ids = sink.column.call(
        { parts: [part] } as unknown as Sink,
        part.schema,
        part.schema === 'series' || part.schema === 'metrics' ? 'id' : (part.batches[0]?.fields[0]?.name ?? ''),
      );
      if (part.schema === 'series') for (const id of ids) defined.add(id);
      if (part.schema === 'metrics') for (const id of ids) expect(defined.has(id)).toBe(true);
    }
    expect(sink.column('series', 'name')).toContain('system.cpu.time');
    expect(sink.column('processes', 'pid')).toContain(process.pid);
    expect(sink.column('logs', 'body')).toEqual(['it broke code=7']);
    expect(sink.column('logs', 'raw')).toEqual([`${YESTERDAY}T10:00:00Z ERROR it broke code=7`]);
    expect(sink.column('logs', 'severity')).toEqual(['error']);
    expect(sink.column('inventory', 'agent_version')[0]).toBe('1.2.3');
    expect([...(sink.column('inventory', 'labels')[0] as Map<string, string>)].slice(0, 2)).toEqual([
      ['region', 'eu'],
      ['rack', 'r1'],
    ]);
    expect(events()).toEqual(['agent.start', 'inventory.new']);
    // Who it is comes before what it tells, which is enriched by it.
    expect(sink.parts.slice(0, 3).map((p) => p.schema)).toEqual(['events', 'inventory', 'events']);
  });

  test('numbers its parts one after the other, and the next run with a higher boot', async () => {
    const first = await run();
    await sink.until(() => sink.parts.length > 8);
    await first.stop();
    expect(events().at(-1)).toBe('agent.stop');
    const seqs = sink.parts.map((p) => p.seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    const before = sink.parts.length;
    const boot = sink.parts[0]?.header.boot ?? 0n;
    await run();
    await sink.until(() => sink.parts.length > before);
    expect(sink.parts[before]?.header.boot).toBeGreaterThan(boot);
    expect(sink.parts[before]?.header.agent).toBe(sink.parts[0]?.header.agent);
    expect(sink.parts[before]?.seq).toBe(1);
    await sink.until(() => sink.column('series', 'name').filter((n) => n === 'system.uptime').length === 2);
  });

  test('tells a change of the inventory as an event, over a restart too', async () => {
    const first = await run({ labels: new Map([['role', 'web']]) });
    await sink.until(() => events().includes('inventory.new'));
    await first.stop();
    await run({ labels: new Map([['role', 'db']]) });
    await sink.until(() => events().includes('inventory.change'));
    const attributes = sink.column('events', 'attributes')[events().indexOf('inventory.change')] as Map<string, string>;
    expect([...attributes]).toEqual([['labels.role', 'web → db']]);
  });

  test('defines its series again when the frame that held them was refused', async () => {
    let refusedOne = false;
    sink.fault = (frame) => {
      if (refusedOne || !frame.parts.some((p) => p.schema === 'series')) return undefined;
      refusedOne = true;
      return { status: 400, body: '{"code":"intake.refused","message":"no"}' };
    };
    const agent = await run();
    await sink.until(() => sink.column('series', 'name').includes('system.uptime'));
    expect(agent.status().droppedFrames.get('refused')).toBe(1);
    expect(agent.status().lastError?.message).toContain('400: no');
  });

  test('defines its series again when the server asks, once for all frames that waited', async () => {
    const asked: number[] = [];
    const held = new Set<number>();
    let isNew = false;
    sink.fault = (frame) => {
      const schemas = frame.parts.map((p) => p.schema);
      // Those of a few new series are not all.
      const definitions = frame.parts.filter((p) => p.schema === 'series').flatMap((p) => decodeStream(p.ipc));
      if (definitions.some((b) => Array.from({ length: b.length }, (_, row) => valueAt(columnOf(b, 'name'), row)).includes('system.uptime'))) isNew = false;
      if (!isNew || !schemas.includes('metrics')) return { take: true, status: 200, body: '{"rows":1}' };
      // Slowly, so that new frames are made before the last of the old ones is answered.
      if (!held.has(frame.header.seq)) {
        held.add(frame.header.seq);
        return { status: 503, headers: { 'retry-after': '0' } };
      }
      asked.push(frame.header.seq);
      return { take: true, status: 200, body: '{"rows":1,"define":true}' };
    };
    const defined = (): number => sink.column('series', 'name').filter((name) => name === 'system.uptime').length;
    const agent = await run({ metricsMs: 300 });
    await sink.until(() => defined() === 1);
    const port = sink.port;
    await sink.stop();
    // The server is away while some frames gather, and knows nothing when it is back.
    while (agent.status().spoolFrames < 12) await new Promise((resolve) => setTimeout(resolve, 20));
    const { fault, parts } = sink;
    sink = await Sink.start(port);
    sink.fault = fault;
    sink.parts.push(...parts);
    isNew = true;
    await sink.until(() => defined() === 2);
    expect(asked.length).toBeGreaterThan(1);
    const before = sink.parts.length;
    await sink.until(() => sink.parts.length > before + 6);
    expect(defined()).toBe(2);
    expect(agent.status().droppedFrames.get('refused')).toBe(0);
  });

  test('goes on while the server is away and sends all of it later, in order', async () => {
    const port = sink.port;
    await sink.stop();
    const agent = await run();
    write('a.log', 'one');
    while (agent.status().spoolFrames < 8 || agent.status().logLines === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    sink = await Sink.start(port);
    await sink.until(() => sink.column('logs', 'body').length === 1);
    await agent.drain(5000);
    const seqs = sink.parts.map((p) => p.seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
  });

  test('refuses a folder that another agent uses, and takes it when that one is gone', { timeout: 30_000 }, async () => {
    const first = await runChild();
    await expect(run()).rejects.toMatchObject({ code: 'agent.running' });
    await kill(first);
    await run();
  });

  test('keeps what is its own to itself', async () => {
    await run();
    for (const name of ['data', 'data/spool', 'data/agent.json']) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });

  test('refuses a folder it cannot use and settings that cannot work', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(run({ folder: join(folder, 'file') })).rejects.toMatchObject({ code: 'agent.folder' });
    expect(() => settings({ server: 'ftp://x' })).toThrow('server');
    expect(() => settings({ labels: new Map([['a b', 'c']]) })).toThrow('labels');
    expect(() => settings({ host: 'a\u0000' })).toThrow('host');
    expect(() => settings({ logs: ['relative/*.log'] })).toThrow('logs');
  });
});

test('killed again and again under load, rotated and copied logs and a faulty server: each line once', { timeout: 1_200_000 }, async () => {
  const expected: string[] = [];
  let number = 0;
  const more = (count: number): void => {
    const lines = Array.from(
      { length: count },
      () => `line ${++number} ${'x'.repeat(number % 97)}${'\n\tat a.B.c(D.java:1)'.repeat(number % 9 === 0 ? 1 + (number % 4) : 0)}`,
    );
    expected.push(...lines);
    write('a.log', ...lines);
  };
  const logs = join(folder, 'logs');
  sink.fault = (_, request) => (request % 5 === 0 ? { drop: true, take: true } : request % 7 === 0 ? { status: 503 } : undefined);
  more(100);
  for (let kills = 0; kills < 6; kills++) {
    const child = await runChild();
    const first = number + 1;
    const until = Date.now() + 150 + kills * 60;
    while (Date.now() < until) {
      more(50);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // A file is known again by its record: one that was never read is found by its name only, which a rotation takes away.
    await sink.until(() => sink.column('logs', 'body').some((body) => (body as string).startsWith(`line ${first} `)), 200_000);
    if (kills % 3 === 1) renameSync(join(logs, 'a.log'), join(logs, `a.log.${kills}`));
    more(20);
    await kill(child);
    if (kills % 3 === 2) {
      copyFileSync(join(logs, 'a.log'), join(logs, `a.log.${kills}`));
      truncateSync(join(logs, 'a.log'));
    }
    more(20);
  }
  const last = await runChild();
  await sink.until(() => sink.column('logs', 'body').length >= expected.length, 200_000);
  expect(await kill(last, 'SIGTERM')).toBe(0);
  const told = sink.column('logs', 'body') as string[];
  expect(told.length).toBe(expected.length);
  expect([...told].sort()).toEqual([...expected].sort());
  // It saw repeats of frames, or it would have shown nothing.
  expect(sink.requests.length).toBeGreaterThan(new Set(sink.requests.map((r) => `${r.boot} ${r.seq}`)).size);
});

test('killed again and again while the journal grows: each entry once', { timeout: 1_200_000 }, async () => {
  const root = join(folder, 'root');
  const add = standInJournal(root);
  const environment = { ...process.env, PATH: `${root}:${process.env.PATH}` };
  let number = 0;
  const more = (count: number): void => add(...Array.from({ length: count }, () => recorded(++number, { MESSAGE: `line ${number}` })));
  more(100);
  for (let kills = 0; kills < 5; kills++) {
    const child = await runChild({ root, journal: true, logs: [] }, environment);
    for (let i = 0; i < 10; i++) {
      more(20);
      await new Promise((resolve) => setTimeout(resolve, 20 + kills * 15));
    }
    const least = number - 150;
    await sink.until(() => sink.column('logs', 'body').length >= least, 200_000);
    await kill(child);
    more(20);
  }
  add('END');
  more(20);
  const last = await runChild({ root, journal: true, logs: [] }, environment);
  await sink.until(() => sink.column('logs', 'body').length >= number, 200_000);
  expect(await kill(last, 'SIGTERM')).toBe(0);
  expect(sink.column('logs', 'body')).toEqual(Array.from({ length: number }, (_, i) => `line ${i + 1}`));
  expect(new Set(sink.column('logs', 'source'))).toEqual(new Set(['journal']));
});

test.skipIf(process.getuid?.() !== 0)('without root it tells what it leaves out, in its status and its inventory', { timeout: 30_000 }, async () => {
  rmSync(join(folder, 'data'), { recursive: true, force: true });
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'logs', 'secret.log'), 'x\n', { mode: 0o600 });
  const { labels: _, ...plain } = settings();
  const { execFileSync } = await import('node:child_process');
  execFileSync('/bin/chown', ['-R', '65534:65534', folder]);
  execFileSync('/bin/chown', ['0:0', join(folder, 'logs', 'secret.log')]);
  if (!reachable(CHILD)) return;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, JSON.stringify(plain)], {
    uid: 65534,
    gid: 65534,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await sink.until(() => sink.column('inventory', 'labels').some((l) => (l as Map<string, string>).has('agent.left_out')));
  const told = sink
    .column('inventory', 'labels')
    .map((l) => (l as Map<string, string>).get('agent.left_out'))
    .join();
  expect(told).toContain('other users’ processes');
  expect(told).toContain('only root may read');
  expect(existsSync(join(folder, 'data', 'agent.json'))).toBe(true);
  expect(readFileSync(join(folder, 'data', 'agent.json'), 'utf8')).toContain('"id"');
});

/** Whether a user without rights gets at the file: a clone may lie below a private folder. */
const reachable = (path: string): boolean => {
  const parts = path.split('/');
  return parts.every((_, i) => i === 0 || (statSync(parts.slice(0, i + 1).join('/')).mode & 0o005) !== 0);
};

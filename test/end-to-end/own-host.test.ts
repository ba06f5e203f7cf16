// What the product is for, the whole way: this machine's processors, memory, disks, network, processes, log lines, inventory and events,
// collected by the real agent and asked in IQL through GraphQL.
import { appendFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type Json, newFolder, type Product, type Result, startProduct } from './support/product.ts';

let product: Product;
let logs: string;
let log: string;
const WORD = `needle${process.pid}`;

beforeAll(async () => {
  logs = await newFolder();
  mkdirSync(join(logs, 'var'));
  log = join(logs, 'var/shop.log');
  product = await startProduct({
    logs: [join(logs, 'var/*.log')],
    args: ['--label', 'datacenter=fra1', '--label', 'env=test', '--label', 'role=web', '--label', 'team=blue'],
  });
});
afterAll(async () => {
  await product?.stop();
  await rm(logs, { recursive: true, force: true });
});

const right = (result: Result): Result => {
  expect(result.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  return result;
};
const rows = async (text: string, variables: Readonly<Record<string, unknown>> = {}): Promise<readonly Readonly<Record<string, Json>>[]> => {
  const { columns, rowCount } = right(await product.ask(text, variables));
  return Array.from({ length: rowCount }, (_, i) => Object.fromEntries(columns.map((c) => [c.name, c.values[i] as Json])));
};
const some = (text: string): Promise<readonly Readonly<Record<string, Json>>[]> =>
  eventually(text, async () => {
    const found = await rows(text);
    return found.length > 0 && found;
  });
const iso = (line = ''): string => `${new Date().toISOString()} ${line}`;

describe('metrics', () => {
  test.each([
    ['from metrics.system.cpu.utilization | every 1m avg | max by host', '1'],
    ['from metrics.system.cpu.time | every 1m rate | sum by cpu.mode', null],
    ['from metrics.system.memory.usage | latest | sum by state', 'By'],
    ['from metrics.system.memory.utilization | latest | where value > 0%', '1'],
    ['from metrics.system.filesystem.usage | latest | sum by host', 'By'],
    ['from metrics.system.filesystem.utilization | latest | max by host', '1'],
    ['from metrics.system.disk.io | every 1m increase | sum by host', 'By'],
    ['from metrics.system.network.io | every 1m increase | sum by host', 'By'],
    ['from metrics.system.paging.faults | every 1m rate | sum by host', null],
    ['from metrics.system.process.count | latest | sum by host', null],
    ['from metrics.system.uptime | latest', 's'],
  ])('%s', async (text, unit) => {
    const [row] = await some(text);
    expect(typeof row?.value).toBe('number');
    const { columns } = await product.ask(text);
    const value = columns.find((c) => c.name === 'value');
    expect(value?.type).toBe('float');
    if (unit !== null) expect(value?.unit).toBe(unit);
  });

  test('carry what the agent was told of its host, put there when they came in', async () => {
    const [row] = await some('from metrics.system.uptime | where datacenter == "fra1" | latest');
    expect(row).toMatchObject({ host: hostname(), datacenter: 'fra1', env: 'test', role: 'web' });
    expect(await rows('from metrics.system.uptime | where datacenter == "fra2"')).toEqual([]);
  });

  test('are as the system says', async () => {
    const total = Number(/^MemTotal:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    const [row] = await some('from metrics.system.memory.usage | latest | sum by host');
    expect(Number(row?.value) / total).toBeGreaterThan(0.5);
    expect(Number(row?.value) / total).toBeLessThan(1.01);
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const [up] = await some('from metrics.system.uptime | latest');
    expect(Math.abs(Number(up?.value) - uptime)).toBeLessThan(60);
  });

  test('over all names', async () => {
    const found = await some('from metrics last 5m | summarize n = count() by name');
    expect(found.map((r) => r.name)).toEqual(expect.arrayContaining(['system.cpu.time', 'system.memory.usage', 'system.network.io']));
  });

  test('say up to when they are complete', async () => {
    const complete = await eventually('a watermark', async () => (await product.ask('from metrics.system.uptime | latest')).completeUpTo ?? undefined);
    expect(Date.now() - Date.parse(complete)).toBeLessThan(60_000);
    expect(Date.parse(complete)).toBeLessThanOrEqual(Date.now());
  });
});

describe('processes', () => {
  test('every one of this machine, the product’s own among them', async () => {
    const [own] = await some(`from processes last 5m | where pid == ${product.child.pid} | latest`);
    expect(own).toMatchObject({ host: hostname(), parent: process.pid, datacenter: 'fra1' });
    expect(String(own?.command)).toContain('app/main.ts start');
    expect(Number(own?.memory)).toBeGreaterThan(20 << 20);
    expect(Number(own?.threads)).toBeGreaterThan(5);
  });
  test('the five that use most, per host', async () => {
    const found = await some('from processes last 5m | latest | top 5 by memory per host | select host, pid, name, memory');
    expect(found).toHaveLength(5);
    const memory = found.map((r) => Number(r.memory));
    expect(memory).toEqual([...memory].sort((a, b) => b - a));
  });
  test('with what the inventory knows of their host', async () => {
    const found = await some(
      'from processes last 5m | latest | where name == "node" or name like "node*" | lookup hosts on host | select host, pid, os, cores',
    );
    expect(found.every((r) => typeof r.os === 'string' && Number(r.cores) > 0)).toBe(true);
  });
});

describe('log lines', () => {
  test('a file written during the test is found by search, within seconds', async () => {
    appendFileSync(log, `${iso(`ERROR connection refused to ${WORD}`)}\n${iso('INFO healthcheck ok: connection refused once')}\n`);
    const [row] = await some(`from logs last 1h | search "connection refused" -healthcheck ${WORD}`);
    expect(row).toMatchObject({ host: hostname(), source: log, severity: 'error', datacenter: 'fra1' });
    expect(String(row?.body)).toContain(`connection refused to ${WORD}`);
    expect(await rows(`from logs last 1h | search "refused connection" ${WORD}`)).toEqual([]);
  });
  test('are counted over time, and the fields found in them can be asked', async () => {
    const lines = Array.from(
      { length: 20 },
      (_, i) =>
        `${JSON.stringify({ time: new Date().toISOString(), level: i % 2 === 0 ? 'warn' : 'info', service: 'shop', status: 490 + i, msg: `order ${i} ${WORD}j` })}\n`,
    );
    appendFileSync(log, lines.join(''));
    await eventually('twenty lines', async () => (await rows(`from logs last 1h | search ${WORD}j`)).length === 20);
    const [count] = await rows(`from logs last 1h | search ${WORD}j | where status >= 500 | summarize n = count()`);
    expect(count).toEqual({ n: 10 });
    const [warnings] = await rows(`from logs last 1h | search ${WORD}j | where severity >= "warn" | summarize n = count()`);
    expect(warnings).toEqual({ n: 10 });
    const buckets = await rows(`from logs last 1h | search ${WORD}j | every 5m count by severity`);
    const sum = (severity: string): number => buckets.filter((r) => r.severity === severity).reduce((n, r) => n + Number(r.count), 0);
    expect([sum('warn'), sum('info')]).toEqual([10, 10]);
  });
  test('survive a rotation', async () => {
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, `${iso(`last of the old ${WORD}r`)}\n`);
    appendFileSync(log, `${iso(`first of the new ${WORD}r`)}\n`);
    await eventually('both', async () => (await rows(`from logs last 1h | search ${WORD}r`)).length === 2);
    const bodies = (await rows(`from logs last 1h | search ${WORD}r`)).map((r) => String(r.body)).sort();
    expect(bodies).toEqual([`first of the new ${WORD}r`, `last of the old ${WORD}r`]);
  });
});

describe('inventory', () => {
  test('hosts', async () => {
    const [host] = await some('from hosts');
    expect(host).toMatchObject({ host: hostname(), datacenter: 'fra1', env: 'test', role: 'web', labels: { team: 'blue' } });
    const { data } = await product.graphql('{ hosts { host os kernel cores memory labels agentVersion lastSeen } }');
    expect(data?.hosts).toEqual([expect.objectContaining({ host: hostname(), os: host?.os, cores: host?.cores })]);
  });
  test('hosts as they were', async () => {
    expect(await rows('from hosts at @2020-01-01')).toEqual([]);
    const [host] = await some('from hosts at now');
    const [today] = await some('from hosts');
    expect(host).toMatchObject({ host: hostname(), datacenter: 'fra1', os: today?.os, cores: today?.cores, first_seen: today?.first_seen });
  });
  test('events: the agent’s start and the new host', async () => {
    const found = await some('from events last 1h | where host == $host | select kind, title'.replace('$host', `"${hostname()}"`));
    expect(found.map((r) => r.kind).sort()).toEqual(['agent.start', 'inventory.new']);
  });
});

test('each signal has its part in the status, and all are well', async () => {
  const parts = await product.parts();
  expect(parts.filter((p) => p.state !== 'ok')).toEqual([]);
  for (const name of ['column store', 'search store', 'record store', 'door', 'agent of this host']) expect(parts.map((p) => p.name)).toContain(name);
});

test('the catalogue has learned the metrics with kind, unit and labels', async () => {
  const { data } = await product.graphql<{ readonly catalogue: { readonly metrics: readonly { readonly name: string }[] } }>(
    '{ catalogue { metrics { name kind unit labels } } }',
  );
  expect(data?.catalogue.metrics).toContainEqual({
    name: 'system.memory.usage',
    kind: 'gauge',
    unit: 'By',
    labels: expect.arrayContaining(['host', 'state', 'datacenter']),
  });
  expect(data?.catalogue.metrics).toContainEqual(expect.objectContaining({ name: 'system.network.io', kind: 'counter', unit: 'By' }));
});

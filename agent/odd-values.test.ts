// A host on which everything is odd: names without end, halves of characters, zero bytes. The real agent on it and the real door: no frame is refused.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { columnOf, type Value, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import { openDoor } from '../ingest/door.ts';
import { type Agent, startAgent } from './agent.ts';
import { bounded, boundedName } from './bounded.ts';
import { agentConfig } from './config.ts';

let folder = '';
let agent: Agent | undefined;
const messages: Message[] = [];
const door = openDoor({
  stream: {
    produce: async (_, all) => {
      messages.push(...all);
    },
    pressure: () => 0,
  },
  telemetry: noTelemetry,
  log: silentLogger,
});
const server = createServer((request, response) => {
  void door
    .receiveFrames({ headers: request.headers, body: request, rights: { post: true } })
    .then((answer) => response.writeHead(answer.status, answer.headers).end(answer.body));
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'odd-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await agent?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const column = (schema: string, name: string): readonly Value[] =>
  messages
    .filter(({ headers }) => headers.schema === schema)
    .flatMap(({ value }) =>
      decodeStream(zstdDecompressSync(value)).flatMap((batch) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, name), row))),
    );

test('an odd host costs no frame', async () => {
  const long = '€'.repeat(6000);
  write('token', 'x');
  write('root/proc/stat', 'cpu  100 0 50 800 10 2 3 5 0 0\ncpu0 50 0 25 400 5 1 1 2 0 0\n');
  write('root/proc/uptime', '350.47 234.90\n');
  write(
    'root/proc/swaps',
    `Filename\tType\tSize\tUsed\tPriority\n/a${long} partition\t1000\t250\t-2\n/b${long}1 partition\t10\t5\t-2\n/b${long}2 partition\t10\t5\t-2\n`,
  );
  write('root/proc/self/mounts', `/dev/${long} / ext4 rw 0 0\n/dev/x\\000y /mnt ext4 rw 0 0\n`);
  mkdirSync(join(folder, 'root/mnt'));
  write('root/proc/net/dev', `a\nb\n ${long}: ${'5 '.repeat(16)}\n`);
  write('root/etc/os-release', `PRETTY_NAME="\0${long}"\n`);
  write('root/etc/machine-id', `\0${'x'.repeat(9000)}`);
  write('root/proc/sys/kernel/osrelease', `${long}\0`);
  write('root/etc/passwd', `${long}:x:33:33::/:/bin/sh\n`);
  write(`root/proc/7/stat`, `7 (${long}) S 1 7 7 0 -1 4194560 100 0 0 0 1 5 0 0 20 0 3 0 10 1048576 256 18446744073709551615 1 1 0 0 0\n`);
  write('root/proc/7/status', 'Uid:\t33\t33\t33\t33\n');
  write('root/proc/7/cmdline', `\0\0${'\u{1f600}'.repeat(5000)}`);
  write(
    'root/var/log/a.log',
    [
      '{"\\ud800a":1,"\\ud801a":2,"\\ud800b":"x","\\ud802b":"y","trace_id":"\\ud800"}',
      `level=info trace_id=${long} span_id=${long} service=${'\u{1f600}'.repeat(300)}`,
      `{"trace_id":"${long}","span_id":${JSON.stringify(['x'.repeat(9000)])}}`,
      `a=1 ${'x'.repeat(16_379)}\u{1f600}=1 b=2`,
      `<34>1 - - - - - - ${'\u{1f600}='.repeat(9000)}`,
      '\0\u0001\u0002',
      'x'.repeat(200_000),
      '',
    ].join('\n'),
  );
  // What it said of itself before, which a change is told against.
  write(
    'data/agent.json',
    JSON.stringify({ id: 'odd', boot: '1', inventory: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${long}${i}\0`, long.repeat(10)])) }),
  );
  const config = agentConfig({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenFile: join(folder, 'token'),
    folder: join(folder, 'data'),
    root: join(folder, 'root'),
    labels: new Map(Array.from({ length: 60 }, (_, i) => [`l${i}${'n'.repeat(120)}`, '€'.repeat(1000)])),
    metricsMs: 50,
    processesMs: 50,
    logsMs: 50,
    inventoryMs: 50,
  });
  agent = await startAgent(config, { log: silentLogger, version: '1' });
  const schemas = ['series', 'metrics', 'processes', 'logs', 'inventory', 'events'];
  await expect.poll(() => schemas.filter((schema) => !messages.some(({ headers }) => headers.schema === schema)), { timeout: 20_000 }).toEqual([]);
  await agent.drain(10_000);
  expect(agent.status().lastError).toBeUndefined();
  expect(agent.status().droppedFrames.get('refused')).toBe(0);
  expect(column('events', 'kind')).toContain('inventory.change');
  expect(column('logs', 'body')).toHaveLength(7);
  expect(column('processes', 'user')).toContain('€'.repeat(256));
  const devices = column('series', 'labels').map((labels) => (labels as Map<string, string>).get('device'));
  // What was cut stays distinct.
  expect(new Set(devices.filter((device) => device?.startsWith('/b€')))).toHaveProperty('size', 2);
});

test('a text is cut at a whole character and keeps its length when it fits', () => {
  expect([bounded('abc', 3), bounded('abcd', 3), bounded('ab\u{1f600}', 3), bounded('a\0b', 3)]).toEqual(['abc', 'abc', 'ab\ufffd', 'a\ufffdb']);
  expect(boundedName('x'.repeat(20), 20)).toBe('x'.repeat(20));
  expect(boundedName('x'.repeat(21), 20)).toMatch(/^xxx…[0-9a-f]{16}$/);
  expect(boundedName(`${'x'.repeat(50)}1`, 20)).not.toBe(boundedName(`${'x'.repeat(50)}2`, 20));
});

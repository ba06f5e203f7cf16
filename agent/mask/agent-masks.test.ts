// The whole agent: a secret in lines of any form and in the command line of a process is in nothing that it sends; with the masks off it is.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { type Agent, startAgent } from '../agent.ts';
import { type AgentConfig, agentConfig } from '../config.ts';
import { Sink } from '../testing/sink.ts';
import { YESTERDAY } from '../testing/yesterday.ts';

const SECRET = 'sEcr3t0f7heHost';

let folder: string;
let sink: Sink;
let agent: Agent | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-masks-'));
  mkdirSync(join(folder, 'logs'));
  sink = await Sink.start();
  writeFileSync(join(folder, 'token'), sink.token);
});
afterEach(async () => {
  await agent?.stop();
  await sink.stop();
  rmSync(folder, { recursive: true });
});

const LINES = [
  `${YESTERDAY}T10:00:00Z INFO login password=${SECRET} of bob`,
  `{"level":"info","msg":"called","password":"${SECRET}","headers":{"authorization":"Bearer ${SECRET}"},"inner":"{\\"token\\":\\"${SECRET}\\"}"}`,
  `{"level":"info","msg":"${'long '.repeat(14_000)}","api_key":"${SECRET}"}`,
  `level=info client_secret=${SECRET} url=postgres://app:${SECRET}@db/x`,
  `java.lang.IllegalStateException: no\n\tat a.B(C.java:1)\nCaused by: java.io.IOException: https://u:${SECRET}@h/`,
  `ticket ${SECRET} ends`,
  '-----BEGIN PRIVATE KEY-----',
  `${SECRET}${'A'.repeat(49)}`,
  '-----END PRIVATE KEY-----',
  'the last line',
];

const sent = async (more: Partial<AgentConfig>): Promise<Buffer> => {
  writeFileSync(join(folder, 'logs', 'a.log'), LINES.map((line) => `${line}\n`).join(''));
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 120_000)', '--', '--db-password', SECRET], { stdio: 'ignore' });
  try {
    const times = { metricsMs: 100, processesMs: 200, logsMs: 50, discoverMs: 100, inventoryMs: 1000, retryMs: 20, retryMostMs: 100 };
    const files = { tokenFile: join(folder, 'token'), folder: join(folder, 'data'), logs: [`${folder}/logs/*.log`] };
    agent = await startAgent(agentConfig({ server: sink.url, host: 'web-1', journal: false, ...files, ...times, ...more }), {
      log: silentLogger,
      version: '1',
    });
    const all = (): Buffer => Buffer.concat(sink.parts.map(({ ipc }) => ipc));
    await sink.until(() => all().includes('the last line') && sink.column('processes', 'command').some((command) => String(command).includes('--db-password')));
    return all();
  } finally {
    child.kill('SIGKILL');
  }
};

test('nothing that is sent holds a secret', async () => {
  const bytes = await sent({ masks: ['ticket *'] });
  expect(bytes.includes(SECRET)).toBe(false);
  for (const kept of ['of bob', 'ticket *** ends', '--db-password ***', 'postgres://app:***@db/x', '-----END PRIVATE KEY-----'])
    expect(bytes.includes(kept)).toBe(true);
});

test('with the masks off it is as it was written', async () => {
  const bytes = await sent({ maskSecrets: false });
  expect(bytes.includes(`password=${SECRET}`)).toBe(true);
  expect(bytes.includes(`--db-password ${SECRET}`)).toBe(true);
});

// The agent as a process of its own, for tests that kill it and for measuring what it costs: settings as JSON in the first argument.
// Writes `ready` on stdout once it runs, its status as JSON for each line on stdin, and stops on SIGTERM.
import { createInterface } from 'node:readline';
import { createLogger } from '../../core/logger.ts';
import { startAgent } from '../agent.ts';
import { type AgentConfig, agentConfig } from '../config.ts';

export type ChildSettings = Pick<AgentConfig, 'server' | 'tokenFile' | 'folder'> &
  Partial<Omit<AgentConfig, 'labels'>> & { readonly labels?: Readonly<Record<string, string>> };

const { labels = {}, ...settings } = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
const log = createLogger({ level: 'error', format: 'text', write: (line) => void process.stderr.write(line) });
const agent = await startAgent(agentConfig({ ...settings, labels: new Map(Object.entries(labels)) }), { log, version: '0.0.0-test' });
process.once('SIGTERM', () => {
  agent.stop().then(() => process.exit(0));
});
process.stdout.write('ready\n');
const input = createInterface({ input: process.stdin });
input.on('line', () =>
  process.stdout.write(
    `${JSON.stringify(agent.status(), (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v instanceof Map ? Object.fromEntries(v) : v))}\n`,
  ),
);

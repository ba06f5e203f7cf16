// `inframirror agent`: collects on this host and sends to a server, until it is told to stop. With a word behind it, it administers agents instead.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '../../agent/agent.ts';
import { agentConfig } from '../../agent/config.ts';
import { hasIdentity } from '../../agent/identity.ts';
import { CodedError } from '../../core/errors.ts';
import { createLogger } from '../../core/logger.ts';
import { HOST_NAME } from '../../schemas/join-token.ts';
import { ServiceManager } from '../service-manager.ts';
import { VERSION } from '../version.ts';
import { labelsOf } from './agent-labels.ts';
import { ADMINISTRATION, TOKEN_OPTIONS } from './agent-words.ts';
import { type Arguments, command, type Options } from './arguments.ts';

const OPTIONS: Options = {
  server: { type: 'string', value: 'URL', summary: 'the server’s address, such as http://10.0.0.1:8080' },
  join: {
    type: 'string',
    value: 'TOKEN|FILE',
    summary: 'join token, or a file that holds one (`inframirror agent token` on the server); used once, kept nowhere',
  },
  'token-file': { type: 'string', value: 'F', summary: 'instead: file with the token that all agents share (DATA/agent-token of the server)' },
  data: { type: 'string', value: 'DIR', summary: 'the agent’s own folder: its spool and its id (default ~/.inframirror/agent)' },
  host: { type: 'string', value: 'NAME', summary: 'name of this host (default: the system’s)' },
  label: { type: 'string', multiple: true, value: 'KEY=VALUE', summary: 'label of this host: region, datacenter, env, role, owner or another' },
  logs: { type: 'string', multiple: true, value: 'GLOB', summary: 'log files to follow (default: those of /var/log, of its folders and of containers)' },
  'no-journal': { type: 'boolean', summary: 'leave systemd’s journal alone' },
  mask: {
    type: 'string',
    multiple: true,
    value: 'TEXT',
    summary: 'mask more in lines and command lines than secrets that are known: TEXT with a * for it, as `ticket=*`',
  },
  'no-masks': { type: 'boolean', summary: 'leave passwords, tokens and keys in lines and command lines' },
  'with-parent': { type: 'boolean', summary: 'end when standard input closes' },
};

const needed = (args: Arguments, name: string): string => {
  const value = args.values.get(name);
  if (value === undefined) throw new CodedError('command.usage', { problem: `--${name} is missing` });
  return value;
};

const SUMMARY = 'Collects metrics, processes and log lines of this host and sends them to a server.';

/** The commands that administer agents stand in the same help. */
const help = (): string => {
  const more = Object.entries(TOKEN_OPTIONS).map(([name, { value = '', summary }]) => `  --${name} ${value}  ${summary}`);
  const commands = Object.values(ADMINISTRATION).map(({ usage, summary }) => `  inframirror ${usage}\n      ${summary}`);
  return `${SUMMARY}\n\nOn the server:\n${commands.join('\n')}\n\nOptions of \`agent token\`:\n${more.join('\n')}\n\nOptions of the agent itself below.`;
};

export const agent = async (args: readonly string[]): Promise<number> =>
  args[0]?.startsWith('-') === false ? (await import('./agent-admin.ts')).administration(args) : collect(args);

/** The agent itself, without what administers agents. */
export const collect = (args: readonly string[]): Promise<number> =>
  command(args, 'agent --server URL --join TOKEN|FILE [OPTIONS]', help(), OPTIONS, 0, async (read) => {
    const log = createLogger({ level: 'info', format: process.stderr.isTTY ? 'text' : 'json', write: (line) => void process.stderr.write(line) });
    const host = read.values.get('host');
    const logs = read.lists.get('logs');
    const folder = read.values.get('data') ?? join(homedir(), '.inframirror', 'agent');
    const server = needed(read, 'server');
    const [joinBy, tokenFile] = [read.values.get('join'), read.values.get('token-file')];
    // Under the token that all share the door takes any name.
    if (joinBy !== undefined && host !== undefined && !HOST_NAME.test(host))
      throw new CodedError('command.usage', { problem: `--host ${JSON.stringify(host)}: the name of a host that joins is of letters, digits, ., _ and -` });
    // Who has joined once needs neither.
    if (joinBy === undefined && tokenFile === undefined && !hasIdentity(folder))
      throw new CodedError('command.usage', {
        problem: '--join is missing: a join token, or a file that holds one; `inframirror agent token` makes it on the server',
      });
    const config = agentConfig({
      server,
      join: joinBy,
      tokenFile,
      folder,
      labels: labelsOf(read.lists.get('label') ?? []),
      ...(host === undefined ? {} : { host }),
      ...(logs === undefined ? {} : { logs }),
      journal: !read.flags.has('no-journal'),
      maskSecrets: !read.flags.has('no-masks'),
      masks: read.lists.get('mask') ?? [],
    });
    const manager = new ServiceManager(log);
    // Only now: a pipe that is read keeps a process alive.
    const stopping = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
      // A closed terminal or a service manager's reload ends nothing.
      process.on('SIGHUP', () => log.info('there is nothing to read again', { signal: 'SIGHUP' }));
      if (read.flags.has('with-parent'))
        process.stdin
          .on('end', () => resolve())
          .on('error', () => resolve())
          .resume();
    });
    try {
      const running = await startAgent(config, { log, version: VERSION });
      manager.ready(`sends to ${server}`);
      await stopping;
      await manager.stopping();
      await running.stop();
      return 0;
    } finally {
      process.stdin.destroy();
    }
  });

// The command `inframirror` (read first): which command does what. Each is loaded only when it is asked for, so that the agent
// carries nothing of the server.

import { plain, plainLines } from '../core/plain.ts';
import { suggestion } from './commands/arguments.ts';
import { VERSION } from './version.ts';

interface Command {
  readonly summary: string;
  readonly run: (args: readonly string[]) => Promise<number>;
}

/** In the order of `--help`. */
const COMMANDS: Readonly<Record<string, Command>> = {
  start: { summary: 'start all roles on this machine, with this host’s agent', run: async (args) => (await import('./commands/start.ts')).start(args) },
  agent: { summary: 'collect on this host and send to a server', run: async (args) => (await import('./commands/agent.ts')).agent(args) },
  query: { summary: 'ask a running server a text of IQL', run: async (args) => (await import('./commands/query.ts')).query(args) },
  check: { summary: 'say what is wrong with a text', run: async (args) => (await import('./commands/check.ts')).check(args) },
  fmt: { summary: 'print a text in its one form', run: async (args) => (await import('./commands/fmt.ts')).fmt(args) },
  error: { summary: 'say what an error means and how it is mended', run: async (args) => (await import('./commands/error.ts')).error(args) },
  config: { summary: 'check, print or explain the settings of the server', run: async (args) => (await import('./commands/config.ts')).config(args) },
  identity: {
    summary: 'make the tokens and keys that several processes of an installation share',
    run: async (args) => (await import('./commands/identity.ts')).identity(args),
  },
  stream: {
    summary: 'tell who reads the stream and holds its room; forget a group that is gone',
    run: async (args) => (await import('./commands/stream.ts')).stream(args),
  },
  replay: { summary: 'have a topic of the stream read again', run: async (args) => (await import('./commands/replay.ts')).replay(args) },
  dead: { summary: 'what no retry could save: seen, replayed or dropped', run: async (args) => (await import('./commands/dead.ts')).dead(args) },
  audit: { summary: 'who did what on this platform', run: async (args) => (await import('./commands/audit.ts')).audit(args) },
  backup: {
    summary: 'have all stores written to a folder, as they are at one moment',
    run: async (args) => (await import('./commands/backup.ts')).backup(args),
  },
  restore: { summary: 'bring a backup back into an empty folder', run: async (args) => (await import('./commands/restore.ts')).restore(args) },
  'accept-loss': {
    summary: 'let the next start begin a store anew that was lost',
    run: async (args) => (await import('./commands/accept-loss.ts')).acceptLoss(args),
  },
  doctor: { summary: 'look at the usual causes of trouble', run: async (args) => (await import('./commands/doctor.ts')).doctor(args) },
};

const help = (): string =>
  `InfraMirror: see and run your own machines.

Usage: inframirror COMMAND [OPTIONS]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`)
  .join('\n')}

inframirror COMMAND --help says more. --version prints the version.
Exit codes: 0 done, 1 failure, 2 wrong usage, 3 the text has mistakes.
`;

const main = async (): Promise<number> => {
  const [name, ...args] = process.argv.slice(2);
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return 0;
  }
  const command = name === undefined ? undefined : Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(
      name === undefined ? help() : `inframirror: there is no command ${plain(JSON.stringify(name))}${suggestion(name, Object.keys(COMMANDS))}\n`,
    );
    return 2;
  }
  return command.run(args);
};

// Where an old Node began us as its child (`bin/packaged-node.js`) we end, in order, when it is gone, however that came.
const endWithLauncher = (): unknown => process.kill(process.pid, 'SIGTERM');
if (process.connected === false) endWithLauncher();
process.once('disconnect', endWithLauncher);
process.channel?.unref();

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`inframirror: what was to be printed could not be written: ${error.message}\n`);
  process.exit(1);
});

try {
  process.exitCode = await main();
} catch (error) {
  // What nobody foresaw says where it happened; the words in it may be of others.
  process.stderr.write(`${plainLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  process.exit(1);
}

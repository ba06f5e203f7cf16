// `inframirror start`: all roles on the embedded engines, with this host's agent; runs until it is told to stop.
import { resolve } from 'node:path';
import { CodedError } from '../../core/errors.ts';
import { createLogger } from '../../core/logger.ts';
import { type Arguments, command, type Options } from './arguments.ts';

const OPTIONS: Options = {
  data: { type: 'string', value: 'DIR', summary: 'where everything is kept (INFRAMIRROR_DATA; default ./data)' },
  listen: { type: 'string', value: 'HOST:PORT', summary: 'address to answer on (INFRAMIRROR_LISTEN; default 127.0.0.1:8080; port 0 takes a free one)' },
  label: { type: 'string', multiple: true, value: 'KEY=VALUE', summary: 'label of this host for its agent: region, datacenter, env, role, owner or another' },
  logs: {
    type: 'string',
    multiple: true,
    value: 'GLOB',
    summary: 'log files this host’s agent follows (default: those of /var/log, of its folders and of containers)',
  },
  'no-agent': { type: 'boolean', summary: 'without this host’s agent' },
};

/** `host:port`, `[v6]:port`, `:port` or a port alone. */
export const parseListen = (text: string): { readonly host: string; readonly port: number } => {
  const m = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(m?.[3]);
  if (m === null || port > 65_535)
    throw new CodedError('command.usage', { problem: `${JSON.stringify(text)} is no address to listen on; write HOST:PORT, such as 127.0.0.1:8080` });
  return { host: (m[1] ?? m[2]) || '127.0.0.1', port };
};

const setting = (args: Arguments, name: string, variable: string, otherwise: string): string => args.values.get(name) ?? (process.env[variable] || otherwise);

/** Resolves at the first signal to stop; further ones change nothing (a terminal and npm may both deliver one). */
const stopSignal = (): Promise<string> =>
  new Promise((resolveSignal) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolveSignal(signal));
  });

export const start = (args: readonly string[]): Promise<number> =>
  command(args, 'start [OPTIONS]', 'Starts InfraMirror on this machine.', OPTIONS, 0, async (read) => {
    const stopping = stopSignal();
    // Help and wrong usage need none of it.
    const { startProduct } = await import('../product.ts');
    const log = createLogger({
      level: process.env.INFRAMIRROR_LOG === 'debug' ? 'debug' : 'info',
      format: process.stderr.isTTY ? 'text' : 'json',
      write: (line) => void process.stderr.write(line),
    });
    const product = await startProduct({
      dataDir: resolve(setting(read, 'data', 'INFRAMIRROR_DATA', 'data')),
      listen: parseListen(setting(read, 'listen', 'INFRAMIRROR_LISTEN', '127.0.0.1:8080')),
      agent: read.flags.has('no-agent') ? undefined : { labels: read.lists.get('label') ?? [], logs: read.lists.get('logs') ?? [] },
      log,
      stopping,
    });
    if (product === undefined) return 0;
    process.stdout.write(`InfraMirror is ready at ${product.url}?token=${product.token}\n`);
    const signal = await stopping;
    log.info('stopping', { signal });
    await product.stop();
    return 0;
  });

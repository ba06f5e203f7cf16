// `inframirror start`: all roles on the embedded engines, with this host's agent; runs until it is told to stop.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError } from '../../core/errors.ts';
import { createLogger, type Logger } from '../../core/logger.ts';
import { Configuration, written } from '../config/configuration.ts';
import { type Listen, readListen } from '../config/listen.ts';
import { ConfigError } from '../config/problem.ts';
import { ROLES, type Role } from '../config/roles.ts';
import type { SettingName } from '../config/settings.ts';
import { growHeap } from '../heap.ts';
import type { Product } from '../product.ts';
import { noteRefusedStart } from '../refused-start.ts';
import { ServiceManager } from '../service-manager.ts';
import { labelsOf } from './agent-labels.ts';
import { type Arguments, command, type Options } from './arguments.ts';
import { configFile } from './config.ts';

const OPTIONS: Options = {
  config: { type: 'string', value: 'FILE', summary: 'file of settings, YAML (INFRAMIRROR_CONFIG); `inframirror config example` prints all of them' },
  data: { type: 'string', value: 'DIR', summary: 'where everything is kept (INFRAMIRROR_DATA; default ./data)' },
  listen: { type: 'string', value: 'HOST:PORT', summary: 'address to answer on (INFRAMIRROR_LISTEN; default 127.0.0.1:8080; port 0 takes a free one)' },
  roles: { type: 'string', value: 'ROLE,…', summary: `what this process does (default all): ${ROLES.join(', ')}; docs/guide/several-processes.md` },
  label: { type: 'string', multiple: true, value: 'KEY=VALUE', summary: 'label of this host for its agent: region, datacenter, env, role, owner or another' },
  logs: {
    type: 'string',
    multiple: true,
    value: 'GLOB',
    summary: 'log files this host’s agent follows (default: those of /var/log, of its folders and of containers)',
  },
  'no-agent': { type: 'boolean', summary: 'without this host’s agent' },
};

/** Resolves at the first signal to stop; further ones change nothing (a terminal and npm may both deliver one). */
const stopSignal = (): Promise<string> =>
  new Promise((resolveSignal) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolveSignal(signal));
  });

/** Throws `command.usage`. */
export const parseListen = (text: string): Listen => {
  const listen = readListen(text);
  if (listen === undefined)
    throw new CodedError('command.usage', { problem: `${JSON.stringify(text)} is no address to listen on; write HOST:PORT, such as 127.0.0.1:8080` });
  return listen;
};

/** What the command line says of settings. */
const optionsOf = (args: Arguments): ReadonlyMap<SettingName, { readonly value: unknown; readonly place: string }> => {
  const [data, listen, labels, logs] = [args.values.get('data'), args.values.get('listen'), args.lists.get('label'), args.lists.get('logs')];
  if (listen !== undefined) parseListen(listen);
  const roles = args.values.get('roles');
  const given: Partial<Record<SettingName, readonly [unknown, string]>> = {
    ...(data === undefined ? {} : { data: [data, '--data'] }),
    ...(listen === undefined ? {} : { listen: [listen, '--listen'] }),
    ...(roles === undefined ? {} : { roles: [roles.split(','), '--roles'] }),
    ...(labels === undefined ? {} : { 'agent.labels': [Object.fromEntries(labelsOf(labels)), '--label'] }),
    ...(logs === undefined ? {} : { 'agent.logs': [logs, '--logs'] }),
    ...(args.flags.has('no-agent') ? { 'agent.enabled': [false, '--no-agent'] } : {}),
  };
  return new Map(Object.entries(given).map(([name, [value, place]]) => [name as SettingName, { value, place }]));
};

const warn = ({ warnings }: Configuration, log: Logger): void => {
  for (const { place, problem } of warnings) log.warn(`a setting is probably not as it was meant: ${problem}`, { place });
};

/** What is wrong is told, and then nothing has changed. */
const reread = (configuration: Configuration, log: Logger, product: Pick<Product, 'settingsChanged'> | undefined): void => {
  try {
    const before = configuration.settings;
    const { changed, waiting } = configuration.reload();
    const values = (names: readonly SettingName[]): Readonly<Record<string, string>> =>
      Object.fromEntries(names.map((name) => [name, written(name, configuration.settings)]));
    log.info('the settings were read again', { file: configuration.file ?? 'none', changed: values(changed) });
    if (waiting.length > 0) log.warn('some settings need a new start', { settings: waiting, inForce: values(waiting) });
    warn(configuration, log);
    const changes = changed.map((name) => [name, { from: written(name, before), to: written(name, configuration.settings) }] as const);
    if (changes.length > 0) void product?.settingsChanged(Object.fromEntries(changes));
  } catch (error) {
    // Each of its own: what is told again within a minute is not told.
    log.error(`the settings stay as they were: ${(error as Error).message}`, { error });
  }
};

/** Throws `command.usage` and `ConfigError`; that one is noted in the folder where the start would have been, as far as it is told beside the file. */
const configurationOf = (read: Arguments): Configuration => {
  try {
    return new Configuration({ options: optionsOf(read), environment: process.env, file: configFile(read.values.get('config')) });
  } catch (error) {
    const folder = resolve(read.values.get('data') ?? (process.env.INFRAMIRROR_DATA || 'data'));
    // A second start beside a server that runs is nothing to that.
    if (error instanceof ConfigError && !existsSync(join(folder, 'address'))) noteRefusedStart(folder, error);
    throw error;
  }
};

export const start = (args: readonly string[]): Promise<number> =>
  command(args, 'start [OPTIONS]', 'Starts InfraMirror on this machine.', OPTIONS, 0, async (read) => {
    // Whatever is made is for this user alone, by the stores' own code too.
    process.umask(0o077);
    growHeap();
    const configuration = configurationOf(read);
    const { settings } = configuration;
    const log = createLogger({
      level: () => configuration.settings['log.level'],
      format: process.stderr.isTTY ? 'text' : 'json',
      write: (line) => void process.stderr.write(line),
    });
    warn(configuration, log);
    const manager = new ServiceManager(log);
    let status = 'starting';
    let product: Product | undefined;
    const stopping = stopSignal();
    process.on('SIGHUP', () => {
      const isReady = status !== 'starting';
      if (isReady) manager.reloading();
      reread(configuration, log, product);
      if (isReady) manager.ready(status);
    });
    // Help and wrong usage need none of it.
    const { startProduct } = await import('../product.ts');
    product = await startProduct({
      dataDir: resolve(settings.data),
      listen: parseListen(settings.listen),
      roles: new Set(settings.roles as readonly Role[]),
      identity: settings.identity === '' ? undefined : resolve(settings.identity),
      agent:
        settings['agent.enabled'] && settings.roles.includes('agent')
          ? {
              labels: Object.entries(settings['agent.labels']).map(([name, value]) => `${name}=${value}`),
              logs: settings['agent.logs'],
              maskSecrets: settings['agent.mask_secrets'],
              masks: settings['agent.masks'],
            }
          : undefined,
      settings: () => configuration.settings,
      settingsRefused: () => configuration.refused?.message,
      configFile: configuration.file,
      log,
      stopping,
    });
    if (product === undefined) return 0;
    status = `answers at ${product.url}`;
    manager.ready(status);
    process.stdout.write(`InfraMirror is ready at ${product.url}${settings.roles.includes('api') ? `?token=${product.token}` : ''}\n`);
    const signal = await stopping;
    log.info('stopping', { signal });
    await manager.stopping();
    await product.stop();
    return 0;
  });

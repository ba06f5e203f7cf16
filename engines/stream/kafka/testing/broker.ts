// A real Kafka for tests, one broker in a folder of its own: brought by Maven once a machine's clone, started on a free port.
// It takes no part in the product.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bring, madeOnce, missing, pause } from '../../../testing/maven.ts';
import { freePort, isOpen } from '../../../testing/ports.ts';

const VERSION = '4.3.1';
const PATIENCE_MS = 120_000;
const run = promisify(execFile);

const PACKAGES = [
  { group: 'org.apache.kafka', artifact: 'kafka_2.13', version: VERSION },
  { group: 'org.slf4j', artifact: 'slf4j-simple', version: '1.7.36' },
];

/** The folder of Kafka's jars. */
const jars = (): Promise<string> => madeOnce('kafka', VERSION, (part) => bring('Kafka', PACKAGES, part));

export interface BrokerOptions {
  /** Its state, kept between starts. */
  readonly dir: string;
  readonly port?: number;
  /** What clients are told to connect to, where that is not the broker itself. */
  readonly advertisedPort?: number;
  /** What clients speak. Default `PLAINTEXT`. */
  readonly protocol?: 'PLAINTEXT' | 'SASL_SSL';
  /** Users of SCRAM that are there from the beginning: as `SCRAM-SHA-256=[name=…,password=…]`. */
  readonly scram?: readonly string[];
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

export interface Broker {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export const startBroker = async ({ dir, port: wanted, advertisedPort, protocol = 'PLAINTEXT', scram = [], settings = {} }: BrokerOptions): Promise<Broker> => {
  const port = wanted ?? (await freePort());
  const controller = await freePort();
  const classes = ['-cp', join(await jars(), '*')];
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'server.properties');
  const log = join(dir, 'broker.log');
  const all = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${advertisedPort ?? port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `CLIENTS:${protocol},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'CLIENTS',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'num.network.threads': 2,
    'num.io.threads': 2,
    'background.threads': 2,
    // Without these a start after a kill waits nine seconds for the session before.
    'broker.session.timeout.ms': 1000,
    'broker.heartbeat.interval.ms': 200,
    ...settings,
  };
  writeFileSync(
    file,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const users = scram.flatMap((user) => ['--add-scram', user]);
  if (!existsSync(join(dir, 'data', 'meta.properties')))
    await run('java', ['-Xmx64m', ...java, ...classes, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', file, ...users]).catch(
      (error) => {
        throw error.code === 'ENOENT' ? missing('java', 'Kafka', 'Java 17 or newer') : error;
      },
    );
  const out = openSync(log, 'a');
  const options = ['-Xmx256m', ...java, '-XX:+ExitOnOutOfMemoryError', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  const child = spawn('java', [...options, ...classes, 'kafka.Kafka', file], { cwd: dir, stdio: ['ignore', out, out] });
  closeSync(out);
  const exit = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exit;
  };
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Kafka ended early:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    if (Date.now() > deadline) {
      await end('SIGKILL');
      throw new Error(`Kafka is not ready:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    }
    await pause(50);
  }
  return { port, pid: child.pid as number, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
};

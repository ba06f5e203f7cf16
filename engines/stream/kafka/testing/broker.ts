// A real Kafka for tests, one broker in a folder of its own: brought by Maven once a machine's clone, started on a free port.
// It takes no part in the product.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const VERSION = '4.3.1';
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/kafka/', import.meta.url));
const PATIENCE_MS = 120_000;
const run = promisify(execFile);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

const missing = (tool: string, what: string): Error =>
  new Error(`These tests start a real Kafka, which needs ${what}: \`${tool}\` cannot be run here. On Debian: apt-get install default-jre-headless maven.`);

/** Whether a process of that number is there. */
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** The folder of Kafka's jars; of several processes one brings them, the others wait. */
const jars = async (): Promise<string> => {
  const done = join(CACHE, VERSION);
  const lock = join(CACHE, 'lock');
  mkdirSync(CACHE, { recursive: true });
  while (!existsSync(done)) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch {
      let holder = 0;
      try {
        holder = Number(readFileSync(lock, 'utf8'));
      } catch {
        // It is done in this moment.
      }
      if (holder > 0 && !lives(holder)) rmSync(lock, { force: true });
      await pause(100);
      continue;
    }
    try {
      const part = join(CACHE, `part-${process.pid}`);
      const pom = join(CACHE, 'pom.xml');
      writeFileSync(pom, POM);
      rmSync(part, { recursive: true, force: true });
      await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${part}`]).catch((error) => {
        throw error.code === 'ENOENT' ? missing('mvn', 'Maven') : error;
      });
      if (!existsSync(done)) renameSync(part, done);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return done;
};

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

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
        throw error.code === 'ENOENT' ? missing('java', 'Java 17 or newer') : error;
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

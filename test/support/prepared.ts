// Stores as a first start leaves them, with the product's tables and nothing in them: made once for the sources as they are, and copied for
// every test that wants them, which costs a tenth of making them. What is tested of first starts begins without them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../core/logger.ts';

const ROOT = join(import.meta.dirname, '../..');
const PREPARED = join(ROOT, '.cache/prepared');
/** What stores are made of. */
const SOURCES = ['engines', 'core', 'schemas'];
const DAY_MS = 86_400_000;

/** What they need is loaded by who comes first alone. */
const MAKERS = {
  columns: async (dataDir: string): Promise<void> => {
    const { openClickHouse } = await import('../../engines/columns/clickhouse/open.ts');
    const { startEmbeddedColumns } = await import('../../engines/columns/embedded/start.ts');
    const { openColumnSearch } = await import('../../engines/search/embedded/open.ts');
    const engine = await startEmbeddedColumns({ dataDir, log: silentLogger });
    const columns = openClickHouse({ url: engine.url, socketPath: engine.socketPath, incoming: engine.incoming, concurrency: engine.statements });
    try {
      await columns.migrate();
      await openColumnSearch(columns).migrate();
    } finally {
      await columns.close();
      await engine.stop();
    }
  },
  records: async (dataDir: string): Promise<void> => {
    const { startEmbeddedPostgres } = await import('../../engines/records/embedded/embedded.ts');
    const { openPostgres } = await import('../../engines/records/postgres/postgres.ts');
    const server = await startEmbeddedPostgres({ dataDir });
    const records = openPostgres(server.connection);
    try {
      await records.migrate();
    } finally {
      await records.close();
      await server.stop();
    }
  },
  /** The agent's sources, as Node compiled them. */
  compiled: async (cache: string): Promise<void> => {
    rmSync(cache, { recursive: true });
    await (await import('../../app/agent-process.ts')).prepareAgent(cache);
  },
};
type Kind = keyof typeof MAKERS;

const sourcesHash = (): string => {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  for (const folder of SOURCES)
    for (const path of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).sort())
      if (path.endsWith('.ts') && !path.endsWith('.test.ts')) hash.update(`${path}\0`).update(readFileSync(join(ROOT, folder, path)));
  return hash.digest('hex').slice(0, 16);
};

let hash: string | undefined;

const made = async (kind: Kind): Promise<string> => {
  hash ??= sourcesHash();
  const place = join(PREPARED, `${kind}-${hash}`);
  if (existsSync(place)) return place;
  mkdirSync(PREPARED, { recursive: true });
  // Of sources that are no more, and of a run that was killed.
  for (const name of readdirSync(PREPARED)) {
    const age = Date.now() - (statSync(join(PREPARED, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > DAY_MS) rmSync(join(PREPARED, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(PREPARED, 'made-'));
  await MAKERS[kind](folder);
  try {
    renameSync(folder, place);
  } catch (error) {
    // Another process was earlier.
    if (!existsSync(place)) throw error;
    rmSync(folder, { recursive: true, force: true });
  }
  return place;
};

/** Puts one at `dataDir`, where nothing is yet; whole or not at all. Whose it is the first start says. */
export const putPrepared = async (kind: Kind, dataDir: string): Promise<void> => {
  const from = await made(kind);
  mkdirSync(dirname(dataDir), { recursive: true });
  const copy = mkdtempSync(`${dataDir}.copy-`);
  // With its owners, which no function of Node's copies.
  await promisify(execFile)('cp', ['-a', `${from}/.`, copy]);
  renameSync(copy, dataDir);
};

/** What a product's folder begins with. */
export const putAllPrepared = async (folder: string): Promise<void> => {
  for (const kind of Object.keys(MAKERS) as Kind[]) await putPrepared(kind, join(folder, kind));
};

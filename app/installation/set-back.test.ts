// One store of a data folder is set back to an older copy while the others went on, on the real ones: refused in words, until it is put back or
// accepted. A copy of all of them is not, nor a start that dies between what it tells them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { Problem } from '../../graphql/service.ts';
import { sized } from '../../test/support/long.ts';
import { type Engines, type OpenedStream, openStream, startEngines } from '../engines.ts';
import { NO_SERVERS } from '../servers.ts';
import { Installation, type StoresToTell } from './installation.ts';
import { readStoreNotes, STORE_NAMES, type StoreName, writeStoreNotes } from './notes.ts';

const top = mkdtempSync(join(tmpdir(), 'inframirror-set-back-'));
const [folder, old] = [join(top, 'data'), join(top, 'old')];
afterAll(() => rmSync(top, { recursive: true, force: true }));

interface Open {
  readonly engines: Engines;
  readonly stream: OpenedStream;
  readonly installation: Installation;
  stop(): Promise<void>;
}

/** As the product does it. */
const open = async (): Promise<Open> => {
  const installation = new Installation(folder, 'me', silentLogger);
  installation.mustBeThere();
  const stores = { dataDir: folder, servers: NO_SERVERS, log: silentLogger, telemetry: new TelemetryRegistry() };
  const stream = await openStream({ ...stores, maxBytes: 1 << 30 }, installation);
  try {
    const engines = await startEngines(stores, installation);
    const stop = async (): Promise<void> => {
      await engines.stop();
      await stream.stream.close();
    };
    return { engines, stream, installation, stop };
  } catch (error) {
    await stream.stream.close();
    throw error;
  }
};
const start = async (): Promise<readonly Problem[]> => {
  const { engines, stream, installation, stop } = await open();
  try {
    return await installation.settle({ ...engines, stream });
  } finally {
    await stop();
  }
};
const copy = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
};
const accept = (store: StoreName): void => {
  const notes = readStoreNotes(folder);
  expect(notes).toBeDefined();
  if (notes !== undefined) writeStoreNotes(folder, { ...notes, accepted: [{ store, who: 'ada', at: '2026-11-30T00:00:00Z' }] });
};
const refusal = (store: StoreName) => expect.objectContaining({ code: 'store.set-back', parameters: expect.objectContaining({ folder: store }) });

beforeAll(async () => {
  await start();
  copy(folder, old);
  await start();
}, 600_000);

/** Each is some starts: a run tries one of them by chance, the long form all. */
const tried = STORE_NAMES.map((store) => [Math.random(), store] as const)
  .toSorted(([x], [y]) => x - y)
  .slice(0, sized(1, 3))
  .map(([, store]) => store);

test.each(tried)(
  'the older copy of %s is refused; the newer one put back, all goes on',
  async (store) => {
    renameSync(join(folder, store), join(top, 'newer'));
    copy(join(old, store), join(folder, store));
    const told = await start().catch((error: unknown) => error);
    expect(told).toEqual(refusal(store));
    expect((told as Error).message).toMatch(/is an older copy of itself, of 20\d\d-.*: the other stores went on with a newer one until 20/);
    expect(readStoreNotes(folder)?.refused).toMatchObject({ mend: expect.stringContaining('inframirror restore'), setBack: [{ store, own: 1 }] });
    rmSync(join(folder, store), { recursive: true });
    renameSync(join(top, 'newer'), join(folder, store));
    expect(await start()).toEqual([]);
    expect(readStoreNotes(folder)?.refused).toBeUndefined();
  },
  600_000,
);

test('one that went on while the others are an older copy is told by them; a copy of all stores is silent', async () => {
  copy(folder, join(top, 'now'));
  for (const store of ['stream', 'records']) copy(join(old, store), join(folder, store));
  await expect(start()).rejects.toThrow(refusal('stream'));
  copy(old, folder);
  expect(await start()).toEqual([]);
  copy(join(top, 'now'), folder);
}, 600_000);

test('an older copy that was accepted goes on, and is told once; a stream is put aside and begins anew', async () => {
  copy(folder, join(top, 'now'));
  copy(join(old, 'columns'), join(folder, 'columns'));
  await expect(start()).rejects.toThrow(refusal('columns'));
  accept('columns');
  expect(await start()).toEqual([
    expect.objectContaining({ part: 'column store', message: expect.stringMatching(/^the column store is an older copy, of 20/) }),
  ]);
  expect(await start()).toEqual([]);

  copy(join(old, 'stream'), join(folder, 'stream'));
  await expect(start()).rejects.toThrow(refusal('stream'));
  accept('stream');
  const [told] = await start();
  const aside = readdirSync(folder).find((name) => name.startsWith('stream-set-back-')) ?? 'none';
  expect(existsSync(join(folder, aside, 'data.mdb'))).toBe(true);
  expect(told).toMatchObject({ part: 'stream', message: expect.stringContaining('has begun anew'), mend: expect.stringContaining(aside) });
  expect(await start()).toEqual([]);
  copy(join(top, 'now'), folder);
}, 600_000);

test('a column store of version 13, whose definition with all that it said of itself a full disk left empty, goes on', async () => {
  copy(folder, join(top, 'now'));
  const { engines, stop } = await open();
  await engines.columns.command('DROP TABLE installation SYNC');
  await engines.columns.command('ALTER TABLE schema_version DELETE WHERE version > 13', { settings: { mutations_sync: 1 } });
  await stop();
  const path = readdirSync(join(folder, 'columns/db'), { recursive: true, encoding: 'utf8' }).find((one) => /^store\/.*\/schema_version\.sql$/.test(one));
  const file = join(folder, 'columns/db', path ?? 'none');
  truncateSync(file);
  expect(await start()).toEqual([]);
  expect(statSync(file).size).toBeGreaterThan(100);
  expect(await start()).toEqual([]);
  copy(join(top, 'now'), folder);
}, 600_000);

test('starts that die between what they tell the stores go on by themselves', async () => {
  const deaths = Array.from({ length: sized(2, 10) }, () => Math.floor(Math.random() * 6));
  console.log(`dies before telling no. ${deaths.join(', ')}`);
  for (const death of deaths) {
    const { engines, stream, installation, stop } = await open();
    let told = 0;
    const mayTell = (): void => {
      if (told++ === death) throw new Error('died');
    };
    const stores: StoresToTell = {
      stream: {
        belongTo: (...asked) => {
          mayTell();
          return stream.belongTo(...asked);
        },
      },
      columns: {
        query: (...asked) => engines.columns.query(...asked),
        command: (...asked) => {
          mayTell();
          return engines.columns.command(...asked);
        },
      },
      records: {
        query: (...asked) => {
          mayTell();
          return engines.records.query(...asked);
        },
      },
    };
    await expect(installation.advance(stores)).rejects.toThrow('died');
    await stop();
  }
  expect(await start()).toEqual([]);
}, 600_000);

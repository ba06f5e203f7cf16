// A backup of 10 M samples of 10,000 series and its restore, beside a plain copy of the same folder: size, time, and for how long rounds were held.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Backups } from '../app/backup/backups.ts';
import { readManifest } from '../app/backup/manifest.ts';
import { restore } from '../app/backup/restore.ts';
import { bytesBelow } from '../app/store-spaces.ts';
import { createLogger, silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { startPipeline } from '../pipeline/start.ts';
import { openStores } from '../pipeline/testing/stores.ts';
import type { Figure } from './figure.ts';

const SAMPLES = 10_000_000;
const SERIES = 10_000;
const STEP_MS = 15_000;
const BLOCKS = 10;

/** Values that walk in steps of a tenth, as readings do. */
const INSERT = `INSERT INTO samples (metric, id, time, mantissa, exponent, float, insert)
SELECT id % 50, id, fromUnixTimestamp64Milli({from:Int64} + intDiv(number, ${SERIES}) * ${STEP_MS}), 500 + cityHash64(number) % 7, 1, 0, 1
FROM (SELECT number, number % ${SERIES} AS id FROM numbers({first:UInt64}, ${SAMPLES / BLOCKS}))`;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

export const run = async (): Promise<readonly Figure[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-backup-'));
  try {
    const dataDir = join(dir, 'data');
    const stores = await openStores(dataDir, silentLogger);
    const pipeline = await startPipeline({ ...stores, telemetry: new TelemetryRegistry(), logger: silentLogger });
    // Within one day, so that no insert has rows of two.
    const from = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000;
    for (let block = 0; block < BLOCKS; block++)
      await stores.columns.command(INSERT, { params: { from, first: (block * SAMPLES) / BLOCKS }, settings: { max_insert_threads: 1 } });
    let heldMs = 0;
    const log = createLogger({ level: 'info', format: 'json', write: (line) => (heldMs = (JSON.parse(line) as { heldMs?: number }).heldMs ?? heldMs) });
    const minFree = () => ({ bytes: 0 });
    const counting = { hold: async () => () => undefined };
    const backups = new Backups({ ...stores, dataDir, instance: 'bench', configFile: undefined, pipeline, counting, minFree, log });
    const backup = join(dir, 'backup');
    const begun = performance.now();
    await backups.start('bench', backup);
    while (backups.state.state === 'running') await new Promise((resolve) => setTimeout(resolve, 10));
    const backupMs = performance.now() - begun;
    const files = readManifest(backup).files.length;
    await pipeline.stop();
    await stores.close();
    const copying = performance.now();
    execFileSync('cp', ['-a', dataDir, join(dir, 'copy')]);
    execFileSync('sync');
    const copyMs = performance.now() - copying;
    const restoring = performance.now();
    await restore({ dir: backup, folder: join(dir, 'restored') });
    const restoreMs = performance.now() - restoring;
    const [size, whole] = [await bytesBelow(backup), await bytesBelow(dataDir)];
    return [
      { what: 'backup of 10 M samples: size', value: `${mib(size)} in ${files} files`, against: `${mib(whole)} the data folder`, ratio: size / whole },
      { what: 'backup: time', value: `${seconds(backupMs)}, rounds held ${heldMs} ms`, against: `${seconds(copyMs)} cp -a and sync`, ratio: backupMs / copyMs },
      { what: 'restore: time, stores started twice', value: seconds(restoreMs), against: `${seconds(copyMs)} cp -a and sync`, ratio: restoreMs / copyMs },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

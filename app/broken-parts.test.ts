// Parts of the real column store, damaged while it was down.
import { globSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { brokenParts } from './broken-parts.ts';

test('parts that were damaged while the store was down are told, with their table and days', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'broken-'));
  const during = async (work: (columns: ColumnStore) => Promise<void>): Promise<void> => {
    const child = await startEmbeddedColumns({ dataDir, log: silentLogger });
    const columns = openClickHouse({ url: child.url, socketPath: child.socketPath, incoming: child.incoming, concurrency: child.statements });
    try {
      await columns.migrate();
      await work(columns);
    } finally {
      await columns.close();
      await child.stop();
    }
  };
  try {
    await during(async (columns) => {
      await columns.query('CREATE TABLE kept (day Date, text String) ENGINE = MergeTree ORDER BY text PARTITION BY day');
      await columns.query("INSERT INTO kept SELECT toDate('2026-11-28'), toString(number) FROM numbers(100000)");
      await columns.query("INSERT INTO kept SELECT toDate('2026-11-29'), toString(number) FROM numbers(10)");
      expect(await brokenParts(columns)).toEqual([]);
    });
    const files = globSync('**/20261128_*/data.bin', { cwd: dataDir });
    const wide = globSync('**/20261128_*/text*.bin', { cwd: dataDir });
    expect(files.length + wide.length).toBeGreaterThan(0);
    for (const file of [...files, ...wide]) truncateSync(join(dataDir, file), 10);
    await during(async (columns) => {
      expect((await brokenParts(columns)).map(({ part, message }) => [part, message])).toEqual([
        ['column store', 'of kept, 1 damaged part was put aside, which could not be read (partitions 20261128): their rows are missing in answers'],
      ]);
    });
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}, 240_000);

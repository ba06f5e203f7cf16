// Real embedded stores for the tests of one file, in a folder of their own, open while they run. No part of the product.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { openStores, type Stores } from './stores.ts';

/** To be called once, outside of tests. `opened`: is given them before the first test. */
export const holdStores = (name: string, opened: (stores: Stores) => void): void => {
  const dir = mkdtempSync(join(tmpdir(), `${name}-`));
  let stores: Stores | undefined;
  beforeAll(async () => {
    stores = await openStores(dir, silentLogger);
    opened(stores);
  }, 120_000);
  afterAll(async () => {
    await stores?.close();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);
};

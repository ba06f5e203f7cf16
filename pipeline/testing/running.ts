// A pipeline at work on real stores in a folder of its own, and the one door to IQL over them, for tests that follow data to its answer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { LearnedCatalogue } from '../../query/ask/learned-catalogue.ts';
import { unlimited } from '../../query/caller.ts';
import { QueryService } from '../../query/service.ts';
import { DATASETS } from '../../schemas/catalogue.ts';
import { type Pipeline, startPipeline } from '../start.ts';
import { startKeeper } from '../start-keeper.ts';
import { openStores, type Stores } from './stores.ts';

export interface Running {
  readonly stores: Stores;
  readonly telemetry: TelemetryRegistry;
  readonly pipeline: Pipeline;
  /** Resolves when all that came is in its store. */
  settled(): Promise<void>;
  /** Columns of the answer by name; throws where the text has an error. `from`, `to`: ms. */
  ask(text: string, from: number, to: number): Promise<Readonly<Record<string, readonly unknown[]>>>;
  stop(): Promise<void>;
}

export const runPipeline = async (): Promise<Running> => {
  const dir = mkdtempSync(join(tmpdir(), 'inframirror-pipeline-'));
  const telemetry = new TelemetryRegistry();
  const stores = await openStores(dir, silentLogger);
  const pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger });
  const keeper = startKeeper({ ...stores, telemetry, logger: silentLogger, shared: pipeline.shared });
  return {
    stores,
    telemetry,
    pipeline,
    settled: async () => {
      while ((await pipeline.status()).partitions.some(({ lag }) => lag !== 0n)) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    ask: async (text, from, to) => {
      const catalogue = new LearnedCatalogue(DATASETS, stores.columns, stores.search);
      await catalogue.refresh();
      const queries = new QueryService({ ports: stores, catalogue, completeUpTo: (table) => pipeline.completeUpTo(table) }).for(unlimited('test'));
      const { columns, diagnostics } = await queries.query(text, { from: BigInt(from) * 1_000_000n, to: BigInt(to) * 1_000_000n });
      const [error] = diagnostics.filter(({ severity }) => severity === 'error');
      if (error !== undefined) throw new Error(error.message);
      return Object.fromEntries(columns.map(({ name, values }) => [name, values]));
    },
    stop: async () => {
      await keeper.stop();
      await pipeline.stop();
      await stores.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

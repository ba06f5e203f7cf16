// How the product is, part by part: what answers, how far the pipeline is behind, whether this host's agent runs.
import type { PartStatus, ProductStatus } from '../graphql/service.ts';
import type { Door } from '../ingest/door.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { AgentProcess } from './agent-process.ts';
import type { DataFolder } from './data-folder.ts';
import type { Engines } from './engines.ts';
import { VERSION } from './version.ts';

export interface StatusParts {
  readonly folder: DataFolder;
  readonly begun: number;
  readonly engines: Engines;
  readonly pipeline: Pipeline;
  readonly agent: AgentProcess | undefined;
  readonly door: Door;
}

const PATIENCE_MS = 2000;

const pinged = async (name: string, ping: () => Promise<void>): Promise<PartStatus> => {
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    });
    await Promise.race([ping(), late]);
    return { name, state: 'ok', detail: `answers in ${(performance.now() - begun).toFixed(1)} ms` };
  } catch (error) {
    return { name, state: 'down', detail: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
};

export const productStatus = async ({ folder, begun, engines, pipeline, agent, door }: StatusParts): Promise<ProductStatus> => {
  const stores = await Promise.all([
    pinged('column store', () => engines.columns.ping()),
    pinged('search store', () => engines.search.ping()),
    pinged('record store', () => engines.records.ping()),
  ]);
  const running: PartStatus =
    agent === undefined
      ? { name: 'agent of this host', state: 'ok', detail: 'not started here' }
      : {
          name: 'agent of this host',
          state: agent.restarts > 0 ? 'degraded' : 'ok',
          detail: agent.restarts > 0 ? `restarted ${agent.restarts} times` : `process ${agent.pid ?? '–'}`,
        };
  return {
    version: VERSION,
    instance: folder.instance,
    startedAt: new Date(begun).toISOString(),
    parts: [
      ...stores,
      ...pipeline.status(),
      { name: 'door', state: 'ok', detail: `${door.state.series} series defined, ${door.state.bytes} bytes in hand` },
      running,
    ],
  };
};

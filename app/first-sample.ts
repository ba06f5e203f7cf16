// What a start waits for: that a sample of this host's agent, taken since then, can be asked for.
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { CodedError, hasCode } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { AgentProcess } from './agent-process.ts';
import type { Engines } from './engines.ts';

/** The first samples come within moments; after this it is said what is waited for. */
const PATIENCE_MS = 15_000;
/** An agent that ended so often before its first sample will not run at all. */
const MOST_RESTARTS = 3;

/** Waits for a sample taken since this start; false when told to stop before. Rejects with `start.part` when the agent cannot run. */
export const firstSample = async (engines: Engines, agent: AgentProcess, begun: number, stopping: Promise<unknown>, log: Logger): Promise<boolean> => {
  const stopped = stopping.then(() => true);
  const waiting = setTimeout(() => log.warn('still waiting for the first sample of this host’s agent'), PATIENCE_MS);
  try {
    for (;;) {
      if (await hasSample(engines, begun)) return true;
      if (agent.restarts >= MOST_RESTARTS)
        throw new CodedError('start.part', { part: 'this host’s agent', reason: `it ended ${agent.restarts} times (${agent.lastEnd}); it says why above` });
      const pause = new Promise<false>((resolve) => setTimeout(() => resolve(false), 50));
      if (await Promise.race([stopped, pause])) return false;
    }
  } finally {
    clearTimeout(waiting);
  }
};

const hasSample = async ({ columns }: Engines, begun: number): Promise<boolean> => {
  try {
    const { batches } = await columns.query("SELECT count() AS n FROM samples WHERE time >= fromUnixTimestamp64Milli({begun:Int64}, 'UTC')", {
      params: { begun },
    });
    const [batch] = batches;
    return batch !== undefined && batch.length > 0 && BigInt(valueAt(columnOf(batch, 'n'), 0) as bigint) > 0n;
  } catch (error) {
    // It is being restarted; that is its keeper's to judge.
    if (hasCode(error, 'columns.unavailable')) return false;
    throw error;
  }
};

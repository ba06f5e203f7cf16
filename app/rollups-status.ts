// How far samples are put together by five minutes and by the hour, for Status: whichever process does it, the store knows.
import type { PartStatus } from '../graphql/service.ts';
import { readLedger } from '../pipeline/retention/ledger.ts';
import { endedHours } from '../pipeline/rollups/due.ts';
import { DELAY_MS } from '../pipeline/rollups/rollups.ts';
import { SETTLE_MS } from '../schemas/rollups.ts';
import type { Engines } from './engines.ts';

const NAME = 'rollups';
const HOUR_MS = 3_600_000;
const PATIENCE_MS = 2000;
/** As many hours wait after a stop, or on a store that is busy. */
const MANY = 6;

const momentText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const rollupsStatus = async ({ columns, records }: Pick<Engines, 'columns' | 'records'>): Promise<PartStatus> => {
  try {
    const { gone } = await readLedger(records);
    const { done, open } = await endedHours(columns, {
      delayMs: DELAY_MS,
      settleMs: SETTLE_MS,
      gone: gone.samples ?? 0,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const newest = done.at(-1);
    const told = [
      newest === undefined ? 'no hour is put together yet' : `put together up to ${momentText(newest + HOUR_MS)}`,
      ...(open.length === 0 ? [] : [`${open.length} ${open.length === 1 ? 'hour waits' : 'hours wait'}, the oldest of ${momentText(open[0] as number)}`]),
    ];
    return { name: NAME, state: open.length > MANY ? 'degraded' : 'ok', detail: told.join('; ') };
  } catch (error) {
    return { name: NAME, state: 'degraded', detail: (error as Error).message };
  }
};

// How retention stands, for Status: from when on each kind is there and how long it is kept, whether a clock is waited for, and what went
// because the disk was full. It asks the stores and decides nothing.

import { heldUntil, lookedAt } from '../core/clock.ts';
import type { PartStatus } from '../graphql/service.ts';
import type { Keeper } from '../pipeline/keeper.ts';
import { storedDays, TIMED_TABLES } from '../pipeline/retention/days.ts';
import { readLedger } from '../pipeline/retention/ledger.ts';
import type { Settings } from './config/settings.ts';
import { writeDuration } from './config/units.ts';
import type { Engines } from './engines.ts';

const DAY_MS = 86_400_000;
const PATIENCE_MS = 2000;
const NAME = 'retention';
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const momentText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Nothing where it is this process. */
const keeperText = async (keeper: RetentionParts['keeper']): Promise<readonly string[]> => {
  if (keeper.keeps) return [];
  const holder = await keeper.holder();
  return [holder === undefined ? 'no process keeps at this moment' : `kept by ${holder.who}, since ${momentText(holder.since)}`];
};

export interface RetentionParts extends Pick<Engines, 'columns' | 'records'> {
  readonly keeper: Pick<Keeper, 'keeps' | 'holder'>;
  /** Whether room on the disk is missing that days are removed for. */
  readonly lacksRoom: () => boolean;
  /** ms. */
  readonly now?: () => number;
}

export const retentionStatus = async ({ columns, records, keeper, lacksRoom, now = Date.now }: RetentionParts, settings: Settings): Promise<PartStatus> => {
  try {
    const [tables, ledger, who] = await Promise.all([storedDays(columns, AbortSignal.timeout(PATIENCE_MS)), readLedger(records), keeperText(keeper)]);
    const kinds = Object.entries(TIMED_TABLES).flatMap(([table, kind]) => {
      // A table that only serves another one goes with it.
      if (table !== kind) return [];
      const first = tables.get(table)?.[0]?.first;
      return `${table} ${first === undefined ? 'none yet' : `from ${dayText(first)}`}, kept ${writeDuration(settings[`retention.${kind}`])}`;
    });
    // As the next look of the keeper will find it: a clock that was set right is so at once.
    const held = ledger.clock && heldUntil(lookedAt(ledger.clock, now(), undefined));
    const emergency = ledger.emergency;
    const isRecent = emergency !== undefined && now() - emergency.at < DAY_MS;
    const isShort = isRecent && lacksRoom();
    const told = [
      ...(isRecent
        ? [
            `the disk was nearly full at ${momentText(emergency.at)}, ${emergency.table} of ${dayText(emergency.day)} and older were removed${isShort ? '' : '; there is room again'}`,
          ]
        : []),
      ...(held === undefined ? [] : [`the clock jumped by days: nothing is removed before ${new Date(held).toISOString()}`]),
      ...kinds,
      ...who,
    ];
    return { name: NAME, state: isShort || held !== undefined ? 'degraded' : 'ok', detail: told.join('; ') };
  } catch (error) {
    return { name: NAME, state: 'degraded', detail: (error as Error).message };
  }
};

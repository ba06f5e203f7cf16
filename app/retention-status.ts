// How retention stands, for Status: from when on each kind is there and how long it is kept, whether a clock is waited for, and what went
// because the disk was full. It asks the stores and decides nothing.

import { heldUntil } from '../core/clock.ts';
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

export const retentionStatus = async ({ columns, records }: Pick<Engines, 'columns' | 'records'>, settings: Settings, keeper: Keeper): Promise<PartStatus> => {
  try {
    const [tables, ledger] = await Promise.all([storedDays(columns, AbortSignal.timeout(PATIENCE_MS)), readLedger(records)]);
    const kinds = Object.entries(TIMED_TABLES).flatMap(([table, kind]) => {
      // A table that only serves another one goes with it.
      if (table !== kind) return [];
      const first = tables.get(table)?.[0]?.day;
      return `${table} ${first === undefined ? 'none yet' : `from ${dayText(first)}`}, kept ${writeDuration(settings[`retention.${kind}`])}`;
    });
    const held = ledger.clock && heldUntil(ledger.clock);
    const emergency = ledger.emergency;
    const isRecent = emergency !== undefined && Date.now() - emergency.at < DAY_MS;
    const told = [
      ...(isRecent ? [`the disk was nearly full, ${emergency.table} of ${dayText(emergency.day)} and older were removed`] : []),
      ...(held === undefined ? [] : [`the clock jumped by days: nothing is removed before ${new Date(held).toISOString()}`]),
      ...kinds,
      ...(keeper.keeps ? [] : ['another process keeps']),
    ];
    return { name: NAME, state: isRecent || held !== undefined ? 'degraded' : 'ok', detail: told.join('; ') };
  } catch (error) {
    return { name: NAME, state: 'degraded', detail: (error as Error).message };
  }
};

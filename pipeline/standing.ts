// What became of inserts whose end is not known: by the store's clock no such statement can begin any more, none runs, and so those that
// are found are all that ever will be. Also the clock that deadlines are made by.
import { columnOf, valueAt } from '../core/batch/batch.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { PendingInsert } from './progress.ts';
import { pause } from './retry.ts';
import { DAY_MS } from './stages/days.ts';

export const queryIdOf = ({ table, number }: Pick<PendingInsert, 'table' | 'number'>): string => `pipeline-${table}-${number}`;

/** A clock of a store is set back a little now and then. */
const MARGIN_MS = 1000;
const LOOK_MS = 2000;
/** The store's clock was set back far when a deadline is further away: no request is on its way for so long. */
const LONGEST_WAIT_MS = 600_000;

/** Waits until no statement with the deadline can begin. */
const passed = async (deadline: number, columns: Pick<ColumnStore, 'now'>, signal: AbortSignal): Promise<void> => {
  for (let waited = 0; waited < LONGEST_WAIT_MS; ) {
    const left = deadline + MARGIN_MS - (await columns.now());
    if (left <= 0) return;
    const next = Math.min(left, LOOK_MS);
    await pause(next, signal);
    waited += next;
  }
};

/**
 * Ends the inserts if they still run, then tells which of them stand; none of the others can come to stand later.
 * `fence` false, for a negative control alone: what may still be on its way is not waited for.
 */
export const findStandingInserts = async (
  inserts: readonly PendingInsert[],
  columns: Pick<ColumnStore, 'kill' | 'query' | 'now'>,
  signal: AbortSignal,
  fence = true,
): Promise<ReadonlySet<bigint>> => {
  const standing = new Set(await killAndLook(inserts, columns));
  // What stands stands: only for what is absent it matters when it may still come.
  const absent = inserts.filter(({ number }) => !standing.has(number));
  const deadline = Math.max(0, ...absent.map((insert) => insert.deadline));
  if (!fence || deadline === 0) return standing;
  await passed(deadline, columns, signal);
  for (const number of await killAndLook(absent, columns)) standing.add(number);
  return standing;
};

const killAndLook = async (inserts: readonly PendingInsert[], columns: Pick<ColumnStore, 'kill' | 'query'>): Promise<ReadonlySet<bigint>> => {
  await columns.kill(inserts.map(queryIdOf));
  const standing = new Set<bigint>();
  for (const [place, of] of Map.groupBy(inserts, ({ table, day }) => `${day}/${table}`)) {
    const from = Number.parseInt(place, 10) * DAY_MS;
    const table = place.slice(place.indexOf('/') + 1);
    const { batches } = await columns.query(
      `SELECT DISTINCT insert FROM \`${table}\`
WHERE time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND insert IN ({numbers:Array(UInt64)})`,
      {
        params: { from, to: from + DAY_MS, numbers: of.map(({ number }) => number) },
        settings: { max_rows_to_read: 0, max_execution_time: 300 },
        standingIn: table,
      },
    );
    for (const batch of batches) for (let row = 0; row < batch.length; row++) standing.add(valueAt(columnOf(batch, 'insert'), row) as bigint);
  }
  return standing;
};

const MEASURED_ANEW_MS = 60_000;

/** The store's clock without asking it for each insert. That it is a little off is no harm: the store itself judges. */
export class StoreClock {
  readonly #columns: Pick<ColumnStore, 'now'>;
  readonly #measured = new Map<number | undefined, { readonly at: number; readonly store: number }>();

  constructor(columns: Pick<ColumnStore, 'now'>) {
    this.#columns = columns;
  }

  /** `route`: see `ColumnStore`. */
  async now(route?: number): Promise<number> {
    const at = performance.now();
    let measured = this.#measured.get(route);
    if (measured === undefined || at - measured.at > MEASURED_ANEW_MS) {
      measured = { store: await this.#columns.now(route), at };
      this.#measured.set(route, measured);
    }
    return measured.store + performance.now() - measured.at;
  }

  /** It was wrong. */
  forget(): void {
    this.#measured.clear();
  }
}

// The oracle of the kill test: what the ledgers say must or may stand, against what the stores hold. Only what the spool had taken is an
// obligation; each of its rows must be there once, with its value, and nothing else may be there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import type { Stores } from '../../pipeline/testing/stores.ts';
import { AGENTS, type Expected, type FrameRows, rowsOf } from './kill-load.ts';

export interface Ledger {
  readonly agent: string;
  readonly must: readonly number[];
  readonly may: readonly number[];
  readonly again: number;
  readonly problems: readonly string[];
}

export const readLedgers = (dir: string): readonly Ledger[] =>
  AGENTS.map((agent) => {
    const lines = readFileSync(join(dir, agent, 'ledger'), 'utf8').split('\n');
    const numbers = (word: string): readonly number[] => lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.slice(word.length + 1)));
    return {
      agent,
      must: numbers('must'),
      may: numbers('may'),
      again: numbers('again').length,
      problems: [
        ...lines.filter((line) => /^(refused|not drained)/.test(line)).map((line) => `${agent}: ${line}`),
        ...(lines.at(-2) === 'drained' ? [] : [`${agent}: its frames were not all sent`]),
      ],
    };
  });

/** Key, value, how often it is there. */
type Found = readonly (readonly [key: string, value: string, count: number])[];

const VALUE = 'if(exponent <= 6, mantissa / exp10(exponent), float)';
/** `final`: of two rows with one key the later one, as readers take them where such are known. */
const queries = (final: string) => ({
  samples: `SELECT concat(toString(id), '@', toString(toUnixTimestamp64Milli(time))) AS k, ${VALUE} AS v, count() AS n FROM samples${final} GROUP BY k, v`,
  histograms: `SELECT concat(toString(id), '@', toString(toUnixTimestamp64Milli(time))) AS k,
concat(toString(toUnixTimestamp64Milli(start)), ' ', arrayStringConcat(arrayConcat(counts, positive_counts), ',')) AS v, count() AS n FROM histograms${final} GROUP BY k, v`,
  summaries: `SELECT concat(toString(id), '@', toString(toUnixTimestamp64Milli(time))) AS k,
concat(toString(toUnixTimestamp64Milli(start)), ' ', arrayStringConcat(values, ',')) AS v, count() AS n FROM summaries${final} GROUP BY k, v`,
  processes: `SELECT concat(host, '/', toString(pid), '@', toString(toUnixTimestamp64Milli(time))) AS k, toString(cpu) AS v, count() AS n FROM processes${final} GROUP BY k, v`,
  logs: 'SELECT body AS k, toString(intDiv(toUnixTimestamp64Nano(time), 1000000)) AS v, count() AS n FROM logs GROUP BY k, v',
});
const MERGED = "SELECT count() AS n FROM system.parts WHERE active AND level > 0 AND table IN ('samples', 'processes', 'logs')";

const foundIn = (batches: readonly Batch[]): Found =>
  batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => {
      const [key, value, count] = batch.columns.map((column) => valueAt(column, row));
      return [String(key), String(value), Number(count)] as const;
    }),
  );

const readStores = async ({ columns, records }: Pick<Stores, 'columns' | 'records'>, merges: boolean): Promise<Record<keyof FrameRows, Found>> => {
  const QUERIES = queries(merges ? ' FINAL' : '');
  const query = async (sql: string): Promise<Found> => foundIn((await columns.query(sql)).batches);
  const events = await records.query("SELECT title AS k, host AS v, count(*)::int AS n FROM events WHERE kind = 'kill' GROUP BY title, host");
  return {
    samples: await query(QUERIES.samples),
    histograms: await query(QUERIES.histograms),
    summaries: await query(QUERIES.summaries),
    processes: await query(QUERIES.processes),
    logs: await query(QUERIES.logs),
    events: events.map(({ k, v, n }) => [String(k), String(v), Number(n)] as const),
  };
};

export interface Verdict {
  readonly wrong: readonly string[];
  readonly frames: number;
  readonly rows: number;
  readonly again: number;
  /** Parts that came of merges. */
  readonly merged: number;
}

/** `merges`: the column store merged meanwhile, so that of rows with one key some may be gone, and the rest is read as one. */
export const judge = async (dir: string, first: number, stores: Pick<Stores, 'columns' | 'records'>, merges: boolean): Promise<Verdict> => {
  const ledgers = readLedgers(dir);
  const wrong = ledgers.flatMap(({ problems }) => problems);
  const found = await readStores(stores, merges);
  let rows = 0;
  for (const signal of ['samples', 'histograms', 'summaries', 'processes', 'logs', 'events'] as const) {
    const must = new Map<string, string>();
    const may = new Map<string, string>();
    const add = (to: Map<string, string>, expected: readonly Expected[]): void => {
      for (const [key, value] of expected) to.set(key, value);
    };
    for (const ledger of ledgers) {
      for (const n of ledger.must) add(must, rowsOf(ledger.agent, n, first)[signal]);
      for (const n of ledger.may) add(may, rowsOf(ledger.agent, n, first)[signal]);
    }
    for (const [key, value, count] of found[signal]) {
      rows += count;
      if (count > 1) wrong.push(`${signal}: ${key} stands ${count} times`);
      const expected = may.get(key);
      if (expected === undefined) wrong.push(`${signal}: ${key} was never sent, or stands twice with other values`);
      else if (expected !== value) wrong.push(`${signal}: ${key} is ${value}, it was sent as ${expected}`);
      must.delete(key);
      may.delete(key);
    }
    for (const key of must.keys()) wrong.push(`${signal}: ${key} is lost`);
  }
  const [merged] = (await stores.columns.query(MERGED)).batches.map((batch) => Number(valueAt(columnOf(batch, 'n'), 0)));
  return {
    wrong,
    rows,
    merged: merged ?? 0,
    frames: ledgers.reduce((sum, { must }) => sum + must.length, 0),
    again: ledgers.reduce((sum, { again }) => sum + again, 0),
  };
};

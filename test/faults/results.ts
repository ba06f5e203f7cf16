// What came of runs of faults, as it is kept and as it is told: a line of JSON a run, and the table of docs/guarantees.md made of all of them.
// It runs nothing.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Kill } from '../end-to-end/kill-run.ts';

/** Stores that a run was over. */
export const PLACES = ['embedded', 'kafkajs', '@platformatic/kafka'] as const;
export type Place = (typeof PLACES)[number];

export interface FaultRun {
  readonly place: Place;
  readonly kills: readonly Kill[];
  readonly rows: number;
  readonly losses: number;
  readonly doubles: number;
  /** Of rows that are there otherwise than they were sent, or of senders that were refused. */
  readonly others: number;
  readonly recoveries: readonly (readonly [kill: Kill, ms: number])[];
}

export const readRuns = (file: string): readonly FaultRun[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as FaultRun)
    : [];

export const appendRun = (file: string, run: FaultRun): void => appendFileSync(file, `${JSON.stringify(run)}\n`);

const quantile = (sorted: readonly number[], q: number): string =>
  sorted.length === 0 ? '–' : `${((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0) / 1000).toFixed(1)} s`;

/**
 * Of each fault over each kind of stores. Where nothing was wrong in n trials, the true rate is below 3/n with 95 % confidence (the rule of
 * three: Hanley and Lippman-Hand, JAMA 249, 1983).
 */
export const faultTable = (runs: readonly FaultRun[]): string => {
  const lines = ['| stores | what dies | trials | rows lost | rows doubled | bound, 95 % | recovery p50 | p99 |', '|---|---|---:|---:|---:|---:|---:|---:|'];
  for (const place of PLACES) {
    const own = runs.filter((run) => run.place === place);
    for (const kill of [...new Set(own.flatMap(({ kills }) => kills))].toSorted()) {
      const met = own.filter(({ kills }) => kills.includes(kill));
      const trials = met.reduce((sum, { kills }) => sum + kills.filter((one) => one === kill).length, 0);
      const [losses, doubles] = [met.reduce((sum, run) => sum + run.losses, 0), met.reduce((sum, run) => sum + run.doubles, 0)];
      const times = met.flatMap(({ recoveries }) => recoveries.filter(([one]) => one === kill).map(([, ms]) => ms)).toSorted((a, b) => a - b);
      const bound = losses + doubles === 0 ? `< ${Math.min(100, 300 / trials).toFixed(trials < 100 ? 0 : 1)} %` : '–';
      lines.push(`| ${place} | ${kill} | ${trials} | ${losses} | ${doubles} | ${bound} | ${quantile(times, 0.5)} | ${quantile(times, 0.99)} |`);
    }
  }
  return lines.join('\n');
};

const [BEGIN, END] = ['<!-- faults -->', '<!-- /faults -->'];

/** Puts the table between its marks in a page. Throws where it has none. */
export const putTable = (page: string, runs: readonly FaultRun[]): void => {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${page} has no ${BEGIN} … ${END}`);
  writeFileSync(page, `${text.slice(0, from + BEGIN.length)}\n${faultTable(runs)}\n${text.slice(to)}`);
};

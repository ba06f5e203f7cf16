// Questions asked of our server and of a peer that holds the same rows: whole answers over HTTP, in turn, so that a slow moment of the machine
// meets both. A question's cost is processor time of all processes of a system, by the kernel's account; who asks and reads is left out.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.ts';
import { treeCpu, untilIdle } from './process-tree.ts';
import { type Answer, type Server, type System, startServer } from './server.ts';

/** Of each question and system at least; the ranges move on from one to the next. */
export const TIMES = Number(process.env.INFRAMIRROR_BENCH_TIMES ?? 24);
const ROUNDS = 4;
/** Of a system in a round, at least: the kernel accounts for processor time in hundredths of a second. */
const ROUND_MS = 400;
const WARM = 4;

export interface Asking {
  readonly system: System;
  /** The `n`-th time; rejects unless it was answered. */
  readonly ask: (n: number) => Promise<Answer>;
}

export interface Cost {
  readonly p50: number;
  readonly p95: number;
  readonly cpuMs: number;
}

/** Costs of each, as given. */
export const costsOf = async (all: readonly Asking[]): Promise<readonly Cost[]> => {
  const measured = all.map((asking) => ({ ...asking, ms: [] as number[], cpu: 0 }));
  for (const { ask } of all) for (let n = 0; n < WARM; n++) await ask(n);
  for (let round = 0; round < ROUNDS; round++)
    for (const one of measured) {
      const [before, started] = [treeCpu(one.system.pid), performance.now()];
      for (let i = 0; i < Math.ceil(TIMES / ROUNDS) || performance.now() - started < ROUND_MS; i++) {
        const begun = performance.now();
        await one.ask(WARM + one.ms.length);
        one.ms.push(performance.now() - begun);
      }
      one.cpu += treeCpu(one.system.pid) - before;
    }
  return measured.map(({ ms, cpu }) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
    return { p50: at(0.5), p95: at(0.95), cpuMs: (cpu * 1000) / ms.length };
  });
};

/** What the machine did beside, for whoever reads the figures. */
const loadFigure = (): Figure => ({
  what: 'load of the machine, 1, 5 and 15 min',
  value: loadavg()
    .map((n) => n.toFixed(1))
    .join(', '),
  against: `p50 / p95 of at least ${TIMES} times each`,
  ratio: undefined,
});

export interface Comparison {
  /** Of the peer; undefined: it is left out. */
  readonly startPeer: ((folder: string) => Promise<System>) | undefined;
  /** Rows of one kind of data that is kept: another number is loaded anew. */
  readonly size: number;
  /** Resolves with the end of what was loaded, ms. */
  readonly load: (server: Server, peer: System | undefined, folder: string) => Promise<number>;
  readonly figures: (server: Server, peer: System | undefined, end: number) => Promise<readonly Figure[]>;
}

/** Figures of both systems with the same data, once they rest. `INFRAMIRROR_BENCH_FOLDER=DIR` keeps the data, and asks what stands there. */
export const compared = async ({ startPeer, size, load, figures }: Comparison): Promise<readonly Figure[]> => {
  const kept = process.env.INFRAMIRROR_BENCH_FOLDER;
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'inframirror-bench-'));
  mkdirSync(folder, { recursive: true });
  const note = join(folder, 'loaded.json');
  const loaded = existsSync(note) ? (JSON.parse(readFileSync(note, 'utf8')) as { readonly end: number; readonly size: number }) : undefined;
  if (loaded !== undefined && loaded.size !== size) throw new Error(`${folder} was loaded with ${loaded.size}, not ${size}`);
  const running: System[] = [];
  try {
    const server = await startServer(join(folder, 'ours'));
    running.push(server);
    const peer = await startPeer?.(join(folder, 'peer'));
    if (peer !== undefined) running.push(peer);
    const end = loaded?.end ?? (await load(server, peer, folder));
    writeFileSync(note, JSON.stringify({ end, size }));
    for (const { pid } of running) await untilIdle(pid);
    return [...(await figures(server, peer, end)), loadFigure()];
  } finally {
    for (const system of running) await system.stop();
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
};

export const costText = ({ p50, p95, cpuMs }: Cost): string => `${p50.toFixed(1)} / ${p95.toFixed(1)} ms, ${cpuMs.toFixed(1)} CPU-ms`;

/** Values by what they belong to. */
export type Points = ReadonlyMap<string, number>;

/** Throws where two answers differ: in what they have values for, or in a value by more than a billionth. */
export const mustAgree = (what: string, ours: Points, theirs: Points): void => {
  if (ours.size === 0) throw new Error(`no values: ${what}`);
  if (ours.size !== theirs.size) throw new Error(`${ours.size} values beside ${theirs.size}: ${what}`);
  for (const [key, value] of ours) {
    const other = theirs.get(key);
    if (other === undefined || Math.abs(value - other) > 1e-9 * Math.max(1, Math.abs(other))) throw new Error(`${value} beside ${other} of ${key}: ${what}`);
  }
};

export const ratioFigure = (what: string, ours: Cost, peer: Cost | undefined, against: string): Figure => ({
  what,
  value: costText(ours),
  against,
  ratio: peer === undefined ? undefined : ours.cpuMs / peer.cpuMs,
});

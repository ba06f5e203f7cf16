// Viewers while samples come in: each asks the six panels of a page every ten seconds, as the explorer's first page does, of a server that takes
// samples through its door all the while. By default what two cores carry; `INFRAMIRROR_BENCH_SERIES=500000 INFRAMIRROR_BENCH_VIEWERS=50` is the
// goal: each series has a sample each ten seconds. `INFRAMIRROR_BENCH_SECONDS` of viewing (60), after `INFRAMIRROR_BENCH_MINUTES` (15) of samples
// that stand already. What sends and asks is left out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Figure, median, short } from './figure.ts';
import { hostSeries, sendAll } from './load-questions.ts';
import { hostOf, SampleLoad } from './load-samples.ts';
import { treeCpu, treeMemory } from './process-tree.ts';
import { resultOf, type Server, startServer } from './server.ts';

const SERIES = Number(process.env.INFRAMIRROR_BENCH_SERIES ?? 50_000);
const VIEWERS = Number(process.env.INFRAMIRROR_BENCH_VIEWERS ?? 50);
const SECONDS = Number(process.env.INFRAMIRROR_BENCH_SECONDS ?? 60);
const MINUTES = Number(process.env.INFRAMIRROR_BENCH_MINUTES ?? 15);
const GOAL_MS = 150;
const EVERY_MS = 10_000;
/** As of such moments the explorer's pages ask, so that all of them ask the same. */
const BEAT_MS = 5000;
/** As many of a chart as the explorer draws. */
const MOST_LINES = 20;
/** A server that cannot take the samples as they come is viewed all the same. */
const CATCH_UP_MS = 180_000;
/** Of a host, one series each. */
const METRICS = 100;
/** That one sender speaks for. */
const HOSTS_EACH = 10;

const name = (i: number): string => `bench.metric_${i}`;
const isCounter = (i: number): boolean => i % 5 === 3;
const PANELS = [
  `from metrics.${name(0)} | where mode != "idle" | every 2m avg | sum by host | top 12 host by avg(value)`,
  `from metrics.${name(1)} | every 2m avg | max by host | top 12 host by avg(value)`,
  `from metrics.${name(2)} | every 2m max | max by host | top 12 host by avg(value)`,
  `from metrics.${name(3)} | every 2m rate | sum by host | top 12 host by avg(value)`,
  `from metrics.${name(8)} | where device != "device-0" | every 2m rate | sum by host | top 12 host by avg(value)`,
  `from metrics.${name(4)} last 5m | latest | top 12 by value | select host, used = value`,
];

const loads = (first: number): readonly SampleLoad[] => {
  const senders = Math.max(1, Math.round(SERIES / (METRICS * HOSTS_EACH)));
  return Array.from({ length: senders }, (_, sender) => {
    const hosts = Array.from({ length: HOSTS_EACH }, (_, i) => sender * HOSTS_EACH + i);
    const series = hosts.flatMap((host) => Array.from({ length: METRICS }, (_, i) => hostSeries(name(i), isCounter(i) ? 'counter' : 'gauge', host)));
    // Each at a moment of its own.
    const at = first + Math.floor((sender * EVERY_MS) / senders);
    return new SampleLoad({ sender: `bench-${sender}`, host: hostOf(sender), series, first: at, seed: sender + 1, stepMs: EVERY_MS });
  });
};

interface Sent {
  samples: number;
  busy: number;
  /** Milliseconds that the latest body is behind its time. */
  readonly behind: Map<SampleLoad, number>;
}

/** Sends each body when it is time, what is behind at once. */
const sendOn = async (server: Server, load: SampleLoad, first: number, from: number, sent: Sent, signal: AbortSignal): Promise<void> => {
  for (let step = from; !signal.aborted; step++) {
    const due = first + step * EVERY_MS;
    await setTimeout(Math.max(0, due - Date.now()));
    if (signal.aborted) return;
    sent.busy += await server.send(load.frame(step));
    sent.samples += load.size;
    sent.behind.set(load, Date.now() - due);
  }
};

interface Seen {
  readonly ms: number[];
  readonly failed: Map<string, number>;
  /** Of what an answer is complete up to, behind the moment when it came. */
  readonly lags: { readonly at: number; readonly ms: number }[];
  lateRounds: number;
}

const askPanel = async (server: Server, text: string, seen: Seen): Promise<void> => {
  const begun = performance.now();
  const now = Date.now();
  const failure = await server.ask(text, now - (now % BEAT_MS), { maxAge: BEAT_MS / 1000, lines: MOST_LINES }).then(
    (answer) => {
      const { completeUpTo, diagnostics } = resultOf(answer);
      if (completeUpTo !== null) seen.lags.push({ at: begun, ms: Date.now() - Date.parse(completeUpTo) });
      return diagnostics.find(({ severity }) => severity === 'error')?.message;
    },
    (error: unknown) => String(error),
  );
  seen.ms.push(performance.now() - begun);
  if (failure !== undefined) seen.failed.set(failure, (seen.failed.get(failure) ?? 0) + 1);
};

const view = async (server: Server, viewer: number, until: number, seen: Seen): Promise<void> => {
  for (let due = performance.now() + (viewer * EVERY_MS) / VIEWERS; due < until; due += EVERY_MS) {
    if (performance.now() > due + 1000) seen.lateRounds++;
    await setTimeout(Math.max(0, due - performance.now()));
    await Promise.all(PANELS.map((text) => askPanel(server, text, seen)));
  }
};

/** Of a list that is in order of time, the medians of its first and last quarter. */
const ends = (values: readonly number[]): readonly [number, number] => {
  const quarter = Math.max(1, Math.floor(values.length / 4));
  return [median(values.slice(0, quarter)), median(values.slice(-quarter))];
};

const viewed = async (server: Server, sent: Sent): Promise<readonly Figure[]> => {
  const seen: Seen = { ms: [], failed: new Map(), lags: [], lateRounds: 0 };
  const memory: number[] = [treeMemory(server.pid)];
  const watch = setInterval(() => memory.push(treeMemory(server.pid)), 5000);
  const [begun, cpu, samples] = [performance.now(), treeCpu(server.pid), sent.samples];
  await Promise.all(Array.from({ length: VIEWERS }, (_, viewer) => view(server, viewer, begun + SECONDS * 1000, seen)));
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  const cores = (treeCpu(server.pid) - cpu) / seconds;
  memory.push(treeMemory(server.pid));
  const sorted = seen.ms.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  const failed = seen.failed.values().reduce((sum, n) => sum + n, 0);
  const [lagThen, lagNow] = ends(seen.lags.toSorted((a, b) => a.at - b.at).map(({ ms }) => ms / 1000));
  const [memoryThen, memoryNow] = ends(memory.map((bytes) => bytes / 1e6));
  const perMinute = ((memoryNow - memoryThen) / (seconds * 0.75)) * 60;
  return [
    {
      what: `${VIEWERS} viewers of six panels, ${short(SERIES / 10)} samples/s of ${short(SERIES)} series`,
      value: `p50 ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms`,
      against: `goal p95 ${GOAL_MS} ms; ${sorted.length} answers, ${(sorted.length / seconds).toFixed(1)} a second, ${seen.lateRounds} rounds begun late`,
      ratio: at(0.95) / GOAL_MS,
    },
    {
      what: 'answers that failed',
      value: String(failed),
      against: `goal 0; ${[...seen.failed]
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 3)
        .map(([message, n]) => `${n} × ${message}`)
        .join('; ')}`,
      ratio: undefined,
    },
    {
      what: 'behind the newest sample, first and last quarter',
      value: `${lagThen.toFixed(1)} s, ${lagNow.toFixed(1)} s`,
      against: `samples taken ${short((sent.samples - samples) / seconds)}/s; the door was busy ${sent.busy} times; senders behind by ${(Math.max(...sent.behind.values()) / 1000).toFixed(1)} s at most`,
      ratio: lagNow / lagThen,
    },
    {
      what: 'memory, first and last quarter',
      value: `${memoryThen.toFixed(0)} MB, ${memoryNow.toFixed(0)} MB`,
      against: `${perMinute.toFixed(0)} MB a minute; most ${Math.max(...memory.map((bytes) => bytes / 1e6)).toFixed(0)} MB; ${cores.toFixed(2)} cores busy`,
      ratio: memoryNow / memoryThen,
    },
  ];
};

export const run = async (): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-bench-'));
  const server = await startServer(join(folder, 'ours'));
  const stop = new AbortController();
  let sending: Promise<unknown> = Promise.resolve();
  try {
    const steps = Math.max(1, Math.round((MINUTES * 60_000) / EVERY_MS));
    const first = Date.now() - steps * EVERY_MS;
    const all = loads(first);
    await sendAll([all.map((load) => ({ load, steps }))], (load, step) => server.send(load.frame(step)));
    const sent: Sent = { samples: 0, busy: 0, behind: new Map() };
    const at = (sender: number): number => first + Math.floor((sender * EVERY_MS) / all.length);
    sending = Promise.all(all.map((load, sender) => sendOn(server, load, at(sender), steps, sent, stop.signal)));
    // What came while the rest was sent is behind by as much.
    const patience = performance.now() + CATCH_UP_MS;
    while (performance.now() < patience && (sent.behind.size < all.length || Math.max(...sent.behind.values()) > 1000))
      await Promise.race([setTimeout(500), sending]);
    return await viewed(server, sent);
  } finally {
    stop.abort();
    await sending.catch(() => undefined);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

// What a JVM's counters mean: heap, pools, collections, threads, classes, safepoints, by the names of the dataset `jvm`. What a counter does not
// say, or what cannot be, is missing; nothing is believed of how large, how many or how named anything is.
import { bounded } from '../bounded.ts';
import { ratio } from '../collectors/collector.ts';
import type { PerfData } from './perf-data.ts';

export interface Collections {
  readonly counts: ReadonlyMap<string, number>;
  /** s. */
  readonly times: ReadonlyMap<string, number>;
}

/** Bytes, s, ms since 1970. */
export interface JvmFigures extends Collections {
  readonly version: string | undefined;
  readonly used: number | undefined;
  readonly committed: number | undefined;
  readonly max: number | undefined;
  readonly utilization: number | undefined;
  readonly pools: ReadonlyMap<string, number>;
  readonly collector: string | undefined;
  readonly count: number | undefined;
  readonly time: number | undefined;
  readonly last: number | undefined;
  readonly threads: number | undefined;
  readonly daemons: number | undefined;
  readonly classes: number | undefined;
  readonly safepoints: number | undefined;
  readonly safepointTime: number | undefined;
  readonly safepointSync: number | undefined;
}

const [GENERATIONS, SPACES, COLLECTORS] = [4, 8, 8] as const;
const MOST_NAME = 64;
const MOST_INT = 2 ** 31 - 1;
const PAGE = 4096;
/** As HotSpot names them from Java 17 on. */
const PAUSES = /^(G1|Serial|Parallel|ZGC|Z|Shenandoah) (\S+)/;
/** Whose generations share one heap: each may grow to all of it. */
const OF_ONE_HEAP: ReadonlySet<string | undefined> = new Set(['G1', 'ZGC', 'Shenandoah']);

export const jvmFigures = (perf: PerfData): JvmFigures => {
  const frequency = wholeOf(perf, 'sun.os.hrt.frequency') || undefined;
  const seconds = (name: string): number | undefined => {
    const ticks = wholeOf(perf, name);
    return ticks === undefined || frequency === undefined ? undefined : Math.round((ticks / frequency) * 1e6) / 1e6;
  };
  const pools = poolsOf(perf);
  const all = [...pools.values()];
  // Before the first collection there is nothing to tell, where it is told then only.
  const used = sum(all) || undefined;
  const collected = collectionsOf(perf, seconds);
  const generations = (what: string): readonly number[] => numbersOf(GENERATIONS, (g) => wholeOf(perf, `sun.gc.generation.${g}.${what}`));
  const max = maxOf(generations('maxCapacity'), collected.collector);
  const metaspace = [
    ['metaspace', wholeOf(perf, 'sun.gc.metaspace.used')],
    ['compressed_class_space', wholeOf(perf, 'sun.gc.compressedclassspace.used')],
  ] as const;
  for (const [name, value] of metaspace) if (value) pools.set(name, value);
  const version = perf.get('java.property.java.version');
  return {
    version: typeof version === 'string' ? bounded(version, MOST_NAME) : undefined,
    used,
    committed: sum(generations('capacity')) || undefined,
    max,
    utilization: used === undefined || max === undefined ? undefined : ratio(used, max),
    pools: used === undefined ? new Map([...pools].filter(([, value]) => value > 0)) : pools,
    ...collected,
    last: lastOf(perf, seconds),
    threads: wholeOf(perf, 'java.threads.live', MOST_INT),
    daemons: wholeOf(perf, 'java.threads.daemon', MOST_INT),
    classes: classesOf(perf),
    safepoints: wholeOf(perf, 'sun.rt.safepoints'),
    safepointTime: seconds('sun.rt.safepointTime'),
    safepointSync: seconds('sun.rt.safepointSyncTime'),
  };
};

const wholeOf = (perf: PerfData, name: string, most: number = Number.MAX_SAFE_INTEGER): number | undefined => {
  const value = perf.get(name);
  return typeof value === 'number' && value >= 0 && value <= most ? value : undefined;
};

const textOf = (perf: PerfData, name: string): string => {
  const value = perf.get(name);
  return typeof value === 'string' ? bounded(value, MOST_NAME) : '';
};

const numbersOf = (count: number, of: (i: number) => number | undefined): readonly number[] =>
  Array.from({ length: count }, (_, i) => of(i)).filter((n) => n !== undefined);

/** 0 where it is too large to be true. */
const sum = (numbers: readonly number[]): number => {
  const all = numbers.reduce((a, b) => a + b, 0);
  return Number.isSafeInteger(all) ? all : 0;
};

/** Of the heap, by name; both survivor spaces are one, and a generation that is one space is called by its own name. */
const poolsOf = (perf: PerfData): Map<string, number> => {
  const pools = new Map<string, number>();
  for (let g = 0; g < GENERATIONS; g++)
    for (let s = 0; s < SPACES; s++) {
      const space = `sun.gc.generation.${g}.space.${s}`;
      const used = wholeOf(perf, `${space}.used`);
      const named = textOf(perf, `${space}.name`);
      const name = /^s[01]$/.test(named) ? 'survivor' : named === 'space' ? textOf(perf, `sun.gc.generation.${g}.name`) : named;
      if (used !== undefined && name !== '') pools.set(name, (pools.get(name) ?? 0) + used);
    }
  return pools;
};

/** What HotSpot adds to some of one heap is less than a page. */
const maxOf = (generations: readonly number[], collector: string | undefined): number | undefined =>
  (OF_ONE_HEAP.has(collector) ? Math.floor(Math.max(0, ...generations) / PAGE) * PAGE : sum(generations)) || undefined;

const collectionsOf = (perf: PerfData, seconds: (name: string) => number | undefined): Collections & Pick<JvmFigures, 'collector' | 'count' | 'time'> => {
  const counts = new Map<string, number>();
  const times = new Map<string, number>();
  let collector: string | undefined;
  for (let c = 0; c < COLLECTORS; c++) {
    const named = textOf(perf, `sun.gc.collector.${c}.name`);
    if (named === '') continue;
    const [, of, pauses] = PAUSES.exec(named) ?? [];
    collector ??= of === 'Z' ? 'ZGC' : of;
    const name = pauses ?? named;
    const [count, time] = [wholeOf(perf, `sun.gc.collector.${c}.invocations`), seconds(`sun.gc.collector.${c}.time`)];
    if (count !== undefined) counts.set(name, (counts.get(name) ?? 0) + count);
    if (time !== undefined) times.set(name, (times.get(name) ?? 0) + time);
  }
  const total = (of: ReadonlyMap<string, number>): number | undefined => (of.size === 0 ? undefined : [...of.values()].reduce((a, b) => a + b, 0));
  const time = total(times);
  return { counts, times, collector, count: total(counts), time: time === undefined ? undefined : Math.round(time * 1e6) / 1e6 };
};

/** When the newest collection ended. */
const lastOf = (perf: PerfData, seconds: (name: string) => number | undefined): number | undefined => {
  const begin = wholeOf(perf, 'sun.rt.createVmBeginTime');
  const ends = numbersOf(COLLECTORS, (c) => seconds(`sun.gc.collector.${c}.lastExitTime`)).filter((end) => end > 0);
  return begin === undefined || ends.length === 0 ? undefined : begin + Math.floor(Math.max(...ends) * 1000);
};

const classesOf = (perf: PerfData): number | undefined => {
  const [loaded, shared, unloaded, sharedUnloaded] = ['loadedClasses', 'sharedLoadedClasses', 'unloadedClasses', 'sharedUnloadedClasses'].map((name) =>
    wholeOf(perf, `java.cls.${name}`),
  );
  if (loaded === undefined) return undefined;
  const now = loaded + (shared ?? 0) - (unloaded ?? 0) - (sharedUnloaded ?? 0);
  return now >= 0 && Number.isSafeInteger(now) ? now : undefined;
};

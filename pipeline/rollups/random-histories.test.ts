// Rollups on the real column store against an oracle that shares no code with them: random series come in random order, late, twice and over a
// store and a keeper that are killed; in the end each part is that of its samples, and what the language asks of windows made of parts is
// what it works out from the samples (query/functions/run/series.ts).
import { expect, it } from 'vitest';
import { SERIES } from '../../query/functions/run/series.ts';
import type { SeriesWindow } from '../../query/run/aggregate.ts';
import { seeded } from '../../query/testing/random.ts';
import { FIVE_MINUTES, HOUR } from '../../schemas/rollups.ts';
import { before, deltaOf, increaseOf, Part, rateOf } from '../../schemas/sample-part.ts';
import { sized } from '../../test/support/long.ts';
import { FROM, HOUR_MS, isStale, MINUTE, type Sample, STALE, samplesToParts, TO } from '../testing/samples-to-parts.ts';

const made = samplesToParts();
const { write, rollups, parts, dying } = made;

/** Sums of floats differ by the order they are added in, of values as large as `scale`. */
const near = (a: number | undefined, b: number | undefined, what: string, scale: number): void => {
  if (a === undefined || b === undefined) expect([what, a]).toEqual([what, b]);
  else if (Math.abs(a - b) > 1e-12 * scale) expect([what, a]).toEqual([what, b]);
};

/** The samples of one series that stand, in order of time. */
type Standing = readonly Sample[];

const windowOf = (all: Standing, from: number, to: number, lookback: number, delta: boolean): SeriesWindow | undefined => {
  const seen = all.filter(({ value }) => Number.isFinite(value) || isStale(value));
  const first = seen.findIndex(({ time }) => time >= from);
  const end = seen.filter(({ time }) => time < to).length;
  if (first < 0 || first >= end) return undefined;
  const earlier = seen[first - 1];
  return {
    times: BigInt64Array.from(seen, ({ time }) => BigInt(time) * 1_000_000n),
    values: Float64Array.from(seen, ({ value }) => value),
    starts: BigInt64Array.from(seen, ({ start }) => (start === 0 ? -1n : BigInt(start) * 1_000_000n)),
    stale: Uint8Array.from(seen, ({ value }) => (isStale(value) ? 1 : 0)),
    before: earlier !== undefined && !isStale(earlier.value) && earlier.time >= from - lookback ? first - 1 : -1,
    first,
    end,
    from: BigInt(from) * 1_000_000n,
    delta,
  };
};

/** Holds what is stored against all samples that were ever written, the latest last. */
const compare = async (written: readonly Sample[], random: () => number): Promise<{ readonly parts: number; readonly asked: number }> => {
  const standing = new Map<string, Map<number, Sample>>();
  for (const sample of written) {
    const key = `${sample.metric}/${sample.id}`;
    standing.set(key, (standing.get(key) ?? new Map()).set(sample.time, sample));
  }
  let count = 0;
  let asked = 0;
  for (const level of [HOUR, FIVE_MINUTES]) {
    const stored = Map.groupBy(await parts(level), ({ metric, id }) => `${metric}/${id}`);
    for (const [key, samples] of standing) {
      const all = [...samples.values()].sort((a, b) => a.time - b.time);
      const scale = all.reduce((most, { value }) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1) * all.length;
      const own = new Map((stored.get(key) ?? []).map(({ time, part }) => [time, part]));
      if (level === FIVE_MINUTES && own.size === 0) continue;
      for (let time = FROM; time < TO; time += level.stepMs) {
        const inside = all.filter((s) => s.time >= time && s.time < time + level.stepMs);
        const part = own.get(time);
        const what = `${key} at ${new Date(time).toISOString()} in ${level.table}`;
        if (inside.length === 0) {
          expect([what, part]).toEqual([what, undefined]);
          continue;
        }
        const finite = inside.filter(({ value }) => Number.isFinite(value));
        const stale = inside.filter(({ value }) => isStale(value)).length;
        expect([what, part?.count, part?.stale, part?.missing]).toEqual([what, finite.length, stale, inside.length - finite.length - stale]);
        count++;
        if (part === undefined || finite.length === 0) continue;
        const values = finite.map(({ value }) => value);
        near(
          part.sum,
          values.reduce((a, b) => a + b, 0),
          `${what}: sum`,
          scale,
        );
        const last = finite.at(-1) as Sample;
        expect([what, part.min, part.max, part.first, part.last]).toEqual([
          what,
          Math.min(...values),
          Math.max(...values),
          { time: finite[0]?.time, value: values[0], start: finite[0]?.start },
          { time: last.time, value: last.value, start: last.start },
        ]);
      }
      // Windows made of parts.
      for (let n = 0; n < 6; n++) {
        const steps = (TO - FROM) / level.stepMs;
        const a = Math.floor(random() * steps);
        const b = a + 1 + Math.floor(random() * (steps - a));
        const [from, to] = [FROM + a * level.stepMs, FROM + b * level.stepMs];
        const lookback = 5 * MINUTE;
        const together = (since: number, until: number): Part => {
          const sum = new Part();
          for (let time = since; time < until; time += level.stepMs) sum.append(own.get(time) ?? new Part());
          return sum;
        };
        const window = { part: together(from, to), before: before(together(FROM, from), from, lookback), from };
        for (const delta of [false, true]) {
          const language = windowOf(all, from, to, lookback, delta);
          const run = (name: keyof typeof SERIES): number | undefined => {
            const value = language && SERIES[name](language);
            if (value !== undefined) asked++;
            return value === undefined ? undefined : Number(value);
          };
          const what = `${key} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}${delta ? ' of increments' : ''} in ${level.table}`;
          near(increaseOf(window, delta), run('increase'), `increase of ${what}`, scale);
          near(rateOf(window, delta), run('rate'), `rate of ${what}`, scale);
          if (!delta) near(deltaOf(window), run('delta'), `delta of ${what}`, scale);
        }
      }
    }
  }
  return { parts: count, asked };
};

/** Of it all samples are decimals without a start: they are put together by another statement. */
const PLAIN = 2;

/** The readings of a series, with all that can be wrong with one. */
const series = (metric: number, id: number, random: () => number): Sample[] => {
  const interval = metric === 3 ? 60_000 : metric === 4 ? 600_000 : 15_000 * (random() < 0.2 ? 2 : 1);
  const kind = ['counter', 'gauge', 'floats', 'odd'][Math.floor(random() * (metric === PLAIN ? 2 : 4))] as string;
  const out: Sample[] = [];
  let start = metric !== PLAIN && random() < 0.3 ? FROM - Math.floor(random() * HOUR_MS) : 0;
  let value = Math.floor(random() * 1000);
  for (let time = FROM + Math.floor(random() * interval); time < TO; time += interval) {
    const at = time + Math.floor(random() * 10);
    if (random() < 0.003) time += Math.floor(random() * 20 * MINUTE);
    if (kind === 'counter') value += Math.floor(random() * 50);
    else if (kind === 'gauge') value = Math.round((value + random() - 0.5) * 10) / 10;
    else value = (random() - 0.3) * 10 ** Math.floor(random() * (kind === 'odd' ? 18 : 3));
    if (kind === 'counter' && random() < 0.01) {
      value = Math.floor(random() * 20);
      if (start !== 0) start = at - Math.floor(random() * 5000);
    }
    const odd = metric === PLAIN ? 1 : random();
    const told = odd < 0.01 ? Number.NaN : odd < 0.015 ? Number.POSITIVE_INFINITY : odd < 0.03 ? (STALE[0] as number) : value;
    if (at < TO) out.push({ metric, id, time: at, value: told, start: random() < 0.05 ? 0 : start });
  }
  return out;
};

const shuffled = <T>(list: readonly T[], random: () => number): T[] => {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
};

const answers = (): Promise<unknown> =>
  expect
    .poll(
      () =>
        made.stores.columns.ping().then(
          () => true,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);

it('is what its samples are, whatever comes late or twice, and whoever dies', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = seeded(seed);
  const written: Sample[] = [];
  const all = [1, 2, 3, 4].flatMap((metric) => [1, 2, 3, 4, 5, 6].flatMap((n) => series(metric, metric * 10 + n, random)));
  // In time at first; the rest late, in any order, in pieces.
  const first = all.filter(() => random() < 0.8);
  const isFirst = new Set(first);
  await write(first);
  written.push(...first);
  const deaths = { left: 6 };
  const kept = async (): Promise<void> => {
    for (;;) {
      const keeper = rollups(dying(random, deaths), 500 + Math.floor(random() * 5000));
      const broken = await keeper.run().then(
        () => false,
        () => true,
      );
      await answers();
      if (!broken) return;
    }
  };
  await kept();
  const late = shuffled(
    all.filter((sample) => !isFirst.has(sample)),
    random,
  );
  while (late.length > 0) {
    const piece = late.splice(0, 1 + Math.floor(random() * sized(1200, 400)));
    // Some come again with another value.
    const again = shuffled(written, random)
      .slice(0, 5)
      .map((sample) => ({ ...sample, value: Math.floor(random() * 100) }));
    await write([...piece, ...again], ['late', 'double']);
    written.push(...piece, ...again);
    if (random() < 0.5) await kept();
  }
  expect(deaths.left).toBeLessThan(6);
  // What was refused in between is tried again.
  deaths.left = 0;
  for (let n = 0; n < 3; n++) await kept();
  const found = await compare(written, random);
  expect(found.parts).toBeGreaterThan(500);
  expect(found.asked).toBeGreaterThan(500);
}, 300_000);

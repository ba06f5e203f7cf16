// Which series a condition means and which labels they have when, against the same worked out row by row.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnOf, INT64, TIME_NS, textAt, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { call, columnReference, literal } from '../3-plan/expression.ts';
import { EVER, type LabelRows } from '../4-emit/known-series.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { base, fed, rowsOf, type Told } from '../testing/told-series.ts';
import { SeriesFinder } from './find-series.ts';

const MS = 1_000_000n;
const REGIONS = ['', 'eu', 'us', '日本'];

const told = fc.record({
  id: fc.bigInt({ min: 0n, max: 12n }).map((n) => (n * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn),
  from: fc.integer({ min: 0, max: 6 }),
  told: fc.integer({ min: 0, max: 6 }),
  enrichment: fc.record({ region: fc.constantFrom(...REGIONS), env: fc.constantFrom('', 'test') }, { requiredKeys: [] }),
});
const rowsOfOne = fc.array(told, { minLength: 1, maxLength: 40 }).map((rows) => {
  const all = rows.map((row): Told => {
    const host = `h${row.id % 5n}`;
    // Some senders say their region themselves.
    return { ...base, ...row, labels: row.id % 3n === 0n ? { host, region: 'own' } : { host } };
  });
  return [...new Map(all.map((row) => [[row.id, row.from, row.told].join(), row])).values()];
});

/** Of each series what was told, the last of what was told of one moment. */
const statesOf = (rows: readonly Told[]): ReadonlyMap<bigint, readonly Told[]> => {
  const states = new Map<bigint, Told[]>();
  for (const row of rows.toSorted((a, b) => a.from - b.from || a.told - b.told)) {
    const own = states.get(row.id) ?? [];
    states.set(row.id, own);
    if (own.at(-1)?.from === row.from) own.pop();
    own.push(row);
  }
  return states;
};
const regionAt = (states: readonly Told[], moment: bigint): string | null => {
  const row = states.findLast(({ from }) => BigInt(from) * MS <= moment) ?? (states[0] as Told);
  return row.labels.region ?? (row.enrichment.region || null);
};

const values = ({ labels }: LabelRows, name: string): readonly (string | null)[] => {
  const column = labels.get(name);
  return Array.from(column?.codes ?? [], (code) => (code < 0 ? null : textAt(column?.values as never, code)));
};
const idsOf = (words: Uint32Array): readonly bigint[] => [...new BigUint64Array(words.slice().buffer)];

const moments = fc
  .tuple(fc.bigInt({ min: -2n * MS, max: 8n * MS }), fc.bigInt({ min: 1n, max: 8n * MS }))
  .map(([from, length]) => ({ from, to: from + length }));

test('labels hold from when they were told on, the first ones before that too', () => {
  fc.assert(
    fc.property(rowsOfOne, moments, fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 5 }), (rows, range, places) => {
      const states = statesOf(rows);
      const found = new SeriesFinder(fed(rows), RUN_FUNCTIONS).find('m', range, undefined);
      expect([...idsOf(found.ids)].sort()).toEqual([...states.keys()].sort());
      const told = found.rows(['host', 'region']);
      const [ids, regions, hosts] = [idsOf(told.ids), values(told, 'region'), values(told, 'host')];
      const times = places.map((place) => range.from + (place % (range.to - range.from)));
      for (const [id, own] of states)
        for (const time of times) {
          const row = ids.findLastIndex((other, i) => other === id && (told.since?.[i] ?? EVER) <= time);
          expect(hosts[row]).toBe(own[0]?.labels.host);
          expect(regions[row]).toBe(regionAt(own, time));
        }
      const moves = [...states.values()].some(
        (own) =>
          new Set([range.from, ...own.map(({ from }) => BigInt(from) * MS)].filter((t) => t >= range.from && t < range.to).map((t) => regionAt(own, t))).size >
          1,
      );
      expect(found.changes(['region'])).toBe(moves);
      expect(found.changes(['host'])).toBe(false);
    }),
  );
});

test('a condition means the series for which it is true at some moment of the range', () => {
  fc.assert(
    fc.property(rowsOfOne, moments, fc.constantFrom('eu', 'own', 'nowhere'), (rows, range, region) => {
      const condition = call('equals', 'bool', columnReference('region', 'string'), literal('string', region));
      const found = new SeriesFinder(fed(rows), RUN_FUNCTIONS).find('m', range, condition);
      const wanted = [...statesOf(rows)].filter(([, own]) =>
        [range.from, ...own.map(({ from }) => BigInt(from) * MS)].some((t) => t >= range.from && t < range.to && regionAt(own, t) === region),
      );
      expect([...idsOf(found.ids)].sort()).toEqual(wanted.map(([id]) => id).sort());
      expect(found.size).toBe(wanted.length);
    }),
  );
});

test('rows of samples get the labels of their moment; those of unknown series are left out', () => {
  fc.assert(
    fc.property(rowsOfOne, moments, fc.array(fc.tuple(fc.nat(12), fc.bigInt({ min: 0n, max: 10n ** 9n })), { maxLength: 30 }), (rows, range, picks) => {
      const states = statesOf(rows);
      const finder = new SeriesFinder(fed(rows), RUN_FUNCTIONS);
      const samples = picks.map(([n, place]) => ({
        id: (BigInt(n) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn,
        time: range.from + (place % (range.to - range.from)),
      }));
      const batch = batchOf([
        [
          '#series',
          columnFrom(
            INT64,
            samples.map(({ id }) => BigInt.asIntN(64, id)),
          ),
        ],
        [
          'at',
          columnFrom(
            TIME_NS,
            samples.map(({ time }) => time),
          ),
        ],
      ]);
      const out = finder.label(
        batch,
        'm',
        range,
        new Map([
          ['where', 'region'],
          ['host', 'host'],
        ]),
        'at',
      );
      const known = samples.filter(({ id }) => states.has(id));
      expect(out.length).toBe(known.length);
      for (const [row, { id, time }] of known.entries()) {
        expect(valueAt(columnOf(out, 'where'), row)).toBe(regionAt(states.get(id) as readonly Told[], time));
        expect(valueAt(columnOf(out, 'host'), row)).toBe(states.get(id)?.[0]?.labels.host);
      }
    }),
  );
});

/** Found by trying: the names have one hash. */
const SHARED = (() => {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const name = `metric-${i}`;
    const other = seen.get(metricHash(name));
    if (other !== undefined) return [other, name] as const;
    seen.set(metricHash(name), name);
  }
})();

test('of two metrics with one hash each is told from the other', () => {
  const [a, b] = SHARED;
  const finder = new SeriesFinder(
    fed([
      { ...base, name: a, id: 1n },
      { ...base, name: b, id: 2n },
      { ...base, name: 'other', id: 3n },
    ]),
    RUN_FUNCTIONS,
  );
  expect(finder.find(a, undefined, undefined)).toMatchObject({ size: 1, isWhole: false });
  expect(finder.find('other', undefined, undefined)).toMatchObject({ size: 1, isWhole: true });
  expect([...finder.named(metricHash(a))].sort()).toEqual([a, b].sort());
});

test('of a metric that nobody told of there are no series', () => {
  const found = new SeriesFinder(fed([base]), RUN_FUNCTIONS).find('none', undefined, undefined);
  expect(found.size).toBe(0);
  expect(values(found.rows(['host']), 'host')).toEqual([]);
});

test('a series of which the same is said again and again is none that changes', () => {
  const rows = Array.from({ length: 1000 }, (_, i): Told => ({ ...base, from: i, told: i, enrichment: { region: 'eu' } }));
  const index = fed(rows);
  expect([...(index.series('m')?.states.changing() ?? [])]).toEqual([]);
  expect(index.series('m')?.states.version).toBe(1);
});

test('a condition is worked out once, and anew when a series came', () => {
  let calls = 0;
  const { equals } = RUN_FUNCTIONS.scalars;
  const counting: typeof equals = (...args) => {
    calls++;
    return (equals as NonNullable<typeof equals>)(...args);
  };
  const index = fed([base]);
  const finder = new SeriesFinder(index, { ...RUN_FUNCTIONS, scalars: { ...RUN_FUNCTIONS.scalars, equals: counting as NonNullable<typeof equals> } });
  const condition = call('equals', 'bool', columnReference('host', 'string'), literal('string', 'a'));
  expect([finder.find('m', undefined, condition).size, finder.find('m', undefined, condition).size, calls]).toEqual([1, 1, 1]);
  index.feed(rowsOf([{ ...base, id: 2n }]));
  expect([finder.find('m', undefined, condition).size, calls]).toEqual([2, 2]);
});

const MANY = 25_000;
const many = (): ReturnType<typeof fed> => {
  const rows = Array.from({ length: MANY }, (_, i): Told => ({ ...base, id: BigInt(i + 1), labels: { host: `host-${i}` }, from: 0 }));
  // Every thousandth moves to another region in between.
  return fed([...rows, ...rows.filter((_, i) => i % 1000 === 0).map((row): Told => ({ ...row, from: 5, told: 5, enrichment: { region: 'eu' } }))]);
};
const like = call('like', 'bool', columnReference('host', 'string'), literal('string', '*7*'));
const inEu = call('equals', 'bool', columnReference('region', 'string'), literal('string', 'eu'));

test('a condition on very many series is worked out by turns, and the same ones are found', async () => {
  const [whole, prepared] = [new SeriesFinder(many(), RUN_FUNCTIONS), new SeriesFinder(many(), RUN_FUNCTIONS)];
  const range = { from: 0n, to: 10n * MS };
  for (const condition of [like, inEu, call('or', 'bool', like, inEu)]) {
    await prepared.prepare([{ metric: 'm', range, condition }], new AbortController().signal);
    const [a, b] = [whole, prepared].map((finder) => idsOf(finder.find('m', range, condition).ids));
    expect(a?.length).toBeGreaterThan(0);
    expect(b).toEqual(a);
  }
});

test('what was worked out before is not worked out again, and it ends when nobody waits for it', async () => {
  let rows = 0;
  const counting: (typeof RUN_FUNCTIONS.scalars)[string] = (...args) => {
    rows += args[1].rows;
    return (RUN_FUNCTIONS.scalars.like as (typeof RUN_FUNCTIONS.scalars)[string])(...args);
  };
  const finder = new SeriesFinder(many(), { ...RUN_FUNCTIONS, scalars: { ...RUN_FUNCTIONS.scalars, like: counting } });
  await finder.prepare([{ metric: 'm', range: undefined, condition: like }], new AbortController().signal);
  const worked = rows;
  expect(finder.find('m', undefined, like).size).toBeGreaterThan(0);
  expect(rows).toBe(worked);
  const other = call('like', 'bool', columnReference('host', 'string'), literal('string', '*8*'));
  await expect(finder.prepare([{ metric: 'm', range: undefined, condition: other }], AbortSignal.abort())).rejects.toThrow(/cancelled|stopped|ended/);
  expect(rows - worked).toBeLessThan(MANY);
});

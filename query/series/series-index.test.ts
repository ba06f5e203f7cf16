// What the index knows of series it was fed with, against plain maps; in which order and how often rows come changes nothing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base, fed, rowsOf, type Told } from '../testing/told-series.ts';
import { MOST_LABELS, SeriesIndex } from './series-index.ts';

const word = fc.constantFrom('', 'a', 'b', 'Größe', '__proto__', 'a b', 'x'.repeat(300));
const told = fc.record({
  name: fc.constantFrom('m.a', 'm.b'),
  id: fc.bigInt({ min: 0n, max: 40n }).map((n) => (n * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn),
  from: fc.integer({ min: 0, max: 5 }),
  told: fc.integer({ min: 0, max: 5 }),
  kind: fc.constantFrom('counter', 'gauge'),
  unit: fc.constantFrom('By', 's', null),
  enrichment: fc.dictionary(fc.constantFrom('region', 'env'), word, { maxKeys: 2 }),
});
/** Labels make the id. */
const labelled = fc.func(fc.dictionary(fc.constantFrom('host', 'cpu', '__proto__', 'ß'), word, { maxKeys: 4, noNullPrototype: true }));

/** One row of one series, moment and telling: the store has no other. */
const distinct = (rows: readonly Told[]): readonly Told[] => [...new Map(rows.map((r) => [[r.name, r.id, r.from, r.told].join(), r])).values()];

const seen = (labels: Readonly<Record<string, string>>): readonly (readonly [string, string])[] => Object.entries(labels).filter(([, value]) => value !== '');

/** Worked out the plain way. */
const expected = (rows: readonly Told[], name: string) => {
  const own = rows.filter((r) => r.name === name);
  const newest = new Map<bigint, Told>();
  for (const row of own) {
    const known = newest.get(row.id);
    if (known === undefined || row.from > known.from || (row.from === known.from && row.told > known.told)) newest.set(row.id, row);
  }
  const labels = new Set(own.flatMap((r) => [...seen(r.labels), ...seen(r.enrichment)].map(([key]) => key)));
  const hosts = new Map<string, Set<string>>();
  for (const { kind, unit, labels: said } of newest.values()) {
    const key = `${kind} ${unit ?? ''}`;
    hosts.set(key, (hosts.get(key) ?? new Set()).add(Object.getOwnPropertyDescriptor(said, 'host')?.value ?? ''));
  }
  const most = Math.max(...[...hosts.values()].map(({ size }) => size));
  return { labels: [...labels].sort(), meanings: [...hosts].filter(([, { size }]) => size === most).map(([key]) => key), series: newest.size };
};

test('labels, meaning and values of any series, however their rows come', () => {
  fc.assert(
    fc.property(fc.array(told, { minLength: 1, maxLength: 60 }), labelled, fc.nat(60), (bare, labelsOf, cut) => {
      const rows = distinct(bare.map((row) => ({ ...row, labels: labelsOf(row.name, row.id) })));
      const at = cut % (rows.length + 1);
      const index = fed(rows.slice(at), rows.slice(0, at), rows);
      let series = 0;
      for (const name of new Set(rows.map((r) => r.name))) {
        const want = expected(rows, name);
        const info = index.metric(name);
        series += want.series;
        expect(info?.labels).toEqual(want.labels);
        expect(want.meanings).toContain(`${info?.kind} ${info?.unit ?? ''}`);
        const counts = new Map<string, number>();
        const ofId = new Map(rows.filter((r) => r.name === name).map((r) => [r.id, r.labels]));
        for (const labels of ofId.values()) for (const [key, value] of seen(labels)) if (key === 'cpu') counts.set(value, (counts.get(value) ?? 0) + 1);
        const values = index.values(name, 'cpu', 100);
        expect(new Map((values ?? []).map(({ value, series: n }) => [value, n]))).toEqual(counts);
        expect((values ?? []).map(({ series: n }) => n)).toEqual([...counts.values()].sort((a, b) => b - a));
      }
      expect(index.size).toBe(series);
      expect(index.metricNames()).toEqual([...new Set(rows.map((r) => r.name))].sort());
    }),
  );
});

test('what one host says of a metric changes nothing for the others', () => {
  const fleet = Array.from({ length: 5 }, (_, i): Told => ({ ...base, id: BigInt(i), labels: { host: `h${i}` } }));
  const hostile = Array.from(
    { length: 50 },
    (_, i): Told => ({ ...base, id: BigInt(100 + i), from: 9, told: 9, kind: 'gauge', unit: 's', labels: { host: 'evil', x: `${i}` } }),
  );
  expect(fed(fleet, hostile).metric('m')).toMatchObject({ kind: 'counter', unit: 'By' });
  expect(fed(hostile, fleet).metric('m')).toMatchObject({ kind: 'counter', unit: 'By' });
});

test('a fleet that comes to say another unit is followed, and of two the first holds', () => {
  const [a, b] = [base, { ...base, id: 2n, labels: { host: 'b' }, from: 2, unit: 's' }];
  expect(fed([b], [a]).metric('m')?.unit).toBe('By');
  expect(fed([a], [b], [{ ...a, from: 3, told: 3, unit: 's' }]).metric('m')?.unit).toBe('s');
});

test('of very many labels those of most series are columns', () => {
  const many = Array.from({ length: 3 * MOST_LABELS }, (_, i): Told => ({ ...base, id: BigInt(1000 + i), labels: { [`own-${i}`]: 'x' } }));
  const usual = Array.from({ length: 4 }, (_, i): Told => ({ ...base, id: BigInt(i), labels: { host: `h${i}`, zone: 'x' } }));
  const labels = fed(many, usual).metric('m')?.labels;
  expect(labels).toHaveLength(MOST_LABELS);
  expect(labels).toEqual(expect.arrayContaining(['host', 'zone']));
});

test('what changes is told by the version, what is told again is not', () => {
  const index = fed([base]);
  const { version } = index;
  index.feed(rowsOf([base, { ...base, id: 7n, labels: { host: 'b' } }]));
  expect(index.version).toBe(version);
  index.feed(rowsOf([{ ...base, from: 2, told: 2, labels: { host: 'a' }, enrichment: { region: 'eu' } }]));
  expect(index.version).toBeGreaterThan(version);
  expect(index.metric('m')?.labels).toEqual(['host', 'region']);
  expect(index.values('m', 'region', 10)).toBeUndefined();
  expect(index.values('m', 'host', 1)).toBeUndefined();
});

test('where there is no room for more, new series are not known, known ones stay, and it is told', () => {
  const told = (id: number): Told => ({ ...base, id: BigInt(id), labels: { host: `host-${id}-${'x'.repeat(1000)}` } });
  const index = new SeriesIndex(50_000);
  for (let id = 1; id <= 100; id++) index.feed(rowsOf([told(id)]));
  const size = index.size;
  expect(size).toBeGreaterThan(10);
  expect(size).toBeLessThan(100);
  expect(index.isFull).toBe(true);
  expect(index.bytes).toBeLessThan(150_000);
  const version = index.series('m')?.states.version as number;
  index.feed(
    rowsOf([
      { ...told(1), from: 5, told: 5, enrichment: { region: 'eu' } },
      { ...told(200), name: 'other' },
    ]),
  );
  expect(index.size).toBe(size);
  expect(index.series('m')?.states.version).toBeGreaterThan(version);
  expect(index.series('other')).toBeUndefined();
});

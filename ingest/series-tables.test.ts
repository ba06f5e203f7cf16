// The series of senders against a model with plain Maps, and what bounds them: over runs, over senders, over time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeriesTables } from './series-tables.ts';

const HOUR = 3_600_000;
const MARK = { over: 1, refused: 2, hostOver: 3 };
const tables = (seriesPerSender: number, series: number, clock = { ms: 0 }): SeriesTables => new SeriesTables({ seriesPerSender, series }, () => clock.ms);
const setOf = (ids: readonly bigint[]) => ({ metric: new Uint32Array(ids.length), id: BigUint64Array.from(ids) });
const meet = (own: SeriesTables, sender: string, ids: readonly bigint[], marked?: Uint8Array): readonly [marks: readonly number[], undefined: boolean] => {
  const { marks, undefined: some } = own.of(sender).meetSamples(setOf(ids), marked, MARK);
  return [[...(marks ?? new Uint8Array(ids.length))], some];
};

/** What the door must know of a sender, said as simply as it can be. */
class Model {
  readonly #series = new Map<bigint, { print: bigint | 'refused' | undefined; hour: number }>();
  readonly #most: number;
  constructor(most: number) {
    this.#most = most;
  }

  #meet(id: bigint, hour: number): { print: bigint | 'refused' | undefined; hour: number } | undefined {
    for (const [old, { hour: seen }] of this.#series) if (seen < hour - 24) this.#series.delete(old);
    const found = this.#series.get(id) ?? (this.#series.size < this.#most ? { print: undefined, hour } : undefined);
    if (found !== undefined) this.#series.set(id, Object.assign(found, { hour }));
    return found;
  }

  define(id: bigint, print: bigint, hour: number): string {
    const found = this.#meet(id, hour);
    if (found === undefined) return 'over';
    if (typeof found.print === 'bigint') return found.print === print ? 'known' : 'collision';
    found.print = print;
    return 'new';
  }

  refuse(id: bigint, hour: number): void {
    const found = this.#meet(id, hour);
    if (found !== undefined) found.print = 'refused';
  }

  samples(ids: readonly bigint[], hour: number): readonly [readonly number[], boolean] {
    const found = ids.map((id) => this.#meet(id, hour));
    return [
      found.map((f) => (f === undefined ? MARK.over : f.print === 'refused' ? MARK.refused : 0)),
      found.some((f) => f !== undefined && f.print === undefined),
    ];
  }

  get size(): number {
    return this.#series.size;
  }
}

test('any definitions and samples over hours: verdicts, marks and the number of series are the model’s', () => {
  // Few ids, so that they meet again, some of which differ in few bits.
  const id = fc.oneof(
    fc.bigInt(0n, 12n),
    fc.bigInt(0n, 4n).map((n) => n << 60n),
    fc.constant(2n ** 64n - 1n),
  );
  const step = fc.oneof(
    fc.record({ what: fc.constant('define' as const), id, print: fc.bigInt(0n, 1n) }),
    fc.record({ what: fc.constant('refuse' as const), id }),
    fc.record({ what: fc.constant('samples' as const), ids: fc.array(id, { maxLength: 12 }), times: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ what: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 13 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 14 }), (steps, most) => {
      const clock = { ms: 100 * HOUR };
      const own = tables(most, 1e6, clock);
      const model = new Model(most);
      for (const one of steps) {
        const hour = clock.ms / HOUR;
        if (one.what === 'wait') clock.ms += one.hours * HOUR;
        else if (one.what === 'define') expect(own.of('s').define(one.id, one.print)).toBe(model.define(one.id, one.print, hour));
        else if (one.what === 'refuse') {
          own.of('s').refuse(one.id, MARK.refused);
          model.refuse(one.id, hour);
        } else for (let i = 0; i < one.times; i++) expect(meet(own, 's', one.ids)).toEqual(model.samples(one.ids, hour));
      }
      model.samples([], clock.ms / HOUR);
      own.of('s');
      expect(own.size).toBeLessThanOrEqual(most);
    }),
    { numRuns: 500 },
  );
});

test('the limit of all senders holds too, and who has most is told', () => {
  const own = tables(10, 3);
  for (const id of [1n, 2n]) expect(own.of('a').define(id, 1n)).toBe('new');
  expect(own.of('b').define(1n, 1n)).toBe('new');
  expect(own.state.largest).toEqual({ sender: 'a', series: 2 });
  expect(own.of('b').define(2n, 1n)).toBe('over');
  expect(meet(own, 'b', [1n, 2n])).toEqual([[0, MARK.over], false]);
  expect(own.of('b').define(1n, 1n)).toBe('known');
  expect(own.size).toBe(3);
});

test('those who share a token leave places to senders with keys of their own, under however many names they send', () => {
  const own = tables(10, 40);
  for (let sender = 0; sender < 10; sender++) for (let id = 0n; id < 10n; id++) own.of(`shared ${sender}`, false).define(id, 1n);
  expect(own.size).toBe(30);
  expect(own.state.largest).toMatchObject({ series: 10 });
  for (let id = 0n; id < 10n; id++) expect(own.of('agent').define(id, 1n)).toBe('new');
  expect(own.of('another').define(1n, 1n)).toBe('over');
});

test('what goes is given back to those it was taken from', () => {
  const clock = { ms: 0 };
  const own = tables(10, 40, clock);
  for (let id = 0n; id < 30n; id++) own.of(`shared ${id}`, false).define(id, 1n);
  expect(own.of('shared', false).define(1n, 1n)).toBe('over');
  clock.ms = 26 * HOUR;
  for (let id = 0n; id < 30n; id++) expect(own.of(`shared ${id}`, false).define(id, 1n)).toBe('new');
  expect(own.size).toBe(30);
});

test('whose a series is stays known while it has its place, and whether all are the sender’s is judged by the rights of now', () => {
  const clock = { ms: 0 };
  const own = tables(10, 10, clock);
  const may = (...hosts: readonly string[]) => ({ account: 'a', generation: hosts.length, maySpeakFor: (host: string) => hosts.includes(host) });
  own.of('a').define(1n, 1n, 'web-1');
  meet(own, 'a', [1n, 2n, 3n]);
  own.of('a').found(2n, 'web-2');
  own.of('a').missing(3n);
  const known = () => [1, 2, 3].map((id) => own.of('a').hostOf(id, 0));
  expect(known()).toEqual(['web-1', 'web-2', undefined]);
  expect(own.of('a').isMissing(3, 0)).toBe(true);
  expect(own.of('a').isWithin(may('web-1', 'web-2'))).toBe(true);
  expect(own.of('a').isWithin(may('web-1'))).toBe(false);
  expect(own.of('a').isWithin(may('web-1', 'web-2'))).toBe(true);
  own.of('a').define(3n, 1n, 'web-3');
  expect(own.of('a').isMissing(3, 0)).toBe(false);
  expect(own.of('a').isWithin(may('web-1', 'web-2'))).toBe(false);
  clock.ms = 20 * HOUR;
  meet(own, 'a', [1n]);
  clock.ms = 30 * HOUR;
  expect(known()).toEqual(['web-1', undefined, undefined]);
  expect(own.of('a').isWithin(may('web-1'))).toBe(true);
});

test('samples that were never defined take places as well, and are told to be undefined until they are', () => {
  const own = tables(2, 10);
  expect(meet(own, 'a', [1n, 2n, 3n])).toEqual([[0, 0, MARK.over], true]);
  own.of('a').define(1n, 5n);
  expect(meet(own, 'a', [1n, 2n])).toEqual([[0, 0], true]);
  own.of('a').define(2n, 5n);
  for (let i = 0; i < 3; i++) expect(meet(own, 'a', [1n, 2n])).toEqual([[0, 0], false]);
});

test('a series that is refused once its samples are known by their set is refused all the same', () => {
  const own = tables(2, 10);
  own.of('a').define(1n, 5n);
  for (let i = 0; i < 2; i++) expect(meet(own, 'a', [1n])).toEqual([[0], false]);
  own.of('a').refuse(1n, MARK.refused);
  expect(meet(own, 'a', [1n])).toEqual([[MARK.refused], false]);
});

test('rows that are marked already take no place', () => {
  const own = tables(1, 10);
  expect(meet(own, 'a', [1n, 2n], Uint8Array.of(9, 0))).toEqual([[9, 0], true]);
  expect(own.size).toBe(1);
});

test('a series keeps its place as long as its samples come, and gives it back a day after the last', () => {
  const clock = { ms: 0 };
  const own = tables(2, 2, clock);
  own.of('a').define(1n, 1n);
  own.of('a').define(2n, 1n);
  for (let hour = 1; hour <= 30; hour++) {
    clock.ms = hour * HOUR;
    expect(meet(own, 'a', [1n])).toEqual([[0], false]);
  }
  expect(own.size).toBe(1);
  expect(own.of('a').define(3n, 1n)).toBe('new');
  clock.ms += 26 * HOUR;
  own.of('b');
  expect(own.size).toBe(0);
});

test('a sender that comes under another name each time leaves nothing behind', () => {
  const clock = { ms: 0 };
  const own = tables(10, 1e6, clock);
  for (let i = 0; i < 35_000; i++) own.of(`sender ${i}`).define(BigInt(i), 1n);
  expect(own.size).toBe(30_000);
});

test('a million series take tens of megabytes', () => {
  const own = tables(2e6, 2e6).of('a');
  const before = process.memoryUsage();
  for (let i = 1n; i <= 1_000_000n; i++) own.define(BigInt.asUintN(64, i * 0x9e3779b97f4a7c15n), i);
  const after = process.memoryUsage();
  expect(own.size).toBe(1_000_000);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(60 << 20);
}, 30_000);

// Senders whose clocks are ahead, on real stores: rows of moments that have not come change no answer, whatever is asked; once they have come they
// are there like any others.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { takeRows } from '../core/batch/take.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { type BothWays, bothWays, difference } from './testing/both-ways.ts';
import { PARAMETERS, randomText } from './testing/random-text.ts';
import { CHANGE, makeData, type StoreData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

const TEXTS = Number(process.env.INFRAMIRROR_TEXTS ?? sized(60, 1000));
const MINUTE = 60_000_000_000n;
const NOW = BigInt(CHANGE) * 1_000_000n + 8n * MINUTE;
/** Rows of these are of a moment. */
const TIMED: ReadonlySet<string> = new Set(['samples', 'processes', 'logs']);

const upToNow = (data: StoreData): StoreData => ({
  ...data,
  inserts: data.inserts.map(({ table, batch }) => {
    if (!TIMED.has(table)) return { table, batch };
    const time = columnOf(batch, 'time');
    const isNanos = time.type.kind === 'timestamp' && time.type.unit === 'ns';
    const now = isNanos ? NOW : NOW / 1_000_000n;
    return {
      table,
      batch: takeRows(
        batch,
        Int32Array.from({ length: batch.length }, (_, row) => row).filter((row) => (valueAt(time, row) as bigint) < now),
      ),
    };
  }),
});

let ahead: LoadedStores;
let cut: LoadedStores;
beforeAll(async () => {
  const data = makeData(SEED);
  [ahead, cut] = await Promise.all([loadStores(data), loadStores(upToNow(data))]);
});
afterAll(async () => {
  await Promise.all([ahead?.stop(), cut?.stop()]);
});

const requestOf = (at: bigint, minutes: number): PlanRequest => ({
  rights: ALL_ROWS,
  at,
  from: at - BigInt(minutes) * MINUTE,
  to: at,
  zone: 'Europe/Berlin',
  parameters: PARAMETERS,
  completeTo: at,
  notice: () => {},
});

/** Of both stores: undefined where they agree. */
const compared = async (text: string, request: PlanRequest): Promise<string | undefined> => {
  const [one, other] = await Promise.all([ahead, cut].map((stores) => bothWays(text, learnedCatalogue, request, stores)));
  const across: BothWays = { ...(one as BothWays), local: (other as BothWays).pushed, counted: (other as BothWays).counted, filteredTwice: undefined };
  return difference(across);
};

/** A range of their own may reach what has not come: that is asked for. */
const mayReachAhead = (text: string): boolean => /\bbetween\b|\boffset\b/.test(text);

const numbers = fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 });
const cases = fc.noBias(
  fc.record({
    head: fc.array(fc.nat(1 << 20), { minLength: 2, maxLength: 2 }),
    pipes: fc.array(numbers, { maxLength: 4, size: 'max' }),
    minutes: fc.constantFrom(1, 20, 60, 180),
  }),
);

test('what is ahead of now changes no answer', { timeout: 600_000 + TEXTS * 2000 }, async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ head, pipes, minutes }) => {
      const text = randomText(head, pipes, learnedCatalogue);
      if (mayReachAhead(text)) return;
      asked++;
      const wrong = await compared(text, requestOf(NOW, minutes));
      if (wrong !== undefined) throw new Error(`${text}\n(${minutes} min)\n${wrong}`);
    }),
    { numRuns: TEXTS, endOnFailure: false, seed: SEED },
  );
  expect(asked).toBeGreaterThan(TEXTS / 4);
});

test.each(['from metrics.system.cpu.utilization | latest', 'from logs | every 1m count'])('once it has come it is there: %s', async (text) => {
  expect(await compared(text, requestOf(NOW, 20))).toBeUndefined();
  expect(await compared(text, requestOf(NOW + 10n * MINUTE, 20))).toBeDefined();
});

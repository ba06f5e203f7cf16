// Random texts of somebody who may see some rows, on real stores: the answer is that of one who may see all of a store in which the others' rows
// never were.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS, rightsOf } from './3-plan/rights.ts';
import { conditionOf } from './row-condition.ts';
import { type BothWays, bothWays, difference } from './testing/both-ways.ts';
import { FOUND } from './testing/found-texts.ts';
import { PARAMETERS, randomText } from './testing/random-text.ts';
import { CHANGE, makeData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';
import { type WhoseRow, withoutOthers } from './testing/without-others.ts';

const TEXTS = Number(process.env.INFRAMIRROR_TEXTS ?? sized(120, 2000));

/** Conditions, and what they mean; data of some hosts moves between them. */
const CONDITIONS: readonly (readonly [string, (row: WhoseRow) => boolean])[] = [
  ['host in ("web-1", "__proto__", "o\'hara")', ({ host }) => host === 'web-1' || host === '__proto__' || host === "o'hara"],
  ['datacenter == "fra1"', ({ datacenter }) => datacenter === 'fra1'],
  ['datacenter != "fra1"', ({ datacenter }) => datacenter !== 'fra1'],
  ['region == "eu" and not (host == "web-2")', ({ region, host }) => region === 'eu' && host !== 'web-2'],
  ['exists env or host like "d*-1"', ({ env, host }) => env !== null || host === 'db-1'],
  ['host starts with "web" or datacenter == "nyc2"', ({ host, datacenter }) => host?.startsWith('web') === true || datacenter === 'nyc2'],
];
const [condition, isTheirs] = CONDITIONS[SEED % CONDITIONS.length] as (typeof CONDITIONS)[number];
const rights = rightsOf([{ datasets: 'all', where: conditionOf(condition) }]);
console.log(`seen is ${condition}`);

let whole: LoadedStores;
let theirs: LoadedStores;
beforeAll(async () => {
  const data = makeData(SEED);
  [whole, theirs] = await Promise.all([loadStores(data), loadStores(withoutOthers(data, isTheirs))]);
});
afterAll(async () => {
  await Promise.all([whole?.stop(), theirs?.stop()]);
});

const moment = (ms: number): bigint => BigInt(ms) * 1_000_000n;
const requestOf = (n: number): Omit<PlanRequest, 'rights'> => {
  const at = moment(CHANGE + ([10, 20, 7.5, 0][n % 4] as number) * 60_000);
  const from = at - moment(([20, 60, 180, 1] as const)[n % 4] as number) * 60_000n;
  return {
    at,
    from,
    to: at,
    zone: n % 3 === 0 ? 'UTC' : 'Europe/Berlin',
    parameters: PARAMETERS,
    completeTo: n % 5 === 0 ? at - moment(90_000) : at,
    notice: () => {},
  };
};

/** What is wrong with the answer of who may see some; and how many rows it has. */
const compared = async (text: string, n: number): Promise<{ readonly wrong: string | undefined; readonly rows: number; readonly fewer: boolean }> => {
  const request = requestOf(n);
  const some = await bothWays(text, learnedCatalogue, { ...request, rights }, whole);
  const all = await bothWays(text, learnedCatalogue, { ...request, rights: ALL_ROWS }, theirs);
  const across: BothWays = { ...some, local: all.pushed, counted: all.counted, filteredTwice: undefined };
  const rows = (ways: BothWays): number => ('rows' in ways.pushed ? ways.pushed.rows.length : 0);
  const mine = difference(some);
  const wrong = mine === undefined ? difference(across) : `by itself: ${mine}`;
  const everything = await bothWays(text, learnedCatalogue, { ...request, rights: ALL_ROWS }, whole);
  return {
    wrong: wrong && `${text}\n(request ${n}, ${condition})\n${wrong}\n${some.sql.join('\n')}`,
    rows: rows(some),
    fewer: difference({ ...some, local: everything.pushed }) !== undefined,
  };
};

test.each(FOUND)('%s', async (_, text) => {
  for (const n of [0, 2]) expect((await compared(text, n)).wrong).toBeUndefined();
});

const numbers = fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 });
const cases = fc.noBias(
  fc.record({
    head: fc.array(fc.nat(1 << 20), { minLength: 2, maxLength: 2 }),
    pipes: fc.array(numbers, { maxLength: 4, size: 'max' }),
    request: fc.nat(1 << 20),
  }),
);

test('who may see some rows is answered as if there were no others', { timeout: 600_000 + TEXTS * 2000 }, async () => {
  let answered = 0;
  let fewer = 0;
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ head, pipes, request }) => {
      const text = randomText(head, pipes, learnedCatalogue);
      asked++;
      const found = await compared(text, request);
      if (found.rows > 0) answered++;
      if (found.fewer) fewer++;
      if (found.wrong !== undefined) throw new Error(found.wrong);
    }),
    { numRuns: TEXTS, endOnFailure: false, seed: SEED },
  );
  console.log(`of ${asked} texts ${answered} gave rows, ${fewer} another answer than to who may see all`);
  expect(answered / asked).toBeGreaterThan(0.3);
  expect(fewer / asked).toBeGreaterThan(0.2);
});

// Random lives of three stores that are told one after the other, with ends between any two, copies of all of them or of one, and an oracle
// that remembers in which order things were written: an older copy is told as soon as the others know better, and nothing else ever is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Generation, generationText, NO_GENERATION, parseGeneration } from '../../core/generation.ts';
import { Generations } from './generations.ts';
import { STORE_NAMES, type StoreName } from './notes.ts';

type Stores = Readonly<Record<StoreName, string>>;
const EMPTY: Stores = { stream: '', columns: '', records: '' };

const opened = (stores: Stores): Generations => {
  const generations = new Generations();
  for (const store of STORE_NAMES) generations.note(store, parseGeneration(stores[store]));
  return generations;
};
const setBack = (stores: Stores): readonly StoreName[] =>
  opened(stores)
    .setBack(() => false)
    .map(({ store }) => store);

/** `most`: writes after which it dies. */
const start = async (stores: Stores, most = 6): Promise<Stores> => {
  const out: Record<StoreName, string> = { ...stores };
  let writes = 0;
  const died = new Error('died');
  await opened(stores)
    .advance(1000, async (store: StoreName, generation: Generation) => {
      if (writes++ >= most) throw died;
      out[store] = generationText(generation);
    })
    .catch((error: unknown) => expect(error).toBe(died));
  return out;
};

const starts = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 });

test('starts that die at any moment are never told as set back, and neither is a copy of all stores', async () => {
  await fc.assert(
    fc.asyncProperty(starts, fc.nat(12), async (lives, back) => {
      const states = [EMPTY];
      for (const most of lives) {
        states.push(await start(states.at(-1) as Stores, most));
        expect(setBack(states.at(-1) as Stores)).toEqual([]);
      }
      const copy = states[back % states.length] as Stores;
      expect(setBack(copy)).toEqual([]);
      expect(setBack(await start(copy))).toEqual([]);
    }),
  );
});

test('a store set back behind a start that went through is told, alone, and until it is accepted; two of them both', async () => {
  const other = fc.constantFrom(...STORE_NAMES);
  await fc.assert(
    fc.asyncProperty(starts, starts, other, other, async (before, after, one, two) => {
      let old = EMPTY;
      for (const most of before) old = await start(old, most);
      let now = await start(old);
      for (const most of after) now = await start(now, most);
      const mixed = { ...now, [one]: old[one], [two]: old[two] };
      const expected = STORE_NAMES.filter((store) => store === one || store === two);
      expect(setBack(mixed)).toEqual(expected);
      // Accepted, it counts on with the others, wherever that dies: until it is through it is told, then never more.
      for (const most of after) {
        const died = await start(mixed, most);
        expect([[], expected, [one], [two]]).toContainEqual(setBack(died));
        expect(setBack(await start(died))).toEqual([]);
      }
    }),
  );
});

test('a store of which nothing is known is older than any that was told; where none was told nothing is', () => {
  const told = generationText({ own: 5, at: 1, all: 4 });
  expect(setBack(EMPTY)).toEqual([]);
  expect(setBack({ ...EMPTY, stream: told })).toEqual(['columns', 'records']);
  expect(setBack({ stream: told, columns: told, records: 'nonsense' })).toEqual(['records']);
  expect(parseGeneration(generationText({ own: 5, at: 9, all: 4 }))).toEqual({ own: 5, at: 9, all: 4 });
  for (const text of [undefined, '', '5', '5-4', '-1-2-3', '5-4-3-2', '1e9-1-1']) expect(parseGeneration(text)).toEqual(NO_GENERATION);
});

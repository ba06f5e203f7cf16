// The rows of the cases beside this, asked of stores: what was worked out by hand for rows that stand in a text is what every store has to answer
// when it holds them. Some, drawn by a seed that is printed, are asked of stores that filter badly too; in a long run all.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sized } from '../../test/support/long.ts';
import { SEED } from '../../test/support/seed.ts';
import type { PlanNode } from '../3-plan/nodes.ts';
import { explained } from '../4-emit/fragment.ts';
import { ask, askersOf } from '../ask/ask.ts';
import { split, storesWith } from '../compile.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { seeded } from '../testing/random.ts';
import { readSpec, type SpecCase } from '../testing/spec-file.ts';
import { sameRows, writtenRows } from '../testing/spec-rows.ts';
import { loweredPlan, shownRows } from '../testing/spec-run.ts';
import { HOMES, type Home, StoredRows } from '../testing/stored-rows.ts';
import { type LoadedStores, loadStores } from '../testing/stores.ts';
import { supersetStores } from '../testing/superset-stores.ts';
import { optimizeVerified } from '../testing/verify-plan.ts';

const folder = new URL('.', import.meta.url);
const cases = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.iql'))
  .sort()
  .flatMap((f) => readSpec(f, readFileSync(new URL(f, folder), 'utf8')))
  .filter((c) => c.sections.has('rows'))
  // docs/iql.md: sums are equal unless terms of very different size cancel.
  .filter((c) => !(c.file === 'aggregates/sum.iql' && c.title === 'floats are compensated'));

interface Stored {
  readonly c: SpecCase;
  readonly home: Home;
  readonly plan: PlanNode;
}

const random = seeded(SEED);
const rows = new StoredRows();
const stored = cases.flatMap((c) =>
  HOMES.flatMap((home): readonly Stored[] => {
    const plan = rows.put(loweredPlan(c).plan, home);
    return plan === undefined ? [] : [{ c, home, plan }];
  }),
);

let loaded: LoadedStores;
beforeAll(async () => {
  console.log(`${cases.length} cases are ${stored.length} questions to stores`);
  loaded = await loadStores(rows.data);
  await rows.fill(loaded.ports.records);
});
afterAll(() => loaded?.stop());

test.each(stored.map((s) => ({ ...s, title: `${s.c.file}: ${s.c.title}` })))('$home: $title', async ({ c, plan }) => {
  const whole = optimizeVerified(plan);
  const stores = storesWith({ ...loaded.known, ...(random() < 0.5 ? { mostHere: 0 } : {}) });
  const wanted = writtenRows((c.sections.get('rows') as readonly string[]).slice(1));
  for (const parts of [split(whole, stores), ...(random() < sized(0.3, 1) ? [split(whole, supersetStores(stores))] : [])]) {
    const { batches } = await ask(parts, askersOf(loaded.ports), RUN_FUNCTIONS);
    const found = shownRows(batches, parts.plan, loweredPlan(c).columns);
    const asked = Array.from(parts.fragments.values(), (f) => explained(f).text);
    if (!sameRows(found, wanted)) expect(found, `seed ${SEED}\n${c.text}\n${asked.join('\n')}`).toEqual(wanted);
  }
});

// What a run has begun to ask of stores ends with it, however it ends.
import { expect, test } from 'vitest';
import type { Join, PlanNode, Scan } from '../3-plan/nodes.ts';
import { LOSSLESS } from '../4-emit/emitter.ts';
import type { Fragment } from '../4-emit/fragment.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { type Askers, ask } from './ask.ts';
import type { Asker } from './asker.ts';

const columns = [{ name: 'x', type: 'string' }] as const;
const leaf = (role: Fragment['role']): Scan => ({
  node: 'scan',
  dataset: { name: role, description: '', role, table: '', shape: 'rows', key: [], columns: [] },
  columns,
  range: undefined,
  before: 0n,
  filter: undefined,
});
const fragmentOf = (plan: Scan): Fragment => ({
  role: plan.dataset.role,
  plan,
  emission: { request: undefined, losses: LOSSLESS },
  emitter: { answers: () => 'no', emit: () => undefined, explain: () => ({ text: '', parameters: new Map() }) },
  mayHaveMore: false,
});

test('when one side of a join fails, the question of the other one is ended', async () => {
  const [left, right] = [leaf('columns'), leaf('records')];
  const join: Join = { node: 'join', kind: 'inner', left, right, on: [{ left: 'x', right: 'x' }], within: undefined, take: [], columns };
  let begun = false;
  let isEnded = false;
  const waiting: Asker = {
    open: async function* (_, { signal }) {
      begun = true;
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      isEnded = true;
    },
  };
  const failing: Asker = {
    open: async function* () {
      yield await Promise.reject(new Error('away'));
    },
  };
  const askers: Askers = { columns: waiting, search: waiting, records: failing };
  const parts = { plan: join as PlanNode, fragments: new Map([left, right].map((scan) => [scan, fragmentOf(scan)])) };
  await expect(ask(parts, askers, RUN_FUNCTIONS)).rejects.toThrow('away');
  expect(begun).toBe(true);
  await expect.poll(() => isEnded).toBe(true);
});

// Joins against nested loops, however both sides are cut.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value } from '../../../core/batch/batch.ts';
import { hasCode } from '../../../core/errors.ts';
import type { Join, JoinKind, PlanColumn } from '../../3-plan/nodes.ts';
import { batchFrom, cutBatch, cuts, pieces, type Row, run } from '../testing/environment.ts';

const LEFT: readonly PlanColumn[] = [
  { name: 'k', type: 'string' },
  { name: 'n', type: 'int' },
  { name: 'time', type: 'time' },
  { name: 'l', type: 'int' },
  { name: 'owner', type: 'string' },
];
const RIGHT: readonly PlanColumn[] = [
  { name: 'key', type: 'string' },
  { name: 'n', type: 'int' },
  { name: 'time', type: 'time' },
  { name: 'r', type: 'int' },
  { name: 'owner', type: 'string' },
];
const TAKE: Join['take'] = [
  { column: 'r', as: 'r', fill: false },
  { column: 'time', as: 'right.time', fill: false },
];
const joinNode = (kind: JoinKind, within: bigint | undefined, take: Join['take'] = TAKE): Join => ({
  node: 'join',
  kind,
  left: pieces(LEFT),
  right: { ...pieces(RIGHT), dataset: { ...pieces(RIGHT).dataset, name: 'others' } },
  on: [
    { left: 'k', right: 'key' },
    { left: 'n', right: 'n' },
  ],
  within,
  take,
  columns: kind === 'semi' || kind === 'anti' ? LEFT : [...LEFT, { name: 'r', type: 'int' }, { name: 'right.time', type: 'time' }],
});

const nested = (left: readonly Row[], right: readonly Row[], kind: JoinKind, within: bigint | undefined): Row[] => {
  const out: Row[] = [];
  const matched = new Set<Row>();
  for (const l of left) {
    let found = right.filter((r) => l[0] !== null && l[1] !== null && l[0] === r[0] && l[1] === r[1]);
    const distance = (r: Row): bigint => (l[2] as bigint) - (r[2] as bigint);
    if (kind === 'asof') {
      found = l[2] === null ? [] : found.filter((r) => r[2] !== null && distance(r) >= 0n && (within === undefined || distance(r) <= within));
      const newest = found.reduce<Row | undefined>((best, r) => (best === undefined || (r[2] as bigint) >= (best[2] as bigint) ? r : best), undefined);
      found = newest === undefined ? [] : [newest];
    } else if (within !== undefined) found = found.filter((r) => l[2] !== null && r[2] !== null && distance(r) <= within && -distance(r) <= within);
    if (kind === 'semi' || kind === 'anti') {
      if (found.length > 0 === (kind === 'semi')) out.push(l);
      continue;
    }
    for (const r of found) {
      matched.add(r);
      out.push([...l, r[3] as Value, r[2] as Value]);
    }
    if (found.length === 0 && kind !== 'inner') out.push([...l, null, null]);
  }
  if (kind === 'full') for (const r of right) if (!matched.has(r)) out.push([r[0] as Value, r[1] as Value, null, null, null, r[3] as Value, r[2] as Value]);
  return out;
};

const optional = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(a, { freq: 6, nil: null });
const rows = fc.array(
  fc.tuple(optional(fc.constantFrom('a', 'b', 'é')), optional(fc.bigInt(0n, 1n)), optional(fc.bigInt(0n, 30n)), fc.bigInt(0n, 99n), fc.constant(null)),
  { maxLength: 25 },
);

test.each<[JoinKind, bigint | undefined]>([
  ['inner', undefined],
  ['left', undefined],
  ['full', undefined],
  ['semi', undefined],
  ['anti', undefined],
  ['asof', undefined],
  ['asof', 5n],
  ['inner', 5n],
  ['left', 0n],
  ['full', 5n],
  ['semi', 3n],
])('%s join, within %s', async (kind, within) => {
  await fc.assert(
    fc.asyncProperty(rows, rows, cuts, cuts, async (left, right, a, b) => {
      const got = await run(joinNode(kind, within), { pieces: cutBatch(batchFrom(LEFT, left), a), others: cutBatch(batchFrom(RIGHT, right), b) });
      expect(got).toEqual(nested(left, right, kind, within));
    }),
    { numRuns: 100 },
  );
});

test('lookup keeps the left value, fills what is missing, and refuses a key that is not unique', async () => {
  const node: Join = {
    ...joinNode('lookup', undefined, [
      { column: 'r', as: 'r', fill: false },
      { column: 'owner', as: 'owner', fill: true },
    ]),
    columns: [...LEFT, { name: 'r', type: 'int' }],
  };
  const left: Row[] = [
    ['a', 1n, null, 1n, 'mine'],
    ['a', 1n, null, 2n, null],
    ['b', 1n, null, 3n, null],
    [null, 1n, null, 4n, null],
  ];
  const right: Row[] = [
    ['a', 1n, null, 10n, 'theirs'],
    [null, 1n, null, 11n, 'x'],
    [null, 1n, null, 12n, 'y'],
  ];
  const got = await run(node, { pieces: [batchFrom(LEFT, left)], others: [batchFrom(RIGHT, right)] });
  expect(got.map((r) => [r[3], r[4], r[5]])).toEqual([
    [1n, 'mine', 10n],
    [2n, 'theirs', 10n],
    [3n, null, null],
    [4n, null, null],
  ]);
  const twice = [...right, ['a', 1n, null, 13n, 'z']] as Row[];
  await expect(run(node, { pieces: [], others: [batchFrom(RIGHT, twice)] })).rejects.toSatisfy((e) => hasCode(e, 'iql.lookup-not-unique'));
});

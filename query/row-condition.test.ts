// What may be said of whose rows somebody may see, and what it means on each dataset.
import { expect, test } from 'vitest';
import { DATASETS, metricDataset } from '../schemas/catalogue.ts';
import type { Dataset } from '../schemas/types.ts';
import { type PlanNode, scansOf, withInputs } from './3-plan/nodes.ts';
import { ALL_ROWS, rightsOf, seenBy, unseenScans } from './3-plan/rights.ts';
import { plan } from './compile.ts';
import { check, staticCatalogue } from './language.ts';
import { conditionOf } from './row-condition.ts';
import { mustBeRight } from './testing/verify-plan.ts';

const where = conditionOf('env == "prod" and role in ("web", "db")');

test.each(['env == "prod"', 'host like "web-*" or not (env != "prod")', 'exists owner and datacenter starts with "fra"', 'region in ("eu", "us")'])(
  'a condition of rights: %s',
  (text) => {
    expect(conditionOf(text)).toMatchObject({ op: 'call', type: 'bool' });
  },
);

test.each([
  'team == "web"',
  'env == "prod" | union (from hosts)',
  'env == "prod" | where true',
  'env in (from hosts | select env)',
  'env == $env',
  'true',
  'now > @2020-01-01T00:00Z',
  'env',
  'length(env) / 0 > 1',
  'matches(env, r"x") or 1 / length(env) > 0',
  '',
  'env == "prod"; from logs',
  'env == "prod"\nfrom logs',
  'env == "prod" // | \n or',
])('none of rights: %s', (text) => {
  expect(() => conditionOf(text)).toThrow(expect.objectContaining({ code: 'access.condition' }));
});

const cpu = metricDataset({ name: 'system.cpu.utilization', kind: 'gauge', temporality: 'cumulative', labels: ['cpu', 'env', 'host'] });
const named = (name: string): Dataset => DATASETS.find((d) => d.name === name) as Dataset;

test('what no grant speaks of has no rows; of several grants each gives its own', () => {
  const rights = rightsOf([
    { datasets: ['logs', 'metrics'], where },
    { datasets: ['logs'], where: conditionOf('env == "dev"') },
    { datasets: ['events'], where: undefined },
  ]);
  expect(rights.isAll).toBe(false);
  expect(rights.on(named('hosts'))).toBe('none');
  expect(rights.on(named('events'))).toBe('all');
  expect(rights.on(named('logs'))).toMatchObject({ function: 'or' });
  expect(rights.on(cpu)).toMatchObject({ function: 'and' });
  // A dataset that does not say whose its rows are.
  expect(rights.on({ ...named('logs'), name: 'metrics.x', columns: [] })).toBe('none');
  expect(rightsOf([]).on(cpu)).toBe('none');
  expect(rightsOf([{ datasets: 'all', where: undefined }]).isAll).toBe(true);
});

test('of metrics the inventory is asked, whatever labels senders give', () => {
  const right = JSON.stringify(rightsOf([{ datasets: 'all', where }]).on(cpu));
  expect(right).toContain('"#assigned.env"');
  expect(right).not.toContain('"env"');
});

const TEXTS = [
  'from logs | count',
  'from processes last 5m | latest | lookup hosts on host',
  'let web = (from hosts | where role == "web") from logs | where host in (from web | select host)',
  'from logs | where not (service in ("a")) and host not in (from hosts | select host)',
  'from events | set env = "prod" | where env == "prod"',
  'from hosts at @2026-11-29T00:00Z | rename host as h',
  'from logs | where host == "a" | explain analyze',
];
const at = 1_795_176_000_000_000_000n;
const request = { at, from: at - 3_600_000_000_000n, to: at, zone: 'UTC', parameters: new Map(), completeTo: at, notice: () => undefined };

/** The plan with the filter of its n-th scan forgotten. */
const forgetting = (node: PlanNode, count: { n: number }): PlanNode => {
  if (node.node === 'scan') return count.n-- === 0 ? { ...node, filter: undefined } : node;
  const inputs = 'input' in node ? [node.input] : node.node === 'join' ? [node.left, node.right] : node.node === 'union' ? node.inputs : [];
  return withInputs(
    node,
    inputs.map((input) => forgetting(input, count)),
  );
};

test.each(TEXTS)('every scan has what must hold, and one that was forgotten is seen: %s', (text) => {
  const rights = rightsOf([{ datasets: 'all', where }]);
  const checked = check(text, staticCatalogue(DATASETS));
  const made = plan(checked, { ...request, rights }).plan;
  expect(unseenScans(made, rights)).toEqual([]);
  for (const n of scansOf(made).keys()) {
    const planted = forgetting(made, { n });
    expect(unseenScans(planted, rights)).toHaveLength(1);
    expect(() => mustBeRight(planted, 'planted', rights)).toThrow('lacks what its asker may see');
  }
  // One that was planned for somebody else.
  const others = plan(checked, { ...request, rights: ALL_ROWS }).plan;
  expect(unseenScans(others, rights)).toHaveLength(scansOf(others).length);
});

test('a plan with a scan that nobody guarded is not run', () => {
  const checked = check('from logs', staticCatalogue(DATASETS));
  if (checked.query === undefined) throw new Error('wrong');
  const scan = plan(checked, { ...request, rights: ALL_ROWS }).plan;
  const planted = { ...checked, query: { ...checked.query, plan: () => scan } };
  expect(() => plan(planted, { ...request, rights: rightsOf([]) })).toThrow('a scan of logs lacks what its asker may see');
  expect(seenBy(scansOf(scan)[0] as never, rightsOf([])).filter).toEqual({ op: 'literal', type: 'bool', value: false });
});

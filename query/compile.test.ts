// From a text to the questions for stores, as a caller sees it: notices, limits, what cannot be planned.
import { expect, test } from 'vitest';
import { hasCode } from '../core/errors.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { explained } from './4-emit/fragment.ts';
import { check, plan, split } from './compile.ts';
import { specCatalogue, specStores } from './testing/spec-run.ts';

const at = 1_795_172_400_000_000_000n;
const requestFor = (notices: string[] = [], changes: Partial<PlanRequest> = {}): PlanRequest => ({
  at,
  from: at - 3_600_000_000_000n,
  to: at,
  zone: 'UTC',
  parameters: new Map(),
  rights: ALL_ROWS,
  completeTo: at,
  notice: (severity, code, parameters) => void notices.push(`${severity} ${code} ${JSON.stringify(parameters)}`),
  ...changes,
});

test('a bucket under twice the interval is widened, and that is told once though the rows are planned twice', () => {
  const notices: string[] = [];
  plan(check('from metrics.system.cpu.utilization | every 10s avg | top 3 host by max(value)', specCatalogue), requestFor(notices));
  expect(notices).toEqual(['info iql.widened-window {"window":"20s","interval":"10s"}']);
});

test('a wide bucket and one with a window of its own are left as they are', () => {
  const notices: string[] = [];
  for (const text of ['every 20s avg', 'every 10s avg over 1m'])
    plan(check(`from metrics.system.cpu.utilization | ${text}`, specCatalogue), requestFor(notices));
  expect(notices).toEqual([]);
});

test('an answer is cut at one row more than the limit, so that the cut is seen', () => {
  const { plan: node } = plan(check('from logs', specCatalogue), requestFor(), { limit: 100 });
  expect(node).toMatchObject({ node: 'order', count: 101 });
});

test('what the request makes impossible is an error with a code', () => {
  const tooMany = check('from logs last 30d | every 1s count', specCatalogue);
  expect(() => plan(tooMany, requestFor())).toThrow(expect.toSatisfy((e) => hasCode(e, 'iql.too-many-buckets')));
  const backwards = check('from logs between @2026-11-20 and @2026-11-19', specCatalogue);
  expect(() => plan(backwards, requestFor())).toThrow(expect.toSatisfy((e) => hasCode(e, 'iql.bad-range')));
  expect(() => plan(check('from nowhere', specCatalogue), requestFor())).toThrow(expect.toSatisfy((e) => hasCode(e, 'iql.no-query')));
});

test('user text reaches SQL only as a parameter', () => {
  const hostile = "x'; DROP TABLE logs; --`\\";
  const text = `from logs | where host == ${JSON.stringify(hostile)} or path like ${JSON.stringify(`${hostile}*`)} | search ${JSON.stringify('drop table secretword')} | set y = concat(host, ${JSON.stringify(hostile)})`;
  const parts = split(plan(check(text, specCatalogue), requestFor()).plan, specStores);
  for (const fragment of parts.fragments.values()) {
    const { text: sql, parameters } = explained(fragment);
    expect(sql).not.toMatch(/DROP TABLE|secretword/);
    expect([...parameters.values()].flat()).toContain(hostile);
  }
  expect(parts.fragments.size).toBe(1);
});

test('a filter that a store cannot answer is cut in two: the rest stays here', () => {
  const parts = split(plan(check('from logs | where host == "a" and replace_regex(body, r"a", "b") == "c"', specCatalogue), requestFor()).plan, specStores);
  const [sql] = Array.from(parts.fragments.values(), (f) => explained(f).text);
  expect(sql).toContain('`host` = ');
  expect(sql).not.toContain('replace');
  expect(JSON.stringify(parts.plan, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))).toContain('replace_regex');
});

// Agents as rows, from answers of any form: each agent once, each host without one once, in the right standing, gravest first.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Agent, Result, Value } from '../data/types.ts';
import { agentRows, standingCounts } from './agent-rows.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const ago = (ms: number): string => new Date(NOW - ms).toISOString();
const agent = (host: string, more: Partial<Agent> = {}): Agent => ({
  id: `id of ${host}`,
  host,
  labels: {},
  relays: [],
  state: 'active',
  reason: null,
  joinedAt: ago(1000),
  signedInAt: ago(500),
  series: 0,
  bytes: 0,
  ...more,
});
const result = (columns: Readonly<Record<string, readonly Value[]>>): Result => ({
  columns: Object.entries(columns).map(([name, values]) => ({ name, type: 'string', unit: null, values })),
  rowCount: Object.values(columns)[0]?.length ?? 0,
  lines: null,
  truncated: null,
  completeUpTo: null,
  partial: [],
  diagnostics: [],
  stats: { elapsedMs: 0, rowsRead: 0, bytesRead: 0 },
});
const hosts = (...rows: readonly (readonly [host: string, state: string])[]): Result =>
  result({
    host: rows.map(([host]) => host),
    agent_state: rows.map(([, state]) => state),
    last_seen: rows.map(() => ago(400_000)),
    agent_version: rows.map(() => '0.1.0'),
  });

test('the standing is that of the agent before that of its host', () => {
  const agents = [
    agent('ok'),
    agent('CASE'),
    agent('new', { signedInAt: null }),
    agent('reused', { signedInAt: null }),
    agent('bad', { state: 'quarantined', reason: 'two' }),
    agent('gone', { state: 'revoked' }),
    agent('replaced', { id: 'old', state: 'revoked' }),
    agent('replaced', { id: 'young' }),
    agent('quiet'),
    agent('GOES-ON', { state: 'revoked' }),
  ];
  const known = hosts(
    ['ok', 'reporting'],
    ['case', 'stopped'],
    ['reused', 'silent'],
    ['bad', 'reporting'],
    ['replaced', 'late'],
    ['quiet', 'silent'],
    ['shared', 'reporting'],
    ['gone', 'late'],
    ['goes-on', 'reporting'],
  );
  const rows = agentRows({ agents, hosts: known, unsent: result({ host: ['ok', 'bad'], value: [7, 8] }), oldest: undefined }, NOW);
  expect(rows.map(({ host, standing, agent: of }) => [host, standing, of?.id])).toEqual([
    ['bad', 'still', 'id of bad'],
    ['quiet', 'silent', 'id of quiet'],
    ['replaced', 'late', 'young'],
    ['new', 'unheard', 'id of new'],
    ['reused', 'unheard', 'id of reused'],
    ['goes-on', 'reporting', undefined],
    ['ok', 'reporting', 'id of ok'],
    ['shared', 'reporting', undefined],
    ['CASE', 'stopped', 'id of CASE'],
    ['GOES-ON', 'revoked', 'id of GOES-ON'],
    ['gone', 'revoked', 'id of gone'],
    ['replaced', 'revoked', 'old'],
  ]);
  expect(rows.find(({ host }) => host === 'ok')).toMatchObject({ unsent: 7, oldest: null, version: '0.1.0', words: 'reporting' });
  expect(rows.find(({ host }) => host === 'reused')).toMatchObject({ version: null, lastSeen: null });
  expect(standingCounts(rows)[0]).toEqual(['still', 1]);
});

test('whatever the answers hold, every agent is there once, every other host once, and nothing throws', () => {
  const name = fc.constantFrom('a', 'A', 'b', '', '__proto__', 'x');
  const value: fc.Arbitrary<Value> = fc.oneof(name, fc.double(), fc.constant(null), fc.boolean());
  const answer = fc.option(fc.dictionary(fc.constantFrom('host', 'value', 'agent_state', 'last_seen', 'agent_lag'), fc.array(value, { maxLength: 6 })), {
    nil: undefined,
  });
  const agents = fc.uniqueArray(
    fc.record({ id: fc.uuid(), host: name, state: fc.constantFrom('active' as const, 'quarantined' as const, 'revoked' as const) }),
    {
      selector: ({ id }) => id,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(agents, answer, answer, (some, host, spool) => {
      const all = some.map((one) => agent(one.host, one));
      const rows = agentRows({ agents: all, hosts: host && result(host), unsent: spool && result(spool), oldest: undefined }, NOW);
      expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
      expect(rows.filter(({ agent: of }) => of !== null)).toHaveLength(all.length);
      expect(standingCounts(rows).reduce((sum, [, count]) => sum + count, 0)).toBe(rows.length);
    }),
  );
});

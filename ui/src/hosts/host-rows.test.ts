// Rows of the list of hosts and their order: gravest first, by any column either way, what is not known last.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { hostList, hostRows, NameRanks, orderHosts, stateCounts } from './host-rows.ts';
import { isFresh, stateWords } from './state-words.ts';

const column = (name: string, ...values: readonly Value[]): Column => ({ name, type: 'string', unit: null, values });
const result = {
  columns: [
    column('host', 'web-10', 'web-9', 'db-1', 'old-1'),
    column('agent_state', 'reporting', 'silent', 'late', 'stopped'),
    column('last_seen', '2026-11-29T10:00:00Z', '2026-11-29T09:00:00Z', '2026-11-29T09:58:00Z', '2026-11-28T10:00:00Z'),
    column('agent_lag', 0.2, 0.1, 240, null),
    column('agent_stopped', null, null, null, '2026-11-28T10:00:00Z'),
    column('agent_version', '0.1.0', '0.10.0', '0.9.0', null),
    column('region', 'fra1', null, 'ams2', null),
    column('labels', { team: 'shop', 'agent.left_out': 'much' }, {}, { 'a "b"': 'c' }, null),
  ],
};
const rows = hostRows(result);
const list = hostList(result);
const ranks = new NameRanks();
const ordered = (sort: string, figures?: ReadonlyMap<string, number>): readonly (string | undefined)[] =>
  Array.from(orderHosts(list, sort, ranks, figures), (at) => list.hosts[at]);

test('labels are those of the inventory, each with the condition that keeps hosts with it', () => {
  expect(rows[0]?.labels).toEqual([
    { name: 'region', value: 'fra1', condition: 'region == "fra1"' },
    { name: 'team', value: 'shop', condition: 'labels["team"] == "shop"' },
  ]);
  expect(rows[2]?.labels[1]?.condition).toBe('labels["a \\"b\\""] == "c"');
  expect([...stateCounts(list)]).toEqual([
    ['reporting', 1],
    ['silent', 1],
    ['late', 1],
    ['stopped', 1],
  ]);
});

test.each([
  ['', ['web-9', 'db-1', 'web-10', 'old-1']],
  ['-state', ['old-1', 'web-10', 'db-1', 'web-9']],
  ['host', ['db-1', 'old-1', 'web-9', 'web-10']],
  ['-host', ['web-10', 'web-9', 'old-1', 'db-1']],
  ['version', ['web-10', 'db-1', 'web-9', 'old-1']],
  ['-lag', ['db-1', 'web-10', 'web-9', 'old-1']],
  ['-seen', ['web-10', 'db-1', 'web-9', 'old-1']],
  ['nonsense', ['web-9', 'db-1', 'web-10', 'old-1']],
])('by %j', (sort, expected) => expect(ordered(sort)).toEqual(expected));

test('by a figure: hosts without one stand last either way', () => {
  const figures = new Map([
    ['web-9', 0.5],
    ['db-1', 0.9],
  ]);
  expect(ordered('cpu', figures)).toEqual(['web-9', 'db-1', 'old-1', 'web-10']);
  expect(ordered('-cpu', figures)).toEqual(['db-1', 'web-9', 'old-1', 'web-10']);
});

test('names are ranked anew where they are others', () => {
  const name = fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', '-', '1', '2', '0') });
  const kept = new NameRanks();
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 6 }), (names) => {
      for (let again = 0; again < 2; again++) {
        const places = kept.of(names);
        const found = [...names.keys()].sort((a, b) => (places[a] as number) - (places[b] as number)).map((at) => names[at]);
        expect(found).toEqual([...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }) || names.indexOf(a) - names.indexOf(b)));
      }
    }),
  );
});

test('an order has each row once', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'host', '-host', 'lag', '-seen', 'labels', '-version'), (sort) => {
      expect([...orderHosts(list, sort, ranks)].sort()).toEqual([0, 1, 2, 3]);
    }),
  );
});

test('a state in words says since when, or how far behind', () => {
  const now = Date.parse('2026-11-29T10:00:00Z');
  const words = rows.map((row) => stateWords(row, now));
  expect(words[0]).toBe('reporting');
  expect(words[1]).toMatch(/^silent since \d\d:\d\d$/);
  expect(words[2]).toBe('late, 4 min behind');
  expect(words[3]).toMatch(/^stopped since 2026-11-28 \d\d:\d\d$/);
  expect(stateWords({ state: 'late', lastSeen: '2026-11-29T09:58:00Z', stoppedAt: null, lag: 0.1 }, now)).toBe('late, heard 2 min ago');
  expect(rows.map(({ state }) => isFresh(state))).toEqual([true, false, true, false]);
});

// Holds how rows become lines: keys, gaps, units, the limit of lines, and the view that is chosen for a result.
import { describe, expect, it } from 'vitest';
import type { Column, Result, Value } from '../data/types.ts';
import { chooseView, possibleViews, rolesOf } from './choose.ts';
import { panelsOf as allPanelsOf, type Wishes } from './series.ts';

const column = (name: string, type: string, values: Value[], unit: string | null = null): Column => ({ name, type, unit, values });
const panelsOf = (columns: Column[], wishes: Wishes = {}) => allPanelsOf(columns, wishes).panels;
const minute = (n: number): string => new Date(Date.UTC(2026, 10, 20, 10, n)).toISOString();
const result = (...columns: Column[]): Result => ({
  columns,
  rowCount: columns[0]?.values.length ?? 0,
  lines: null,
  truncated: null,
  completeUpTo: null,
  partial: [],
  diagnostics: [],
  stats: { elapsedMs: 1, rowsRead: 1, bytesRead: 1 },
});

describe('panelsOf', () => {
  it('makes one line per key, with its figures, the highest first', () => {
    const [panel] = panelsOf([
      column('time', 'time', [minute(0), minute(0), minute(1), minute(1)]),
      column('host', 'string', ['a', 'b', 'a', 'b']),
      column('env', 'string', ['x', 'x', 'x', 'x']),
      column('value', 'float', [1, 10, 3, null], '1'),
    ]);
    expect(panel?.lines.map(({ label, points, last, min, max, avg }) => ({ label, points, last, min, max, avg }))).toEqual([
      { label: 'b', points: [10, null], last: 10, min: 10, max: 10, avg: 10 },
      { label: 'a', points: [1, 3], last: 3, min: 1, max: 3, avg: 2 },
    ]);
    expect(panel?.bucket).toBe(60_000);
  });

  it('leaves a gap where rows are missing, and none where another line only has other times', () => {
    const gap = panelsOf([column('time', 'time', [0, 1, 2, 6, 7].map(minute)), column('value', 'float', [1, 1, 1, 1, 1])])[0];
    expect(gap?.lines[0]?.points).toEqual([1, 1, 1, null, 1, 1]);
    const beside = panelsOf([
      column('time', 'time', [0, 1, 2, 3, 4, 5, 0, 1, 5].map(minute)),
      column('host', 'string', [...'aaaaaabbb']),
      column('value', 'float', [1, 1, 1, 1, 1, 1, 2, 2, 2]),
    ])[0];
    expect(beside?.lines[0]?.points).toEqual([2, 2, null, null, null, 2]);
    const shifted = panelsOf([
      column('time', 'time', [minute(0), '2026-11-20T10:00:30Z', minute(1), '2026-11-20T10:01:30Z']),
      column('host', 'string', ['a', 'b', 'a', 'b']),
      column('value', 'float', [1, 2, 1, 2]),
    ])[0];
    expect(shifted?.lines.find(({ label }) => label === 'a')?.points).toEqual([1, undefined, 1, undefined]);
  });

  it('takes rows in any order and puts units into panels of their own', () => {
    const panels = panelsOf([
      column('time', 'time', [minute(1), minute(0)]),
      column('cpu', 'float', [0.2, 0.1], '1'),
      column('memory', 'int', [20, 10], 'By'),
      column('cpu.max', 'float', [0.4, 0.3], '1'),
    ]);
    expect(panels.map(({ unit, lines }) => [unit, lines.map(({ label, points }) => [label, points])])).toEqual([
      [
        '1',
        [
          ['cpu.max', [0.3, 0.4]],
          ['cpu', [0.1, 0.2]],
        ],
      ],
      ['By', [['memory', [10, 20]]]],
    ]);
  });

  it('shows the top lines and counts the rest', () => {
    const n = 83;
    const rows = Array.from({ length: n * 2 }, (_, i) => i);
    const [panel] = panelsOf([
      column(
        'time',
        'time',
        rows.map((i) => minute(i < n ? 0 : 1)),
      ),
      column(
        'pid',
        'int',
        rows.map((i) => i % n),
      ),
      column(
        'cpu',
        'float',
        rows.map((i) => i % n),
        '1',
      ),
    ]);
    expect(panel?.lines).toHaveLength(20);
    expect(panel?.total).toBe(n);
    expect(panel?.lines[0]?.label).toBe('82');
  });

  it('keeps a label named __proto__ and integers sent as text', () => {
    const [panel] = panelsOf([
      column('time', 'time', [minute(0), minute(1)]),
      column('__proto__', 'string', ['a', 'b']),
      column('count', 'int', ['9007199254740993', 1]),
    ]);
    expect(panel?.lines.map(({ label, max }) => [label, max])).toEqual([
      ['a', 9007199254740992],
      ['b', 1],
    ]);
  });
});

describe('partial buckets', () => {
  const count = (values: Value[]) => [
    column(
      'time',
      'time',
      values.map((_, i) => minute(i)),
    ),
    column('count', 'int', values, '{}'),
  ];

  it('are left out of the figures of a line', () => {
    const cut = new Set([Date.parse(minute(0)), Date.parse(minute(3))]);
    const [panel] = panelsOf(count([3, 900, 930, 349]), { partial: cut });
    expect(panel?.partial).toEqual([true, false, false, true]);
    expect(panel?.lines[0]).toMatchObject({ points: [3, 900, 930, 349], last: 930, min: 900, max: 930, avg: 915, cut: false });
  });

  it('are all there is where a line has no other', () => {
    expect(panelsOf(count([5]), { partial: new Set([Date.parse(minute(0))]), width: 60_000 })[0]?.lines[0]).toMatchObject({ last: 5, avg: 5, cut: true });
  });
});

describe('amounts', () => {
  const grouped = (unit: string | null, type: string, name: string) => {
    const rows = Array.from({ length: 30 }, (_, i) => i);
    return [
      column('time', 'time', [...rows.map(() => minute(0)), ...rows.map(() => minute(1))]),
      column('service', 'string', [...rows, ...rows].map(String)),
      column(name, type, [...rows, ...rows.map((i) => i * 2)], unit),
    ];
  };

  it('are counts of rows and increases of counters; the rest of many adds up to a line of its own', () => {
    const [panel] = panelsOf(grouped('{}', 'int', 'count'), { text: 'from logs | every 1m count by service' });
    expect(panel?.additive).toBe(true);
    expect(panel?.lines).toHaveLength(21);
    const rest = panel?.lines.at(-1);
    expect(rest).toMatchObject({ label: '10 more', identity: { kind: 'rest' }, points: [45, 90], max: 90 });
    const all = panel?.lines.reduce((sum, { points }) => sum + (points[1] ?? 0), 0);
    expect(all).toBe(30 * 29);
    expect(panelsOf(grouped('{request}', 'float', 'value'), { text: 'from metrics.x | every 1m increase' })[0]?.additive).toBe(true);
  });

  it('are no gauges, rates, distinct counts or other units', () => {
    const additive = (unit: string | null, type: string, name: string, text: string) => panelsOf(grouped(unit, type, name), { text })[0]?.additive;
    expect(additive('{thread}', 'int', 'threads', 'from processes | every 1m max(threads) by service')).toBe(false);
    expect(additive('{request}/s', 'float', 'value', 'from metrics.x | every 1m rate')).toBe(false);
    expect(additive('{}', 'int', 'users', 'from logs | every 1m distinct_count(user) as users by service')).toBe(false);
    expect(additive('By', 'float', 'value', 'from metrics.x | every 1m avg')).toBe(false);
  });
});

describe('chooseView', () => {
  it('follows the columns', () => {
    const time = column('time', 'time', [minute(0), minute(1)]);
    expect(chooseView(result(time, column('value', 'float', [1, 2])), 'from x')).toBe('chart');
    expect(chooseView(result(time, column('severity', 'string', ['info', 'warn']), column('body', 'string', ['x', 'y'])), 'from x')).toBe('logs');
    expect(chooseView(result(column('name', 'string', ['a', 'b']), column('cpu', 'float', [1, 2])), 'from x')).toBe('table');
    expect(chooseView(result(time, column('host', 'string', ['a', 'b']), column('value', 'float', [1, 2])), 'from x')).toBe('table');
    const groups = [column('service', 'string', ['a', 'b']), column('count', 'int', [1, 2])];
    expect(chooseView(result(...groups), 'from logs | count by service')).toBe('bars');
    expect(chooseView(result(...groups), 'from logs\n| count by service\n| sort count desc\n| limit 10')).toBe('bars');
    expect(chooseView(result(...groups), 'from logs | count by service | select service, count')).toBe('table');
    expect(chooseView(result(...groups, column('worst', 'int', [1, 2])), 'from logs | summarize count(), worst = max(status) by service')).toBe('table');
    expect(chooseView(result(...groups), 'from x | limit 2')).toBe('table');
    expect(chooseView(result(), 'from x')).toBe('table');
  });

  it('opens what is asked over time as a chart from the first bucket on', () => {
    const one = result(column('time', 'time', [minute(0), minute(0)]), column('host', 'string', ['a', 'b']), column('value', 'float', [1, 2]));
    expect(chooseView(one, 'from metrics.x\n| every 1h avg\n| sum by host')).toBe('chart');
    expect(chooseView(one, 'from metrics.x | every 1h avg | latest')).toBe('table');
    expect(chooseView(one, 'from metrics.x | latest')).toBe('table');
    expect(chooseView(result(column('value', 'float', [1])), 'from metrics.x | every all avg')).toBe('table');
    expect(allPanelsOf(one.columns, { width: 3_600_000 }).panels[0]?.bucket).toBe(3_600_000);
  });

  it('tells keys from values', () => {
    const { keys, values } = rolesOf([
      column('pid', 'int', [1]),
      column('count', 'int', [1]),
      column('threads', 'int', [1], '{thread}'),
      column('ok', 'bool', [true]),
    ]);
    expect(keys.map(({ name }) => name)).toEqual(['pid', 'ok']);
    expect(values.map(({ name }) => name)).toEqual(['count', 'threads']);
    expect(possibleViews([column('a', 'string', [])])).toEqual(['table']);
  });
});

// Tables for people: units, times, what fits a terminal.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ShownColumn } from './shown-column.ts';
import { tableOf } from './table.ts';

const column = (name: string, type: string, values: readonly unknown[], unit: string | null = null): ShownColumn => ({ name, type, unit, values });

test('numbers in their units, times in a zone, with only the digits that are needed', () => {
  const columns = [
    column('time', 'time', ['2026-11-20T10:00:00.000Z', '2026-11-20T10:00:00.5Z']),
    column('value', 'float', [0.9998333333333334, null], '1'),
    column('rate', 'float', [45_162_252.24077058, 0], 'By/s'),
    column('pid', 'int', [12_345_678, 1]),
    column('age', 'duration', [3725, 0.25], 's'),
  ];
  expect(tableOf(columns, 2, { zone: 'Europe/Berlin' }).text.split('\n')).toEqual([
    'time                      value         rate       pid     age',
    '───────────────────────  ──────  ───────────  ────────  ──────',
    '2026-11-20 11:00:00.000  99.98%  43.07 MiB/s  12345678   1h 2m',
    '2026-11-20 11:00:00.500       –        0 B/s         1  250 ms',
    '',
  ]);
});

const lines = [
  column('time', 'time', ['2026-11-20T10:00:00Z']),
  column('severity', 'string', ['error']),
  column('body', 'string', [`connection refused ${'x'.repeat(400)}`]),
  column('raw', 'string', ['{"msg":"connection refused"}']),
  column('service', 'string', [null]),
  column('host', 'string', ['web-7.fra1.example.com']),
  column('source', 'string', ['/var/log/a-rather-long-name/of/an/application.log']),
];

test('a log line fits the terminal: its message last with the room that is left, no empty columns, no second form of the line', () => {
  const { text, empty, hidden } = tableOf(lines, 1, { width: 100, zone: 'UTC' });
  const [head, , row] = text.split('\n');
  expect(head).toMatch(/^time +severity +host +source +body$/);
  expect([...(row as string)].length).toBe(100);
  expect(row).toContain('…');
  expect({ empty, hidden }).toEqual({ empty: ['service'], hidden: [] });
});

test('what cannot stand on a narrow terminal is named, and the message stays', () => {
  const { text, hidden } = tableOf(lines, 1, { width: 50, zone: 'UTC' });
  expect(text.split('\n')[0]).toMatch(/body$/);
  expect(hidden).toEqual(['host', 'source']);
});

test('no width: nothing is left out but the ends of very long cells', () => {
  const { text, empty, hidden } = tableOf(lines, 1);
  expect(text.split('\n')[0]).toMatch(/^time +severity +body +raw +service +host +source$/);
  expect({ empty, hidden }).toEqual({ empty: [], hidden: [] });
});

test('whatever stands in it, a row is a line that fits and has nothing that a terminal obeys', () => {
  const cell = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 50, maxLength: 300 })));
  const row = fc.array(cell, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 20, max: 200 }), (values, width) => {
      const columns = values.map((of, i) => column(`c${i}\u001b`, 'string', of));
      const rows = Math.max(...values.map((of) => of.length));
      const made = tableOf(columns, rows, { width }).text.split('\n');
      expect(made).toHaveLength(rows + 3);
      for (const line of made) {
        expect(line).not.toMatch(/\p{Cc}/u);
        expect([...line].length).toBeLessThanOrEqual(width);
      }
    }),
  );
});

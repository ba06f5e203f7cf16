// A result for people and for programs.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainLines } from '../../core/plain.ts';
import { formatResult } from './formats.ts';
import { diagnosticText } from './show-diagnostics.ts';
import type { ShownColumn } from './shown-column.ts';
import { tableOf } from './table.ts';

const columns: readonly ShownColumn[] = [
  { name: 'host', type: 'string', unit: null, values: ['a', 'b"c', null] },
  { name: 'value', type: 'float', unit: 'By', values: [1, 2.5, null] },
  { name: 'labels', type: 'map', unit: null, values: [{ x: 'y,z' }, {}, null] },
];

test('table', () => {
  expect(tableOf(columns, 3).text).toBe(
    ['host  value  labels', '────  ─────  ───────────', 'a       1 B  {"x":"y,z"}', 'b"c   2.5 B  {}', '–         –  –', ''].join('\n'),
  );
});

test('json and ndjson', () => {
  const rows = [
    { host: 'a', value: 1, labels: { x: 'y,z' } },
    { host: 'b"c', value: 2.5, labels: {} },
    { host: null, value: null, labels: null },
  ];
  expect(JSON.parse(formatResult('json', columns, 3))).toEqual(rows);
  expect(
    formatResult('ndjson', columns, 3)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(rows);
  expect(formatResult('json', columns, 0)).toBe('[]\n');
  expect(formatResult('ndjson', columns, 0)).toBe('');
});

test('csv', () => {
  expect(formatResult('csv', columns, 3)).toBe('host,value,labels\na,1,"{""x"":""y,z""}"\n"b""c",2.5,{}\n,,\n');
});

/** C0, DEL, C1 and changes of direction, as senders may put them into names and values. */
const ACTING = '\u001b[31m \u0007 \u007f \u009b2J \u202e \u2066 \u061c \u2028 \r\b';
const OBEYED = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

test('a terminal is given nothing to obey', () => {
  const bad: readonly ShownColumn[] = [
    { name: `n${ACTING}`, type: 'string', unit: null, values: [`a${ACTING}\nb`] },
    { name: 'map', type: 'map', unit: null, values: [{ [ACTING]: ACTING }] },
  ];
  const table = tableOf(bad, 1).text;
  expect(table.split('\n')).toHaveLength(4);
  for (const made of [table, formatResult('json', bad, 1), formatResult('ndjson', bad, 1), plainLines(formatResult('csv', bad, 1))])
    expect(made).not.toMatch(OBEYED);
  expect(JSON.parse(formatResult('json', bad, 1))).toEqual([{ [`n${ACTING}`]: `a${ACTING}\nb`, map: { [ACTING]: ACTING } }]);
});

test('nor by what is wrong with a text, whichever part of it others named', () => {
  const text = `from metrics.${ACTING}`;
  const span = { start: { line: 1, column: 6 }, end: { line: 1, column: text.length + 1 } };
  const made = diagnosticText(
    text,
    [{ code: `iql.${ACTING}`, severity: 'error', message: `there is no ${ACTING}`, span, fix: { label: `Write ${ACTING}` } }],
    false,
  );
  expect(made).not.toMatch(OBEYED);
  expect(made.split('\n')).toHaveLength(8);
});

test('names like __proto__ are names', () => {
  const proto: readonly ShownColumn[] = [{ name: '__proto__', type: 'int', unit: null, values: [1] }];
  expect(formatResult('ndjson', proto, 1)).toBe('{"__proto__":1}\n');
});

test('whatever the text, json reads back and csv keeps its rows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 }),
      fc.constantFrom('json' as const, 'ndjson' as const, 'csv' as const),
      (values, format) => {
        const made = formatResult(format, [{ name: 'v', type: 'string', unit: null, values }], values.length);
        if (format === 'json') expect(JSON.parse(made).map((row: { v: string }) => row.v)).toEqual(values);
        // An apostrophe keeps text from being a formula.
        if (format === 'csv') expect(readCsv(made).slice(1)).toEqual(values.map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)));
      },
    ),
  );
});

/** RFC 4180, one column. */
const readCsv = (text: string): readonly string[] => {
  const out: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '"') {
      const end = text.indexOf('\n', at);
      out.push(text.slice(at, end));
      at = end + 1;
      continue;
    }
    let cell = '';
    for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
      cell += text[at];
      if (text[at] === '"') at++;
    }
    out.push(cell);
    at += 2;
  }
  return out;
};

test('a mistake in a saved query is shown where the text reads it, with what led there', () => {
  const text = 'from hosts\n| where host in (from views.linux | select host)';
  const place = (line: number, from: number, to: number) => ({ start: { line, column: from }, end: { line, column: to } });
  const related = [{ message: 'views.linux is used here', view: null, span: place(2, 23, 34) }];
  const made = diagnosticText(
    text,
    [{ code: 'iql.x', severity: 'error', message: 'it is wrong', view: 'views.linux', span: place(7, 3, 5), fix: null, related }],
    false,
  );
  expect(made.split('\n').slice(0, 5)).toEqual([
    'error: in views.linux, line 7: it is wrong [iql.x]',
    ' --> 2:23',
    '2 | | where host in (from views.linux | select host)',
    '  |                       ^^^^^^^^^^^',
    '  = views.linux is used here: 2:23',
  ]);
});

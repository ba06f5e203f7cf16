// A line rests so that it can be rebuilt to the byte, no word of its message is missed, and a line made to be slow is not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withDictionaries } from '../../core/batch/arbitrary.ts';
import { type Column, UTF8, valueAt } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { wholeLine } from './whole-line.ts';

type Text = string | null;

const column = (texts: readonly Text[], coded = false): Column => {
  const made = columnFrom(UTF8, texts);
  return coded ? withDictionaries(made) : made;
};
const rests = (rows: readonly (readonly [body: Text, raw: Text])[], coded = false) => {
  const { raw, head, tail } = wholeLine(
    column(
      rows.map(([body]) => body),
      coded,
    ),
    column(
      rows.map(([, line]) => line),
      coded,
    ),
  );
  return rows.map((_, row) => ({ raw: valueAt(raw, row) as Text, head: valueAt(head, row) as string, tail: valueAt(tail, row) as string }));
};
/** docs/iql.md, in one line. */
const tokens = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

test.each<[string, Text, Text, { raw?: string; head?: string; tail?: string }]>([
  ['the line is the message', 'disk full', null, {}],
  ['the same told twice', 'disk full', 'disk full', {}],
  ['syslog', 'disk full', 'Nov 28 23:39:01 web-1 app[1]: disk full', { head: 'Nov 28 23:39:01 web-1 app[1]: ' }],
  ['JSON', 'disk full', '{"level":"error","msg":"disk full","n":1}', { head: '{"level":"error","msg":"', tail: '","n":1}' }],
  ['JSON with quotes', 'disk "full"', '{"msg":"disk \\"full\\""}', { head: '{"msg":"', tail: '\0"}' }],
  ['JSON with backslashes', 'C:\\new', '{"msg":"C:\\\\new","n":1}', { head: '{"msg":"', tail: '\0","n":1}' }],
  ['quotes as they are', 'disk "full"', 'app: disk "full" x', { head: 'app: ', tail: ' x' }],
  ['JSON with other escapes', 'it "broke"\n\tat', '{"msg":"it \\"broke\\"\\n\\tat"}', { raw: '{"msg":"it \\"broke\\"\\n\\tat"}' }],
  ['a zero byte behind the message', 'disk full', 'app: disk full\0x', { raw: 'app: disk full\0x' }],
  ['logfmt', 'done', 'level=info msg=done n=1', { head: 'level=info msg=', tail: ' n=1' }],
  ['no whole words', 'full', 'msg=fully refullfull', { raw: 'msg=fully refullfull' }],
  ['whole words only later', 'full', 'fully full x', { head: 'fully ', tail: ' x' }],
  ['beside another letter', 'é', 'xé é!', { head: 'xé ', tail: '!' }],
  ['a cut message', 'disk fu', 'app: disk full', { raw: 'app: disk full' }],
  ['no message', null, 'x', { raw: 'x' }],
  ['an empty message', '', 'app: ', { head: 'app: ' }],
  ['longer than its line', 'disk full', 'disk', { raw: 'disk' }],
  ['several lines', 'it broke\n\tat a.b(C.java:1)', 'ERROR it broke\n\tat a.b(C.java:1)', { head: 'ERROR ' }],
])('%s', (_, body, raw, { raw: whole = null, head = '', tail = '' }) => {
  expect(rests([[body, raw]])).toEqual([{ raw: whole, head, tail }]);
});

const word = fc.constantFrom('a', 'aa', 'b', ' ', '=', '"', 'é', '日', '😀', '\n', '', 'ab', 'İ', '\\', '\0');
/** As a text of JSON, but for what else it would escape. */
const escaped = (body: string): string => body.replaceAll(/["\\]/g, '\\$&');
const text = fc.oneof(
  { weight: 3, arbitrary: fc.array(word, { maxLength: 6 }).map((w) => w.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
);

test('any line is rebuilt, and only where it holds the words of its message as they are', () => {
  const row = fc.oneof(
    fc.tuple(fc.option(text), fc.option(text)),
    fc.tuple(text, text, text).map(([head, body, tail]): [Text, Text] => [body, head + body + tail]),
    fc.tuple(text, text, text).map(([head, body, tail]): [Text, Text] => [body, head + escaped(body) + tail]),
  );
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), fc.boolean(), (rows, coded) => {
      for (const [i, { raw, head, tail }] of rests(rows, coded).entries()) {
        const [body, line] = rows[i] as [Text, Text];
        const said = body !== null && tail.startsWith('\0') ? escaped(body) + tail.slice(1) : `${body}${tail}`;
        const rebuilt = raw ?? (body === null ? null : head + said);
        expect(rebuilt).toBe(line ?? body);
        if (raw !== null) expect([head, tail]).toEqual(['', '']);
        else if (body !== null) {
          expect(tokens(line ?? body)).toEqual([...tokens(head), ...tokens(body), ...tokens(tail)]);
          expect(tokens(head + body + tail)).toEqual(tokens(line ?? body));
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('a line made to be compared at every place is left whole', () => {
  const body = `${'a '.repeat(150_000)}b${' a'.repeat(150_000)}`;
  const raw = 'a '.repeat(500_000);
  expect(rests([[body, raw]])[0]?.raw).toBe(raw);
});

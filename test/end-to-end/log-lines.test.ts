// Log lines the whole way, from a file and from the door to an answer: the message and the whole line, what is found in it, and what is
// too large, too many, named as a column, not printable or out of time.
import { appendFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Value } from '../../core/batch/batch.ts';
import { frameOf, partOf } from '../../ingest/testing/frames.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { eventually, type Json, newFolder, type Product, startProduct } from './support/product.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const MIB = 1 << 20;
const begun = Date.now() - 60_000;
const iso = new Date(begun).toISOString();

let product: Product;
let folder: string;
let log: string;

beforeAll(async () => {
  folder = await newFolder();
  log = join(folder, 'app.log');
  product = await startProduct({ logs: [join(folder, '*.log')] });
});
afterAll(async () => {
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Rows with the columns of the answer, in its order. */
const rows = async (text: string): Promise<readonly Readonly<Record<string, Json>>[]> => {
  const { columns, rowCount, diagnostics } = await product.ask(text);
  expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  return Array.from({ length: rowCount }, (_, i) => Object.fromEntries(columns.map((c) => [c.name, c.values[i] as Json])));
};
const untilRows = (text: string, n: number): Promise<readonly Readonly<Record<string, Json>>[]> =>
  eventually(`${n} rows of ${text}`, async () => {
    const found = await rows(text);
    return found.length === n && found;
  });

describe('lines of a file', () => {
  const two = (n: number): string => String(n).padStart(2, '0');
  const at = new Date(begun);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const bsd = `${at.toLocaleString('en-US', { month: 'short' })} ${String(at.getDate()).padStart(2)} ${clock}`;
  const forms = [
    {
      form: 'JSON',
      line: `{"time":"${iso}","level":"error","msg":"payment declined at kiwi","path":"/pay","region":"north","order":{"id":7}}`,
      body: 'payment declined at kiwi',
      severity: 'error',
      attribute: ['path', '/pay'],
      beside: '"level error"',
    },
    {
      form: 'logfmt',
      line: `time=${iso} level=warn msg="slow query at kiwi" rows=12 table=orders`,
      body: 'slow query at kiwi',
      severity: 'warn',
      attribute: ['table', 'orders'],
      beside: '"table orders"',
    },
    {
      form: 'logback with a trace',
      line: `${iso} [main] ERROR com.example.Shop - no luck at kiwi\njava.lang.IllegalStateException: bang\n\tat com.example.Shop.main(Shop.java:7)`,
      body: 'no luck at kiwi\njava.lang.IllegalStateException: bang\n\tat com.example.Shop.main(Shop.java:7)',
      severity: 'error',
      attribute: ['thread', 'main'],
      beside: '"main ERROR com.example.Shop no luck"',
    },
    {
      form: 'syslog',
      line: `${bsd} box shopd[412]: session opened at kiwi`,
      body: 'session opened at kiwi',
      severity: undefined,
      attribute: undefined,
      beside: '"box shopd 412"',
    },
  ] as const;

  beforeAll(async () => {
    // An entry may go on until the next one begins.
    appendFileSync(log, `${forms.map(({ line }) => line).join('\n')}\n`);
    await untilRows('from logs last 1h | search kiwi', forms.length);
  });

  test.each(forms)('$form: the message, the whole line, the level', async ({ line, body, severity, beside }) => {
    const [row, ...others] = await rows(`from logs last 1h | search ${beside} | select body, raw, severity, source`);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ body, raw: line, source: log, ...(severity === undefined ? {} : { severity }) });
    // Words of the message, words around it, and a phrase over the border between them.
    expect(await rows(`from logs last 1h | search ${beside} and "at kiwi" | select body`)).toEqual([{ body }]);
    expect(await rows(`from logs last 1h | search ${beside} -kiwi`)).toEqual([]);
  });
  test('contains means the message alone', async () => {
    expect(await rows('from logs last 1h | search kiwi | where body contains "level"')).toEqual([]);
    expect(await rows('from logs last 1h | search kiwi | where raw contains "level" | count')).toEqual([{ count: 2 }]);
  });
  test.each(forms.filter(({ attribute }) => attribute !== undefined))('$form: counted by what was found in it', async ({ attribute }) => {
    const [name, value] = attribute as readonly [string, string];
    expect(await rows(`from logs last 1h | search kiwi | count by ${name} | sort ${name}`)).toEqual([
      { [name]: value, count: 1 },
      { [name]: null, count: forms.length - 1 },
    ]);
  });
  test('an attribute that is named as a column is asked by its map', async () => {
    expect(await rows('from logs last 1h | search kiwi | where attributes["region"] == "north" | count by r = attributes["region"]')).toEqual([
      { r: 'north', count: 1 },
    ]);
  });

  test('ten thousand fields, halves of pairs, a byte order mark and control characters', async () => {
    const crowd = (word: string, n: number): string =>
      JSON.stringify({ time: iso, msg: `${word} papaya`, ...Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, 'v'])) });
    const [many, most] = [crowd('many', 4000), crowd('most', 10_000)];
    const half = `{"time":"${iso}","msg":"half papaya \\ud800 end","f\\udc00":"x","\\ufeffmarked":"\\ufeffvalue","rung":"\\u0007\\u001b[31m"}`;
    const marked = `\ufeff{"time":"${iso}","msg":"marked papaya"}`;
    appendFileSync(log, `${many}\n${most}\n${half}\n${marked}\n${iso} rung papaya \u0007\u001b[31mred\u001b[0m\n`);
    const found = await untilRows('from logs last 1h | search papaya', 5);
    const row = (word: string): Readonly<Record<string, Json>> => found.find((r) => String(r.body).includes(word)) ?? {};
    expect(row('many')).toMatchObject({ body: 'many papaya', raw: many });
    expect(Object.keys(row('many').attributes as object)).toHaveLength(64);
    expect(await rows('from logs last 1h | search papaya | where f7 == "v" | select body')).toEqual([{ body: 'many papaya' }, { body: 'most papaya' }]);
    // Of an object longer than a line may be the fields are read, and of its text is kept what a line may have.
    expect(Object.keys(row('most').attributes as object)).toHaveLength(65);
    const kept = String(row('most').raw).slice(0, 60_000);
    expect(kept.length === 60_000 && most.startsWith(kept)).toBe(true);
    expect(row('half')).toMatchObject({ body: 'half papaya \ufffd end', raw: half, attributes: { '\ufeffmarked': '\ufeffvalue', rung: '\u0007\u001b[31m' } });
    expect(await rows('from logs last 1h | search papaya | where attributes["\\ufeffmarked"] == "\\ufeffvalue" | count')).toEqual([{ count: 1 }]);
    expect(row('marked')).toMatchObject({ body: 'marked papaya', raw: marked });
    expect(String(row('rung').raw)).toContain('\u0007\u001b[31mred\u001b[0m');
  });
});

describe('rows at the door', () => {
  let seq = 1;
  type Row = Readonly<Record<string, Value>>;
  const send = async (given: readonly Row[]): Promise<{ readonly status: number; readonly body: Record<string, Json> }> => {
    const names = ['time', ...new Set(given.flatMap((row) => Object.keys(row)).filter((name) => name !== 'time'))];
    const time = (i: number): bigint => BigInt(begun + i) * 1_000_000n;
    const columns = Object.fromEntries(names.map((name) => [name, given.map((row, i) => row[name] ?? (name === 'time' ? time(i) : null))]));
    const response = await product.frames(frameOf([partOf('logs', columns)], { agent: 'e2e-log-rows', seq }));
    if (response.status === 200) seq++;
    return { status: response.status, body: (await response.json()) as Record<string, Json> };
  };
  const mapped = (entries: Iterable<readonly [string, Value]>): Value => new Map(entries) as Value;
  const many = (n: number): Value => mapped(Array.from({ length: n }, (_, i) => [`k${i}`, `v${i}`] as const));

  test('of the largest size and number rest as they are', async () => {
    const word = `lime ${'é'.repeat(10)} `;
    const body = `${word}${'b'.repeat(MIB - Buffer.byteLength(word))}`;
    const raw = `${'h'.repeat(MIB)}`;
    expect(await send([{ body, raw }, { body: 'lime crowd', attributes: many(128) }, { body: 'lime beside' }])).toMatchObject({
      status: 200,
      body: { rows: 3 },
    });
    const found = await untilRows('from logs last 1h | search lime | sort time', 3);
    expect(found[0]?.body === body && found[0]?.raw === raw).toBe(true);
    expect(found[1]?.attributes).toEqual(Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`k${i}`, `v${i}`])));
    expect(found[2]).toMatchObject({ body: 'lime beside', raw: 'lime beside' });
  });
  test.each<[what: string, row: Row, column: string, reason: string]>([
    ['a body', { body: 'x'.repeat(MIB + 1) }, 'body', `it has ${MIB + 1} bytes, ${MIB} are allowed`],
    ['a line', { body: 'x', raw: 'x'.repeat(MIB + 1) }, 'raw', `it has ${MIB + 1} bytes, ${MIB} are allowed`],
    ['no body', { body: null }, 'body', 'it is missing'],
    ['attributes', { body: 'x', attributes: many(129) }, 'attributes', 'it has 129 entries, 128 are allowed'],
    ['ten thousand attributes', { body: 'x', attributes: many(10_000) }, 'attributes', 'it has 10000 entries, 128 are allowed'],
    ['a key without a name', { body: 'x', attributes: mapped([['', 'v']]) }, 'attributes', 'it is empty'],
    ['a key with a zero byte', { body: 'x', attributes: mapped([['a\0b', 'v']]) }, 'attributes', 'it holds a zero byte'],
    ['a long key', { body: 'x', attributes: mapped([['k'.repeat(513), 'v']]) }, 'attributes', 'it has 513 bytes, 512 are allowed'],
    ['no level', { body: 'x', severity: 'loud' }, 'severity', 'it is none of'],
  ])('that are too much are refused by name and row, their frame whole: %s', async (_, row, column, reason) => {
    const { status, body } = await send([{ body: 'plum before' }, { ...row }, { body: 'plum behind' }]);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'intake.refused' });
    expect(body.message).toContain(column);
    expect(body.message).toContain(reason);
    expect(body.message).toMatch(/row 1\b/);
  });
  test('of a refused frame may be sent again without what was refused', async () => {
    expect((await send([{ body: 'plum before' }, { body: 'plum behind' }])).status).toBe(200);
    await untilRows('from logs last 1h | search plum', 2);
  });
  test('with an attribute named as each column are asked by its map', async () => {
    const names = [...new Set([...TABLE_FIELDS.logs.map((f) => f.name), 'words', 'line', '#row', 'value', 'count'])];
    expect((await send(names.map((name, i) => ({ body: 'fig', attributes: mapped([[name, `v${i}`]]), numbers: mapped([[name, i]]) })))).status).toBe(200);
    await untilRows('from logs last 1h | search fig', names.length);
    for (const [i, name] of names.entries()) {
      const asked = `from logs last 1h | search fig | where attributes["${name}"] == "v${i}" and numbers["${name}"] == ${i} | count`;
      expect(await rows(asked), name).toEqual([{ count: 1 }]);
    }
    const whole = await rows('from logs last 1h | search fig | sort time');
    expect(whole.map((r) => r.attributes)).toEqual(names.map((name, i) => ({ [name]: `v${i}` })));
  });
  test('of any characters rest as they are', async () => {
    const controls = Array.from({ length: 32 }, (_, i) => String.fromCharCode(i)).join('');
    const texts = [
      '\ufeffmelon',
      'melon\ufeff',
      `melon ${controls}\u007f`,
      'melon \u0085\u2028\u2029\u202e',
      'melon \u{10ffff}\ufffe\ue000',
      '  melon\r\n',
      'melon \ufffd',
    ];
    const sent = texts.map((text, i) => ({ body: text, raw: i % 2 === 0 ? `before ${text} behind` : text, attributes: mapped([['kind', text]]) }));
    expect((await send(sent)).status).toBe(200);
    const found = await untilRows('from logs last 1h | search melon | sort time', texts.length);
    expect(found.map(({ body, raw, attributes }) => ({ body, raw, attributes }))).toEqual(
      sent.map(({ body, raw }) => ({ body, raw, attributes: { kind: body } })),
    );
    for (const text of texts) {
      const asked = await product.values('from logs last 1h | where body == $text and kind == $text | summarize n = count()', 'n', { params: { text } });
      expect(asked, JSON.stringify(text)).toEqual([1]);
    }
  });
  test('off by a year are counted with a reason, and those beside them stay', async () => {
    const off = (ms: number): bigint => BigInt(begun + ms) * 1_000_000n;
    const { status, body } = await send([{ body: 'pear old', time: off(-YEAR) }, { body: 'pear now' }, { body: 'pear early', time: off(YEAR) }]);
    expect(status).toBe(200);
    expect(body.rows).toBe(1);
    expect(body.dropped).toEqual([
      expect.objectContaining({ schema: 'logs', reason: 'late', rows: 1, firstRow: 0 }),
      expect.objectContaining({ schema: 'logs', reason: 'future', rows: 1, firstRow: 2 }),
    ]);
    const [row] = await untilRows('from logs last 1h | search pear', 1);
    expect(row?.body).toBe('pear now');
  });
  test('none of them became a letter', async () => {
    const metrics = await (await product.get('/metrics')).text();
    expect(metrics.match(/^inframirror_dead_rows_total\{.*$/gm) ?? []).toEqual([]);
    expect((await product.parts()).filter((p) => p.state !== 'ok')).toEqual([]);
  });
});

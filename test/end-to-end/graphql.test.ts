// POST /graphql as other programs depend on it: every field of an answer, wrong texts as results, limits, times, parameters, cancelling.
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProductStatus, StreamSpace } from '../../graphql/service.ts';
import { type Definition, frameOf, samplesPart, seriesPart, zstd } from '../../ingest/testing/frames.ts';
import { eventually, type GraphqlAnswer, type Json, type Product, type Result, startProduct } from './support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ args: ['--no-agent'] });
});
afterAll(() => product?.stop());

const AT = '2026-11-20T10:00:00Z';
const column = (result: Result, name: string): readonly Json[] => result.columns.find((c) => c.name === name)?.values ?? [];
const codes = (result: Result): readonly string[] => result.diagnostics.map((d) => d.code);

test('an answer has each column with name, type, unit and values', async () => {
  const text = `data [{time: @2026-11-20T09:59:00Z, host: "a", n: 1, x: 1.5, ok: true, d: 90s, share: 50%, size: 2KiB},
    {time: @2026-11-20T09:59:30Z, host: "b", n: 2, ok: false}]`;
  const result = await product.ask(text, { at: AT });
  expect(result.diagnostics).toEqual([]);
  expect(Object.fromEntries(result.columns.map(({ name, type, unit, values }) => [name, { type, unit, values }]))).toMatchObject({
    time: { type: 'time', unit: null, values: ['2026-11-20T09:59:00.000Z', '2026-11-20T09:59:30.000Z'] },
    host: { type: 'string', unit: null, values: ['a', 'b'] },
    n: { type: 'int', values: [1, 2] },
    x: { type: 'float', values: [1.5, null] },
    ok: { type: 'bool', unit: null, values: [true, false] },
    d: { type: 'duration', unit: 's', values: [90, null] },
    share: { type: 'float', unit: '1', values: [0.5, null] },
    size: { unit: 'By', values: [2048, null] },
  });
  expect(result.rowCount).toBe(2);
  expect(result.truncated).toBeNull();
  expect(result.stats.elapsedMs).toBeGreaterThan(0);
  expect(result.stats.rowsRead).toBe(0);
});

test('times have three digits of a second, up to nine where present', async () => {
  const times = ['10:00:00', '10:00:00.5', '10:00:00.123', '10:00:00.123456', '10:00:00.123456789', '10:00:00.000000001'];
  const rows = times.map((time) => `{t: @2026-11-20T${time}Z}`).join(', ');
  expect(await product.values(`data [${rows}]`, 't')).toEqual([
    '2026-11-20T10:00:00.000Z',
    '2026-11-20T10:00:00.500Z',
    '2026-11-20T10:00:00.123Z',
    '2026-11-20T10:00:00.123456Z',
    '2026-11-20T10:00:00.123456789Z',
    '2026-11-20T10:00:00.000000001Z',
  ]);
});

test('integers beyond 2^53 are text, the others numbers', async () => {
  const values = ['9007199254740991', '9007199254740992', '-9007199254740991', '-9007199254740992', '9223372036854775807', '0'];
  expect(await product.values(`data [${values.map((v) => `{v: ${v}}`).join(', ')}]`, 'v')).toEqual([
    9007199254740991,
    '9007199254740992',
    -9007199254740991,
    '-9007199254740992',
    '9223372036854775807',
    0,
  ]);
});

test('what cannot be represented is missing and counted', async () => {
  const result = await product.ask('data [{a: 1, b: 0}, {a: 1, b: 2}] | set c = a / b | select c');
  expect(column(result, 'c')).toEqual([null, 0.5]);
  expect(result.diagnostics).toMatchObject([{ severity: 'warning', code: 'iql.not-representable' }]);
});

test('a wrong text is a result with diagnostics and no columns, its places in lines and UTF-16 columns', async () => {
  const result = await product.ask('data [{s: "😀", n: 1}]\n| where  m == 1 and\n n > "x"');
  expect(result.columns).toEqual([]);
  expect(result.rowCount).toBe(0);
  expect(codes(result)).toEqual(['iql.unknown-field', 'iql.type-mismatch']);
  expect(result.diagnostics[0]).toMatchObject({ severity: 'error', span: { start: { line: 2, column: 10 }, end: { line: 2, column: 11 } } });
  expect(result.diagnostics[1]?.span).toEqual({ start: { line: 3, column: 2 }, end: { line: 3, column: 9 } });
  const beside = await product.ask('data [{s: "😀"}] | where s == "😀" and m');
  expect(beside.diagnostics[0]?.span).toEqual({ start: { line: 1, column: 40 }, end: { line: 1, column: 41 } });
});

test('a fix is edits that make the text right', async () => {
  const text = 'data [{host: "a"}] | where hots == "a"';
  const { diagnostics } = await product.ask(text);
  const fix = diagnostics[0]?.fix;
  expect(fix?.label).toContain('host');
  expect(fix?.edits).toHaveLength(1);
  let mended = text;
  for (const { span, text: written } of fix?.edits ?? []) {
    expect([span.start.line, span.end.line]).toEqual([1, 1]);
    mended = text.slice(0, span.start.column - 1) + written + text.slice(span.end.column - 1);
  }
  expect(await product.values(mended, 'host')).toEqual(['a']);
});

describe('limits', () => {
  const rows = (n: number): string => `data [${Array.from({ length: n }, (_, i) => `{i: ${i}}`).join(',')}]`;
  test('a result is cut only visibly', async () => {
    const cut = await product.ask(rows(5), { limit: 3 });
    expect({ rowCount: cut.rowCount, truncated: cut.truncated, values: column(cut, 'i') }).toEqual({
      rowCount: 3,
      truncated: { limit: 3, by: 'rows' },
      values: [0, 1, 2],
    });
    const exact = await product.ask(rows(5), { limit: 5 });
    expect({ rowCount: exact.rowCount, truncated: exact.truncated }).toEqual({ rowCount: 5, truncated: null });
    expect(await product.ask(rows(2), { limit: 0 })).toMatchObject({ rowCount: 0, truncated: { limit: 0, by: 'rows' } });
  });
  test('a limit that is none is refused', async () => {
    for (const limit of [-1, 1.5, 'x', 2 ** 31]) {
      const { data, errors } = await product.graphql('query ($l: Int) { query(text: "from hosts", limit: $l) { rowCount } }', { l: limit });
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.message).toMatch(/limit|Int/);
    }
  });
});

describe('at, from and to', () => {
  const data =
    'data [{time: @2026-11-20T08:30:00Z, v: 1}, {time: @2026-11-20T09:30:00Z, v: 2}, {time: @2026-11-20T09:59:59.999999999Z, v: 3}, {time: @2026-11-20T10:00:00Z, v: 4}]';
  const ask = (text: string, variables: Record<string, unknown>): Promise<readonly Json[]> => product.values(`${text} | select v`, 'v', variables);
  test('the range is closed-open, an hour before `to` unless told', async () => {
    expect(await ask(data, { at: AT })).toEqual([2, 3]);
    expect(await ask(data, { from: '2026-11-20T08:30:00Z', to: '2026-11-20T10:00:00.000000001Z' })).toEqual([1, 2, 3, 4]);
    expect(await ask(data, { from: '2026-11-20T08:30:00.000000001Z', to: '2026-11-20T09:59:59.999999999Z' })).toEqual([2]);
    expect(await ask(data, { from: '2026-11-20T10:30:00+02:00', to: AT })).toEqual([1, 2, 3]);
  });
  test('the text’s own range wins, and `now` is `at`', async () => {
    expect(await ask(`${data} last 2h`, { at: AT, from: '2026-11-20T09:00:00Z', to: AT })).toEqual([1, 2, 3]);
    expect(await product.values('data [{a: 1}] | set t = now | select t', 't', { at: '2200-01-01T00:00:00.000000001Z' })).toEqual([
      '2200-01-01T00:00:00.000000001Z',
    ]);
  });
  test('a range that ends before it begins, and times that are none', async () => {
    expect(codes(await product.ask(data, { from: AT, to: '2026-11-20T09:00:00Z' }))).toEqual(['iql.bad-range']);
    for (const at of ['yesterday', '2026-11-20', '2026-13-01T00:00:00Z', 5, '', '2026-11-20T10:00:00']) {
      const { errors } = await product.graphql('query ($at: Time) { query(text: "from hosts", at: $at) { rowCount } }', { at });
      expect(errors?.[0]?.message).toContain('is not a time; write 2026-11-20T10:00:00Z');
    }
  });
  test('a zone that does not exist is told', async () => {
    expect(codes(await product.ask('from hosts', { zone: 'Europe/Nowhere' }))).toEqual(['iql.unknown-zone']);
  });
});

describe('parameters', () => {
  const rows = 'data [{s: "a", n: 1, f: 1.5}, {s: "b", n: 9007199254740993, f: 2.5}, {n: 3}]';
  test('are typed by use', async () => {
    expect(await product.values(`${rows} | where s == $s | select n`, 'n', { params: { s: 'a' } })).toEqual([1]);
    expect(await product.values(`${rows} | where s in $s | select n`, 'n', { params: { s: ['a', 'b'] } })).toEqual([1, '9007199254740993']);
    expect(await product.values(`${rows} | where n == $n | select s`, 's', { params: { n: '9007199254740993' } })).toEqual(['b']);
    expect(await product.values(`${rows} | limit $n | select s`, 's', { params: { n: 2 } })).toEqual(['a', 'b']);
    expect(await product.values(`${rows} | where time > $t`, 'time', { params: { t: AT } }).catch(String)).toContain('iql.unknown-field');
  });
  test('never become part of the text', async () => {
    for (const s of ['" or true or "', "'; DROP TABLE logs; --", 'a" | limit 0 //', '$1', '{x:String}', '\\', '\u0000', '__proto__'])
      expect(await product.values(`${rows} | where s == $s`, 's', { params: { s } })).toEqual([]);
  });
  test('of a wrong type, or not given, are told', async () => {
    for (const [params, code] of [
      [{ n: 'x' }, 'iql.parameter-value'],
      [{ n: 1.5 }, 'iql.argument-type'],
      [{ n: {} }, 'iql.parameter-value'],
      [{}, 'iql.parameter-unset'],
      [undefined, 'iql.parameter-unset'],
      ['n', 'iql.parameter-unset'],
      [[1], 'iql.parameter-unset'],
    ] as const)
      expect(codes(await product.ask(`${rows} | limit $n`, { params }))).toEqual([code]);
  });
  test('named __proto__ are parameters like any other', async () => {
    const text = `${rows} | where s == $__proto__ | select n`;
    const body = `{"query":"query ($t: String!, $p: JSON) { query(text: $t, params: $p) { columns { values } diagnostics { code } } }","variables":{"t":${JSON.stringify(text)},"p":{"__proto__":"a"}}}`;
    const answer = (await (await product.post('/graphql', { headers: { 'content-type': 'application/json' }, body })).json()) as GraphqlAnswer<unknown>;
    expect(answer).toEqual({ data: { query: { columns: [{ values: [1] }], diagnostics: [] } } });
    expect(codes(await product.ask(text, { params: {} }))).toEqual(['iql.parameter-unset']);
  });
});

describe('beside `query`', () => {
  test('values of a field are completed from the data, closed quotes included', async () => {
    const text = 'data [{s: "a"}, {s: "b"}] | where s == ""';
    const offset = text.length - 1;
    const { data } = await product.graphql('query ($text: String!, $offset: Int!) { complete(text: $text, offset: $offset) { label kind insert from to } }', {
      text,
      offset,
    });
    const found = (data?.complete ?? []) as unknown as readonly { readonly label: string; readonly insert: string }[];
    expect(found.length).toBeGreaterThan(0);
    for (const item of found) expect(item).toMatchObject({ kind: 'value', insert: JSON.stringify(item.label), from: offset - 1, to: offset + 1 });
  });

  test('check, format and complete', async () => {
    const { data } = await product.graphql(
      `{ right: check(text: "from hosts") { code } wrong: check(text: "from hots") { severity code message fix { label } }
         printed: format(text: "from   hosts|where a=1") none: format(text: "from |")
         complete(text: "from ho", offset: 7) { label kind detail type unit insert from to } }`,
    );
    expect(data).toMatchObject({ right: [], wrong: [{ severity: 'error', code: 'iql.unknown-source' }], printed: 'from hosts | where a == 1', none: null });
    expect(data?.complete).toContainEqual(expect.objectContaining({ label: 'hosts', from: 5, to: 7 }));
    for (const offset of [-5, 0, 3, 99_999]) {
      const { errors } = await product.graphql('query ($o: Int!) { complete(text: "from 😀 |", offset: $o) { label } }', { o: offset });
      expect(errors).toBeUndefined();
    }
  });
  test('catalogue, hosts and status', async () => {
    const { data } = await product.graphql<Record<string, never>>(
      '{ catalogue { datasets { name description columns { name type unit description } attributes { name type share lastSeen } } metrics { name } } hosts { host } status { version instance startedAt parts { name state detail } stores { name bytes diskFree diskSize } stream { bytes maxBytes share groups { group topic waiting oldestWaiting } } drops { stage reason unit count missing counter labels } problems { part message mend } } }',
    );
    const { catalogue, status } = data as unknown as {
      readonly catalogue: { readonly datasets: readonly { readonly name: string; readonly columns: readonly unknown[] }[] };
      readonly status: ProductStatus & { readonly stream: StreamSpace & { readonly share: number } };
    };
    expect(catalogue.datasets.map((d) => d.name)).toEqual(expect.arrayContaining(['metrics', 'logs', 'processes', 'hosts', 'events']));
    for (const { columns } of catalogue.datasets) expect(columns.length).toBeGreaterThan(0);
    expect(status.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(Date.parse(status.startedAt)).toBeLessThanOrEqual(Date.now());
    expect(status.parts.every((part) => part.state === 'ok')).toBe(true);
    expect(status.stores.map((store) => store.name)).toEqual(['columns', 'records', 'stream']);
    for (const { bytes, diskFree, diskSize } of status.stores)
      expect([(bytes ?? 0) > 10_000, (diskFree ?? 0) > 0, (diskSize ?? 0) > 0]).toEqual([true, true, true]);
    expect(status.stream.share >= 0 && status.stream.share < 0.1).toBe(true);
    expect(status.stream.groups.map(({ topic }) => topic).sort()).toEqual(['im.events', 'im.jvm', 'im.logs', 'im.metrics', 'im.processes']);
    expect(status.drops.filter(({ missing }) => missing)).toEqual([]);
    expect(status.problems).toEqual([]);
  });
});

test('what is no GraphQL is told as such', async () => {
  const post = async (body: string | Uint8Array<ArrayBuffer>): Promise<{ status: number; errors: readonly { message: string }[] }> => {
    const response = await product.post('/graphql', { headers: { 'content-type': 'application/json' }, body });
    return { status: response.status, errors: ((await response.json()) as { errors: readonly { message: string }[] }).errors };
  };
  for (const body of [
    '',
    '{',
    '[]',
    '"x"',
    '{"query": 5}',
    '{"query": "{"}',
    '{"query": "{ nothing }"}',
    `{"query": ${JSON.stringify('{'.repeat(10_000))}}`,
    '['.repeat(1_000_000),
  ]) {
    const { status, errors } = await post(body);
    expect(status).toBeLessThan(500);
    expect(errors[0]?.message).toBeTruthy();
    expect(errors[0]?.message).not.toMatch(/unexpected error/i);
  }
  expect(await post(Uint8Array.of(...new TextEncoder().encode('{"query":"'), 0xff, 0x22, 0x7d))).toMatchObject({
    status: 400,
    errors: [{ message: 'the question is not UTF-8' }],
  });
  expect((await post('x'.repeat(9 << 20))).status).toBe(413);
});

test('a question may come in pieces, without its length', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const outgoing = request(
      `${product.origin}/graphql`,
      { method: 'POST', headers: { authorization: `Bearer ${product.token}`, 'content-type': 'application/json' } },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        incoming.on('end', () => resolve(text)).on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.write('{"query":"{ __type');
    setTimeout(() => outgoing.end('name }"}'), 50);
  });
  expect(JSON.parse(answer)).toEqual({ data: { __typename: 'Query' } });
});

/** Statements that run in the column store, asked over its own socket. */
const running = (): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const sql = 'SELECT query FROM system.processes WHERE query LIKE {like:String} FORMAT TSV';
    const outgoing = request(
      { socketPath: join(product.folder, 'columns/columns.sock'), method: 'POST', path: `/?param_like=${encodeURIComponent('%samples%')}` },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        incoming.on('end', () =>
          incoming.statusCode === 200 ? resolve(text.split('\n').filter((line) => line !== '' && !line.includes('system.processes'))) : reject(new Error(text)),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(sql);
  });

test('when the caller goes away its query ends in the store', async () => {
  const heavy: Definition = ['e2e.heavy', []];
  const now = Date.now() - 1_000_000;
  const samples = Array.from({ length: 400_000 }, (_, i) => [now + i, i] as const);
  expect((await product.frames(zstd(frameOf([seriesPart([heavy]), samplesPart(heavy, samples)])), { 'content-encoding': 'zstd' })).status).toBe(200);
  await eventually('the samples', async () => (await product.values('from metrics.e2e.heavy | summarize n = count()'))[0] === 400_000);
  // Chains of hashes cost the store many seconds.
  const chain = (i: number): string => `${'hash(text('.repeat(20)}value / ${i + 2}${'))'.repeat(20)}`;
  const text = `from metrics.e2e.heavy | where ${Array.from({ length: 20 }, (_, i) => `${chain(i)} == 1`).join(' or ')} | summarize n = count()`;
  const left = new AbortController();
  const asked = product.ask(text, {}, left.signal).catch((error: Error) => error.name);
  await eventually('the query in the store', async () => (await running()).length > 0, 10_000);
  left.abort();
  expect(await asked).toBe('AbortError');
  await eventually('its end', async () => (await running()).length === 0, 2000);
  expect(await product.values('data [{a: 1}]')).toEqual([1]);
});

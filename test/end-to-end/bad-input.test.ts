// Bad input through every door of the running product: it answers with a clear error, goes on, and loses nothing it had accepted before.
// Every test is followed by a question that must still be answered; at the end every accepted row is counted.
import { appendFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Definition, frameOf, logsPart, partOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import type { OwnFramePart } from '../../schemas/frame.ts';
import { command, eventually, type Json, newFolder, type Product, startProduct } from './support/product.ts';

const SENDER = 'e2e-bad-input';
const KEPT: Definition = ['e2e.kept', [['host', 'a']]];
const NOW = Date.now() - 120_000;
const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;

let product: Product;
let logs: string;
let seq = 1;
let kept = 0;

/** A frame of ours, and what the door says to it. */
const send = async (
  parts: readonly OwnFramePart[],
  change: (frame: Uint8Array) => Uint8Array = (frame) => frame,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: Record<string, Json> }> => {
  const response = await product.frames(change(frameOf(parts, { agent: SENDER, seq })), headers);
  if (response.status === 200) seq += parts.length;
  return { status: response.status, body: (await response.json()) as Record<string, Json> };
};
/** Ten samples and ten lines that must still be there at the end. */
const keep = async (): Promise<void> => {
  const samples = Array.from({ length: 10 }, (_, i) => [NOW + kept * 10 + i, i] as const);
  const lines = samples.map((_, i) => `kept ${kept}-${i}`);
  const { status } = await send([
    seriesPart([KEPT]),
    samplesPart(KEPT, samples),
    logsPart(
      lines,
      lines.map((_, i) => ns(NOW + i)),
    ),
  ]);
  expect(status).toBe(200);
  kept++;
};
const count = async (text: string): Promise<Json> => (await product.values(`${text} | summarize n = count()`))[0] as Json;
const arrived = (text: string, n: number): Promise<unknown> => eventually(`${n} of ${text}`, async () => (await count(text)) === n);
const codes = async (text: string, variables: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> =>
  (await product.ask(text, variables)).diagnostics.map((d) => d.code);

beforeAll(async () => {
  logs = await newFolder();
  writeFileSync(join(logs, 'app.log'), '');
  product = await startProduct({ logs: [join(logs, '*.log')] });
  await keep();
  await arrived('from logs last 1h | search kept', 10);
});
afterEach(async () => {
  await keep();
  expect(product.child.exitCode).toBeNull();
  expect(await product.values('data [{a: 1}] | select a')).toEqual([1]);
});
afterAll(async () => {
  await product?.stop();
  await rm(logs, { recursive: true, force: true });
});

describe('texts of IQL', () => {
  test('of a mebibyte', async () => {
    for (const text of [
      'a'.repeat(1 << 20),
      `from logs // ${'x'.repeat(1 << 20)}`,
      `from logs | where body == "${'x'.repeat(1 << 20)}"`,
      '\u0000'.repeat(1 << 20),
      '😀'.repeat(1 << 19),
    ]) {
      const { columns, diagnostics } = await product.ask(text);
      expect(columns).toEqual([]);
      expect(diagnostics[0]?.code).toBe('iql.too-long');
      expect(diagnostics[0]?.message.length).toBeLessThan(500);
    }
    const { data } = await product.graphql('query ($t: String!) { check(text: $t) { code } format(text: $t) complete(text: $t, offset: 5) { label } }', {
      t: 'a'.repeat(1 << 20),
    });
    expect(data?.check).toEqual([{ code: 'iql.too-long' }]);
  });
  test('of ten thousand nested parentheses', async () => {
    for (const [open, close] of [
      ['(', ')'],
      ['[', ']'],
      ['if(', ', 1, 2)'],
      ['-', ''],
      ['not ', ''],
    ] as const) {
      const n = open === 'if(' ? 3000 : 10_000;
      for (const text of [`from logs | where ${open.repeat(n)}1${close.repeat(n)} == 1`, `from logs | where ${open.repeat(n)}`, `data ${open.repeat(n)}`]) {
        const told = await codes(text);
        expect(told.length).toBeGreaterThan(0);
        expect(told.length).toBeLessThanOrEqual(50);
      }
    }
    const nested = `${'(from '.repeat(5000)}logs${')'.repeat(5000)}`;
    expect((await codes(`from logs | where host in ${nested}`)).length).toBeGreaterThan(0);
    expect(
      (
        await codes(
          Array.from({ length: 5000 }, () => 'where 1 == 1')
            .join(' | ')
            .replace(/^/, 'data [{a: 1}] | '),
        )
      ).length,
    ).toBeGreaterThanOrEqual(0);
  });
  test('with unknown fields, sources, functions, pipes and wrong units', async () => {
    for (const [text, code] of [
      ['from nowhere', 'iql.unknown-source'],
      ['from metrics.no.such.metric | every 1m avg', 'iql.unknown-source'],
      ['from hosts | where hots == "a"', 'iql.unknown-field'],
      ['data [{a: 1}] | where __proto__ == 1', 'iql.unknown-field'],
      ['data [{a: 1}] | where constructor == 1', 'iql.unknown-field'],
      ['data [{a: 1}] | set b = toString(a)', 'iql.unknown-function'],
      ['data [{a: 1}] | set b = __proto__(a)', 'iql.unknown-function'],
      ['data [{a: 1}] | hasOwnProperty a', 'iql.unknown-pipe'],
      ['from metrics.__proto__', 'iql.unknown-source'],
      ['from __proto__', 'iql.unknown-source'],
      ['from metrics.system.memory.usage | where value < 5m', 'iql.unit-mismatch'],
      ['from metrics.system.memory.usage | where value < 90%', 'iql.unit-mismatch'],
      ['from metrics.system.memory.usage | where value < 100', 'iql.bare-number'],
      ['from metrics.system.memory.utilization | where value > 90', 'iql.bare-ratio'],
      ['from metrics.system.memory.usage | every 1m rate', 'iql.gauge-rate'],
      ['from metrics.system.network.io | every 1m avg', 'iql.counter-aggregate'],
    ] as const) {
      const { diagnostics } = await product.ask(text);
      expect({ text, codes: diagnostics.map((d) => d.code) }).toEqual({ text, codes: expect.arrayContaining([code]) });
      expect(diagnostics[0]?.message).not.toContain('undefined');
    }
  });
  test('with zero bytes, halves of surrogate pairs, and characters that look like nothing', async () => {
    expect(await codes('from logs\u0000')).toContain('iql.zero-byte');
    expect(await codes('from logs | search "a\u0000b"')).toContain('iql.zero-byte');
    expect((await codes('from logs | where body == "\ud800"')).length).toBeGreaterThan(0);
    for (const text of ['\ufeff', '\u200b', '\u202e', '\u0085', '\r', '\u2028']) expect((await codes(`${text}from${text}`)).length).toBeGreaterThan(0);
  });
  test('with ranges that no store knows', async () => {
    for (const source of ['events', 'logs', 'metrics.system.uptime', 'processes'])
      for (const range of ['between @0001-01-01T00:00:00Z and @9999-12-31T00:00:00Z', 'last 999999w', 'last 99999999999999999999w'])
        expect({ source, range, found: Number(await count(`from ${source} ${range}`)) > 0 }).toEqual({ source, range, found: true });
    for (const text of ['from events offset 999999w', 'from events last 0s', 'from logs | where time > @9999-12-31', 'from events | where time > @9999-12-31'])
      expect((await product.ask(text)).rowCount).toBe(0);
    expect(await codes('from metrics.system.uptime last 50w | every 1ms avg')).toEqual(['iql.too-many-buckets']);
    expect(await codes('from hosts | set b = last_seen + 99999w | select b')).toEqual(['iql.too-far']);
  });
  test('that try to leave their place in the store', async () => {
    for (const bad of ["'; DROP TABLE logs; --", '`', '\\', '{x:UInt8}', "\\'", '$1', '/*', ')) OR 1=1 --', '%', '?'])
      for (const text of [
        `from logs last 1h | where body == ${JSON.stringify(bad)} | limit 1`,
        `from logs last 1h | where body contains ${JSON.stringify(bad)} | limit 1`,
        `from logs last 1h | search ${JSON.stringify(bad)} | limit 1`,
        `from hosts | where host == ${JSON.stringify(bad)}`,
        `from events last 1h | where title like ${JSON.stringify(bad)}`,
        `from metrics.system.uptime last 1h | where host == ${JSON.stringify(bad)} | latest`,
      ]) {
        const { diagnostics, rowCount } = await product.ask(text);
        expect(rowCount).toBeLessThanOrEqual(1);
        for (const { code } of diagnostics) expect(code).toMatch(/^iql\./);
      }
  });
  test('that are random bytes', async () => {
    const words = [
      'from',
      'logs',
      '|',
      'where',
      '(',
      ')',
      '"',
      "'",
      '`',
      '[',
      '{',
      '}',
      'data',
      '1',
      '90%',
      '@',
      '$x',
      'every',
      '5m',
      'by',
      '\\',
      '\n',
      ',',
      '==',
      '😀',
      '-',
      'lookup',
      'let',
      '=',
      'search',
      '//',
    ];
    let state = 12_345;
    const next = (n: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state % n;
    };
    for (let i = 0; i < 100; i++) {
      const text = Array.from({ length: 1 + next(30) }, () => words[next(words.length)]).join(next(2) === 0 ? ' ' : '');
      const { errors } = await product.graphql(
        'query ($t: String!) { query(text: $t) { rowCount diagnostics { code } } check(text: $t) { code } format(text: $t) complete(text: $t, offset: 3) { label } }',
        { t: text },
      );
      expect({ text, errors }).toEqual({ text, errors: undefined });
    }
  });
});

test('a GraphQL body that is not UTF-8, in a text and in a name', async () => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    const body = Buffer.concat([Buffer.from('{"query":"{ check(text: \\"from logs '), Buffer.from(bytes), Buffer.from('\\") { code } }"}')]);
    const response = await product.post('/graphql', { headers: { 'content-type': 'application/json' }, body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('not UTF-8');
  }
});

describe('frames', () => {
  const line = 'a line of bad input';
  const parts = (): readonly OwnFramePart[] => [logsPart([line], [ns(NOW)])];

  test('cut at every byte', async () => {
    const frame = frameOf(parts(), { agent: SENDER, seq });
    for (let size = 0; size < frame.length; size += 1) {
      const response = await product.frames(frame.slice(0, size));
      expect({ size, status: response.status }).toEqual({ size, status: 400 });
      const { code, message } = (await response.json()) as { code: string; message: string };
      expect(code).toMatch(/^(frame\.malformed|intake\.refused)$/);
      expect(message).not.toMatch(/undefined|RangeError|offset of/);
    }
    expect(await count(`from logs last 1h | search "${line}"`)).toBe(0);
  });
  test('with any byte changed', async () => {
    const frame = frameOf([logsPart(['another one'], [ns(NOW)])], { agent: 'e2e-changed', seq: 1 });
    for (let at = 0; at < frame.length; at += 3) {
      const changed = frame.slice();
      changed[at] = (changed[at] as number) ^ 0xff;
      const { status } = await product.frames(changed);
      // 409: other rows under a run and seq that were taken before.
      expect({ at, status: [200, 400, 409].includes(status) }).toEqual({ at, status: true });
    }
  });
  test('compressed and cut, compressed wrongly, or in another way', async () => {
    const packed = zstdCompressSync(frameOf(parts(), { agent: SENDER, seq }));
    for (let size = 0; size < packed.length; size += 7)
      expect((await product.frames(packed.subarray(0, size), { 'content-encoding': 'zstd' })).status).toBe(400);
    expect((await product.frames(packed, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await product.frames(packed, { 'content-encoding': 'br' })).status).toBe(415);
    expect((await product.frames(packed, { 'content-encoding': 'zstd, zstd' })).status).toBe(415);
    expect((await product.frames(packed)).status).toBe(400);
  });
  test('that unpack to more than is allowed', async () => {
    const zeros = new Uint8Array(512 << 20);
    for (const [encoding, bomb] of [
      ['zstd', zstdCompressSync(zeros, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })],
      ['gzip', gzipSync(zeros.subarray(0, 256 << 20), { level: 1 })],
    ] as const) {
      expect(bomb.length).toBeLessThan(16 << 20);
      const response = await product.frames(bomb, { 'content-encoding': encoding });
      expect(response.status).toBe(413);
      expect(((await response.json()) as { code: string }).code).toBe('intake.too-large');
    }
    expect((await product.frames(zeros.subarray(0, 17 << 20)).catch(() => ({ status: 413 }))).status).toBe(413);
  });
  test('with a wrong token, and from a page', async () => {
    const body = frameOf(parts(), { agent: SENDER, seq });
    expect((await product.frames(body, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect(
      (await product.post('/ingest/frames', { body: body as Uint8Array<ArrayBuffer>, headers: { authorization: '', origin: 'http://evil.example' } })).status,
    ).toBe(401);
    expect(await count(`from logs last 1h | search "${line}"`)).toBe(0);
  });
  test('with text that is not UTF-8, and with zero bytes', async () => {
    const marker = 'XXXXXXXX';
    const at = (frame: Uint8Array): number => Buffer.from(frame.buffer, frame.byteOffset, frame.length).indexOf(marker);
    const { status, body } = await send([logsPart([`broken ${marker} line`], [ns(NOW)])], (frame) => {
      frame[at(frame)] = 0xff;
      return frame;
    });
    // Refused by name, or shown as a replacement: never an error later on.
    if (status === 200) await arrived('from logs last 1h | search broken', 1);
    else expect({ status, code: body.code }).toEqual({ status: 400, code: 'intake.refused' });
    expect((await send([logsPart(['zero \u0000 byte'], [ns(NOW)])])).status).toBe(200);
    await arrived('from logs last 1h | search zero', 1);
    const [found] = await product.values('from logs last 1h | search zero | select body');
    expect(found).toBe('zero \u0000 byte');
  });
  test('with labels and attributes named __proto__', async () => {
    const metric: Definition = [
      'e2e.proto',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
        ['host', 'a'],
      ],
    ];
    const proto: Definition = ['__proto__', [['toString', 'z']]];
    expect((await send([seriesPart([metric, proto]), samplesPart(metric, [[NOW, 1]]), samplesPart(proto, [[NOW, 2]])])).status).toBe(200);
    await arrived('from metrics.e2e.proto last 1h', 1);
    expect(await product.values('from metrics.e2e.proto last 1h | where __proto__ == "x" and constructor == "y" | latest', '__proto__')).toEqual(['x']);
    expect(await product.values('from metrics.e2e.proto last 1h | every 1h avg | sum by __proto__', '__proto__')).toEqual(['x']);
    expect(await product.values('from metrics.__proto__ last 1h | latest', 'toString')).toEqual(['z']);
    const part = partOf('logs', {
      time: [ns(NOW)],
      body: ['protoline'],
      attributes: [
        new Map([
          ['__proto__', 'text'],
          ['hasOwnProperty', 'own'],
        ]),
      ],
      numbers: [new Map([['constructor', 5]])],
    });
    expect((await send([part])).status).toBe(200);
    await arrived('from logs last 1h | search protoline', 1);
    const found = 'from logs last 1h | search protoline | where __proto__ == "text" and constructor > 4';
    await eventually('the attributes', async () => (await product.values(`${found} | select body`))[0] === 'protoline');
    const [attributes] = await product.values('from logs last 1h | search protoline', 'attributes');
    expect(Object.entries(attributes as object)).toEqual(
      expect.arrayContaining([
        ['__proto__', 'text'],
        ['hasOwnProperty', 'own'],
      ]),
    );
  });
  test('inline data whose keys are named __proto__', async () => {
    expect(await product.values('data [{__proto__: 1, constructor: "a"}] | set toString = __proto__ + 1 | select toString')).toEqual([2]);
    expect(await product.values('data [{m: {__proto__: 1}}]', 'm')).toEqual([JSON.parse('{"__proto__": 1}')]);
  });
  test('with times in 1970 and 2200', async () => {
    const metric: Definition = ['e2e.times', []];
    const moments = [0, 1, Date.UTC(1999, 11, 31), NOW, NOW + 1, Date.UTC(2199, 11, 31), Date.UTC(2200, 0, 1)];
    const { status, body } = await send([
      seriesPart([metric]),
      samplesPart(
        metric,
        moments.map((ms) => [ms, 1] as const),
      ),
      logsPart(
        moments.map(() => 'timesline'),
        moments.map(ns),
      ),
    ]);
    expect(status).toBe(200);
    expect(body.rows).toBe(1 + 2 + 2);
    expect(body.dropped).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ schema: 'metrics', reason: 'late', rows: 3 }),
        expect.objectContaining({ schema: 'metrics', reason: 'future', rows: 1 }),
        expect.objectContaining({ schema: 'metrics', reason: 'out-of-range', rows: 1 }),
        expect.objectContaining({ schema: 'logs', reason: 'late', rows: 3 }),
      ]),
    );
    const { stdout } = await command(['doctor', '--data', product.folder]);
    expect(stdout).toMatch(/^warn dropped +since its start did not reach a store: .*\d+ rows at ingest \(late\)/m);
    await arrived('from metrics.e2e.times last 1h', 2);
    await arrived('from logs last 1h | search timesline', 2);
    const whole = { from: '1970-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' };
    for (const text of ['from metrics.e2e.times', 'from logs | search timesline'])
      expect(await product.values(`${text} | summarize n = count()`, 'n', whole)).toEqual([2]);
    for (const variables of [
      { at: '1970-01-01T00:00:00Z' },
      { at: '2200-01-01T00:00:00Z' },
      { at: '9999-12-31T23:59:59.999999999Z' },
      { at: '0100-01-01T00:00:00Z' },
    ])
      for (const text of [
        'from metrics.e2e.times | every 1m count',
        'from logs | every 1m count',
        'from events',
        'from processes | latest',
        'data [{a: 1}] | set t = now - 1w | select t',
      ]) {
        const { data, errors } = await product.graphql('query ($t: String!, $at: Time) { query(text: $t, at: $at) { rowCount diagnostics { code } } }', {
          t: text,
          ...variables,
        });
        expect({ text, variables, errors, answered: data != null }).toEqual({ text, variables, errors: undefined, answered: true });
      }
  });
  test('with NaN and infinities: stored, and missing when read', async () => {
    const metric: Definition = ['e2e.strange', []];
    const values = [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e308, 5e-324, Number.MAX_SAFE_INTEGER];
    expect(
      (
        await send([
          seriesPart([metric]),
          samplesPart(
            metric,
            values.map((v, i) => [NOW + i, v] as const),
          ),
        ])
      ).status,
    ).toBe(200);
    await arrived('from metrics.e2e.strange last 1h', values.length);
    const read = await product.values('from metrics.e2e.strange last 1h | sort time', 'value');
    expect(read).toEqual([1, null, null, null, 0, 1e308, 5e-324, Number.MAX_SAFE_INTEGER]);
    const [n] = await product.values('from metrics.e2e.strange last 1h | summarize n = count(value)', 'n');
    expect(n).toBe(5);
    expect(await product.values('from metrics.e2e.strange last 1h | every all max', 'value')).toEqual([1e308]);
  });
  test('in which the series of a sample was never defined: it is dropped and asked for', async () => {
    const ghost: Definition = ['e2e.ghost', [['host', 'g']]];
    const undefinedYet = await send([samplesPart(ghost, [[NOW, 1]])]);
    expect(undefinedYet).toMatchObject({ status: 200, body: { rows: 0, define: true } });
    expect((await send([seriesPart([ghost]), samplesPart(ghost, [[NOW + 1, 2]])])).status).toBe(200);
    await arrived('from metrics.e2e.ghost last 1h', 1);
  });
});

describe('a log file that the agent follows', () => {
  const iso = (): string => new Date().toISOString();
  test('with lines of a mebibyte, zero bytes, bytes that are no UTF-8, and no end', async () => {
    const file = join(logs, 'app.log');
    appendFileSync(file, `${iso()} before the longline\n${iso()} longline ${'y'.repeat(1 << 20)}\n`);
    appendFileSync(file, Buffer.concat([Buffer.from(`${iso()} binaryline `), Buffer.from([0, 1, 2, 0xff, 0xfe, 0xc3, 0x28]), Buffer.from(' end\n')]));
    appendFileSync(file, Buffer.alloc(100_000));
    appendFileSync(
      file,
      `\n${iso()} {"__proto__": {"x": 1}, "msg": "protolog"}\n{"time":"${iso()}","__proto__":"p","msg":"jsonproto","constructor":{"name":"q"}}\n`,
    );
    appendFileSync(file, `${iso()} after the longline\n`);
    await arrived('from logs last 1h | search "the longline"', 2);
    const [long] = await product.values('from logs last 1h | search longline | where not (body contains "the longline")', 'body');
    expect(String(long).length).toBeGreaterThan(1000);
    expect(String(long).length).toBeLessThanOrEqual(1 << 20);
    await arrived('from logs last 1h | search binaryline', 1);
    await arrived('from logs last 1h | search jsonproto', 1);
    const { state } = (await product.parts()).find((p) => p.name === 'agent of this host') ?? {};
    expect(state).toBe('ok');
  });
});

test('nothing that was accepted is lost', async () => {
  await arrived('from metrics.e2e.kept last 1h', kept * 10);
  await arrived('from logs last 1h | search kept', kept * 10);
  expect((await product.parts()).filter((p) => p.state !== 'ok')).toEqual([]);
  const body = await (await product.get('/metrics')).text();
  const dead = [...body.matchAll(/^inframirror_dead_rows_total\{([^}]*)\} (\d+)$/gm)].map(([, labels, n]) => `${labels} ${n}`);
  // What a changed byte made of a schema's name is kept for whoever knows it; nothing of ours.
  expect(dead.filter((line) => !line.includes('unknown-schema'))).toEqual([]);
});

// The door as its callers see it: what is acknowledged is on the stream, what is refused is named and leaves nothing.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnOf, INT64, TIME_NS, UTF8, valueAt } from '../core/batch/batch.ts';
import { CodedError } from '../core/errors.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import { openDoor } from './door.ts';
import { INTAKE_LIMITS, type IntakeLimits } from './limits.ts';
import { SeriesTables } from './series-tables.ts';
import { DAY_NS, type Definition, frameOf, idOf, logsPart, NOW, NOW_NS, partOf, samplesPart, seriesPart, sha256, zstd } from './testing/frames.ts';

interface Sent {
  readonly topic: string;
  readonly messages: readonly Message[];
}

const setUp = (
  over: { limits?: Partial<IntakeLimits>; produce?: (topic: string, messages: readonly Message[]) => Promise<void>; series?: SeriesTables } = {},
) => {
  const sent: Sent[] = [];
  const telemetry = new TelemetryRegistry();
  const produce =
    over.produce ??
    (async (topic: string, messages: readonly Message[]) => {
      sent.push({ topic, messages });
    });
  const door = openDoor({
    stream: { produce, pressure: () => 0 },
    telemetry,
    log: silentLogger,
    limits: { ...INTAKE_LIMITS, ...over.limits },
    now: () => NOW,
    ...(over.series === undefined ? {} : { series: over.series }),
  });
  const post = async (body: Uint8Array | AsyncIterable<Uint8Array>, headers: Readonly<Record<string, string>> = {}, mayPost = true) => {
    const { status, headers: answered, body: text } = await door.receiveFrames({ headers, body, rights: { post: mayPost } });
    return { status, retryAfter: answered['retry-after'], ...(JSON.parse(text) as Record<string, unknown>) } as Record<string, unknown>;
  };
  return { door, post, sent, telemetry };
};

const CPU: Definition = [
  'system.cpu.utilization',
  [
    ['host.name', 'web-1'],
    ['cpu', '0'],
  ],
];

describe('a good frame', () => {
  test('is on the stream when it is acknowledged: a message a part, a produce a topic, definitions first', async () => {
    const { post, sent, telemetry } = setUp();
    const parts = [
      seriesPart([CPU]),
      samplesPart(CPU, [
        [NOW - 5000, 0.5],
        [NOW - 9000, Number.NaN],
        [NOW, Number.POSITIVE_INFINITY],
      ]),
      logsPart(['a', 'b']),
    ];
    expect(await post(zstd(frameOf(parts)), { 'content-encoding': 'zstd' })).toEqual({ status: 200, rows: 6, dropped: [], unknown: [] });
    expect(sent.map(({ topic, messages }) => [topic, messages.length])).toEqual([
      ['im.metrics', 2],
      ['im.logs', 1],
    ]);
    const [definitions, samples] = sent[0]?.messages ?? [];
    expect(definitions?.key).toBe('agent-1');
    expect(definitions?.headers).toEqual({ schema: 'series', version: '1', sender: 'agent-1', boot: '7', seq: '40', rows: '1', received: String(NOW_NS) });
    expect(samples?.headers).toMatchObject({ schema: 'metrics', seq: '41', rows: '3', from: String(NOW_NS - 9_000_000_000n), to: String(NOW_NS) });
    expect(Buffer.from(samples?.value ?? [])).toEqual(Buffer.from(parts[1]?.ipc ?? []));
    expect(sent[1]?.messages[0]?.headers).toMatchObject({ schema: 'logs', seq: '42', from: String(NOW_NS - 1n), to: String(NOW_NS) });
    expect(telemetry.value('inframirror_ingest_rows_total', { schema: 'logs' })).toBe(2);
  });

  test('may come in pieces, as gzip, or plain', async () => {
    const { post, sent } = setUp();
    const frame = frameOf([logsPart(['a'])]);
    const pieces = async function* () {
      for (let i = 0; i < frame.length; i += 7) yield frame.subarray(i, i + 7);
    };
    expect(await post(pieces())).toMatchObject({ status: 200 });
    expect(await post(gzipSync(frame), { 'content-encoding': 'gzip' })).toMatchObject({ status: 200 });
    expect(await post(frame, { 'content-encoding': 'identity', 'content-length': String(frame.length) })).toMatchObject({ status: 200 });
    expect(sent).toHaveLength(3);
  });

  test('sent again is acknowledged again, with the same identity and the same bytes, samples beside their set', async () => {
    const { post, sent } = setUp();
    const frame = frameOf([seriesPart([CPU]), samplesPart(CPU, [[NOW, 1]]), logsPart(['x'])]);
    await post(frame);
    await post(frame);
    const [series, samples, logs, seriesAgain, samplesAgain, logsAgain] = ['im.metrics', 'im.logs', 'im.metrics', 'im.logs'].flatMap((topic, i) =>
      sent[i]?.topic === topic ? sent[i].messages : [],
    );
    expect([seriesAgain, logsAgain]).toEqual([series, logs]);
    expect(samplesAgain?.headers).toMatchObject({ ...samples?.headers, encoding: 'samples' });
  });

  test('keeps columns that this program does not know and does without optional ones', async () => {
    const { post, sent, telemetry } = setUp();
    const part = partOf('logs', { time: [NOW_NS], body: ['x'], later: ['y'] }, [
      { name: 'time', type: TIME_NS },
      { name: 'body', type: UTF8 },
      { name: 'later', type: UTF8 },
    ]);
    expect(await post(frameOf([part]))).toMatchObject({ status: 200, rows: 1 });
    expect(sent[0]?.messages[0]?.value).toEqual(part.ipc);
    expect(telemetry.value('inframirror_ingest_unknown_columns_total', { schema: 'logs' })).toBe(1);
  });

  test('of a newer sender: what is not known goes to the dead letters, the rest on its way', async () => {
    const { post, sent } = setUp();
    const newer = { ...logsPart(['a']), version: 2 };
    const other = { ...logsPart(['b']), schema: 'dreams' as 'logs' };
    expect(await post(frameOf([newer, logsPart(['c']), other]))).toMatchObject({
      status: 200,
      rows: 1,
      unknown: [
        { schema: 'logs', version: 2, rows: 1, kept: true },
        { schema: 'dreams', version: 1, rows: 1, kept: true },
      ],
    });
    expect(sent.map(({ topic, messages }) => [topic, messages.map((m) => m.headers.seq)])).toEqual([
      ['im.logs', ['41']],
      ['im.dead', ['40', '42']],
    ]);
  });
});

test('series with a label that begins with # are dropped with their samples, named and counted; the others of the frame go on', async () => {
  const { post, sent, telemetry } = setUp();
  const hostile = ['cpu.use', [['#series', 'x']]] as const;
  const answer = await post(
    frameOf([
      seriesPart([
        CPU,
        hostile,
        [
          'cpu.use',
          [
            ['host', 'h'],
            ['#insert', 'y'],
          ],
        ],
      ]),
      samplesPart(CPU, [[NOW, 1]]),
      samplesPart(hostile, [
        [NOW, 1],
        [NOW + 1, 2],
      ]),
    ]),
  );
  expect(answer).toMatchObject({
    status: 200,
    rows: 2,
    dropped: [
      { part: 0, schema: 'series', reason: 'label-name', rows: 2, firstRow: 1, label: '#series' },
      { part: 2, schema: 'metrics', reason: 'label-name', rows: 2, firstRow: 0 },
    ],
  });
  expect(sent.flatMap(({ messages }) => messages.map((m) => [m.headers.schema, m.headers.rows]))).toEqual([
    ['series', '1'],
    ['metrics', '1'],
  ]);
  expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'label-name', schema: 'metrics' })).toBe(2);
  // Samples that come later, and a definition sent again, fare the same.
  expect(await post(frameOf([samplesPart(hostile, [[NOW + 2, 3]])], { seq: 44 }))).toMatchObject({ rows: 0, dropped: [{ reason: 'label-name', rows: 1 }] });
});

describe('times', () => {
  test('late, future and impossible rows are dropped, counted and named; the others go on, to the last nanosecond', async () => {
    const { post, sent, telemetry } = setUp();
    const newest = NOW_NS + BigInt(INTAKE_LIMITS.futureMs) * 1_000_000n;
    const oldest = NOW_NS - BigInt(INTAKE_LIMITS.ageMs.logs) * 1_000_000n;
    const y2200 = BigInt(Date.UTC(2200, 0, 1)) * 1_000_000n;
    const times = [newest - 1n, newest, oldest, oldest - 1n, 0n, -1n, y2200 - 1n, y2200, 2n ** 63n - 1n, -(2n ** 63n), NOW_NS];
    const answer = await post(
      frameOf([
        logsPart(
          times.map((t) => `line ${t}`),
          times,
        ),
      ]),
    );
    expect(answer).toMatchObject({
      status: 200,
      rows: 3,
      dropped: [
        { part: 0, schema: 'logs', reason: 'late', rows: 2, firstRow: 3 },
        { part: 0, schema: 'logs', reason: 'future', rows: 2, firstRow: 1 },
        { part: 0, schema: 'logs', reason: 'out-of-range', rows: 4, firstRow: 5 },
      ],
    });
    const message = sent[0]?.messages[0] as Message;
    expect(message.headers).toMatchObject({ rows: '3', from: String(oldest), to: String(newest - 1n) });
    const [batch] = decodeStream(message.value);
    expect([0, 1, 2].map((row) => valueAt(columnOf(batch as never, 'time'), row))).toEqual([newest - 1n, oldest, NOW_NS]);
    expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'late', schema: 'logs' })).toBe(2);
  });

  test('samples in milliseconds and the start of a process are held to the same years', async () => {
    const { post, sent } = setUp();
    const y2200 = BigInt(Date.UTC(2200, 0, 1));
    expect(
      await post(
        frameOf([
          samplesPart(CPU, [
            [0, 1],
            [y2200, 1],
            [-1, 1],
            [2n ** 63n - 1n, 1],
            [NOW, 1],
            [NOW + 600_000, 1],
            [NOW + 599_999, 1],
          ]),
        ]),
      ),
    ).toMatchObject({
      rows: 2,
      dropped: [
        { reason: 'late', rows: 1 },
        { reason: 'future', rows: 1 },
        { reason: 'out-of-range', rows: 3 },
      ],
    });
    const process = { time: [BigInt(NOW), BigInt(NOW)], host: ['h', 'h'], pid: [1, 2], start: [y2200, 5n] };
    expect(await post(frameOf([partOf('processes', process)], { seq: 41 }))).toMatchObject({
      rows: 1,
      dropped: [{ reason: 'out-of-range', rows: 1, firstRow: 0 }],
    });
    expect(sent).toHaveLength(2);
  });

  test('a part that loses all its rows leaves no message, and the frame is acknowledged', async () => {
    const { post, sent } = setUp();
    expect(await post(frameOf([logsPart(['old'], [NOW_NS - 400n * DAY_NS])]))).toMatchObject({ status: 200, rows: 0 });
    expect(sent).toEqual([]);
  });

  test('any times: the range told is that of the rows that stay', async () => {
    const { post, sent } = setUp();
    let seq = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt({ min: NOW_NS - 40n * DAY_NS, max: NOW_NS + DAY_NS }), { minLength: 1, maxLength: 30 }), async (times) => {
        sent.length = 0;
        const inTime = times
          .filter((t) => t >= NOW_NS - BigInt(INTAKE_LIMITS.ageMs.logs) * 1_000_000n && t < NOW_NS + 600_000_000_000n)
          .sort((a, b) => (a < b ? -1 : 1));
        expect(await post(frameOf([logsPart(times.map(String), times)], { seq: seq++ }))).toMatchObject({ rows: inTime.length });
        expect(sent[0]?.messages[0]?.headers.from).toBe(inTime[0] === undefined ? undefined : String(inTime[0]));
        expect(sent[0]?.messages[0]?.headers.to).toBe(inTime[0] === undefined ? undefined : String(inTime.at(-1)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('the order of runs and seqs', () => {
  test('rows under a seq behind the newest, or of an older run, are refused and told; a repeat is not', async () => {
    const { post, sent, telemetry } = setUp();
    const line = (text: string, seq: number, boot = 100n): Uint8Array => frameOf([logsPart([text])], { seq, boot });
    expect(await post(line('ten', 10))).toMatchObject({ status: 200, rows: 1 });
    expect(await post(line('ten', 10))).toMatchObject({ status: 200, rows: 1 });
    const messages = sent.length;
    expect(await post(line('five', 5))).toMatchObject({ status: 409, code: 'intake.older-seq', seq: '5', acknowledged: '10', next: String(NOW) });
    expect(await post(line('other', 10))).toMatchObject({ status: 409, code: 'intake.older-seq' });
    expect(await post(line('older', 11, 99n))).toMatchObject({ status: 409, code: 'intake.older-run', sent: '99', boot: '100', next: String(NOW) });
    expect(await post(line('hostile', 1, 2n ** 64n - 1n))).toMatchObject({ status: 409, code: 'intake.future-run' });
    expect(sent).toHaveLength(messages);
    expect(await post(line('later', 1, 101n))).toMatchObject({ status: 200 });
    expect(telemetry.value('inframirror_ingest_requests_total', { status: '409' })).toBe(4);
  });

  test('two frames of one sender at once: the second is judged when the first is safe', async () => {
    const { post } = setUp();
    const answers = await Promise.all([
      post(frameOf([logsPart(['a'])], { seq: 1, boot: 9n })),
      post(frameOf([logsPart(['b'])], { seq: 1, boot: 9n })),
      post(frameOf([logsPart(['c'])], { seq: 2, boot: 8n })),
      post(frameOf([logsPart(['a'])], { seq: 1, boot: 9n })),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 409, 200]);
  });
});

describe('definitions of series', () => {
  test('with hostile labels are taken like the others', async () => {
    const { post, sent } = setUp();
    const hostile: Definition[] = [
      [
        'a',
        [
          ['__proto__', 'x'],
          ['constructor', '__proto__'],
          ['toString', ''],
        ],
      ],
      ['__proto__', []],
      [
        'a',
        [
          ['"\\\n{}', "'; DROP TABLE series; --"],
          ['\u{1f600}', '\u202e'],
        ],
      ],
    ];
    expect(await post(frameOf([seriesPart(hostile)]))).toMatchObject({ status: 200, rows: 3 });
    const [batch] = decodeStream(sent[0]?.messages[0]?.value as Uint8Array);
    expect(valueAt(columnOf(batch as never, 'labels'), 0)).toEqual(new Map(hostile[0]?.[1]));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('whose id is not that of name and labels are refused', async () => {
    const { post, sent } = setUp();
    expect(await post(frameOf([seriesPart([CPU, ['b', []]], [idOf(...CPU), 5n])]))).toMatchObject({
      status: 400,
      code: 'intake.refused',
      part: 0,
      row: '1',
      column: 'id',
    });
    expect(sent).toEqual([]);
  });

  test('that share an id with another definition are refused', async () => {
    const meeting = (bytes: Uint8Array): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9, ...sha256(bytes).subarray(8));
    const { post } = setUp({ series: new SeriesTables(INTAKE_LIMITS, () => NOW, { hashing: meeting }) });
    expect(await post(frameOf([seriesPart([['a', []]], [9n])]))).toMatchObject({ status: 200 });
    expect(await post(frameOf([seriesPart([['a', []]], [9n])]))).toMatchObject({ status: 200 });
    expect(await post(frameOf([seriesPart([['b', []]], [9n])], { seq: 41 }))).toMatchObject({
      status: 400,
      row: '0',
      column: 'id',
      reason: '9 means another name and other labels already',
    });
  });

  test('after the samples that need them are refused', async () => {
    const { post } = setUp();
    expect(await post(frameOf([samplesPart(CPU, [[NOW, 1]]), seriesPart([CPU])]))).toMatchObject({ status: 400, part: 1, schema: 'series' });
  });
});

describe('a refusal names part, row, column and mend, and leaves nothing', () => {
  const good = logsPart(['fine']);
  const many = new Map(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v']));
  const labels = (value: ReadonlyMap<string, string | null>) =>
    partOf('series', {
      id: [
        idOf(
          'm',
          Array.from(value, ([key, text]) => [key, text ?? ''] as const),
        ),
      ],
      name: ['m'],
      kind: ['gauge'],
      labels: [value],
    });
  const event = (over: Record<string, readonly (string | bigint | null)[]>) => partOf('events', { time: [NOW_NS], kind: ['k'], title: ['t'], ...over });
  test.each([
    ['a missing column', partOf('logs', { time: [NOW_NS] }), '', 'body', 'it is missing'],
    ['a missing value', partOf('logs', { time: [NOW_NS, NOW_NS], body: ['a', null] }), '1', 'body', 'it is missing'],
    [
      'a type that is another',
      partOf('logs', { time: [1n], body: ['x'] }, [
        { name: 'time', type: INT64 },
        { name: 'body', type: UTF8 },
      ]),
      '',
      'time',
      'it is of type int64, it must be timestamp(ns)',
    ],
    [
      'a column twice',
      partOf('logs', { body: ['x'] }, [
        { name: 'body', type: UTF8 },
        { name: 'body', type: UTF8 },
      ]),
      '',
      '',
      'not an Arrow stream that can be read: two fields are named "body"',
    ],
    ['a text too long', logsPart(['ok', 'x'.repeat((1 << 20) + 1)]), '1', 'body', 'it has 1048577 bytes, 1048576 are allowed'],
    [
      'a word that is none',
      partOf('logs', { time: [NOW_NS], body: ['x'], severity: ['loud'] }),
      '0',
      'severity',
      'it is none of trace, debug, info, warn, error, fatal',
    ],
    ['too many labels', labels(many), '0', 'labels', 'it has 65 entries, 64 are allowed'],
    ['a label without name', labels(new Map([['', 'x']])), '0', 'labels', 'the key "": it is empty'],
    ['a label name too long', labels(new Map([['n'.repeat(600), 'x']])), '0', 'labels', `the key "${'n'.repeat(80)}": it has 600 bytes, 512 are allowed`],
    ['a label value too long', labels(new Map([['k', 'x'.repeat(5000)]])), '0', 'labels', 'the value of "k": it has 5000 bytes, 4096 are allowed'],
    ['a label without value', labels(new Map([['k', null]])), '0', 'labels', 'the value of "k": an entry of it is missing'],
    ['a zero byte where none can be kept', event({ title: ['a\0b'] }), '0', 'title', 'it holds a zero byte'],
    ['an empty name', event({ kind: [''] }), '0', 'kind', 'it is empty'],
    ['more rows than are told', { ...good, rows: 2 }, '', '', 'it has 1 rows, its sender says 2'],
    ['bytes that are no Arrow', { ...good, ipc: good.ipc.subarray(0, 40) }, '', '', undefined],
  ])('%s', async (_, part, row, column, reason) => {
    const { post, sent } = setUp();
    const answer = await post(frameOf([good, part]));
    expect(answer).toMatchObject({
      status: 400,
      code: 'intake.refused',
      part: 1,
      schema: part.schema,
      row,
      column,
      ...(reason === undefined ? {} : { reason }),
    });
    expect(answer.mend).toBeTypeOf('string');
    expect(sent).toEqual([]);
  });

  test('a label that stands twice', async () => {
    const { post } = setUp();
    // No writer of ours can make it: of two labels in the bytes the second gets the first one's name.
    const part = partOf('series', {
      id: [1n],
      name: ['m'],
      kind: ['gauge'],
      labels: [
        new Map([
          ['twin-a', 'x'],
          ['twin-b', 'y'],
        ]),
      ],
    });
    const at = Buffer.from(part.ipc).indexOf('twin-b');
    part.ipc[at + 5] = 'a'.charCodeAt(0);
    expect(await post(frameOf([part]))).toMatchObject({ status: 400, column: 'labels', reason: 'the key "twin-a" stands twice' });
  });

  test('zero bytes in a log line are kept, not in the name of an attribute, which no text could say', async () => {
    const { post } = setUp();
    const attribute = (name: string) => partOf('logs', { time: [NOW_NS], body: ['a\0b'], attributes: [new Map([[name, 'v\0']])] });
    expect(await post(frameOf([logsPart(['a\0b']), attribute('k')]))).toMatchObject({ status: 200 });
    expect(await setUp().post(frameOf([attribute('k\0')]))).toMatchObject({ status: 400, column: 'attributes', row: '0' });
  });
});

describe('damage', () => {
  const frame = frameOf([seriesPart([CPU]), samplesPart(CPU, [[NOW, 1]]), logsPart(['one', 'two'])]);

  test('cut at every byte it is refused, plain and compressed', async () => {
    const { post, sent } = setUp();
    const packed = zstd(frame);
    for (let end = 0; end < frame.length; end++) expect([end, (await post(frame.slice(0, end))).status]).toEqual([end, 400]);
    for (let end = 0; end < packed.length; end++) expect([end, (await post(packed.slice(0, end), { 'content-encoding': 'zstd' })).status]).toEqual([end, 400]);
    expect(sent).toEqual([]);
  });

  test('with any byte changed it is refused or taken, and the door goes on', async () => {
    const { post, telemetry } = setUp();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = frame.slice();
        for (const [at, value] of changes) bytes[at] = value;
        // 409: the run or the seq was changed, or other rows stand under them.
        expect([200, 400, 409]).toContain((await post(bytes)).status);
      }),
      { numRuns: 2000 },
    );
    expect(telemetry.value('inframirror_ingest_requests_total', { status: '503' })).toBe(0);
    expect(await post(frameOf([logsPart(['one', 'two'])], { agent: 'another' }))).toMatchObject({ status: 200 });
  });

  test('bombs and too large requests are refused before they are unpacked', async () => {
    const { post } = setUp({ limits: { requestBytes: 1 << 20 } });
    const bomb = zstd(new Uint8Array(200 << 20));
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().rss;
    expect(await post(bomb, { 'content-encoding': 'zstd' })).toMatchObject({ status: 413, code: 'intake.too-large' });
    expect(await post(gzipSync(new Uint8Array(100 << 20)), { 'content-encoding': 'gzip' })).toMatchObject({ status: 413 });
    expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
    expect(await post(new Uint8Array(5), { 'content-length': '999999999999' })).toMatchObject({ status: 413 });
    let read = 0;
    const endless = async function* () {
      for (;;) {
        read += 65536;
        yield new Uint8Array(65536);
      }
    };
    expect(await post(endless())).toMatchObject({ status: 413 });
    expect(read).toBeLessThan(2 << 20);
  });

  test('a window larger than any frame is refused', async () => {
    const { post } = setUp();
    // A zstd frame header that asks for a window of 1 GiB, then one empty last block.
    const greedy = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00);
    expect(await post(greedy, { 'content-encoding': 'zstd' })).toMatchObject({ status: 400, code: 'intake.damaged' });
  });

  test('bytes behind the compressed frame are not passed over', async () => {
    const { post } = setUp();
    const packed = zstd(frame);
    expect((await post(Buffer.concat([packed, Buffer.from('junk')]), { 'content-encoding': 'zstd' })).status).toBe(400);
    expect((await post(Buffer.concat([packed, packed]), { 'content-encoding': 'zstd' })).status).toBe(400);
  });

  test('an unknown encoding, a broken connection and a wrong token are told apart', async () => {
    const { post, sent } = setUp();
    expect(await post(frame, { 'content-encoding': 'br' })).toMatchObject({ status: 415 });
    const broken = async function* () {
      yield frame.subarray(0, 10);
      throw new Error('aborted');
    };
    expect(await post(broken())).toMatchObject({ status: 408, code: 'intake.cut' });
    expect(await post(frame, {}, false)).toMatchObject({ status: 403 });
    expect(sent).toEqual([]);
  });
});

describe('back-pressure', () => {
  const frame = frameOf([samplesPart(CPU, [[NOW, 1]]), logsPart(['x'])]);

  test('a full stream and a stream that fails are 503 with Retry-After, once nothing is on its way any more', async () => {
    let open = 0;
    const failing = (error: Error) =>
      setUp({
        produce: async (topic) => {
          open++;
          await new Promise((resolve) => setTimeout(resolve, topic === 'im.logs' ? 30 : 1));
          open--;
          if (topic === 'im.metrics') throw error;
        },
      });
    expect(await failing(new CodedError('stream.full', { limit: '1 GiB' })).post(frame)).toMatchObject({ status: 503, code: 'stream.full', retryAfter: '15' });
    expect(open).toBe(0);
    expect(await failing(new Error('what is this')).post(frame)).toMatchObject({ status: 503, code: 'intake.busy', retryAfter: '2' });
  });

  test('no 200 before the stream has it', async () => {
    let flush = (): void => undefined;
    const flushed = new Promise<void>((resolve) => {
      flush = resolve;
    });
    const { post } = setUp({ produce: () => flushed });
    let answered = false;
    const answer = post(frame).then((a) => {
      answered = true;
      return a;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answered).toBe(false);
    flush();
    expect(await answer).toMatchObject({ status: 200 });
  });

  test('a sender whose frames wait for one another holds up no other sender', async () => {
    const { promise: flushed, resolve: flush } = Promise.withResolvers<void>();
    let held = true;
    const { post } = setUp({ produce: async () => (held ? flushed : undefined) });
    let refused = 0;
    const many = Array.from({ length: 40 }, async (_, i) => {
      const { status } = await post(frameOf([logsPart(['x'])], { agent: 'many', seq: i }));
      if (status === 503) refused++;
      return status;
    });
    await expect.poll(() => refused).toBe(35);
    held = false;
    expect(await post(frameOf([logsPart(['y'])], { agent: 'one' }))).toMatchObject({ status: 200 });
    flush();
    expect((await Promise.all(many)).filter((status) => status === 200)).toHaveLength(5);
  });

  test('requests over the memory in hand are sent away, and room comes back', async () => {
    let flush = (): void => undefined;
    const flushed = new Promise<void>((resolve) => {
      flush = resolve;
    });
    const { post, door } = setUp({ limits: { bytesInHand: 64 << 10 }, produce: () => flushed });
    const large = frameOf([logsPart(['x'.repeat(20 << 10)])]);
    const answers = Array.from({ length: 8 }, () => post(large, { 'content-length': String(large.length) }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    flush();
    const statuses = (await Promise.all(answers)).map((a) => a.status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(door.state.bytes).toBe(0);
    expect(await post(large)).toMatchObject({ status: 200 });
  });
});

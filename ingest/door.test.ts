// The door as its callers see it: what is acknowledged is on the stream, in the order of runs and seqs.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { TIME_NS, UTF8 } from '../core/batch/batch.ts';
import { CPU, setUp } from './testing/door.ts';
import { frameOf, logsPart, NOW, NOW_NS, partOf, samplesPart, seriesPart, zstd } from './testing/frames.ts';

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
    expect(definitions?.headers).toEqual({
      schema: 'series',
      version: '1',
      sender: 'agent-1',
      boot: '7',
      seq: '40',
      rows: '1',
      received: String(NOW_NS),
      print: expect.stringMatching(/^\d{8,16}$/),
    });
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

// What the door refuses: named by part, row, column and mend; damage of any kind; nothing is left of it.
import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INT64, UTF8 } from '../core/batch/batch.ts';
import { CPU, setUp } from './testing/door.ts';
import { frameOf, idOf, logsPart, NOW, NOW_NS, partOf, samplesPart, seriesPart, zstd } from './testing/frames.ts';

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
    ['a host too long', labels(new Map([['host', 'ü'.repeat(257)]])), '0', 'labels', 'the value of "host": it has 514 bytes, 512 are allowed'],
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

  test('what was cut or changed on the way is told from what was sent wrong, where its sender says what it sent', async () => {
    const { post, sent } = setUp();
    const digest = (bytes: Uint8Array): Record<string, string> => ({ 'content-digest': `md5=:AA==:, sha-256=:${hash('sha256', bytes, 'base64')}:` });
    const packed = zstd(frame);
    const changed = Uint8Array.from(packed);
    changed[changed.length >> 1] = (changed[changed.length >> 1] as number) ^ 1;
    for (const other of [packed.subarray(0, packed.length * 0.7), packed.subarray(0, 0), changed, Buffer.concat([packed, Buffer.from('x')])])
      expect(await post(other, { 'content-encoding': 'zstd', ...digest(packed) })).toMatchObject({ status: 408, code: 'intake.altered' });
    const half = frame.subarray(0, frame.length >> 1);
    expect(await post(half, digest(frame))).toMatchObject({ status: 408, code: 'intake.altered' });
    expect(await post(half, digest(half))).toMatchObject({ status: 400, code: 'frame.malformed' });
    expect(await post(half, { 'content-digest': 'sha-512=:AA==:' })).toMatchObject({ status: 400, code: 'frame.malformed' });
    expect(await post(frame, { 'content-digest': 'sha-256=x' })).toMatchObject({ status: 408 });
    expect(sent).toEqual([]);
    expect(await post(packed, { 'content-encoding': 'zstd', ...digest(packed) })).toMatchObject({ status: 200 });
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

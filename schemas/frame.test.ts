// What a frame says survives the way; whatever else comes in is refused by name and never breaks the reader.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasCode } from '../core/errors.ts';
import { decodeFrame, encodeFrame, FRAME_LIMITS, type FrameHeader, type OwnFramePart } from './frame.ts';
import { nameOffence } from './host-name.ts';

const header: FrameHeader = {
  agent: 'a-1',
  host: 'web-1',
  boot: 1_790_000_000_000n,
  seq: 7,
  sent: '2026-11-20T10:00:00.000Z',
  labels: new Map([['region', 'eu']]),
};
const parts: OwnFramePart[] = [
  { schema: 'series', version: 1, rows: 3, ipc: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  { schema: 'metrics', version: 1, rows: 5, from: 1n, to: 1_790_000_000_000_000_000n, ipc: Uint8Array.of(9) },
];

const packed: OwnFramePart[] = parts.map((part, i) => (i === 0 ? part : { ...part, encoding: 'zstd', size: 40 }));
/** A frame of each version: with plain parts, and with a packed one. */
const GOLDEN = [
  'SU1GMTABAAB7InZlcnNpb24iOjEsImFnZW50IjoiYS0xIiwiaG9zdCI6IndlYi0xIiwiYm9vdCI6IjE3OTAwMDAwMDAwMDAiLCJzZXEiOjcsInNlbnQiOiIyMDI2LTExLTIwVDEwOjAwOjAwLjAwMFoiLCJsYWJlbHMiOnsicmVnaW9uIjoiZXUifSwicGFydHMiOlt7InNjaGVtYSI6InNlcmllcyIsInZlcnNpb24iOjEsInNlcSI6Nywicm93cyI6MywiYnl0ZXMiOjh9LHsic2NoZW1hIjoibWV0cmljcyIsInZlcnNpb24iOjEsInNlcSI6OCwicm93cyI6NSwiZnJvbSI6IjEiLCJ0byI6IjE3OTAwMDAwMDAwMDAwMDAwMDAiLCJieXRlcyI6MX1dfSAgICAgAQIDBAUGBwgJ',
  'SU1GMUgBAAB7InZlcnNpb24iOjIsImFnZW50IjoiYS0xIiwiaG9zdCI6IndlYi0xIiwiYm9vdCI6IjE3OTAwMDAwMDAwMDAiLCJzZXEiOjcsInNlbnQiOiIyMDI2LTExLTIwVDEwOjAwOjAwLjAwMFoiLCJsYWJlbHMiOnsicmVnaW9uIjoiZXUifSwicGFydHMiOlt7InNjaGVtYSI6InNlcmllcyIsInZlcnNpb24iOjEsInNlcSI6Nywicm93cyI6MywiYnl0ZXMiOjh9LHsic2NoZW1hIjoibWV0cmljcyIsInZlcnNpb24iOjEsInNlcSI6OCwicm93cyI6NSwiZnJvbSI6IjEiLCJ0byI6IjE3OTAwMDAwMDAwMDAwMDAwMDAiLCJieXRlcyI6MSwiZW5jb2RpbmciOiJ6c3RkIiwic2l6ZSI6NDB9XX0gAQIDBAUGBwgJ',
];

const refusal = (bytes: Uint8Array, limits = FRAME_LIMITS): string => {
  try {
    decodeFrame(bytes, limits);
  } catch (error) {
    if (hasCode(error, 'frame.malformed')) return error.parameters.reason;
    throw error;
  }
  return 'accepted';
};

/** A frame with that header text and those bytes behind it. */
const frameOf = (json: unknown, body = new Uint8Array(1)): Uint8Array => {
  const text = new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
  const out = new Uint8Array(8 + text.length + body.length);
  out.set([0x49, 0x4d, 0x46, 0x31]);
  new DataView(out.buffer).setUint32(4, text.length, true);
  out.set(text, 8);
  out.set(body, 8 + text.length);
  return out;
};
const part = { schema: 'logs', version: 1, seq: 0, rows: 1, bytes: 1 };
const plain = { version: 1, agent: 'a', host: 'h', boot: '1', seq: 0, sent: '2026-11-20T10:00:00Z', labels: {}, parts: [part] };

describe('a frame', () => {
  test('comes back as it went, its parts numbered on from its seq', () => {
    const decoded = decodeFrame(encodeFrame(header, parts));
    expect(decoded.header).toEqual(header);
    expect(decoded.parts).toEqual(parts.map((p, i) => ({ ...p, seq: 7 + i })));
  });

  test('of each version is read as it was: these bytes are never changed', () => {
    const [first, second] = GOLDEN.map((text) => decodeFrame(new Uint8Array(Buffer.from(text, 'base64'))));
    expect(first).toEqual({ header, parts: parts.map((p, i) => ({ ...p, seq: 7 + i })) });
    expect(second).toEqual({ header, parts: packed.map((p, i) => ({ ...p, seq: 7 + i })) });
    expect(GOLDEN).toEqual([parts, packed].map((own) => Buffer.from(encodeFrame(header, own)).toString('base64')));
  });

  test('puts its first part at a multiple of eight', () => {
    const bytes = encodeFrame(header, parts);
    expect((bytes.length - 9) % 8).toBe(0);
  });

  test('of any content comes back', () => {
    const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((t) => t.isWellFormed() && !/\p{Cc}/u.test(t));
    const sender = word.filter((t) => nameOffence(t) === undefined);
    const anyPart = fc.record({
      schema: fc.constantFrom('series', 'metrics', 'logs', 'processes', 'inventory', 'events'),
      version: fc.integer({ min: 0, max: 9 }),
      rows: fc.nat(1000),
      ipc: fc.uint8Array({ maxLength: 50 }),
    });
    const packedPart = fc.tuple(anyPart, fc.nat(1 << 20)).map(([own, size]) => ({ ...own, encoding: 'zstd', size }));
    fc.assert(
      fc.property(
        sender,
        sender,
        fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
        fc.nat(),
        fc.array(fc.tuple(word, word), { maxLength: 8 }),
        fc.array(fc.oneof(anyPart, packedPart), { minLength: 1, maxLength: 5 }),
        (agent, host, boot, seq, labels, some) => {
          const given: FrameHeader = { ...header, agent, host, boot, seq, labels: new Map(labels) };
          const decoded = decodeFrame(encodeFrame(given, some as OwnFramePart[]));
          expect(decoded.header).toEqual(given);
          expect(decoded.parts.map(({ seq: _, ...rest }) => rest)).toEqual(some);
        },
      ),
    );
  });

  test('cut at any byte is refused, and so is one with a byte too many', () => {
    const bytes = encodeFrame(header, parts);
    for (let i = 0; i < bytes.length; i++) expect(refusal(bytes.slice(0, i)), `cut at ${i}`).not.toBe('accepted');
    expect(refusal(Uint8Array.of(...bytes, 0))).toBe('1 bytes follow its last part');
  });

  test('with any byte changed is either read or refused as malformed', () => {
    const bytes = encodeFrame(header, parts);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ flip;
        refusal(changed);
      }),
      { numRuns: 2000 },
    );
  });

  test('made of noise, or of any JSON, is either read or refused as malformed', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void refusal(noise)));
    fc.assert(fc.property(fc.json(), (json) => void refusal(frameOf(json))));
    const keys = Object.keys(plain);
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => void refusal(frameOf({ ...plain, [key]: value }))),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(part), 'from', 'to'),
        fc.jsonValue(),
        (key, value) => void refusal(frameOf({ ...plain, parts: [{ ...part, [key]: value }] })),
      ),
      { numRuns: 1000 },
    );
  });

  test('may carry keys and schemas of later versions', () => {
    const decoded = decodeFrame(frameOf({ ...plain, later: { deep: [1] }, parts: [{ ...part, schema: 'traces', version: 2, more: true }] }));
    expect(decoded.parts).toMatchObject([{ schema: 'traces', version: 2 }]);
  });

  test('with __proto__ as key or label changes nothing but its labels', () => {
    const text = JSON.stringify(plain).replace('"labels":{}', '"__proto__":{"agent":"evil","polluted":1},"labels":{"__proto__":"x","constructor":"y"}');
    const decoded = decodeFrame(frameOf(text));
    expect(decoded.header.agent).toBe('a');
    expect([...decoded.header.labels]).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const given = { ...header, labels: new Map([['__proto__', 'x']]) };
    expect(decodeFrame(encodeFrame(given, parts)).header.labels).toEqual(given.labels);
  });

  test.each([
    ['another magic', Uint8Array.of(0x49, 0x4d, 0x46, 0x32, 0, 0, 0, 0), 'does not begin with IMF1'],
    ['another version', frameOf({ ...plain, version: 3 }), 'its version is 3'],
    ['another way of packing', frameOf({ ...plain, version: 2, parts: [{ ...part, encoding: 'gzip', size: 1 }] }), 'parts[0].encoding is "gzip"'],
    ['no size of a packed part', frameOf({ ...plain, version: 2, parts: [{ ...part, encoding: 'zstd' }] }), 'parts[0].size must be'],
    ['deep nesting', frameOf(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'nested deeper'],
    [
      'a header that is no UTF-8',
      (() => {
        const b = frameOf(plain);
        b[20] = 0xff;
        return b;
      })(),
      'not JSON in UTF-8',
    ],
    ['a header that is a list', frameOf('[]'), 'header must be an object'],
    ['half a surrogate pair', frameOf(JSON.stringify(plain).replace('"agent":"a"', '"agent":"\\ud800"')), 'agent holds'],
    ['a zero byte in a name', frameOf({ ...plain, host: 'a\u0000b' }), 'host holds'],
    ['a long name', frameOf({ ...plain, host: 'x'.repeat(2000) }), 'host has 2000 characters'],
    ['a boot beyond 64 bits', frameOf({ ...plain, boot: '18446744073709551616' }), 'boot must be'],
    ['a seq that is no whole number', frameOf({ ...plain, seq: 0.5 }), 'seq must be'],
    ['a part of another seq', frameOf({ ...plain, parts: [{ ...part, seq: 1 }] }), 'parts[0].seq must be 0'],
    ['a length beyond the end', frameOf({ ...plain, parts: [{ ...part, bytes: 2 }] }), 'ends within parts[0]'],
    ['a negative length', frameOf({ ...plain, parts: [{ ...part, bytes: -1 }] }), 'parts[0].bytes must be'],
    ['a range that ends before it begins', frameOf({ ...plain, parts: [{ ...part, from: '2', to: '1' }] }), 'from is later'],
    ['half a range', frameOf({ ...plain, parts: [{ ...part, from: '2' }] }), 'parts[0].to must be'],
    ['no part', frameOf({ ...plain, parts: [] }, new Uint8Array(0)), 'parts must be'],
    ['no time', frameOf({ ...plain, sent: 'yesterday' }), 'sent must be'],
  ])('with %s is refused', (_, bytes, reason) => {
    expect(refusal(bytes)).toContain(reason);
  });

  test('over a limit is refused by the name of the limit', () => {
    const bytes = encodeFrame(header, parts);
    expect(refusal(bytes, { ...FRAME_LIMITS, bytes: bytes.length - 1 })).toContain('bytes');
    expect(refusal(bytes, { ...FRAME_LIMITS, headerBytes: 10 })).toContain('header has');
    expect(refusal(bytes, { ...FRAME_LIMITS, parts: 1 })).toContain('2 parts');
    expect(refusal(bytes, { ...FRAME_LIMITS, rows: 7 })).toContain('7 rows');
    expect(refusal(bytes, { ...FRAME_LIMITS, labels: 0 })).toContain('1 labels');
    expect(refusal(bytes, { ...FRAME_LIMITS, bytes: bytes.length, parts: 2, rows: 8, labels: 1 })).toBe('accepted');
  });
});

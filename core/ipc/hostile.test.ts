// Streams that were cut, damaged or made to do harm: the answer is `ipc.malformed` or a sound batch, soon.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyBatches, assertSound, rowsOf, withDictionaries } from '../batch/arbitrary.ts';
import { type Batch, BOOL, FLOAT, INT64, list, map, type TextColumn, TIME_NS, UTF8 } from '../batch/batch.ts';
import { batchOf, columnFrom } from '../batch/build.ts';
import { hasCode } from '../errors.ts';
import { type FlatTable, flatBytes, i8, i16, i64 } from './flat-write.ts';
import { CONTINUATION, HEADER, METADATA_V5, TYPE } from './format.ts';
import { decodeStream, type ReadOptions } from './read.ts';
import { encodeStream } from './write.ts';

const sample = batchOf([
  ['time', columnFrom(TIME_NS, [1n, 2n, null])],
  ['value', columnFrom(FLOAT, [1, null, -0])],
  ['ok', columnFrom(BOOL, [true, null, false])],
  ['name', columnFrom(UTF8, ['a', 'ß', null])],
  ['host', withDictionaries(columnFrom(UTF8, ['x', 'x', 'x']))],
  ['labels', columnFrom(map(UTF8), [new Map([['k', 'v']]), null, new Map()])],
  ['counts', columnFrom(list(INT64), [[1n], [], null])],
]);
const twelve = batchOf([['host', withDictionaries(columnFrom(UTF8, 'abcdefabcdef'.split('')))]]);

/** What became of the bytes; anything but a batch or our own error is thrown on. */
const attempt = (bytes: Uint8Array, options?: ReadOptions): Batch[] | string => {
  try {
    const batches = decodeStream(bytes, options);
    for (const batch of batches) assertSound(batch);
    rowsOf(batches);
    return batches;
  } catch (error) {
    if (hasCode(error, 'ipc.malformed')) return error.parameters.reason;
    throw error;
  }
};

test('a stream cut at any byte is refused', () => {
  const bytes = encodeStream([sample, sample]);
  for (let size = 0; size < bytes.length; size++) expect(attempt(bytes.slice(0, size))).toBeTypeOf('string');
  expect(attempt(bytes)).not.toBeTypeOf('string');
});

test('two streams behind each other are refused, not read as the first', () => {
  const bytes = encodeStream([sample]);
  expect(attempt(new Uint8Array([...bytes, ...bytes]))).toMatch(/behind the end marker/);
  expect(attempt(new Uint8Array([...bytes, 0]))).toMatch(/behind the end marker/);
});

test('a damaged byte anywhere never leads outside the buffers', () => {
  for (const batch of [sample, twelve]) {
    const bytes = encodeStream([batch, batch]);
    for (let at = 0; at < bytes.length; at++) {
      const was = bytes[at] as number;
      for (const damaged of [0, 1, 0x7f, 0x80, 0xff, was ^ 1, was ^ 4, was ^ 0x40]) {
        bytes[at] = damaged;
        attempt(bytes);
        attempt(bytes, { validateUtf8: false });
      }
      bytes[at] = was;
    }
  }
});

test('several damaged bytes and words never do either', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff, 0x80000000, 8, 16))), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(anyBatches, damage, (batches, places) => {
      const bytes = encodeStream(batches);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (const [at, value] of places) {
        if (value < 256) bytes[at % bytes.length] = value;
        else view.setUint32(Math.floor((at % (bytes.length - 3)) / 4) * 4, value, true);
      }
      attempt(bytes);
    }),
    { numRuns: 3000 },
  );
});

test('random bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => typeof attempt(bytes) === 'string'),
    { numRuns: 2000 },
  );
});

test('text that is not UTF-8 is refused, or reads as U+FFFD where that was asked for', () => {
  const text = (bytes: number[][]): Batch => {
    const offsets = Int32Array.from([0, ...bytes.map((_, i) => bytes.slice(0, i + 1).flat().length)]);
    return batchOf([['t', { layout: 'text', type: UTF8, length: bytes.length, validity: undefined, offsets, data: Uint8Array.from(bytes.flat()) }]]);
  };
  const bad = [
    [[0xff]],
    [[0xc0, 0x80]],
    [[0xed, 0xa0, 0x80]],
    [[0xf5, 0x80, 0x80, 0x80]],
    [[0xe2, 0x82]],
    [[0xe2, 0x82], [0xac]],
    [[0xf0, 0x80, 0x80, 0x80]],
    [[0x61], [0x80]],
  ];
  for (const rows of bad) {
    expect(attempt(encodeStream([text(rows)]))).toMatch(/UTF-8/);
    expect(String(rowsOf(decodeStream(encodeStream([text(rows)]), { validateUtf8: false })))).toContain('\ufffd');
  }
  const good = ['a', 'ß', '€', '😀', '\u0000', '\ufffd', '\ud7ff', '\ue000', '\u{10ffff}'];
  expect(rowsOf(decodeStream(encodeStream([text(good.map((t) => [...new TextEncoder().encode(t)]))])))).toEqual(good.map((t) => [t]));
});

test('the check of UTF-8 agrees with TextDecoder', () => {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const bytesLikeText = fc.array(
    fc.constantFrom(
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x20,
      0x00,
      0x61,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xe1,
      0xec,
      0xed,
      0xee,
      0xef,
      0xf0,
      0xf1,
      0xf3,
      0xf4,
      0xf5,
      0xff,
    ),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(bytesLikeText, (list) => {
      const data = Uint8Array.from(list);
      let valid = true;
      try {
        strict.decode(data);
      } catch {
        valid = false;
      }
      const column: TextColumn = { layout: 'text', type: UTF8, length: 1, validity: undefined, offsets: Int32Array.of(0, data.length), data };
      expect(typeof attempt(encodeStream([batchOf([['t', column]])])) !== 'string').toBe(valid);
    }),
    { numRuns: 5000 },
  );
});

test('limits are kept', () => {
  const bytes = encodeStream([sample, sample]);
  expect(attempt(bytes, { maxRows: 6 })).not.toBeTypeOf('string');
  expect(attempt(bytes, { maxRows: 5 })).toMatch(/more than 5 rows/);
  expect(attempt(bytes, { maxBytes: bytes.length - 1 })).toMatch(/bytes/);
  expect(attempt(bytes, { maxFields: 6 })).toMatch(/more than 6 fields/);
});

test('indices outside their dictionary are refused', () => {
  const bytes = encodeStream([twelve]);
  const view = new DataView(bytes.buffer);
  // The indices are the last body: twelve of four bytes, before the end marker.
  const last = bytes.length - 8 - 4;
  view.setInt32(last, -1, true);
  expect(attempt(bytes)).toMatch(/index -1 is outside a dictionary/);
  view.setInt32(last, 1000, true);
  expect(attempt(bytes)).toMatch(/index 1000 is outside a dictionary/);
});

/** A stream of messages made by hand: metadata and body of each. */
const streamOf = (...messages: readonly (readonly [kind: number, header: FlatTable, body: Uint8Array])[]): Uint8Array => {
  const parts = messages.flatMap(([kind, header, body]) => {
    const metadata = flatBytes([i16(METADATA_V5), i8(kind), { table: header }, i64(body.length)]);
    return [new Uint8Array(Uint32Array.of(CONTINUATION, metadata.length).buffer), metadata, body];
  });
  return new Uint8Array(Buffer.concat([...parts, new Uint8Array(Uint32Array.of(CONTINUATION, 0).buffer)]));
};
const schemaOf = (fields: readonly FlatTable[]): readonly [number, FlatTable, Uint8Array] => [HEADER.schema, [i16(0), { tables: fields }], new Uint8Array(0)];
const field = (name: string, code: number, children: readonly FlatTable[] = []): FlatTable => [
  { text: name },
  i8(1),
  i8(code),
  { table: [] },
  undefined,
  { tables: children },
];

test('many columns on the same bytes are refused, so that a short stream costs little', () => {
  const columns = 500;
  const rows = 1000;
  const offsets = 4 * (rows + 1) + 4;
  const body = new Uint8Array(offsets + 1_000_000);
  const nodes = Array.from({ length: columns }, () => [rows, 0]).flat();
  const buffers = Array.from({ length: columns }, () => [0, 0, 0, offsets, offsets, 1_000_000]).flat();
  const fields = Array.from({ length: columns }, (_, i) => field(`c${i}`, TYPE.utf8));
  expect(attempt(streamOf(schemaOf(fields), [HEADER.record, [i64(rows), { pairs: nodes }, { pairs: buffers }], body]))).toMatch(/overlap/);
  expect(
    attempt(streamOf(schemaOf(fields.slice(0, 1)), [HEADER.record, [i64(rows), { pairs: nodes.slice(0, 2) }, { pairs: buffers.slice(0, 6) }], body])),
  ).not.toBeTypeOf('string');
});

test('deep nesting, rows without columns, impossible sizes and compressed bodies are refused', () => {
  let nested = field('leaf', TYPE.bool);
  for (let i = 0; i < 20; i++) nested = field('n', TYPE.list, [nested]);
  expect(attempt(streamOf(schemaOf([nested])))).toMatch(/nested deeper/);
  const none: FlatTable = [i64(2 ** 40), { pairs: [] }, { pairs: [] }];
  expect(attempt(streamOf(schemaOf([]), [HEADER.record, none, new Uint8Array(0)]))).toMatch(/rows without columns/);
  const bool = schemaOf([field('b', TYPE.bool)]);
  for (const rows of [2 ** 31, 2 ** 52]) {
    const header: FlatTable = [i64(rows), { pairs: [rows, 0] }, { pairs: [0, 0, 0, 8] }];
    expect(attempt(streamOf(bool, [HEADER.record, header, new Uint8Array(8)]))).toMatch(/impossible number of rows/);
  }
  expect(attempt(streamOf(bool, [HEADER.record, [i64(1), { pairs: [1, 0] }, { pairs: [0, 0, 0, 8] }, { table: [] }], new Uint8Array(8)]))).toMatch(
    /compressed/,
  );
  expect(attempt(streamOf(bool, [HEADER.record, [i64(1), { pairs: [1, 0] }, { pairs: [0, 0, 2 ** 52, 8] }], new Uint8Array(8)]))).toMatch(
    /outside its message/,
  );
  expect(attempt(streamOf(bool, bool))).toMatch(/neither a dictionary nor a batch/);
});

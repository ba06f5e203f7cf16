// One context for all frames against Node's own call, which makes one for each: whole, cut, changed and foreign bytes in any order.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MOST_WINDOW_LOG, unpackZstd } from './zstd.ts';

const MOST = 5000;

/** `undefined`: longer than may be. */
const byNode = (packed: Uint8Array): { readonly bytes: string } | undefined | 'damaged' => {
  try {
    return { bytes: zstdDecompressSync(packed, { maxOutputLength: MOST, params: { [constants.ZSTD_d_windowLogMax]: MOST_WINDOW_LOG } }).toString('latin1') };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? undefined : 'damaged';
  }
};

const byOne = (packed: Uint8Array): ReturnType<typeof byNode> => {
  try {
    const unpacked = unpackZstd(packed, MOST);
    return unpacked && { bytes: Buffer.from(unpacked.bytes).toString('latin1') };
  } catch {
    return 'damaged';
  }
};

const plain = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat({ max: 2 * MOST }).map((length) => new Uint8Array(length).fill(7)),
  fc.nat({ max: 2 * MOST }).map((length) => Uint8Array.from({ length }, (_, i) => (i * 7919) % 251)),
);
const frame = plain.map((bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }));
const input = fc.oneof(
  frame,
  fc.tuple(frame, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length)),
  fc.tuple(frame, fc.nat(), fc.nat({ max: 255 })).map(([bytes, at, value]) => Uint8Array.from(bytes).fill(value, at % bytes.length, (at % bytes.length) + 1)),
  fc.uint8Array({ maxLength: 60 }),
);

test('what one frame gives does not depend on those before it', () => {
  fc.assert(
    fc.property(fc.array(input, { minLength: 1, maxLength: 6 }), (frames) => {
      for (const packed of frames) {
        const found = byOne(packed);
        // One that is damaged behind the room it has is not read so far.
        if (found === undefined) expect([undefined, 'damaged']).toContain(byNode(packed));
        else expect(found).toEqual(byNode(packed));
      }
    }),
    { numRuns: 1500 },
  );
});

test('what follows a frame is not read', () => {
  const packed = zstdCompressSync(Buffer.from('first'));
  expect(unpackZstd(Buffer.concat([packed, Buffer.from('rest')]), 5)).toMatchObject({ used: packed.length });
  expect(unpackZstd(packed, 4)).toBeUndefined();
});

test('a damaged frame behind one that is too long is told as damaged', () => {
  expect(unpackZstd(zstdCompressSync(Buffer.alloc(100)), 10)).toBeUndefined();
  expect(() => unpackZstd(Buffer.from('no frame of zstd at all'), 10)).toThrow(/frame/);
});

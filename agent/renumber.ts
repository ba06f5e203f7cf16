// Gives waiting frames another identity, because the server refused the one they were made under: a copied or restored folder, or a
// clock that was wrong. Which identity a frame gets follows from its place in the spool alone, so that a frame that is sent again,
// also after a restart, is the same again. It touches no file.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decodeFrame, encodeFrame, type OwnFramePart } from '../schemas/frame.ts';
import type { Place, SpooledFrame } from './spool/spool.ts';

/** Frames that stand before a place in the spool are sent under these. */
export interface Renumbered {
  readonly agent: string;
  /** Decimal text. */
  readonly boot: string;
  readonly below: Place;
}

const isBefore = (a: Place, b: Place): boolean => a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);

/** Rises from frame to frame by more than a frame has parts: each takes some bytes. Below 2^53 for the first 2 million segments. */
const seqAt = ({ segment, offset }: Place): number => segment * 2 ** 32 + offset;

/** Level 1, as frames are made. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** How a body is packed: frames of an earlier version were as a whole, those of this one have packed parts. */
export const encodingOf = (body: Uint8Array): 'zstd' | 'identity' =>
  body[0] === 0x28 && body[1] === 0xb5 && body[2] === 0x2f && body[3] === 0xfd ? 'zstd' : 'identity';

/** The bytes to send for a frame. */
export const bodyOf = ({ at, body }: SpooledFrame, renumbered: Renumbered | undefined): Uint8Array => {
  if (renumbered === undefined || !isBefore(at, renumbered.below)) return body;
  const isPacked = encodingOf(body) === 'zstd';
  const { header, parts } = decodeFrame(isPacked ? zstdDecompressSync(body) : body);
  // They were own parts when the frame was made.
  const own = parts as readonly OwnFramePart[];
  const frame = encodeFrame({ ...header, agent: renumbered.agent, boot: BigInt(renumbered.boot), seq: seqAt(at) }, own);
  return isPacked ? zstdCompressSync(frame, ZSTD) : frame;
};

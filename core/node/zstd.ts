// Unpacks frames of zstd (RFC 8878) one after the other with one context. Node's own call makes a context, a stream and its buffers for
// each, which takes longer than to unpack what an agent sends; so this goes to the handle under the stream, as minizlib does for npm.
import { constants, createZstdDecompress } from 'node:zlib';

interface Handle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(flush: number, input: Uint8Array, from: number, size: number, output: Uint8Array, at: number, room: number): void;
  reset(): void;
}

/** A frame that wants more memory for its window than 2^25 bytes is refused before it gets any. */
export const MOST_WINDOW_LOG = 25;

const stream = createZstdDecompress({ chunkSize: 64, params: { [constants.ZSTD_d_windowLogMax]: MOST_WINDOW_LOG } });
/** `_writeState`: bytes of room and of input that were left. */
const { _handle: handle, _writeState: left } = stream as unknown as { readonly _handle: Handle; readonly _writeState: Uint32Array };
let fault: Error | undefined;
handle.onerror = (message, errno, code) => {
  fault = Object.assign(new Error(message), { errno, code });
};

export interface UnpackedZstd {
  readonly bytes: Uint8Array;
  /** Bytes of the input that the frame took. */
  readonly used: number;
}

/** Undefined: it holds more than `most` bytes. Throws an `Error` with the library's words where it is damaged, or ends too early. */
export const unpackZstd = (packed: Uint8Array, most: number): UnpackedZstd | undefined => {
  const room = most + 1;
  const output = Buffer.allocUnsafeSlow(room);
  fault = undefined;
  // Of a call that fails it would say what the one before left.
  left[0] = room;
  handle.writeSync(constants.ZSTD_e_end, packed, 0, packed.length, output, 0, room);
  const [free = 0, unread = 0] = left;
  handle.reset();
  if (fault !== undefined) throw fault;
  return free === 0 ? undefined : { bytes: output.subarray(0, room - free), used: packed.length - unread };
};

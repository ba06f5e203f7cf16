// A request's body: read whole within a limit, then decompressed within another. Knows nothing of what it holds.
import { promisify } from 'node:util';
import { constants, gunzip, type ZlibOptions, type ZstdOptions, zstdDecompress } from 'node:zlib';
import { CodedError } from '../../core/errors.ts';

const mebibytes = (bytes: number): string => (bytes % (1 << 20) === 0 ? `${bytes >> 20} MiB` : `${bytes} bytes`);

/** Throws `intake.too-large`, or `intake.cut` when it ends before its end. */
export const readBody = async (body: AsyncIterable<Uint8Array> | Uint8Array, most: number): Promise<Uint8Array> => {
  const tooLarge = (): CodedError => new CodedError('intake.too-large', { what: 'the request', limit: mebibytes(most) });
  if (body instanceof Uint8Array) {
    if (body.length > most) throw tooLarge();
    return body;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > most) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof CodedError ? error : new CodedError('intake.cut', { bytes: size }, { cause: error });
  }
  return Buffer.concat(chunks, size);
};

/** What was unpacked and how many bytes of the input that took. */
interface Unpacked {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}
// With `info` they give that, which their types do not tell.
const inflateZstd = promisify(zstdDecompress) as unknown as (bytes: Uint8Array, options: ZstdOptions & { readonly info: true }) => Promise<Unpacked>;
const inflateGzip = promisify(gunzip) as unknown as (bytes: Uint8Array, options: ZlibOptions & { readonly info: true }) => Promise<Unpacked>;

/** A frame of zstd that wants more memory for its window than this is refused before it gets any. */
const MOST_WINDOW_LOG = 25;

/** `encoding` as in the header `content-encoding`. Throws `intake.encoding`, `intake.damaged`, `intake.too-large`. */
export const decompress = async (bytes: Uint8Array, encoding: string | undefined, most: number): Promise<Uint8Array> => {
  const kind = encoding?.trim().toLowerCase() ?? 'identity';
  const tooLarge = (cause?: unknown): CodedError =>
    new CodedError('intake.too-large', { what: 'the request, decompressed,', limit: mebibytes(most) }, { cause });
  if (kind === 'identity' || kind === '') {
    if (bytes.length > most) throw tooLarge();
    return bytes;
  }
  if (kind !== 'zstd' && kind !== 'gzip') throw new CodedError('intake.encoding', { encoding: kind.slice(0, 80) });
  let unpacked: Unpacked;
  try {
    const options = { maxOutputLength: most, info: true } as const;
    unpacked =
      kind === 'gzip'
        ? await inflateGzip(bytes, options)
        : await inflateZstd(bytes, { ...options, params: { [constants.ZSTD_d_windowLogMax]: MOST_WINDOW_LOG } });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(error);
    throw new CodedError('intake.damaged', { encoding: kind, reason: message }, { cause: error });
  }
  const over = bytes.length - unpacked.engine.bytesWritten;
  if (over > 0) throw new CodedError('intake.damaged', { encoding: kind, reason: `${over} bytes follow its end` });
  return unpacked.buffer;
};

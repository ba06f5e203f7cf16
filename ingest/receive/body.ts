// A request's body: read whole within a limit, then decompressed within another. Knows nothing of what it holds.
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { constants, gunzip, type ZlibOptions, type ZstdOptions, zstdDecompress } from 'node:zlib';
import { CodedError } from '../../core/errors.ts';
import { MOST_WINDOW_LOG, unpackZstd } from '../../core/node/zstd.ts';

const mebibytes = (bytes: number): string => (bytes % (1 << 20) === 0 ? `${bytes >> 20} MiB` : `${bytes} bytes`);

export interface ReadOptions {
  /** Told of each piece; what it throws refuses the request, of which the rest is read and thrown away so that the answer gets there. */
  readonly arrived?: (bytes: number) => void;
  /** In each time of this length something must come. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;
/** Of what came before, at least: who sends at an even rate, however low, is done or timed out before that is too much. */
const LEAST_PART = 1 / 16;
const LEAST_BYTES = 4 << 10;

/** Throws `intake.too-large`, `intake.slow`, or `intake.cut` when it ends before its end. */
export const readBody = async (
  body: AsyncIterable<Uint8Array> | Uint8Array,
  most: number,
  { arrived = () => undefined, patienceMs = PATIENCE_MS }: ReadOptions = {},
): Promise<Uint8Array> => {
  const tooLarge = (): CodedError => new CodedError('intake.too-large', { what: 'the request', limit: mebibytes(most) });
  const whole = body instanceof Uint8Array ? body : takeWhole(body);
  if (whole !== undefined) {
    if (whole.length > most) throw tooLarge();
    arrived(whole.length);
    return whole;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  let refusal: { readonly error: unknown } | undefined;
  const watch = watchRate(patienceMs, () => size);
  const pieces = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await Promise.race([pieces.next(), watch.tooSlow]);
      if (piece.done === true) break;
      size += piece.value.length;
      if (size > most) throw tooLarge();
      if (refusal !== undefined) continue;
      try {
        arrived(piece.value.length);
        chunks.push(piece.value);
      } catch (error) {
        refusal = { error };
        chunks.length = 0;
      }
    }
  } catch (error) {
    throw error instanceof CodedError ? error : new CodedError('intake.cut', { bytes: size }, { cause: error });
  } finally {
    watch.end();
  }
  if (refusal !== undefined) throw refusal.error;
  return Buffer.concat(chunks, size);
};

/** A request that came in one piece with its headers, as most do, is not waited for. */
const takeWhole = (body: AsyncIterable<Uint8Array>): Uint8Array | undefined => {
  const { complete, destroyed, read } = body as Partial<IncomingMessage>;
  if (complete !== true || destroyed === true || read === undefined) return undefined;
  return (read.call(body) as Buffer | null) ?? new Uint8Array(0);
};

/** Rejects with `intake.slow` as soon as too little came within `everyMs`. */
const watchRate = (everyMs: number, size: () => number): { readonly tooSlow: Promise<never>; end(): void } => {
  const { promise: tooSlow, reject } = Promise.withResolvers<never>();
  tooSlow.catch(() => undefined);
  let before = 0;
  const look = (): void => {
    const now = size();
    if (now - before < Math.max(LEAST_BYTES, before * LEAST_PART)) reject(new CodedError('intake.slow', { bytes: now, seconds: everyMs / 1000 }));
    before = now;
  };
  // After what had come and was not read yet, as this process was busy.
  const timer = setInterval(() => setImmediate(look), everyMs);
  return { tooSlow, end: () => clearInterval(timer) };
};

/** What was unpacked and how many bytes of the input that took. */
interface Unpacked {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}
// With `info` they give that, which their types do not tell.
const inflateZstd = promisify(zstdDecompress) as unknown as (bytes: Uint8Array, options: ZstdOptions & { readonly info: true }) => Promise<Unpacked>;
const inflateGzip = promisify(gunzip) as unknown as (bytes: Uint8Array, options: ZlibOptions & { readonly info: true }) => Promise<Unpacked>;

/** Throws where it has more than `most` bytes. */
const inflateZstdNow = (bytes: Uint8Array, most: number): Unpacked => {
  const unpacked = unpackZstd(bytes, most);
  if (unpacked === undefined) throw new Error(`it has more than the ${most} bytes that it says`);
  return { buffer: unpacked.bytes, engine: { bytesWritten: unpacked.used } };
};

/** Up to so many bytes, a frame of an agent that has much to say, are unpacked at once: handing them to another thread and back costs more. */
const MOST_NOW = 4 << 20;
const ZSTD_MAGIC = 0xfd2fb528;

/** How many bytes a frame of zstd says it holds (RFC 8878, 3.1.1.1); undefined where it does not say, or says more than fits. */
const sizeToldBy = (bytes: Uint8Array): number | undefined => {
  if (bytes.length < 18) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== ZSTD_MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number);
  switch (descriptor >> 6) {
    case 0:
      return isSingle ? view.getUint8(at) : undefined;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return undefined;
  }
};

/** A part that says that it has `size` bytes; throws `intake.damaged` where it has not. */
export const unpackPart = async (bytes: Uint8Array, size: number): Promise<Uint8Array> => {
  const damaged = (reason: string, cause?: unknown): CodedError => new CodedError('intake.damaged', { encoding: 'zstd', reason }, { cause });
  const options = { maxOutputLength: Math.max(1, size), info: true, params: { [constants.ZSTD_d_windowLogMax]: MOST_WINDOW_LOG } } as const;
  let unpacked: Unpacked;
  try {
    unpacked = size <= MOST_NOW ? inflateZstdNow(bytes, size) : await inflateZstd(bytes, options);
  } catch (error) {
    const isLonger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw damaged(isLonger ? `it has more than the ${size} bytes that it says` : (error as Error).message, error);
  }
  const { buffer, engine } = unpacked;
  if (buffer.length !== size) throw damaged(`it has ${buffer.length} bytes and says that it has ${size}`);
  if (engine.bytesWritten < bytes.length) throw damaged(`${bytes.length - engine.bytesWritten} bytes follow its end`);
  return buffer;
};

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
    const zstd = { ...options, params: { [constants.ZSTD_d_windowLogMax]: MOST_WINDOW_LOG } };
    const told = kind === 'zstd' ? sizeToldBy(bytes) : undefined;
    if (kind === 'gzip') unpacked = await inflateGzip(bytes, options);
    else if (told === undefined || told > MOST_NOW) unpacked = await inflateZstd(bytes, zstd);
    else if (told > most) throw tooLarge();
    else unpacked = inflateZstdNow(bytes, told);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(error);
    throw new CodedError('intake.damaged', { encoding: kind, reason: message }, { cause: error });
  }
  const over = bytes.length - unpacked.engine.bytesWritten;
  if (over > 0) throw new CodedError('intake.damaged', { encoding: kind, reason: `${over} bytes follow its end` });
  return unpacked.buffer;
};

// The join token: what an admin hands to a host so that its agent may join, once. Its text, and the names that hosts may have.
// It makes nothing random and checks no proof: that is done where there is a key.
import { CodedError } from '../core/coded-error.ts';

export interface JoinToken {
  /** Names it at the server; 16 bytes. */
  readonly id: Uint8Array;
  /** What the proof is made under; never goes over the wire. 32 bytes. */
  readonly secret: Uint8Array;
  /** SHA-256 of the server's public command keys, the present and the next one: a server that proves neither is another one. 32 bytes each. */
  readonly keys: readonly [Uint8Array, Uint8Array];
}

const PREFIX = 'ij1.';
const ID = 16;
const HASH = 32;
const BYTES = ID + 3 * HASH;

const BASE64 = { alphabet: 'base64url', omitPadding: true } as const;

/** Without padding, as all that is told between agent and server. */
export const textOf = (bytes: Uint8Array): string => bytes.toBase64(BASE64);

/** undefined where it is not that, or not of that many bytes. */
export const bytesOf = (text: unknown, length: number): Uint8Array | undefined => {
  if (typeof text !== 'string' || text.length !== Math.ceil((length * 4) / 3)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { ...BASE64, lastChunkHandling: 'loose' });
  } catch {
    return undefined;
  }
};

export const joinTokenText = ({ id, secret, keys }: JoinToken): string => {
  const bytes = new Uint8Array(BYTES);
  bytes.set(id);
  bytes.set(secret, ID);
  bytes.set(keys[0], ID + HASH);
  bytes.set(keys[1], ID + 2 * HASH);
  return PREFIX + textOf(bytes);
};

export const looksLikeJoinToken = (text: string): boolean => text.startsWith(PREFIX);

/** Throws `agent.token`; the message has nothing of the text, which is a secret. */
export const readJoinToken = (text: string): JoinToken => {
  const given = text.trim();
  if (!looksLikeJoinToken(given)) throw new CodedError('agent.token', { reason: `it does not begin with ${PREFIX}` });
  const bytes = bytesOf(given.slice(PREFIX.length), BYTES);
  if (bytes === undefined) throw new CodedError('agent.token', { reason: 'it is cut or has been changed' });
  return {
    id: bytes.slice(0, ID),
    secret: bytes.slice(ID, ID + HASH),
    keys: [bytes.slice(ID + HASH, ID + 2 * HASH), bytes.slice(ID + 2 * HASH)],
  };
};

/** Of enrolled hosts; they are one without regard to case. */
export const HOST_NAME = /^[A-Za-z0-9._-]{1,253}$/;
/** A name, or one with `*` and `?` in it. */
const HOST_PATTERN = /^[A-Za-z0-9._*?-]{1,253}$/;

/** How names of hosts are compared. */
export const foldHost = (host: string): string => host.toLowerCase();

export const isHostPattern = (text: string): boolean => HOST_PATTERN.test(text);

/** Whether the name, of any kind, fits; `*` stands for any characters, `?` for one. */
export const fitsHost = (pattern: string, host: string): boolean => {
  const [p, h] = [foldHost(pattern), foldHost(host)];
  // The last star is tried again one character further: no pattern takes longer than the product of both lengths.
  let [i, j, star, from] = [0, 0, -1, 0];
  while (j < h.length) {
    if (i < p.length && p[i] === '*') {
      star = i++;
      from = j;
    } else if (i < p.length && (p[i] === '?' || p[i] === h[j])) {
      i++;
      j++;
    } else if (star >= 0) {
      i = star + 1;
      j = ++from;
    } else return false;
  }
  while (p[i] === '*') i++;
  return i === p.length;
};

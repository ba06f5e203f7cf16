// The session of an agent as it shows it: sealed with a key that all processes of the installation have, so that each of them that takes frames in
// knows it without being told, and nobody else can make or read one. What is in it holds until it ends; who is revoked is found elsewhere.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { textOf } from '../../schemas/join-token.ts';

export interface Session {
  readonly agent: string;
  /** Of the frames' HMAC. */
  readonly key: Buffer;
  /** Number of the run that signed in. */
  readonly boot: bigint;
  /** ms. */
  readonly since: number;
  readonly until: number;
}

/** AES-256-GCM (NIST SP 800-38D). */
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HEAD_BYTES = 24 + KEY_BYTES;
/** Longest name of an agent, and room. */
const MOST_TEXT = 1024;
const TEXT = /^[A-Za-z0-9_-]+$/;

export const sealSession = ({ agent, key, boot, since, until }: Session, secret: Uint8Array): string => {
  const head = Buffer.alloc(24);
  head.writeBigUInt64BE(boot);
  head.writeBigUInt64BE(BigInt(Math.floor(since)), 8);
  head.writeBigUInt64BE(BigInt(Math.floor(until)), 16);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, secret, iv);
  const sealed = Buffer.concat([cipher.update(Buffer.concat([head, key, Buffer.from(agent)])), cipher.final()]);
  return textOf(Buffer.concat([iv, sealed, cipher.getAuthTag()]));
};

/** undefined: it was not sealed with that. */
export const openSession = (text: string, secret: Uint8Array): Session | undefined => {
  if (text.length > MOST_TEXT || !TEXT.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + HEAD_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    return {
      boot: plain.readBigUInt64BE(0),
      since: Number(plain.readBigUInt64BE(8)),
      until: Number(plain.readBigUInt64BE(16)),
      key: plain.subarray(24, HEAD_BYTES),
      agent: plain.subarray(HEAD_BYTES).toString(),
    };
  } catch {
    return undefined;
  }
};

// The command keys (Ed25519): with the present one the server proves to agents who it is; its hash and that of the next one stand in every
// join token. Both come into being at the first start, in files for the server's user alone.
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../core/errors.ts';
import { writePrivate } from '../core/node/private-file.ts';
import type { CommandKeys } from '../ingest/agents/command-keys.ts';

const FOLDER = 'command-keys';

const keyIn = (file: string): KeyObject => {
  if (!existsSync(file)) writePrivate(file, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const key = createPrivateKey(readFileSync(file, 'utf8'));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key');
  return key;
};

/** The 32 bytes of the public half. */
const publicOf = (key: KeyObject): Uint8Array => Buffer.from((createPublicKey(key).export({ format: 'jwk' }) as { readonly x: string }).x, 'base64url');

/** The 32 bytes of the other half. */
const privateOf = (key: KeyObject): Uint8Array => Buffer.from((key.export({ format: 'jwk' }) as { readonly d: string }).d, 'base64url');

/** Throws `data.key` where a file of them holds none. */
export const openCommandKeys = (dataDir: string): CommandKeys => {
  mkdirSync(join(dataDir, FOLDER), { recursive: true, mode: 0o700 });
  const [current, next] = (['current', 'next'] as const).map((name) => {
    const file = join(dataDir, FOLDER, `${name}.pem`);
    try {
      return keyIn(file);
    } catch (error) {
      throw new CodedError('data.key', { file, reason: (error as Error).message }, { cause: error });
    }
  }) as [KeyObject, KeyObject];
  const [own, following] = [publicOf(current), publicOf(next)];
  return {
    current: own,
    next: following,
    hashes: [hash('sha256', own, 'buffer'), hash('sha256', following, 'buffer')],
    sign: (bytes) => sign(null, bytes, current),
    secret: (purpose) => Buffer.from(hkdfSync('sha256', privateOf(current), new Uint8Array(), `inframirror/${purpose}`, 32)),
  };
};

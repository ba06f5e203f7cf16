// Who this agent is to its server: the key it joined with, its id there, the host it may send for, and the server's command keys, which it
// trusts from then on. Kept in the agent's folder, for its user alone. A key that was copied to another machine is none here.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../core/node/private-file.ts';
import { bytesOf, textOf } from '../schemas/join-token.ts';

export interface Identity {
  readonly id: string;
  readonly host: string;
  readonly key: KeyObject;
  /** The server's command keys, 32 bytes each. */
  readonly commandKeys: readonly [current: Uint8Array, next: Uint8Array];
  /** Id of the token it joined with. */
  readonly token: string;
}

const IDENTITY = 'identity.json';
const JOINING = 'joining.json';

type Json = Readonly<Record<string, unknown>>;

/** A file that is missing or damaged is as none. */
const read = (path: string): Json | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch {
    return undefined;
  }
};

const write = (path: string, value: Json): void => writePrivate(path, `${JSON.stringify(value)}\n`);

const keyIn = (text: unknown): KeyObject | undefined => {
  try {
    const key = createPrivateKey({ key: Buffer.from(String(text), 'base64url'), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
};
const keyText = (key: KeyObject): string => key.export({ format: 'der', type: 'pkcs8' }).toString('base64url');

/** The 32 bytes of the public half of an Ed25519 or X25519 key. */
export const publicBytes = (key: KeyObject): Uint8Array => {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return Buffer.from((half.export({ format: 'jwk' }) as { readonly x: string }).x, 'base64url');
};

/** Whether it has joined once, on whatever machine. */
export const hasIdentity = (folder: string): boolean => existsSync(join(folder, IDENTITY));

export interface FoundIdentity {
  readonly identity: Identity | undefined;
  /** There is one, but of another machine. */
  readonly isCopy: boolean;
  /** Token by which that was joined. */
  readonly usedToken: string | undefined;
}

export const readIdentity = (folder: string, machine: string): FoundIdentity => {
  const found = read(join(folder, IDENTITY));
  const key = keyIn(found?.key);
  const [current, next] = [bytesOf(found?.current, 32), bytesOf(found?.next, 32)];
  const { id, host, token } = found ?? {};
  if (key === undefined || current === undefined || next === undefined || typeof id !== 'string' || typeof host !== 'string' || typeof token !== 'string')
    return { identity: undefined, isCopy: false, usedToken: undefined };
  if (found?.machine !== machine) return { identity: undefined, isCopy: true, usedToken: token };
  return { identity: { id, host, key, commandKeys: [current, next], token }, isCopy: false, usedToken: token };
};

export const keepIdentity = (folder: string, machine: string, { id, host, key, commandKeys, token }: Identity): void => {
  write(join(folder, IDENTITY), { id, host, key: keyText(key), current: textOf(commandKeys[0]), next: textOf(commandKeys[1]), token, machine });
  rmSync(join(folder, JOINING), { force: true });
};

/** The key to join with: the one of a try before with this token, else a new one. */
export const joiningKey = (folder: string, token: string, machine: string): KeyObject => {
  const before = read(join(folder, JOINING));
  const known = before?.token === token && before.machine === machine ? keyIn(before.key) : undefined;
  if (known !== undefined) return known;
  const key = generateKeyPairSync('ed25519').privateKey;
  write(join(folder, JOINING), { token, key: keyText(key), machine });
  return key;
};

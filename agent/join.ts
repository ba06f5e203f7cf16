// Joins a server by a join token, and signs in there: what is asked, what is proved, and how the server's own proof is held against the command
// keys that the token names. The random part of the token is used here and sent nowhere.
import { createHmac, createPublicKey, diffieHellman, generateKeyPairSync, hash, hkdfSync, randomBytes, sign, verify } from 'node:crypto';
import { CodedError } from '../core/errors.ts';
import {
  AGENT_PATHS,
  joinBytes,
  joinedBytes,
  KEY_BYTES,
  NONCE_BYTES,
  SERVER_NONCE_BYTES,
  SESSION_KEY_INFO,
  sessionBytes,
  signInBytes,
} from '../schemas/agent-proofs.ts';
import { bytesOf, type JoinToken, textOf } from '../schemas/join-token.ts';
import { type Identity, joiningKey, publicBytes } from './identity.ts';
import type { Answer, ServerCalls } from './server-calls.ts';

export interface Session {
  readonly id: string;
  readonly key: Buffer;
  /** ms. */
  readonly until: number;
}

/** The server's words where they are no yes. */
export type Refused = { readonly refused: Answer };

const SIGNATURE_BYTES = 64;

const publicKey = (kind: 'Ed25519' | 'X25519', bytes: Uint8Array) => createPublicKey({ key: { kty: 'OKP', crv: kind, x: textOf(bytes) }, format: 'jwk' });

const nonceOf = async (calls: ServerCalls): Promise<Uint8Array | Refused> => {
  const answer = await calls.ask(AGENT_PATHS.nonce, {});
  return (answer.status === 200 ? bytesOf(answer.told?.nonce, SERVER_NONCE_BYTES) : undefined) ?? { refused: answer };
};

const isRefused = (value: object): value is Refused => 'refused' in value;

/** Rejects where nothing answers, and with `agent.server-proof` where another server does. */
export const join = async (calls: ServerCalls, folder: string, token: JoinToken, host: string, machine: string): Promise<Identity | Refused> => {
  const serverNonce = await nonceOf(calls);
  if (isRefused(serverNonce)) return serverNonce;
  const id = textOf(token.id);
  const key = joiningKey(folder, id, machine);
  const joining = { key: publicBytes(key), host, machine, serverNonce, agentNonce: randomBytes(NONCE_BYTES) };
  const answer = await calls.ask(AGENT_PATHS.join, {
    token: id,
    key: textOf(joining.key),
    host,
    machine,
    nonce: textOf(serverNonce),
    agentNonce: textOf(joining.agentNonce),
    proof: textOf(createHmac('sha256', token.secret).update(joinBytes(joining)).digest()),
  });
  const { agent, host: named } = answer.told ?? {};
  if (answer.status !== 200 || typeof agent !== 'string' || typeof named !== 'string') return { refused: answer };
  const [current, next] = commandKeysIn(answer);
  const proof = bytesOf(answer.told?.proof, SIGNATURE_BYTES);
  const isNamed = current !== undefined && token.keys.some((known) => hash('sha256', current, 'buffer').equals(known));
  const isProved = (key: Uint8Array, other: Uint8Array): boolean =>
    proof !== undefined && verify(null, joinedBytes(joining, { agent, host: named, next: other }), publicKey('Ed25519', key), proof);
  if (!isNamed || next === undefined || !isProved(current, next)) throw new CodedError('agent.server-proof', { server: calls.origin });
  return { id: agent, host: named, key, commandKeys: [current, next], token: id };
};

const commandKeysIn = ({ told }: Answer): readonly [Uint8Array | undefined, Uint8Array | undefined] => [
  bytesOf(told?.current, KEY_BYTES),
  bytesOf(told?.next, KEY_BYTES),
];

/** `run`: of this process alone. Rejects as `join` does. */
export const signIn = async (
  calls: ServerCalls,
  { id, key, commandKeys }: Identity,
  machine: string,
  boot: bigint,
  run: Uint8Array,
): Promise<Session | Refused> => {
  const serverNonce = await nonceOf(calls);
  if (isRefused(serverNonce)) return serverNonce;
  const own = generateKeyPairSync('x25519');
  const signingIn = { agent: id, boot, run, machine, ephemeral: publicBytes(own.publicKey), serverNonce };
  const answer = await calls.ask(AGENT_PATHS.session, {
    agent: id,
    boot: String(boot),
    run: textOf(run),
    machine,
    ephemeral: textOf(signingIn.ephemeral),
    nonce: textOf(serverNonce),
    signature: textOf(sign(null, signInBytes(signingIn), key)),
  });
  const { session, seconds } = answer.told ?? {};
  if (answer.status !== 200 || typeof session !== 'string') return { refused: answer };
  const [current] = commandKeysIn(answer);
  const [ephemeral, proof] = [bytesOf(answer.told?.ephemeral, KEY_BYTES), bytesOf(answer.told?.proof, SIGNATURE_BYTES)];
  const isKnown = current !== undefined && commandKeys.some((known) => Buffer.from(current).equals(known));
  if (
    !isKnown ||
    ephemeral === undefined ||
    proof === undefined ||
    !verify(null, sessionBytes(signingIn, session, ephemeral), publicKey('Ed25519', current), proof)
  )
    throw new CodedError('agent.server-proof', { server: calls.origin });
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey: publicKey('X25519', ephemeral) });
  const derived = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([serverNonce, run]), SESSION_KEY_INFO, 32));
  return { id: session, key: derived, until: Date.now() + (typeof seconds === 'number' ? seconds * 1000 : 0) };
};

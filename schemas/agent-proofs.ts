// What agent and server sign and prove to each other when an agent joins and when it signs in: the bytes, each with a context that names
// its use and version, so that no signature serves for another thing. The bytes only: keys are where `node:crypto` is.

/** Where an agent asks, below the server's address. */
export const AGENT_PATHS = { nonce: '/agent/nonce', join: '/agent/join', session: '/agent/session' } as const;

/** Bytes of a nonce of either side, and of a public key (Ed25519, X25519). */
export const NONCE_BYTES = 16;
export const SERVER_NONCE_BYTES = 40;
export const KEY_BYTES = 32;

const encoder = new TextEncoder();

/** Each part behind its length: two different lists never give the same bytes. */
const framed = (context: string, parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const all = [context, ...parts].map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const out = new Uint8Array(all.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of all) {
    view.setUint32(at, part.length);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
};

export interface Joining {
  /** The agent's public key. */
  readonly key: Uint8Array;
  readonly host: string;
  readonly machine: string;
  readonly serverNonce: Uint8Array;
  readonly agentNonce: Uint8Array;
}

/** What the agent proves under the random part of its token. */
export const joinBytes = ({ key, host, machine, serverNonce, agentNonce }: Joining): Uint8Array =>
  framed('inframirror/join/1', [key, host, machine, serverNonce, agentNonce]);

export interface Joined {
  /** Id the agent has from now on. */
  readonly agent: string;
  /** The host it may send for. */
  readonly host: string;
  /** The other command key. */
  readonly next: Uint8Array;
}

/** What a command key signs in answer. */
export const joinedBytes = (joining: Joining, { agent, host, next }: Joined): Uint8Array =>
  framed('inframirror/joined/2', [joinBytes(joining), agent, host, next]);

export interface SigningIn {
  readonly agent: string;
  readonly boot: bigint;
  /** Of this start of the agent alone: two processes of one run are told apart by it. */
  readonly run: Uint8Array;
  readonly machine: string;
  /** X25519, for this session alone. */
  readonly ephemeral: Uint8Array;
  readonly serverNonce: Uint8Array;
}

/** What the agent's key signs. */
export const signInBytes = ({ agent, boot, run, machine, ephemeral, serverNonce }: SigningIn): Uint8Array =>
  framed('inframirror/agent/1', [agent, boot.toString(), run, machine, ephemeral, serverNonce]);

/** What a command key signs in answer. */
export const sessionBytes = (signingIn: SigningIn, session: string, ephemeral: Uint8Array): Uint8Array =>
  framed('inframirror/session/1', [signInBytes(signingIn), session, ephemeral]);

/** Scheme of the header `authorization` of a frame: `InfraMirror SESSION.MAC`, MAC being HMAC-SHA256 of `frameContext` and the body. */
export const FRAME_SCHEME = 'InfraMirror';
export const MAC_BYTES = 32;
/** Goes ahead of the body into its HMAC. */
export const frameContext = (session: string): Uint8Array => framed('inframirror/frame/1', [session]);
/** Of the key that both ends derive from what they exchanged. */
export const SESSION_KEY_INFO = 'inframirror/session-key/1';

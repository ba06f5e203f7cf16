// An agent with a key of its own, as tests have it send: joined by a token, signed in, its frames signed. No part of the product.
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import type { Identity } from '../../agent/identity.ts';
import { join, type Session, signIn } from '../../agent/join.ts';
import type { Answer, ServerCalls } from '../../agent/server-calls.ts';
import { frameContext } from '../../schemas/agent-proofs.ts';
import { readJoinToken } from '../../schemas/join-token.ts';
import type { AgentServer } from './agent-server.ts';

export const MACHINE = 'm'.repeat(32);

export interface Enrolled {
  readonly identity: Identity;
  readonly boot: bigint;
  session: Session;
}

/** Throws where it is refused. */
export const sessionOf = async (calls: ServerCalls, identity: Identity, boot: bigint): Promise<Session> => {
  const session = await signIn(calls, identity, MACHINE, boot, Buffer.alloc(16, 1));
  if ('refused' in session) throw new Error(session.refused.text);
  return session;
};

/** Throws where it is refused. */
export const joined = async (server: Pick<AgentServer, 'folder' | 'token'>, calls: ServerCalls, host: string): Promise<Identity> => {
  const identity = await join(calls, mkdtempSync(joinPath(server.folder, 'a-')), readJoinToken(await server.token(host)), host, MACHINE);
  if ('refused' in identity) throw new Error(identity.refused.text);
  return identity;
};

/** Throws where it is refused. */
export const enrolled = async (server: Pick<AgentServer, 'folder' | 'token'>, calls: ServerCalls, host: string): Promise<Enrolled> => {
  const identity = await joined(server, calls, host);
  const boot = BigInt(Date.now());
  return { identity, boot, session: await sessionOf(calls, identity, boot) };
};

/** The header `authorization` of a frame. */
export const signatureOf = ({ id, key }: Session, frame: Uint8Array): string =>
  `InfraMirror ${id}.${createHmac('sha256', key).update(frameContext(id)).update(frame).digest('base64url')}`;

/** `frame`: packed with zstd. */
export const postSigned = (calls: ServerCalls, session: Session, frame: Uint8Array): Promise<Answer> =>
  calls.post('/ingest/frames', { authorization: signatureOf(session, frame), 'content-encoding': 'zstd' }, frame);

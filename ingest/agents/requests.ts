// The addresses at which agents ask for a nonce, join and sign in, without a token: what they prove is in the request. Small JSON in, JSON out;
// everything is checked for its form before anything is looked up. Frames come through the door.
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { AGENT_PATHS, KEY_BYTES, MAC_BYTES, NONCE_BYTES, SERVER_NONCE_BYTES } from '../../schemas/agent-proofs.ts';
import { bytesOf, textOf } from '../../schemas/join-token.ts';
import { answer, type DoorAnswer, errorAnswer } from '../answer.ts';
import { clockOf } from '../fleet-clock.ts';
import { readBody } from '../receive/body.ts';
import type { AgentRegistry } from './agent-registry.ts';
import type { CommandKeys } from './command-keys.ts';
import type { Sessions } from './sessions.ts';

export interface AgentRequestsOptions {
  readonly registry: AgentRegistry;
  readonly sessions: Sessions;
  readonly keys: CommandKeys;
  readonly log: Logger;
  /** Told of each agent that is refused though it is who it says. */
  readonly refused?: (agent: string, error: CodedError) => void;
}

/** Of one that has proved nothing. */
const UNPROVED: ReadonlySet<string> = new Set(['agent.nonce', 'agent.unknown', 'agent.proof', 'agent.request']);

const MOST_BYTES = 8 << 10;
/** Requests that wait for the record store at once. */
const MOST_AT_WORK = 32;
const SIGNATURE_BYTES = 64;
const TOKEN_BYTES = 16;

const STATUS: Readonly<Partial<Record<string, number>>> = {
  'agent.request': 400,
  'intake.too-large': 413,
  'intake.cut': 408,
  'intake.slow': 408,
  'agent.nonce': 401,
  'agent.unknown': 401,
  'agent.proof': 401,
  'agent.revoked': 403,
  'intake.cloned': 409,
  'intake.older-run': 409,
  'intake.future-run': 409,
  'intake.busy': 503,
  'intake.clock': 503,
};
/** Seconds after which an agent may ask again. */
const RETRY_AFTER: Readonly<Partial<Record<string, string>>> = { 'intake.busy': '1', 'intake.clock': '60' };

type Json = Readonly<Record<string, unknown>>;

const malformed = (reason: string): CodedError => new CodedError('agent.request', { reason });

const jsonOf = (bytes: Uint8Array): Json => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw malformed('it is not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('it must be an object');
  return value as Json;
};

const bytesIn = (json: Json, name: string, length: number): Uint8Array => {
  const found = bytesOf(json[name], length);
  if (found === undefined) throw malformed(`${name} must be ${length} bytes as base64url`);
  return found;
};

const textIn = (json: Json, name: string, most: number): string => {
  const found = json[name];
  if (typeof found !== 'string' || found === '' || found.length > most || !/^[^\p{Cc}\p{Cs}]+$/u.test(found))
    throw malformed(`${name} must be a text of 1 to ${most} characters`);
  return found;
};

const bootIn = (json: Json): bigint => {
  const found = json.boot;
  if (typeof found !== 'string' || !/^(0|[1-9]\d{0,18})$/.test(found)) throw malformed('boot must be a number as decimal text');
  return BigInt(found);
};

export class AgentRequests {
  readonly #options: AgentRequestsOptions;
  #atWork = 0;

  constructor(options: AgentRequestsOptions) {
    this.#options = options;
  }

  /** `POST` to one of AGENT_PATHS; `clock`: its header of that name. Never rejects. */
  async answer(path: string, body: AsyncIterable<Uint8Array>, clock: string | readonly string[] | undefined): Promise<DoorAnswer> {
    try {
      // Who sends his body slowly takes nobody's place.
      const json = jsonOf(await readBody(body, MOST_BYTES));
      if (path === AGENT_PATHS.nonce) return answer(200, { nonce: textOf(this.#options.sessions.nonce()) });
      if (this.#atWork >= MOST_AT_WORK) throw new CodedError('intake.busy', { reason: 'too many agents join or sign in at once' });
      this.#atWork++;
      try {
        return answer(200, await (path === AGENT_PATHS.join ? this.#join(json) : this.#signIn(json, clockOf(clock))));
      } finally {
        this.#atWork--;
      }
    } catch (error) {
      if (!(error instanceof CodedError) || !/^(agent|join|intake)\./.test(error.code)) {
        this.#options.log.error('an agent could not be answered', { path, error });
        return errorAnswer(503, new CodedError('intake.busy', { reason: 'the record store does not answer' }), { 'retry-after': '5' });
      }
      this.#options.log.debug('an agent was refused', { path, error });
      const retry = RETRY_AFTER[error.code];
      const headers = { ...(retry === undefined ? {} : { 'retry-after': retry }), ...(error.code === 'intake.slow' ? { connection: 'close' } : {}) };
      return errorAnswer(STATUS[error.code] ?? 403, error, headers);
    }
  }

  async #join(json: Json): Promise<unknown> {
    const { registry, sessions, keys } = this.#options;
    const request = {
      token: textOf(bytesIn(json, 'token', TOKEN_BYTES)),
      key: bytesIn(json, 'key', KEY_BYTES),
      host: textIn(json, 'host', 1024),
      machine: textIn(json, 'machine', 128),
      serverNonce: bytesIn(json, 'nonce', SERVER_NONCE_BYTES),
      agentNonce: bytesIn(json, 'agentNonce', NONCE_BYTES),
      proof: bytesIn(json, 'proof', MAC_BYTES),
    };
    sessions.mustBeNonce(request.serverNonce);
    const { agent, host, proof } = await registry.join(request);
    return { agent, host, current: textOf(keys.current), next: textOf(keys.next), proof: textOf(proof) };
  }

  async #signIn(json: Json, clock: number | undefined): Promise<unknown> {
    const request = {
      agent: textIn(json, 'agent', 128),
      boot: bootIn(json),
      run: bytesIn(json, 'run', NONCE_BYTES),
      machine: textIn(json, 'machine', 128),
      ephemeral: bytesIn(json, 'ephemeral', KEY_BYTES),
      serverNonce: bytesIn(json, 'nonce', SERVER_NONCE_BYTES),
      signature: bytesIn(json, 'signature', SIGNATURE_BYTES),
    };
    const { session, ephemeral, key, next, proof, seconds } = await this.#options.sessions.signIn(request, clock).catch((error: unknown) => {
      if (error instanceof CodedError && !UNPROVED.has(error.code)) this.#options.refused?.(request.agent, error);
      throw error;
    });
    return { session, ephemeral: textOf(ephemeral), current: textOf(key), next: textOf(next), proof: textOf(proof), seconds };
  }
}

// Which agents are refused again and again and so stand still, and why. In memory, of this start; an agent that is taken is forgotten here.
// Only what an agent has proved to come from itself is noted, and only what is its own fault: nobody can have another one told as refused, and
// what the server cannot do is told as the server's.
import type { CodedError, ErrorCode } from '../../core/errors.ts';

export interface RefusedAgent {
  readonly agent: string;
  /** ms; of the first refusal since it was taken last. */
  readonly since: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * What stays so until somebody acts at the agent, or for it. Not among them: what proves nothing of who it is, and what is told elsewhere (who has
 * sent too much at the door, a clone by the state of its agent).
 */
const OF_THE_AGENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'access.shared-off',
  'agent.revoked',
  'frame.malformed',
  'intake.damaged',
  'intake.encoding',
  'intake.forbidden',
  'intake.future-run',
  'intake.host',
  'intake.older-run',
  'intake.older-seq',
  'intake.refused',
  'intake.sender',
  'intake.too-large',
]);
/** Refused for so long it stands still; before that it may be on its way to a mend, as with a run that is numbered anew. */
const STANDS_MS = 60_000;
/** One that has not tried for so long is silent, not refused. An agent waits a minute or two between its tries. */
const GONE_MS = 600_000;
const MOST_AGENTS = 30_000;

export class RefusedAgents {
  readonly #now: () => number;
  readonly #refused = new Map<string, RefusedAgent & { readonly at: number }>();

  /** `now`: ms. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  note(agent: string, { code, message }: Pick<CodedError, 'code' | 'message'>): void {
    if (!OF_THE_AGENT.has(code)) return;
    const at = this.#now();
    const known = this.#refused.get(agent);
    if (known === undefined && this.#refused.size >= MOST_AGENTS) this.#forgetGone();
    if (known === undefined && this.#refused.size >= MOST_AGENTS) return;
    this.#refused.set(agent, { agent, since: known === undefined || isGone(known.at, at) ? at : known.since, at, code, message });
  }

  taken(agent: string): void {
    this.#refused.delete(agent);
  }

  /** Those that stand still, the longest first. */
  get standing(): readonly RefusedAgent[] {
    this.#forgetGone();
    const now = this.#now();
    return [...this.#refused.values()].filter(({ since }) => now - since >= STANDS_MS).sort((a, b) => a.since - b.since);
  }

  #forgetGone(): void {
    const now = this.#now();
    for (const [agent, { at }] of this.#refused) if (isGone(at, now)) this.#refused.delete(agent);
  }
}

/** A clock that was set back makes nobody stay. */
const isGone = (at: number, now: number): boolean => Math.abs(now - at) > GONE_MS;

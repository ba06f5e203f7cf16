// Which agents are refused again and again and so stand still, and why. In memory, of this start; an agent that is taken is forgotten here.
// Only what an agent has proved to come from itself is noted: nobody can have another one told as refused.
import type { CodedError } from '../../core/errors.ts';

export interface RefusedAgent {
  readonly agent: string;
  /** ms; of the first refusal since it was taken last. */
  readonly since: number;
  readonly code: string;
  readonly message: string;
}

/** What mends itself within moments, or is told elsewhere: who has sent too much at the door, a clone by the state of its agent. */
const PASSING: ReadonlySet<string> = new Set([
  'agent.nonce',
  'agent.proof',
  'agent.request',
  'agent.session',
  'agent.unknown',
  'intake.busy',
  'intake.cloned',
  'intake.cut',
  'intake.full',
  'intake.quota',
  'intake.slow',
  'stream.full',
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
    if (PASSING.has(code)) return;
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

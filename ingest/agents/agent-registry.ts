// Who has joined: read from the record store at the start and twice a minute, held in memory for the door, written by whoever makes tokens,
// joins, revokes or releases. Each change stands in the audit table in the transaction that makes it. It knows no network and no sessions.
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { nanosFromMillis } from '../../core/time.ts';
import type { Records } from '../../engines/records/port.ts';
import { joinedBytes } from '../../schemas/agent-proofs.ts';
import { PLATFORM_EVENTS } from '../../schemas/event-kinds.ts';
import type { OverQuota } from '../byte-quota.ts';
import { writeAudit } from './audit.ts';
import type { CommandKeys } from './command-keys.ts';
import { AGENT_COLUMNS, agentOf, type EnrolledAgent } from './enrolled-agent.ts';
import { type Joined, type JoinRequest, joinByToken, type MadeToken, replacedBy, type TokenWish, tokenMaker } from './join-tokens.ts';
import { KnownAgents } from './known-agents.ts';
import { RefusalAudit } from './refusal-audit.ts';

export interface JoinAnswer {
  readonly agent: string;
  readonly host: string;
  readonly proof: Uint8Array;
}

const REFRESH_MS = 30_000;
const FLUSH_MS = 5_000;
const SHARED = 'shared-agent-token';

/** Those that are revoked, and were not heard of for so long, are kept by the record store alone. */
const REVOKED_NS = 30n * 24n * 3_600_000_000_000n;
const HELD = "state <> 'revoked' OR GREATEST(joined, signed_in) >= $1";
const SIGNED_IN = `UPDATE agents SET boot = n.boot, run = n.run, signed_in = n.signed_in
FROM unnest($1::text[], $2::numeric[], $3::bytea[], $4::int8[]) AS n (id, boot, run, signed_in) WHERE agents.id = n.id AND agents.boot <= n.boot`;
const EVENT = `INSERT INTO events (time, kind, title, host, attributes, sender, boot, seq, "row") VALUES ($1, $2, $3, $4, $5, $6, $7::numeric, 0, 0)
ON CONFLICT DO NOTHING`;

export class AgentRegistry {
  readonly #records: Pick<Records, 'query' | 'transaction'>;
  readonly #keys: CommandKeys;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #refusals: RefusalAudit;
  readonly #known = new KnownAgents();
  /** Signed in since it was written last. */
  readonly #signedIn = new Set<string>();
  /** Quarantined, which the record store does not know yet. */
  readonly #unwritten = new Map<string, Promise<void>>();
  #sharedTaken = true;
  #timers: NodeJS.Timeout[] = [];
  #work: Promise<void> = Promise.resolve();

  /** `now`: the server's clock, ms. */
  constructor(records: Pick<Records, 'query' | 'transaction'>, keys: CommandKeys, log: Logger, now: () => number = Date.now) {
    this.#records = records;
    this.#keys = keys;
    this.#log = log;
    this.#now = now;
    this.#refusals = new RefusalAudit(records, log, now);
  }

  /** Rejects where the record store does not answer. */
  async start(): Promise<void> {
    await this.#read();
    const later = (what: string, everyMs: number, work: () => Promise<void>): void => {
      const timer = setInterval(() => {
        this.#work = this.#work.then(work).catch((error: unknown) => this.#log.warn(what, { error }));
      }, everyMs);
      timer.unref();
      this.#timers.push(timer);
    };
    later('the agents could not be read; what was known holds', REFRESH_MS, () => this.#read());
    later('what agents did could not be kept; it is tried again', FLUSH_MS, () => this.flush());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#work;
    await this.flush();
    await this.#refusals.stop();
  }

  /** Another one whenever an agent has come or gone, which changes for whom others may send. */
  get generation(): number {
    return this.#known.generation;
  }

  get agents(): readonly EnrolledAgent[] {
    return this.#known.all;
  }

  find(id: string): EnrolledAgent | undefined {
    return this.#known.find(id);
  }

  /** As the record store has it now, where it answers: another process may have signed in a later run of it. */
  async asStored(id: string): Promise<EnrolledAgent | undefined> {
    // What is known here alone is newer than what is stored.
    if (this.#signedIn.has(id) || this.#unwritten.has(id)) return this.find(id);
    try {
      const [row] = await this.#records.query(`SELECT ${AGENT_COLUMNS} FROM agents WHERE id = $1`, [id]);
      if (row !== undefined && !this.#signedIn.has(id) && !this.#unwritten.has(id)) this.#known.put(agentOf(row));
    } catch (error) {
      this.#log.debug('an agent could not be looked for; what was known holds', { agent: id, error });
    }
    return this.find(id);
  }

  /** The agent that the host's data comes from. */
  ofHost(host: string): EnrolledAgent | undefined {
    return this.#known.ofHost(host);
  }

  /** Whether the token that all agents share is taken. */
  get isSharedTaken(): boolean {
    return this.#sharedTaken;
  }

  async setShared(who: string, taken: boolean): Promise<void> {
    await this.#records.transaction(async (q) => {
      await q.query('INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [SHARED, { taken }]);
      await writeAudit(q, { time: this.#nanos(), who, what: 'agent.shared', detail: { taken } });
    });
    this.#known.noteChange(SHARED);
    this.#sharedTaken = taken;
  }

  /** Throws `join.value`, `join.too-many`, `agent.none`. */
  async makeToken(who: string, wish: TokenWish): Promise<MadeToken> {
    return this.#records.transaction(tokenMaker(who, wish, this.#keys.hashes, this.#nanos()));
  }

  /** Throws `join.…`; a second time with the same key and token is answered as the first. */
  async join(request: JoinRequest): Promise<JoinAnswer> {
    let joined: Joined;
    try {
      joined = await this.#records.transaction((q) => joinByToken(q, request, this.#nanos()));
    } catch (error) {
      if (error instanceof CodedError && error.code.startsWith('join.'))
        this.#refusals.note('agent.refuse', { code: error.code, token: request.token, host: request.host.slice(0, 253) });
      throw error;
    }
    const { agent, replaced, labelsBefore } = joined;
    const { id, host } = agent;
    if (replaced !== undefined) this.#known.change(replaced, { state: 'revoked', reason: replacedBy(id) });
    this.#known.put(agent);
    this.#log.info('an agent joined', { host, agent: id, ...(replaced === undefined ? {} : { replaced }) });
    if (labelsBefore !== undefined)
      this.#log.warn('a host has other assigned labels than before, by its join token', {
        host,
        labels: Object.fromEntries(agent.labels),
        before: labelsBefore,
      });
    return { agent: id, host, proof: this.#keys.sign(joinedBytes(request, { agent: id, host, next: this.#keys.next })) };
  }

  /** Throws `agent.none`. One that is revoked already stays so. */
  revoke(who: string, id: string): Promise<EnrolledAgent> {
    return this.#set(who, id, 'agent.revoke', { state: 'revoked', reason: `by ${who}` });
  }

  /** Lets one that was quarantined go on; one that is active stays so. Throws `agent.none`, and `agent.revoked` for one that is. */
  release(who: string, id: string): Promise<EnrolledAgent> {
    return this.#set(who, id, 'agent.release', { state: 'active', reason: undefined });
  }

  /** Counts at once, also where it cannot be written yet. Nobody is asked whether it is right: the id stands still until it is released. */
  async quarantine(id: string, reason: string): Promise<void> {
    if (this.find(id)?.state !== 'active') return;
    const agent = this.#known.change(id, { state: 'quarantined', reason });
    if (agent === undefined) return;
    this.#log.error('an agent was quarantined', { host: agent.host, agent: id, reason });
    await this.#writeQuarantine(agent, reason);
  }

  /** Never rejects; what could not be written is written with the next flush. */
  #writeQuarantine({ id, host }: EnrolledAgent, reason: string): Promise<void> {
    const time = this.#nanos();
    const writing = this.#records
      .transaction(async (q) => {
        await q.query("UPDATE agents SET state = 'quarantined', reason = $2 WHERE id = $1 AND state = 'active'", [id, reason]);
        await writeAudit(q, { time, who: 'server', what: 'agent.quarantine', detail: { agent: id, host, reason } });
        const title = `The agent of ${host} was quarantined: ${reason}`;
        await q.query(EVENT, [time, PLATFORM_EVENTS.quarantine, title, host, { agent: id, reason }, 'server', String(time)]);
      })
      .then(
        () => void this.#unwritten.delete(id),
        (error: unknown) => this.#log.error('that an agent was quarantined could not be written; it is tried again', { agent: id, error }),
      );
    this.#unwritten.set(id, writing);
    return writing;
  }

  /** A sender is refused for a while, as it has sent more than it may. */
  noteOverQuota({ sender, host, bytes, limit }: OverQuota): void {
    this.#refusals.note('agent.quota', { sender: sender.slice(0, 128), host: host.slice(0, 253), bytes, limit });
  }

  /** A run of the agent signed in; it is written a little later. */
  noteRun(id: string, boot: bigint, run: Uint8Array): void {
    this.#known.change(id, { boot, run, signedIn: this.#nanos() });
    this.#signedIn.add(id);
  }

  async #set(who: string, id: string, what: string, change: Pick<EnrolledAgent, 'state' | 'reason'>): Promise<EnrolledAgent> {
    // What was decided before it is written before it, or not at all.
    await this.#unwritten.get(id);
    const row = await this.#records.transaction(async (q) => {
      const [found] = await q.query(`SELECT ${AGENT_COLUMNS} FROM agents WHERE id = $1 FOR UPDATE`, [id]);
      if (found === undefined) throw new CodedError('agent.none', { agent: id.slice(0, 128) });
      const agent = agentOf(found);
      // Nothing is to be done, nor to be written of it.
      if (agent.state === change.state && (this.find(id)?.state ?? change.state) === change.state) return found;
      if (agent.state === 'revoked') throw new CodedError('agent.revoked', { agent: id, host: agent.host, reason: agent.reason ?? '' });
      await q.query('UPDATE agents SET state = $2, reason = $3 WHERE id = $1', [id, change.state, change.reason ?? null]);
      await writeAudit(q, { time: this.#nanos(), who, what, detail: { agent: id, host: agent.host } });
      return { ...found, state: change.state, reason: change.reason ?? null };
    });
    this.#unwritten.delete(id);
    const { state, reason } = agentOf(row);
    return this.#known.change(id, { state, reason }) ?? agentOf(row);
  }

  /** What is not written yet. */
  async flush(): Promise<void> {
    for (const id of this.#unwritten.keys()) {
      const agent = this.find(id);
      if (agent?.state === 'quarantined') await this.#writeQuarantine(agent, agent.reason ?? '');
      else this.#unwritten.delete(id);
    }
    const ids = [...this.#signedIn];
    if (ids.length === 0) return;
    const agents = ids.flatMap((id) => this.find(id) ?? []);
    await this.#records.query(SIGNED_IN, [
      agents.map(({ id }) => id),
      agents.map(({ boot }) => String(boot)),
      agents.map(({ run }) => run ?? null),
      agents.map(({ signedIn }) => signedIn ?? null),
    ]);
    for (const agent of agents) if (this.find(agent.id) === agent) this.#signedIn.delete(agent.id);
  }

  #read(): Promise<void> {
    return this.#known.replace(async (newer) => {
      const [rows, [shared]] = await Promise.all([
        this.#records.query(`SELECT ${AGENT_COLUMNS} FROM agents WHERE ${HELD}`, [this.#nanos() - REVOKED_NS]),
        this.#records.query('SELECT value FROM settings WHERE key = $1', [SHARED]),
      ]);
      if (!newer.has(SHARED)) this.#sharedTaken = (shared?.value as { readonly taken?: boolean } | undefined)?.taken !== false;
      return rows.map((row) => this.#withUnwritten(agentOf(row)));
    });
  }

  /** As the record store has it, but for what was not written yet. */
  #withUnwritten(agent: EnrolledAgent): EnrolledAgent {
    const known = this.find(agent.id);
    if (known === undefined) return agent;
    const { boot, run, signedIn, state, reason } = known;
    return {
      ...agent,
      ...(this.#signedIn.has(agent.id) ? { boot, run, signedIn } : {}),
      ...(this.#unwritten.has(agent.id) && agent.state === 'active' ? { state, reason } : {}),
    };
  }

  #nanos(): bigint {
    return nanosFromMillis(this.#now());
  }
}

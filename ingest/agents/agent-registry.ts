// Who has joined: read from the record store at the start and twice a minute, held in memory for the door, written by whoever makes tokens,
// joins, revokes or releases. Each change stands in the audit table in the transaction that makes it. It knows no network and no sessions.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { formatTime, nanosFromMillis } from '../../core/time.ts';
import type { RecordQueries, RecordRow, Records } from '../../engines/records/port.ts';
import { type Joining, joinBytes, joinedBytes } from '../../schemas/agent-proofs.ts';
import { fitsHost, foldHost, HOST_NAME, isHostPattern, joinTokenText, textOf } from '../../schemas/join-token.ts';
import type { OverQuota } from '../byte-quota.ts';
import type { CommandKeys } from './command-keys.ts';
import { RefusalAudit } from './refusal-audit.ts';

export type AgentState = 'active' | 'quarantined' | 'revoked';

export interface EnrolledAgent {
  readonly id: string;
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array;
  readonly host: string;
  /** Given with the token; they win over what the agent tells. */
  readonly labels: ReadonlyMap<string, string>;
  /** Patterns of other hosts that it may speak for. */
  readonly relays: readonly string[];
  /** Hash of what tells its machine from others. */
  readonly machine: string;
  /** ns. */
  readonly joined: bigint;
  /** Who made its token. */
  readonly admittedBy: string;
  /** Newest run that signed in, and its own mark. */
  readonly boot: bigint;
  readonly run: Uint8Array | undefined;
  /** ns; undefined: never. */
  readonly signedIn: bigint | undefined;
  readonly state: AgentState;
  /** Why it is not active. */
  readonly reason: string | undefined;
}

export interface TokenWish {
  /** A name, or a pattern with `*` and `?`. */
  readonly host: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly relays: readonly string[];
  /** Id of the agent whose place is taken. */
  readonly replaces: string | undefined;
}

export interface MadeToken {
  readonly text: string;
  /** ns. */
  readonly expires: bigint;
}

export interface JoinRequest extends Joining {
  /** Id of the token, as text. */
  readonly token: string;
  readonly proof: Uint8Array;
}

export interface JoinAnswer {
  readonly agent: string;
  readonly host: string;
  readonly proof: Uint8Array;
}

const HOUR_NS = 3_600_000_000_000n;
/** So long after it expired a token is told from one that never was. */
const KEPT_NS = 24n * HOUR_NS;
const MOST_TOKENS = 10_000;
const MOST_LABELS = 32;
const REFRESH_MS = 30_000;
const FLUSH_MS = 5_000;

const COLUMNS = 'id, key, host, labels, relays, machine, joined, admitted_by, boot::text AS boot, run, signed_in, state, reason';
/** Those that are revoked, and were not heard of for so long, are kept by the record store alone. */
const REVOKED_NS = 30n * 24n * HOUR_NS;
const HELD = "state <> 'revoked' OR GREATEST(joined, signed_in) >= $1";
const AUDIT = 'INSERT INTO audit (time, who, what, detail) VALUES ($1, $2, $3, $4)';
const SIGNED_IN = `UPDATE agents SET boot = n.boot, run = n.run, signed_in = n.signed_in
FROM unnest($1::text[], $2::numeric[], $3::bytea[], $4::int8[]) AS n (id, boot, run, signed_in) WHERE agents.id = n.id`;
const EVENT = `INSERT INTO events (time, kind, title, host, attributes, sender, boot, seq, "row") VALUES ($1, $2, $3, $4, $5, $6, $7::numeric, 0, 0)
ON CONFLICT DO NOTHING`;

const agentOf = (row: RecordRow): EnrolledAgent => ({
  id: row.id as string,
  key: row.key as Uint8Array,
  host: row.host as string,
  labels: new Map(Object.entries(row.labels as Record<string, string>)),
  relays: row.relays as readonly string[],
  machine: row.machine as string,
  joined: row.joined as bigint,
  admittedBy: row.admitted_by as string,
  boot: BigInt(row.boot as string),
  run: (row.run as Uint8Array | null) ?? undefined,
  signedIn: (row.signed_in as bigint | null) ?? undefined,
  state: row.state as AgentState,
  reason: (row.reason as string | null) ?? undefined,
});

/** Made of the key: nobody can join under the id of another. Hexadecimal, so that no command takes one for an option. */
export const agentIdOf = (key: Uint8Array): string => createHash('sha256').update('inframirror/agent-id/1').update(key).digest('hex').slice(0, 32);

export class AgentRegistry {
  readonly #records: Pick<Records, 'query' | 'transaction'>;
  readonly #keys: CommandKeys;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #refusals: RefusalAudit;
  #byId = new Map<string, EnrolledAgent>();
  /** Of those that are not revoked, by the folded name of the host. */
  #byHost = new Map<string, EnrolledAgent>();
  /** Signed in since it was written last. */
  readonly #signedIn = new Set<string>();
  /** Quarantined, which the record store does not know yet. */
  readonly #unwritten = new Map<string, Promise<void>>();
  #sharedTaken = true;
  #generation = 0;
  /** For each reading at work what was changed since it began, and so is newer than what it found. */
  readonly #readings = new Set<Set<string>>();
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
    return this.#generation;
  }

  get agents(): readonly EnrolledAgent[] {
    return [...this.#byId.values()];
  }

  find(id: string): EnrolledAgent | undefined {
    return this.#byId.get(id);
  }

  /** The agent that the host's data comes from. */
  ofHost(host: string): EnrolledAgent | undefined {
    return this.#byHost.get(foldHost(host));
  }

  /** Whether the token that all agents share is taken. */
  get isSharedTaken(): boolean {
    return this.#sharedTaken;
  }

  async setShared(who: string, taken: boolean): Promise<void> {
    await this.#records.transaction(async (q) => {
      await q.query('INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [SHARED, { taken }]);
      await this.#audit(q, who, 'agent.shared', { taken });
    });
    this.#noteChange(SHARED);
    this.#sharedTaken = taken;
  }

  /** Throws `join.value`, `join.too-many`, `agent.unknown`. */
  async makeToken(who: string, wish: TokenWish): Promise<MadeToken> {
    mustBeWish(wish);
    const [id, secret] = [randomBytes(16), randomBytes(32)];
    const made = this.#nanos();
    const expires = made + HOUR_NS;
    const { host, labels, relays, replaces } = wish;
    await this.#records.transaction(async (q) => {
      await q.query('DELETE FROM join_tokens WHERE expires < $1', [made - KEPT_NS]);
      const [count] = await q.query('SELECT count(*)::int4 AS n FROM join_tokens WHERE used IS NULL AND expires >= $1', [made]);
      if ((count?.n as number) >= MOST_TOKENS) throw new CodedError('join.too-many', { limit: MOST_TOKENS });
      if (replaces !== undefined && (await q.query('SELECT 1 FROM agents WHERE id = $1', [replaces])).length === 0)
        throw new CodedError('agent.unknown', { agent: replaces });
      await q.query('INSERT INTO join_tokens (id, secret, host, labels, relays, replaces, who, made, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        textOf(id),
        secret,
        host,
        Object.fromEntries(labels),
        relays,
        replaces ?? null,
        who,
        made,
        expires,
      ]);
      await this.#audit(q, who, 'agent.token', {
        token: textOf(id),
        host,
        labels: Object.fromEntries(labels),
        ...(relays.length === 0 ? {} : { relays }),
        ...(replaces === undefined ? {} : { replaces }),
      });
    });
    return { text: joinTokenText({ id, secret, keys: this.#keys.hashes }), expires };
  }

  /** Throws `join.…`; a second time with the same key and token is answered as the first. */
  async join(request: JoinRequest): Promise<JoinAnswer> {
    let joined: { readonly agent: EnrolledAgent; readonly replaced: string | undefined };
    try {
      joined = await this.#records.transaction((q) => this.#enrol(q, request));
    } catch (error) {
      if (error instanceof CodedError && error.code.startsWith('join.'))
        this.#refusals.note('agent.refuse', { code: error.code, token: request.token, host: request.host.slice(0, 253) });
      throw error;
    }
    const { agent, replaced } = joined;
    if (replaced !== undefined) this.#change(replaced, { state: 'revoked', reason: `replaced by ${agent.id}` });
    this.#noteChange(agent.id);
    this.#put(agent);
    this.#log.info('an agent joined', { host: agent.host, agent: agent.id, ...(replaced === undefined ? {} : { replaced }) });
    const { id, host } = agent;
    return { agent: id, host, proof: this.#keys.sign(joinedBytes(request, { agent: id, host, next: this.#keys.next })) };
  }

  async #enrol(q: RecordQueries, request: JoinRequest): Promise<{ agent: EnrolledAgent; replaced: string | undefined }> {
    const { token, key, host, machine, proof } = request;
    const time = this.#nanos();
    const id = agentIdOf(key);
    const [row] = await q.query('SELECT * FROM join_tokens WHERE id = $1 FOR UPDATE', [token]);
    if (row === undefined) throw new CodedError('join.unknown', {});
    if (row.used !== null) {
      const [same] = row.agent === id ? await q.query(`SELECT ${COLUMNS} FROM agents WHERE id = $1 AND state <> 'revoked'`, [id]) : [];
      if (same !== undefined) return { agent: agentOf(same), replaced: undefined };
      throw new CodedError('join.used', { used: formatTime(row.used as bigint), agent: row.agent as string });
    }
    if ((row.expires as bigint) < time) throw new CodedError('join.expired', { expired: formatTime(row.expires as bigint) });
    const due = createHmac('sha256', row.secret as Uint8Array)
      .update(joinBytes(request))
      .digest();
    if (proof.length !== due.length || !timingSafeEqual(proof, due)) throw new CodedError('join.proof', {});
    const wanted = row.host as string;
    if (!HOST_NAME.test(host) || !fitsHost(wanted, host)) throw new CodedError('join.host', { host: host.slice(0, 253), wanted });
    const replaces = (row.replaces as string | null) ?? undefined;
    const holders = await q.query("SELECT id FROM agents WHERE state <> 'revoked' AND (lower(host) = lower($1) OR id = $2) FOR UPDATE", [
      host,
      replaces ?? null,
    ]);
    const taken = holders.find((holder) => holder.id !== replaces);
    if (taken !== undefined) throw new CodedError('join.taken', { host, agent: taken.id as string });
    const replaced = holders.length === 0 ? undefined : replaces;
    if (replaced !== undefined) await q.query("UPDATE agents SET state = 'revoked', reason = $2 WHERE id = $1", [replaced, `replaced by ${id}`]);
    const [agent] = await q.query(
      `INSERT INTO agents (id, key, host, labels, relays, machine, joined, token, admitted_by, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active') RETURNING ${COLUMNS}`,
      [id, key, host, row.labels as object as { readonly [key: string]: unknown }, row.relays as string[], machine, time, token, row.who as string],
    );
    await q.query('UPDATE join_tokens SET used = $2, agent = $3, secret = NULL WHERE id = $1', [token, time, id]);
    await this.#audit(q, `token ${token}`, replaced === undefined ? 'agent.join' : 'agent.replace', {
      agent: id,
      host,
      ...(replaced === undefined ? {} : { replaced }),
    });
    return { agent: agentOf(agent as RecordRow), replaced };
  }

  /** Throws `agent.unknown`. One that is revoked already stays so. */
  revoke(who: string, id: string): Promise<EnrolledAgent> {
    return this.#set(who, id, 'agent.revoke', { state: 'revoked', reason: `by ${who}` });
  }

  /** Lets one that was quarantined go on. Throws `agent.unknown`, and `agent.revoked` for one that is. */
  release(who: string, id: string): Promise<EnrolledAgent> {
    return this.#set(who, id, 'agent.release', { state: 'active', reason: undefined });
  }

  /** Counts at once, also where it cannot be written yet. Nobody is asked whether it is right: the id stands still until it is released. */
  async quarantine(id: string, reason: string): Promise<void> {
    if (this.#byId.get(id)?.state !== 'active') return;
    const agent = this.#change(id, { state: 'quarantined', reason });
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
        await this.#audit(q, 'server', 'agent.quarantine', { agent: id, host, reason });
        const title = `The agent of ${host} was quarantined: ${reason}`;
        await q.query(EVENT, [time, 'agent.quarantine', title, host, { agent: id, reason }, 'server', String(time)]);
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
    this.#change(id, { boot, run, signedIn: this.#nanos() });
    this.#signedIn.add(id);
  }

  async #set(who: string, id: string, what: string, change: Pick<EnrolledAgent, 'state' | 'reason'>): Promise<EnrolledAgent> {
    // What was decided before it is written before it, or not at all.
    await this.#unwritten.get(id);
    const row = await this.#records.transaction(async (q) => {
      const [found] = await q.query(`SELECT ${COLUMNS} FROM agents WHERE id = $1 FOR UPDATE`, [id]);
      if (found === undefined) throw new CodedError('agent.unknown', { agent: id.slice(0, 128) });
      const agent = agentOf(found);
      if (agent.state === 'revoked') {
        if (change.state === 'revoked') return found;
        throw new CodedError('agent.revoked', { agent: id, host: agent.host, reason: agent.reason ?? '' });
      }
      await q.query('UPDATE agents SET state = $2, reason = $3 WHERE id = $1', [id, change.state, change.reason ?? null]);
      await this.#audit(q, who, what, { agent: id, host: agent.host });
      return { ...found, state: change.state, reason: change.reason ?? null };
    });
    const agent = agentOf(row);
    this.#unwritten.delete(id);
    this.#change(id, change);
    return this.#byId.get(id) ?? agent;
  }

  /** What is not written yet. */
  async flush(): Promise<void> {
    for (const id of this.#unwritten.keys()) {
      const agent = this.#byId.get(id);
      if (agent?.state === 'quarantined') await this.#writeQuarantine(agent, agent.reason ?? '');
      else this.#unwritten.delete(id);
    }
    const ids = [...this.#signedIn];
    if (ids.length === 0) return;
    const agents = ids.flatMap((id) => this.#byId.get(id) ?? []);
    await this.#records.query(SIGNED_IN, [
      agents.map(({ id }) => id),
      agents.map(({ boot }) => String(boot)),
      agents.map(({ run }) => run ?? null),
      agents.map(({ signedIn }) => signedIn ?? null),
    ]);
    for (const agent of agents) if (this.#byId.get(agent.id) === agent) this.#signedIn.delete(agent.id);
  }

  async #read(): Promise<void> {
    const newer = new Set<string>();
    this.#readings.add(newer);
    try {
      const [rows, [shared]] = await Promise.all([
        this.#records.query(`SELECT ${COLUMNS} FROM agents WHERE ${HELD}`, [this.#nanos() - REVOKED_NS]),
        this.#records.query('SELECT value FROM settings WHERE key = $1', [SHARED]),
      ]);
      if (!newer.has(SHARED)) this.#sharedTaken = (shared?.value as { readonly taken?: boolean } | undefined)?.taken !== false;
      const found = new Set<string>();
      for (const row of rows) {
        const agent = agentOf(row);
        found.add(agent.id);
        if (!newer.has(agent.id)) this.#put(this.#withUnwritten(agent));
      }
      for (const [id, agent] of this.#byId) if (!found.has(id) && !newer.has(id)) this.#drop(agent);
    } finally {
      this.#readings.delete(newer);
    }
  }

  /** As the record store has it, but for what was not written yet. */
  #withUnwritten(agent: EnrolledAgent): EnrolledAgent {
    const known = this.#byId.get(agent.id);
    if (known === undefined) return agent;
    const { boot, run, signedIn, state, reason } = known;
    return {
      ...agent,
      ...(this.#signedIn.has(agent.id) ? { boot, run, signedIn } : {}),
      ...(this.#unwritten.has(agent.id) && agent.state === 'active' ? { state, reason } : {}),
    };
  }

  #change(id: string, change: Partial<EnrolledAgent>): EnrolledAgent | undefined {
    const known = this.#byId.get(id);
    if (known === undefined) return undefined;
    const agent = { ...known, ...change };
    this.#noteChange(id);
    this.#put(agent);
    return agent;
  }

  #noteChange(what: string): void {
    for (const newer of this.#readings) newer.add(what);
  }

  #put(agent: EnrolledAgent): void {
    const before = this.#byId.get(agent.id);
    if (before?.state !== agent.state || before.host !== agent.host) this.#generation++;
    this.#byId.set(agent.id, agent);
    const host = foldHost(agent.host);
    if (agent.state !== 'revoked') this.#byHost.set(host, agent);
    else if (this.#byHost.get(host)?.id === agent.id) this.#byHost.delete(host);
  }

  #drop({ id, host }: EnrolledAgent): void {
    this.#generation++;
    this.#byId.delete(id);
    if (this.#byHost.get(foldHost(host))?.id === id) this.#byHost.delete(foldHost(host));
  }

  #audit(q: RecordQueries, who: string, what: string, detail: { readonly [key: string]: unknown }): Promise<unknown> {
    return q.query(AUDIT, [this.#nanos(), who, what, detail]);
  }

  #nanos(): bigint {
    return nanosFromMillis(this.#now());
  }
}

const SHARED = 'shared-agent-token';

const mustBeWish = ({ host, labels, relays }: TokenWish): void => {
  const wrong = (what: string, reason: string): never => {
    throw new CodedError('join.value', { what, reason });
  };
  if (!isHostPattern(host)) wrong('host', 'must be a name or a pattern of letters, digits, ., _, -, * and ?');
  if (relays.length > 100) wrong('relay', 'has more than 100 patterns');
  for (const relay of relays) if (!isHostPattern(relay)) wrong('relay', `${JSON.stringify(relay.slice(0, 80))} is no name or pattern of hosts`);
  if (labels.size > MOST_LABELS) wrong('label', `stands more than ${MOST_LABELS} times`);
  for (const [name, value] of labels) {
    if (!/^[\p{L}_][\p{L}\p{N}_.-]{0,127}$/u.test(name)) wrong('label', `${JSON.stringify(name.slice(0, 80))} is no name of a label`);
    if (value === '' || value.length > 1024 || /[\p{Cc}\p{Cs}]/u.test(value))
      wrong('label', `${name} must have a value of 1 to 1024 characters, none of control`);
  }
};

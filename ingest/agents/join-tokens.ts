// Join tokens in the record store: made for one agent within an hour, and used once, by whoever proves to have one. In the caller's transactions,
// with a row of the audit table in each. It holds nothing in memory.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../core/errors.ts';
import { formatTime } from '../../core/time.ts';
import type { RecordQueries, RecordRow } from '../../engines/records/port.ts';
import { type Joining, joinBytes } from '../../schemas/agent-proofs.ts';
import { fitsHost, HOST_NAME, isHostPattern, joinTokenText, textOf } from '../../schemas/join-token.ts';
import { writeAudit } from './audit.ts';
import { AGENT_COLUMNS, agentIdOf, agentOf, type EnrolledAgent } from './enrolled-agent.ts';

export type Labels = Readonly<Record<string, string>>;

export interface TokenWish {
  /** A name, or a pattern with `*` and `?`. */
  readonly host: string;
  /** undefined: the host keeps those that were assigned to it. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly relays: readonly string[];
  /** Id of the agent whose place is taken. */
  readonly replaces: string | undefined;
}

export interface MadeToken {
  readonly text: string;
  /** ns. */
  readonly expires: bigint;
  /** What the host has until now; undefined: the token is for any host of a pattern. */
  readonly assigned: Labels | undefined;
}

export interface JoinRequest extends Joining {
  /** Id of the token, as text. */
  readonly token: string;
  readonly proof: Uint8Array;
}

/** Who joined, and the agent whose place it took. */
export interface Joined {
  readonly agent: EnrolledAgent;
  readonly replaced: string | undefined;
  /** Those that the agent before had, where the host has others now. */
  readonly labelsBefore: Labels | undefined;
}

const HOUR_NS = 3_600_000_000_000n;
/** So long after it expired a token is told from one that never was. */
const KEPT_NS = 24n * HOUR_NS;
const MOST_TOKENS = 10_000;
const MOST_LABELS = 32;

const INSERT_TOKEN = 'INSERT INTO join_tokens (id, secret, host, labels, relays, replaces, who, made, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)';
const INSERT_AGENT = `INSERT INTO agents (id, key, host, labels, relays, machine, joined, token, admitted_by, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active') RETURNING ${AGENT_COLUMNS}`;
const LAST_OF_HOST = 'SELECT labels FROM agents WHERE id = $2::text OR lower(host) = lower($1) ORDER BY (id = $2::text) IS TRUE DESC, joined DESC LIMIT 1';

/** Returns what makes a token in a transaction, which may run again. `keys`: hashes of the server's command keys. Throws `join.value`. */
export const tokenMaker = (who: string, wish: TokenWish, keys: readonly [Uint8Array, Uint8Array], made: bigint) => {
  mustBeWish(wish);
  const [id, secret] = [randomBytes(16), randomBytes(32)];
  const expires = made + HOUR_NS;
  const { host, relays, replaces } = wish;
  const token = textOf(id);
  const labels = wish.labels && Object.fromEntries(wish.labels);
  /** Throws `join.too-many`, `agent.none`. */
  return async (q: RecordQueries): Promise<MadeToken> => {
    await q.query('DELETE FROM join_tokens WHERE expires < $1', [made - KEPT_NS]);
    const [count] = await q.query('SELECT count(*)::int4 AS n FROM join_tokens WHERE used IS NULL AND expires >= $1', [made]);
    if ((count?.n as number) >= MOST_TOKENS) throw new CodedError('join.too-many', { limit: MOST_TOKENS });
    if (replaces !== undefined && (await q.query('SELECT 1 FROM agents WHERE id = $1', [replaces])).length === 0)
      throw new CodedError('agent.none', { agent: replaces });
    const assigned = replaces === undefined && /[*?]/.test(host) ? undefined : await assignedTo(q, host, replaces);
    await q.query(INSERT_TOKEN, [token, secret, host, labels ?? null, relays, replaces ?? null, who, made, expires]);
    const detail = {
      token,
      host,
      ...(labels === undefined ? {} : { labels }),
      ...(relays.length === 0 ? {} : { relays }),
      ...(replaces === undefined ? {} : { replaces }),
    };
    await writeAudit(q, { time: made, who, what: 'agent.token', detail });
    return { text: joinTokenText({ id, secret, keys }), expires, assigned };
  };
};

/** `time`: now, ns. Throws `join.…`; a second time with the same key and token is answered as the first. */
export const joinByToken = async (q: RecordQueries, request: JoinRequest, time: bigint): Promise<Joined> => {
  const { token, key, host, machine } = request;
  const id = agentIdOf(key);
  const [row] = await q.query('SELECT * FROM join_tokens WHERE id = $1 FOR UPDATE', [token]);
  if (row === undefined) throw new CodedError('join.unknown', {});
  if (row.used !== null) {
    const [same] = row.agent === id ? await q.query(`SELECT ${AGENT_COLUMNS} FROM agents WHERE id = $1 AND state <> 'revoked'`, [id]) : [];
    if (same !== undefined) return { agent: agentOf(same), replaced: undefined, labelsBefore: undefined };
    throw new CodedError('join.used', { used: formatTime(row.used as bigint), agent: row.agent as string });
  }
  mustFit(row, request, time);
  const replaced = await takePlace(q, host, id, (row.replaces as string | null) ?? undefined);
  const before = await assignedTo(q, host, replaced);
  const labels = (row.labels as Labels | null) ?? before;
  const labelsBefore = isDeepStrictEqual(labels, before) ? undefined : before;
  const [agent] = await q.query(INSERT_AGENT, [id, key, host, labels, row.relays as string[], machine, time, token, row.who as string]);
  await q.query('UPDATE join_tokens SET used = $2, agent = $3, secret = NULL WHERE id = $1', [token, time, id]);
  const detail = { agent: id, host, labels, ...(labelsBefore === undefined ? {} : { labelsBefore }), ...(replaced === undefined ? {} : { replaced }) };
  await writeAudit(q, { time, who: `token ${token}`, what: replaced === undefined ? 'agent.join' : 'agent.replace', detail });
  return { agent: agentOf(agent as RecordRow), replaced, labelsBefore };
};

/** By the agent whose place is taken, else by the last one of the host. */
const assignedTo = async (q: RecordQueries, host: string, replaces: string | undefined): Promise<Labels> => {
  const [row] = await q.query(LAST_OF_HOST, [host, replaces ?? null]);
  return (row?.labels as Labels | undefined) ?? {};
};

const mustFit = (row: RecordRow, request: JoinRequest, time: bigint): void => {
  const { host, proof } = request;
  if ((row.expires as bigint) < time) throw new CodedError('join.expired', { expired: formatTime(row.expires as bigint) });
  const due = createHmac('sha256', row.secret as Uint8Array)
    .update(joinBytes(request))
    .digest();
  if (proof.length !== due.length || !timingSafeEqual(proof, due)) throw new CodedError('join.proof', {});
  const wanted = row.host as string;
  if (!HOST_NAME.test(host) || !fitsHost(wanted, host)) throw new CodedError('join.host', { host: host.slice(0, 253), wanted });
};

/** Revokes the agent that is to be replaced and returns it, where it is there still. Throws `join.taken` for a host that another one has. */
const takePlace = async (q: RecordQueries, host: string, by: string, replaces: string | undefined): Promise<string | undefined> => {
  const found = await q.query("SELECT id FROM agents WHERE state <> 'revoked' AND (lower(host) = lower($1) OR id = $2) FOR UPDATE", [host, replaces ?? null]);
  const taken = found.find(({ id }) => id !== replaces);
  if (taken !== undefined) throw new CodedError('join.taken', { host, agent: taken.id as string });
  if (replaces === undefined || found.length === 0) return undefined;
  await q.query("UPDATE agents SET state = 'revoked', reason = $2 WHERE id = $1", [replaces, replacedBy(by)]);
  return replaces;
};

/** Why an agent is revoked whose place another took. */
export const replacedBy = (id: string): string => `replaced by ${id}`;

const mustBeWish = ({ host, labels = new Map(), relays }: TokenWish): void => {
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

// The sink of inventory and events: one transaction a round. Hosts are keyed upserts with their history, an event's identity is its row's,
// so that a round that is written again changes nothing. Messages the store refuses are found by halving.
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { hasCode } from '../../core/errors.ts';
import type { RecordQueries, RecordRow, Records } from '../../engines/records/port.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { foldHost } from '../../schemas/join-token.ts';
import { halvesOfList, writeInHalves } from '../halving.ts';
import { type Enrichment, enrichmentFrom, type HostEntry, type Inventory } from '../inventory.ts';
import type { DeadLetter, Decoded } from '../message.ts';
import { retryUntilStopped } from '../retry.ts';
import type { Sink } from '../sink.ts';
import { assignedEvent, sameTold, withAssigned } from '../stages/assigned.ts';
import { eventOf, type HostFacts, type InventoryRow, inventoryRows, type MadeEvent } from '../stages/inventory.ts';

const FACTS = [
  'host',
  'id',
  'os',
  'kernel',
  'architecture',
  'cores',
  'memory',
  'addresses',
  'region',
  'datacenter',
  'env',
  'role',
  'owner',
  'labels',
  'agent_version',
  'sender',
] as const;

const placeholders = (count: number): string => Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ');
const AGAIN = FACTS.filter((name) => name !== 'host');

/** Very many agents start at once when a site comes back: their rows travel as one parameter, in one statement of each kind. */
const TYPES: Readonly<Record<string, string>> = { cores: 'int8', memory: 'int8', addresses: 'text[]', labels: 'jsonb' };
const HOST_ROWS = `jsonb_to_recordset($1::jsonb) AS n (${FACTS.map((name) => `${name} ${TYPES[name] ?? 'text'}`).join(', ')}, met int8, since int8, until int8)`;

const UPSERT_HOSTS = `INSERT INTO hosts (${FACTS.join(', ')}, first_seen, last_seen) SELECT ${FACTS.join(', ')}, met, since FROM ${HOST_ROWS}
ON CONFLICT (host) DO UPDATE SET ${AGAIN.map((name) => `${name} = excluded.${name}`).join(', ')}, last_seen = excluded.last_seen WHERE hosts.last_seen <= excluded.last_seen`;
/** The first of several changes of a host ends what held before. */
const CLOSE_HISTORY = `UPDATE hosts_history h SET valid_to = n.since FROM (SELECT host, min(since) AS since FROM ${HOST_ROWS} GROUP BY host) n
WHERE h.host = n.host AND h.valid_to IS NULL AND h.valid_from < n.since`;
const ADD_HISTORY = `INSERT INTO hosts_history (${FACTS.join(', ')}, valid_from, valid_to) SELECT ${FACTS.join(', ')}, since, until FROM ${HOST_ROWS} ON CONFLICT DO NOTHING`;
const EVENT = ['time', 'kind', 'title', 'host', 'service', ...ENRICHMENT, 'attributes', 'sender', 'boot', 'seq', '"row"'];
const ADD_EVENT = `INSERT INTO events (${EVENT.join(', ')}) VALUES (${placeholders(EVENT.length)}) ON CONFLICT DO NOTHING`;

/** The place of an event made here, behind any row that a message can have. */
const MADE = 2n ** 32n;
const EVENT_TYPES: Readonly<Record<string, string>> = { time: 'int8', attributes: 'jsonb', boot: 'numeric', seq: 'numeric', '"row"': 'int8' };
// The agent may tell the same change itself, at the same moment: its own words stand.
const ADD_MADE = `INSERT INTO events (${EVENT.join(', ')}) SELECT ${EVENT.map((name) => `n.${name}`).join(', ')}
FROM jsonb_to_recordset($1::jsonb) AS n (${EVENT.map((name) => `${name} ${EVENT_TYPES[name] ?? 'text'}`).join(', ')})
WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.sender = n.sender AND e.kind = n.kind AND e.time = n.time AND e."row" < ${MADE}) ON CONFLICT DO NOTHING`;
/** What was assigned with the join token of a host's agent. */
const ASSIGNED = "SELECT id, lower(host) AS host, labels, told FROM agents WHERE state <> 'revoked' AND labels <> '{}' AND lower(host) = ANY($1::text[])";
const KEEP_TOLD = 'UPDATE agents SET told = $2 WHERE id = $1';
const REMOVE_MADE = `DELETE FROM events WHERE sender = $1 AND kind = $2 AND time = $3 AND "row" >= ${MADE}`;

/** A frame may come before the inventory that names its host; a stop told late says nothing of a later run. */
const AGENT_STARTED = `INSERT INTO hosts_heard (host, started) VALUES ($1, $2)
ON CONFLICT (host) DO UPDATE SET started = greatest(hosts_heard.started, excluded.started)`;
const AGENT_STOPPED = `INSERT INTO hosts_heard (host, stopped, stop_boot) VALUES ($1, $2, $3::numeric)
ON CONFLICT (host) DO UPDATE SET stopped = excluded.stopped, stop_boot = excluded.stop_boot WHERE hosts_heard.stop_boot IS NULL OR hosts_heard.stop_boot <= excluded.stop_boot`;

/** Of plain objects, as one parameter; whole numbers of 64 bits as texts. */
const rowsParameter = (rows: readonly object[]): string => JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

interface KnownSince {
  readonly facts: HostFacts;
  /** ns. */
  readonly since: bigint;
}
interface HostRow extends Omit<HostFacts, 'labels'> {
  readonly labels: object;
  /** When the host was first told of, as far as these rows say. */
  readonly met: bigint;
  readonly since: bigint;
  until: bigint | null;
}
const hostRow = ({ facts, since }: KnownSince, met = since): HostRow => ({ ...facts, labels: Object.fromEntries(facts.labels), met, since, until: null });

type Told = Pick<MadeEvent, 'title' | 'attributes'> & { readonly kind: string };

interface AssignedLabels {
  readonly agent: string;
  readonly labels: ReadonlyMap<string, string>;
  /** What was told otherwise, as it was said last. */
  told: ReadonlyMap<string, string>;
}
const textsIn = (value: unknown): ReadonlyMap<string, string> => new Map(Object.entries(value as Record<string, string>));

/** Each state that hosts had, up to the next one; of two of one moment the first. `changes`: in their order. */
const historyOf = (changes: readonly KnownSince[]): readonly HostRow[] => {
  const rows: HostRow[] = [];
  const open = new Map<string, HostRow>();
  for (const change of changes) {
    const before = open.get(change.facts.host);
    if (before?.since === change.since) continue;
    if (before !== undefined) before.until = change.since;
    const row = hostRow(change);
    rows.push(row);
    open.set(change.facts.host, row);
  }
  return rows;
};

const madeEvent = ({ kind, title, attributes }: Told, { facts, time, message, row }: InventoryRow, place = MADE): object => {
  const { host, region, datacenter, env, role, owner } = facts;
  const { sender, boot, seq } = message;
  return {
    time,
    kind,
    title,
    host,
    service: null,
    region,
    datacenter,
    env,
    role,
    owner,
    attributes: Object.fromEntries(attributes),
    sender,
    boot,
    seq,
    row: place + BigInt(row),
  };
};

const factsOf = (row: RecordRow): HostFacts => {
  const text = (name: string): string | null => (row[name] as string | null) ?? null;
  const { cores, memory, addresses, labels } = row as { cores: bigint | null; memory: bigint | null; addresses: readonly string[] | null; labels: object };
  return {
    host: row.host as string,
    id: text('id'),
    os: text('os'),
    kernel: text('kernel'),
    architecture: text('architecture'),
    cores: cores === null ? null : Number(cores),
    memory,
    addresses,
    region: text('region'),
    datacenter: text('datacenter'),
    env: text('env'),
    role: text('role'),
    owner: text('owner'),
    labels: new Map(Object.entries(labels)),
    agent_version: text('agent_version'),
    sender: row.sender as string,
  };
};

/** The fault of a row. What is none's is waited for: to halve and to bury what came meanwhile would mend nothing. */
const isRefusal = (error: unknown): boolean => hasCode(error, 'records.refused-rows') || hasCode(error, 'records.conflict');

export interface RecordsSinkOptions {
  readonly records: Records;
  readonly inventory: Inventory;
}

class RecordsWriter {
  readonly #options: RecordsSinkOptions;

  constructor(options: RecordsSinkOptions) {
    this.#options = options;
  }

  /** All messages or none; resolves to the hosts as they are now. */
  write(messages: readonly Decoded[]): Promise<readonly HostEntry[]> {
    return this.#options.records.transaction(async (queries) => {
      const rows = messages.filter(({ schema }) => schema === 'inventory').flatMap(inventoryRows);
      const hosts = await this.#hosts(rows, queries);
      // The agent's own words first: then nothing has to be made for them.
      for (const message of messages) if (message.schema === 'events') await this.#events(message, hosts, queries);
      return [...hosts.values()];
    });
  }

  async #hosts(rows: readonly InventoryRow[], queries: RecordQueries): Promise<ReadonlyMap<string, HostEntry>> {
    const entries = new Map<string, HostEntry>();
    if (rows.length === 0) return entries;
    const known = new Map<string, { facts: HostFacts; seen: bigint }>();
    const names = [...new Set(rows.map(({ facts }) => facts.host))];
    for (const row of await queries.query(`SELECT ${FACTS.join(', ')}, last_seen FROM hosts WHERE host = ANY($1::text[]) FOR UPDATE`, [names]))
      known.set(row.host as string, { facts: factsOf(row), seen: row.last_seen as bigint });
    const changes: KnownSince[] = [];
    const made: object[] = [];
    const now = new Map<string, HostRow>();
    const assigned = await this.#assigned(names, queries);
    for (const given of rows) {
      const { time } = given;
      const before = known.get(given.facts.host);
      // An inventory that came late says nothing of now.
      if (before !== undefined && before.seen > time) continue;
      const row = await this.#assign(given, assigned, made, queries);
      const { facts } = row;
      const event = eventOf(row, before?.facts);
      now.set(facts.host, hostRow({ facts, since: time }, now.get(facts.host)?.met));
      if (event !== undefined) {
        changes.push({ facts, since: time });
        made.push(madeEvent(event, row));
      }
      known.set(facts.host, { facts, seen: time });
      entries.set(facts.host, { host: facts.host, sender: facts.sender, enrichment: enrichmentFrom((key) => facts[key]) });
    }
    await queries.query(UPSERT_HOSTS, [rowsParameter([...now.values()])]);
    if (made.length > 0) await queries.query(ADD_MADE, [rowsParameter(made)]);
    if (changes.length === 0) return entries;
    const history = rowsParameter(historyOf(changes));
    await queries.query(CLOSE_HISTORY, [history]);
    await queries.query(ADD_HISTORY, [history]);
    return entries;
  }

  async #assigned(hosts: readonly string[], queries: RecordQueries): Promise<ReadonlyMap<string, AssignedLabels>> {
    const found = await queries.query(ASSIGNED, [hosts.map((host) => foldHost(host))]);
    return new Map(found.map((row) => [row.host as string, { agent: row.id as string, labels: textsIn(row.labels), told: textsIn(row.told) }]));
  }

  /** The row with what is assigned in it; what its agent tells otherwise is said once. */
  async #assign(row: InventoryRow, assigned: ReadonlyMap<string, AssignedLabels>, made: object[], queries: RecordQueries): Promise<InventoryRow> {
    const known = assigned.get(foldHost(row.facts.host));
    if (known === undefined) return row;
    const outcome = withAssigned(row.facts, known.labels);
    const out = { ...row, facts: outcome.facts };
    if (sameTold(outcome.told, known.told)) return out;
    const event = assignedEvent(outcome, known.labels, known.told);
    if (event !== undefined) made.push(madeEvent({ kind: 'agent.labels', ...event }, out, 2n * MADE));
    known.told = outcome.told;
    await queries.query(KEEP_TOLD, [known.agent, Object.fromEntries(outcome.told)]);
    return out;
  }

  async #events({ batch, sender, boot, seq }: Decoded, hosts: ReadonlyMap<string, HostEntry>, queries: RecordQueries): Promise<void> {
    const columns = ['time', 'kind', 'title', 'host', 'service', 'attributes'].map((name) => columnOf(batch, name));
    for (let row = 0; row < batch.length; row++) {
      const [time, kind, title, host, service, attributes] = columns.map((column) => valueAt(column, row)) as [bigint, string, string, ...Value[]];
      const found: Enrichment = hosts.get(host as string)?.enrichment ?? this.#options.inventory.of((host as string | null) ?? undefined, sender);
      if (kind.startsWith('inventory.')) await queries.query(REMOVE_MADE, [sender, kind, time]);
      if (kind === 'agent.start' && host !== null) await queries.query(AGENT_STARTED, [host as string, time]);
      if (kind === 'agent.stop' && host !== null) await queries.query(AGENT_STOPPED, [host as string, time, String(boot)]);
      await queries.query(ADD_EVENT, [
        time,
        kind,
        title,
        host as string | null,
        service as string | null,
        ...found.map((value) => value ?? null),
        Object.fromEntries((attributes as ReadonlyMap<string, string> | null) ?? []),
        sender,
        String(boot),
        String(seq),
        BigInt(row),
      ]);
    }
  }
}

/** Of a message with a value that Postgres does not keep, as a zero byte. */
const letterOf = (message: Decoded, error: Error): DeadLetter => ({
  message: message.stored,
  value: message.stored.value,
  rows: message.batch.length,
  stage: 'records',
  reason: 'refused-message',
  error: error.message,
});

export const recordsSink = (options: RecordsSinkOptions): Sink => {
  const writer = new RecordsWriter(options);
  return {
    open: () => ({
      write: async (messages, { signal, health }) => {
        const letters: DeadLetter[] = [];
        await writeInHalves<readonly Decoded[]>(messages.length === 0 ? [] : [messages], {
          write: async (part) => options.inventory.update(await retryUntilStopped(() => writer.write(part), signal, health, isRefusal)),
          isRefusal,
          halve: halvesOfList,
          refused: ([message], error) => letters.push(letterOf(message as Decoded, error as Error)),
        });
        return letters;
      },
    }),
    findStandingInserts: () => Promise.resolve(new Set()),
  };
};

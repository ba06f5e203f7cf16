// The dead letters as an operator meets them: listed, shown, put on their way again after a mend, or done with. The stream keeps them as they
// are, and is never changed; what became of each stands in the record store. Replayed twice, a letter is stored once: it is a lane of its own
// to the pipeline, which knows what it took of it.
import { zstdDecompressSync } from 'node:zlib';
import { columnOf, type DataType, valueAt } from '../core/batch/batch.ts';
import { CodedError } from '../core/errors.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { formatTime, NANOS_PER_MS } from '../core/time.ts';
import type { Records } from '../engines/records/port.ts';
import type { Message, PartitionState, StoredMessage, Stream } from '../engines/stream/port.ts';
import type {
  DeadLetterAdmin,
  Letter,
  LetterChoice,
  LetterFilter,
  LetterGroup,
  LetterList,
  PartStatus,
  ReplayedLetters,
  WholeLetter,
} from '../graphql/service.ts';
import type { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import { agentAuthority, tokenAuthority } from '../ingest/agents/authorities.ts';
import type { Door } from '../ingest/door.ts';
import { printOf } from '../ingest/parts.ts';
import { DEAD_TOPIC, SIGNAL_VERSION, type SignalSchema, TOPIC } from '../schemas/tables.ts';
import { audited } from './audit.ts';

export interface DeadLetterParts {
  readonly stream: Pick<Stream, 'peek' | 'partitions' | 'produce' | 'shared'>;
  readonly records: Pick<Records, 'query'>;
  readonly door: Pick<Door, 'judge'>;
  readonly registry: Pick<AgentRegistry, 'find' | 'ofHost' | 'isSharedTaken' | 'generation'>;
}

type Found = { readonly letter: Letter; readonly message: StoredMessage };

/** Read at once. */
const STEP_BYTES = 4 << 20;
/** Replayed at once: each is one more sender that the pipeline remembers. */
const MOST_REPLAYED = 10_000;
const MOST_SHOWN = 20;
const MOST_BYTES = 64 << 20;
/** A letter comes out of the turn of its sender, whose numbers are never as large. */
const SEQ = 1n << 63n;

const isSchema = (name: string): name is SignalSchema => Object.hasOwn(TOPIC, name);

const numberOf = (text: string | undefined): number => {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
};

const letterOf = ({ partition, offset, headers, value }: StoredMessage, state: Letter['state']): Letter => {
  const { schema = '-', stage = '-', reason = 'other', error = '', sender = '-', origin } = headers;
  return {
    id: `${partition}/${offset}`,
    state,
    stage,
    reason,
    topic: origin?.split('/')[0] ?? (isSchema(schema) ? TOPIC[schema] : '-'),
    schema,
    buried: numberOf(headers.buried) || Math.floor(numberOf(headers.received?.slice(0, -6))),
    rows: numberOf(headers.rows),
    bytes: value.length,
    sender,
    error,
  };
};

const fits = (letter: Letter, { stage, reason, topic }: LetterFilter): boolean =>
  (stage === undefined || letter.stage === stage) && (reason === undefined || letter.reason === reason) && (topic === undefined || letter.topic === topic);

const unpacked = ({ headers, value }: StoredMessage): Uint8Array =>
  headers.encoding === 'zstd' ? zstdDecompressSync(value, { maxOutputLength: MOST_BYTES }) : value;

const contentOf = (message: StoredMessage): WholeLetter['content'] => {
  try {
    return decodeStream(unpacked(message), { maxBytes: MOST_BYTES })
      .flatMap((batch) =>
        Array.from({ length: Math.min(batch.length, MOST_SHOWN) }, (_, row) =>
          Object.fromEntries(batch.fields.map(({ name, type }) => [name, shownValue(type, valueAt(columnOf(batch, name), row))])),
        ),
      )
      .slice(0, MOST_SHOWN);
  } catch {
    return undefined;
  }
};

/** Further ones no calendar has. */
const LAST_NS = 8_640_000_000_000_000n * NANOS_PER_MS;
const timeText = (ns: bigint): string => (ns > LAST_NS || ns < -LAST_NS ? String(ns) : formatTime(ns));

const shownValue = (type: DataType, value: unknown): unknown =>
  type.kind === 'timestamp' && typeof value === 'bigint' ? timeText(type.unit === 'ms' ? value * NANOS_PER_MS : value) : plainValue(value);

/** That hold moments, in ns. */
const MOMENTS: ReadonlySet<string> = new Set(['received', 'from', 'to']);

const shownHeaders = (headers: StoredMessage['headers']): StoredMessage['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, MOMENTS.has(name) && /^\d{1,19}$/.test(text) ? timeText(BigInt(text)) : text]));

/** What JSON can hold. */
const plainValue = (value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  return Array.isArray(value) ? value.map(plainValue) : value;
};

export class DeadLetters implements DeadLetterAdmin {
  readonly #parts: DeadLetterParts;
  /** One change after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
  }

  async list(filter: LetterFilter, isAll: boolean, limit: number): Promise<LetterList> {
    const groups = new Map<string, LetterGroup>();
    const letters: Letter[] = [];
    for await (const { letter } of this.#all()) {
      if (!fits(letter, filter) || !(isAll || letter.state === 'waiting')) continue;
      const { stage, reason, topic, schema, buried, rows } = letter;
      const key = JSON.stringify([stage, reason, topic, schema]);
      const known = groups.get(key) ?? { stage, reason, topic, schema, letters: 0, rows: 0, since: buried };
      groups.set(key, { ...known, letters: known.letters + 1, rows: known.rows + rows, since: Math.min(known.since, buried) });
      letters.push(letter);
      // The partitions come one after the other.
      if (letters.length > 2 * limit + 100) letters.sort(byAge).splice(limit);
    }
    return { groups: [...groups.values()].sort((a, b) => b.letters - a.letters), letters: letters.sort(byAge).slice(0, limit) };
  }

  async show(id: string): Promise<WholeLetter> {
    const message = await this.#at(id, await this.#parts.stream.partitions(DEAD_TOPIC));
    if (message === undefined) throw new CodedError('dead.none', { id: id.slice(0, 64) });
    return { ...letterOf(message, stateOf(await this.#done(), message)), headers: shownHeaders(message.headers), content: contentOf(message) };
  }

  replay(who: string, choice: LetterChoice): Promise<ReplayedLetters> {
    const outcome = ({ replayed, droppedRows, refused }: ReplayedLetters): Readonly<Record<string, unknown>> => ({
      replayed,
      ...(droppedRows === 0 ? {} : { droppedRows }),
      ...(refused.length === 0 ? {} : { refused: refused.length, failed: refused[0]?.reason }),
    });
    return this.#change(who, 'dead.replay', choice, outcome, async () => {
      const refused: { id: string; reason: string }[] = [];
      let [replayed, droppedRows] = [0, 0];
      for await (const found of this.#chosen(choice)) {
        if (replayed >= MOST_REPLAYED) return { replayed, droppedRows, refused, isMore: true };
        try {
          droppedRows += await this.#send(found);
        } catch (error) {
          if (!(error instanceof CodedError) || error.code.startsWith('stream.')) throw error;
          if (refused.length < 100) refused.push({ id: found.letter.id, reason: error.message });
          continue;
        }
        await this.#note(who, 'replayed', found.message);
        replayed++;
      }
      return { replayed, droppedRows, refused, isMore: false };
    });
  }

  drop(who: string, choice: LetterChoice): Promise<number> {
    const outcome = (dropped: number): Readonly<Record<string, unknown>> => ({ dropped });
    return this.#change(who, 'dead.drop', choice, outcome, async () => {
      let count = 0;
      for await (const { message } of this.#chosen(choice)) {
        await this.#note(who, 'dropped', message);
        count++;
      }
      return count;
    });
  }

  /** How many wait, and since when (ms). */
  async waiting(): Promise<{ readonly count: number; readonly since: number | undefined }> {
    const done = await this.#done();
    let count = 0;
    let since: number | undefined;
    for (const { partition, earliest, next } of await this.#parts.stream.partitions(DEAD_TOPIC)) {
      const own = done.get(partition) ?? new Map<bigint, string>();
      const left = Number(next - earliest) - [...own.keys()].filter((offset) => offset >= earliest && offset < next).length;
      if (left <= 0) continue;
      count += left;
      let first = earliest;
      while (own.has(first)) first++;
      const [message] = await this.#parts.stream.peek({ topic: DEAD_TOPIC, partition }, first, 1);
      const buried = message === undefined ? undefined : letterOf(message, 'waiting').buried;
      if (buried !== undefined && (since === undefined || buried < since)) since = buried;
    }
    return { count, since };
  }

  /** Returns how many rows of it the door drops today. */
  async #send(found: Found): Promise<number> {
    const { letter, message } = found;
    const { headers, key, partition, offset } = message;
    const { schema } = letter;
    const refuse = (reason: string): CodedError => new CodedError('dead.refused', { id: letter.id, reason });
    if (!isSchema(schema)) throw refuse(`this version knows no schema ${schema}`);
    if (headers.version !== String(SIGNAL_VERSION)) throw refuse(`this version does not know schema ${schema} of version ${headers.version}`);
    if (headers.sender === undefined || headers.boot === undefined || !/^\d{1,20}$/.test(headers.boot)) throw refuse('it does not say who sent it');
    const { stage: _, reason: __, error: ___, origin: ____, buried: _____, ...kept } = headers;
    const seq = SEQ + (BigInt(partition) << 48n) + offset;
    const own: Record<string, string> = { ...kept, seq: String(seq), letter: letter.id };
    if (letter.stage !== 'ingest') {
      await this.#produce(TOPIC[schema], { key, headers: own, value: message.value, ...(await this.#shared(found)) });
      return 0;
    }
    // The door has never looked at it.
    const { registry, door } = this.#parts;
    const agent = registry.find(headers.sender);
    if (agent !== undefined && agent.state !== 'active') throw refuse(`its agent is ${agent.state}`);
    const authority = agent === undefined ? tokenAuthority('admin', registry) : agentAuthority(agent, registry, () => true);
    const packed = headers.encoding === 'zstd' ? { packed: message.value } : {};
    const arrival = {
      part: 0,
      schema,
      sender: headers.sender,
      boot: BigInt(headers.boot),
      seq,
      rows: letter.rows,
      ipc: unpacked(message),
      ...packed,
      print: printOf(message.value),
    };
    const { value, rows, range, dropped } = await door.judge(arrival, authority);
    const { encoding: ______, set: _______, ...plain } = own;
    const about = {
      ...(range === undefined ? {} : { from: String(range.from), to: String(range.to) }),
      ...(value.encoding === undefined ? {} : { encoding: value.encoding }),
      ...(value.set === undefined ? {} : { set: value.set.key }),
    };
    const shared = value.set === undefined ? {} : { shared: value.set };
    if (rows > 0) await this.#produce(TOPIC[schema], { key, headers: { ...plain, ...about, rows: String(rows) }, value: value.bytes, ...shared });
    return dropped.reduce((sum, drop) => sum + drop.rows, 0);
  }

  /** What its message shared with others, as long as the stream has it. */
  async #shared({ letter, message: { headers } }: Found): Promise<Pick<Message, 'shared'>> {
    const { set, origin = '' } = headers;
    if (set === undefined) return {};
    const [topic = '', partition = ''] = origin.split('/');
    const value = await this.#parts.stream.shared({ topic, partition: Number(partition) }, set);
    if (value === undefined) throw new CodedError('dead.refused', { id: letter.id, reason: 'what its message shared with others is gone from the stream' });
    return { shared: { key: set, value } };
  }

  #produce(topic: string, message: Message): Promise<void> {
    return this.#parts.stream.produce(topic, [message]);
  }

  async *#chosen(choice: LetterChoice): AsyncGenerator<Found> {
    if ('ids' in choice) {
      const [done, places] = [await this.#done(), await this.#parts.stream.partitions(DEAD_TOPIC)];
      for (const id of new Set(choice.ids)) {
        const message = await this.#at(id, places);
        // It was let go by the stream in this moment.
        if (message === undefined) continue;
        const letter = letterOf(message, stateOf(done, message));
        if (letter.state === 'waiting') yield { message, letter };
      }
      return;
    }
    for await (const found of this.#all()) if (found.letter.state === 'waiting' && fits(found.letter, choice)) yield found;
  }

  async *#all(): AsyncGenerator<Found> {
    const { stream } = this.#parts;
    const done = await this.#done();
    for (const { partition, earliest, next } of await stream.partitions(DEAD_TOPIC)) {
      for (let from = earliest; from < next; ) {
        const messages = await stream.peek({ topic: DEAD_TOPIC, partition }, from, STEP_BYTES);
        const last = messages.at(-1);
        if (last === undefined) break;
        for (const message of messages) if (message.offset < next) yield { message, letter: letterOf(message, stateOf(done, message)) };
        from = last.offset + 1n;
        // Others have their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** undefined: there is none. */
  async #at(id: string, places: readonly PartitionState[]): Promise<StoredMessage | undefined> {
    const [, partition, offset] = /^(\d{1,9})\/(\d{1,18})$/.exec(id) ?? [];
    const at = places.find((place) => String(place.partition) === partition);
    const [message] = at === undefined ? [] : await this.#parts.stream.peek({ topic: DEAD_TOPIC, partition: at.partition }, BigInt(offset ?? 0), 1);
    return message !== undefined && String(message.offset) === offset ? message : undefined;
  }

  async #done(): Promise<Done> {
    const done = new Map<number, Map<bigint, 'replayed' | 'dropped'>>();
    for (const { partition, offset, what } of await this.#parts.records.query('SELECT partition, "offset", what FROM dead_letters_done')) {
      const own = done.get(partition as number) ?? new Map<bigint, 'replayed' | 'dropped'>();
      done.set(partition as number, own.set(offset as bigint, what as 'replayed' | 'dropped'));
    }
    return done;
  }

  async #note(who: string, what: 'replayed' | 'dropped', { partition, offset }: StoredMessage): Promise<void> {
    const now = BigInt(Date.now()) * 1_000_000n;
    await this.#parts.records.query('INSERT INTO dead_letters_done (partition, "offset", what, who, time) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [
      partition,
      offset,
      what,
      who,
      now,
    ]);
  }

  /** In its turn and on record. Rejects with `dead.missing`, and nothing is done or written, where one that is named is not there. */
  #change<T>(who: string, what: string, choice: LetterChoice, outcome: (result: T) => Readonly<Record<string, unknown>>, work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const detail = await this.#detail(choice);
      return audited(this.#parts.records, { who, what, detail, outcome }, async () => {
        await this.#tidy();
        return work();
      });
    });
  }

  async #detail(choice: LetterChoice): Promise<Readonly<Record<string, unknown>>> {
    if ('ids' in choice) {
      const places = await this.#parts.stream.partitions(DEAD_TOPIC);
      const missing: string[] = [];
      for (const id of new Set(choice.ids)) if ((await this.#at(id, places)) === undefined) missing.push(id.slice(0, 64));
      if (missing.length > 0) throw new CodedError('dead.missing', { ids: missing.slice(0, 20).join(', '), named: choice.ids.length });
    }
    return 'ids' in choice
      ? { ids: choice.ids.slice(0, 100), count: choice.ids.length }
      : Object.fromEntries(Object.entries(choice).filter(([, v]) => v !== undefined));
  }

  /** Of those that the stream has let go nothing need be known. */
  async #tidy(): Promise<void> {
    const { records, stream } = this.#parts;
    for (const { partition, earliest } of await stream.partitions(DEAD_TOPIC))
      await records.query('DELETE FROM dead_letters_done WHERE partition = $1 AND "offset" < $2', [partition, earliest]);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(work, work);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

type Done = ReadonlyMap<number, ReadonlyMap<bigint, 'replayed' | 'dropped'>>;

const stateOf = (done: Done, { partition, offset }: StoredMessage): Letter['state'] => done.get(partition)?.get(offset) ?? 'waiting';

const byAge = (a: Letter, b: Letter): number => a.buried - b.buried;

/** One line for people. */
export const lettersPart = async (letters: Pick<DeadLetters, 'waiting'>): Promise<PartStatus> => {
  const name = 'dead letters';
  try {
    const { count, since } = await letters.waiting();
    if (count === 0) return { name, state: 'ok', detail: 'none waits' };
    const from = since === undefined ? '' : `, since ${new Date(since).toISOString()}`;
    return { name, state: 'degraded', detail: `${count} ${count === 1 ? 'waits' : 'wait'}${from}: inframirror dead list` };
  } catch (error) {
    return { name, state: 'degraded', detail: (error as Error).message };
  }
};

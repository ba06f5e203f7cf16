// What members of a group tell each other, in the form that Kafka's own tools read, and who of them gets which partition: even shares of each
// topic, moving as few as that takes. What somebody has is given to nobody else before he has let go of it. It asks nobody.
import type { TopicPartition } from '../port.ts';

/** The name under which the members of a group must agree. */
export const PROTOCOL = 'inframirror';

export interface Subscription {
  readonly topics: readonly string[];
  /** What the member has at this moment. */
  readonly held: readonly TopicPartition[];
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const VERSION = Buffer.alloc(2);

class Reader {
  readonly #bytes: Buffer;
  #at = 2;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get isEmpty(): boolean {
    return this.#bytes.length < 6;
  }
  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }
  bytes(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  text(): string {
    this.#at += 2;
    return String(this.bytes(this.#bytes.readInt16BE(this.#at - 2)));
  }
  list<T>(one: () => T): T[] {
    return Array.from({ length: this.int32() }, one);
  }
}

const encodePartitions = (list: readonly TopicPartition[]): Buffer => {
  const byTopic = [...Map.groupBy(list, ({ topic }) => topic)];
  return Buffer.concat([
    int32(byTopic.length),
    ...byTopic.flatMap(([topic, own]) => [text(topic), int32(own.length), ...own.map(({ partition }) => int32(partition))]),
  ]);
};

const decodePartitions = (reader: Reader): TopicPartition[] =>
  reader
    .list(() => {
      const topic = reader.text();
      return reader.list(() => ({ topic, partition: reader.int32() }));
    })
    .flat();

export const encodeSubscription = ({ topics, held }: Subscription): Buffer => {
  // In one order: what differs from before makes the whole group join again.
  const own = Buffer.from(JSON.stringify(held.map(({ topic, partition }) => [topic, partition]).sort()));
  return Buffer.concat([VERSION, int32(topics.length), ...topics.map(text), int32(own.length), own]);
};

export const decodeSubscription = (bytes: Buffer): Subscription => {
  const reader = new Reader(bytes);
  if (reader.isEmpty) return { topics: [], held: [] };
  const topics = reader.list(() => reader.text());
  const own = String(reader.bytes(Math.max(0, reader.int32())));
  const held = own === '' ? [] : (JSON.parse(own) as [string, number][]).map(([topic, partition]) => ({ topic, partition }));
  return { topics, held };
};

export const encodeAssignment = (list: readonly TopicPartition[]): Buffer => Buffer.concat([VERSION, encodePartitions(list), int32(0)]);

/** Of a member that has none yet: none. */
export const decodeAssignment = (bytes: Buffer): TopicPartition[] => {
  const reader = new Reader(bytes);
  return reader.isEmpty ? [] : decodePartitions(reader);
};

export interface Subscribed extends Subscription {
  readonly id: string;
}

/** By member. What one must let go of is in nobody's list: the others get it when he joins again without it. */
export const assign = (members: readonly Subscribed[], partitionsOf: (topic: string) => number): ReadonlyMap<string, TopicPartition[]> => {
  const out = new Map<string, TopicPartition[]>(members.map(({ id }) => [id, []]));
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    const free = new Set(Array.from({ length: partitionsOf(topic) }, (_, partition) => partition));
    const held = new Map<string, number[]>();
    const readers = members.filter(({ topics }) => topics.includes(topic));
    const taken = new Set<number>();
    for (const member of readers) {
      const own = member.held.filter((at) => at.topic === topic && free.has(at.partition) && !taken.has(at.partition)).map(({ partition }) => partition);
      held.set(member.id, own);
      for (const partition of own) taken.add(partition);
    }
    const least = Math.floor(free.size / readers.length);
    let more = free.size % readers.length;
    for (const partition of taken) free.delete(partition);
    const open = [...free];
    // Those that have most keep the odd ones.
    for (const { id } of readers.toSorted((a, b) => (held.get(b.id)?.length ?? 0) - (held.get(a.id)?.length ?? 0) || (a.id < b.id ? -1 : 1))) {
      const share = least + (more-- > 0 ? 1 : 0);
      const kept = (held.get(id) ?? []).slice(0, share);
      const list = [...kept, ...open.splice(0, share - kept.length)];
      out.get(id)?.push(...list.map((partition) => ({ topic, partition })));
    }
  }
  return out;
};

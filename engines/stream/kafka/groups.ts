// Which groups there are, how far each is, and who is in it, by asking Kafka. It changes nothing.
import type { TopicPartition } from '../port.ts';
import { decodeAssignment, decodeSubscription } from './assignment.ts';
import type { CommittedOffset, GroupDescription } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Line } from './line.ts';

/** States of a group without members. */
const AWAY = new Set(['Empty', 'Dead']);

/** In which alone Kafka tells what members read and hold. */
const SETTLED = 'Stable';

export interface Members {
  readonly isThere: boolean;
  /** undefined: they are just sharing out partitions, and what they read is not told. */
  readonly topics: ReadonlySet<string> | undefined;
  readonly held: readonly TopicPartition[];
}

export const membersOf = ({ state, members }: GroupDescription): Members => {
  const isThere = !AWAY.has(state);
  if (isThere && state !== SETTLED) return { isThere, topics: undefined, held: [] };
  return {
    isThere,
    topics: new Set(members.flatMap(({ subscription }) => decodeSubscription(subscription).topics)),
    held: members.flatMap(({ assignment }) => decodeAssignment(assignment)),
  };
};

export class Groups {
  readonly #cluster: Cluster;
  readonly #line: Line;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#line = cluster.line();
  }

  async names(): Promise<readonly string[]> {
    return [...new Set((await this.#cluster.everyone((connection) => connection.groups())).flat())];
  }

  async members(group: string): Promise<Members> {
    return membersOf(await this.#cluster.atCoordinator({ line: this.#line }, group, (connection) => connection.describe(group)));
  }

  async committed(group: string, topic: string, partitions: number): Promise<readonly CommittedOffset[]> {
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    return this.#cluster.atCoordinator({ line: this.#line }, group, (connection) => connection.committed(group, topic, all));
  }

  /** Of a group that has no members. */
  async put(group: string, { topic, partition }: TopicPartition, offset: bigint, metadata: string): Promise<void> {
    const commit = { group, generation: -1, member: '', topic, partition, offset, metadata };
    await this.#cluster.atCoordinator({ line: this.#line }, group, (connection) => connection.commit(commit));
  }

  async remove(group: string): Promise<void> {
    await this.#cluster.atCoordinator({ line: this.#line }, group, (connection) => connection.deleteGroup(group));
  }

  close(): void {
    this.#line.close();
  }
}

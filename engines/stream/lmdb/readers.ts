// Who reads a topic, how far each group is, and what must stay for it. Keeps positions and groups; writes and reads no record.
import { CodedError } from '../../../core/errors.ts';
import type { Committed, GroupState } from '../port.ts';
import type { Partition } from './commits.ts';
import type { Group } from './group.ts';
import type { TopicRecord } from './layout.ts';
import { keptFrom, Positions, unreadFrom } from './positions.ts';

/** A topic with what this process knows of its partitions. */
export interface Topic extends TopicRecord {
  readonly name: string;
  readonly list: readonly Partition[];
}

export class Readers {
  readonly positions = new Positions();
  readonly groups = new Map<string, Group>();

  /** Those that read the topic: named with it, joined, or known by what they have saved. */
  of({ name, groups = [], list }: Topic): Set<string> {
    const joined = [...this.groups].filter(([, group]) => group.reads(name)).map(([group]) => group);
    return new Set([...groups, ...this.positions.groupsOf(list), ...joined]);
  }

  /** First offset of the partition that some group may still need. */
  keptFrom(topic: Topic, partition: Partition): bigint {
    let from = partition.flushed.next;
    for (const group of this.of(topic)) {
      const kept = keptFrom(this.positions.of(group, partition), partition);
      if (kept < from) from = kept;
    }
    return from;
  }

  /** Cost of what the group furthest behind has not read. */
  unread(topic: Topic): number {
    const groups = this.of(topic);
    let sum = 0;
    for (const partition of topic.list) {
      let most = 0;
      for (const group of groups) most = Math.max(most, partition.costs.from(unreadFrom(this.positions.of(group, partition), partition)));
      sum += most;
    }
    return sum;
  }

  /** `timeAt`: when the first message from an offset on came, ms. */
  states(topic: Topic, timeAt: (partition: Partition, from: bigint) => number | undefined): readonly GroupState[] {
    return Array.from(this.of(topic), (group): GroupState => {
      let waiting = 0n;
      let bytes = 0;
      let oldest: number | undefined;
      for (const partition of topic.list) {
        const from = unreadFrom(this.positions.of(group, partition), partition);
        if (from >= partition.flushed.next) continue;
        waiting += partition.flushed.next - from;
        bytes += partition.costs.from(from);
        const came = timeAt(partition, from);
        if (came !== undefined && (oldest === undefined || came < oldest)) oldest = came;
      }
      return { group, topic: topic.name, waiting, bytes, oldest, isJoined: this.groups.get(group)?.reads(topic.name) === true };
    });
  }

  committed(group: string, { name, list }: Topic): readonly Committed[] {
    return list.flatMap((partition): Committed[] => {
      const position = this.positions.of(group, partition);
      if (position?.progress === undefined) return [];
      const { next, progress } = position;
      return [{ topic: name, partition: partition.partition, next, progress, isOwned: this.groups.get(group)?.owns(partition) === true }];
    });
  }

  /** Throws `stream.group-in-use`. */
  mustBeAway(group: string): void {
    if (this.groups.get(group)?.hasMembers === true) throw new CodedError('stream.group-in-use', { group });
  }
}

// What a group has saved of a partition, as it stands beside the offset in Kafka's own commit: there as a whole where it is small; a larger one
// lies in a compacted topic under a key of its own, and the commit says where. So one commit, which Kafka fences, puts all of it in force.
import { randomUUID } from 'node:crypto';
import { CodedError } from '../../../core/errors.ts';
import type { SavedProgress, TopicPartition } from '../port.ts';
import type { CommittedOffset } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Line } from './line.ts';
import type { Producer } from './producer.ts';

/** Compacted: what was replaced goes. */
export const PROGRESS_TOPIC = 'im.progress';
/** In base64 and with the rest below 4 KiB, which is Kafka's limit beside an offset unless it is set otherwise. */
const MOST_BESIDE = 2900;
const MOST_RECORD = 2 << 20;
const HEADERS = {};

/** A record of the compacted topic. */
export interface Aside {
  readonly offset: bigint;
  readonly key: string;
}

/** What a commit says beside its offset. */
export interface Place {
  readonly progress: Uint8Array | Aside | undefined;
  readonly checkpoint: (Aside & { readonly from: bigint }) | undefined;
}

interface Written {
  /** Progress in base64, or the key and offset where it lies. */
  readonly p?: string | readonly [string, string];
  /** Of the checkpoint: key, offset where it lies, first offset that it does not cover. */
  readonly c?: readonly [string, string, string];
}

export const NOTHING_SAVED: Place = { progress: undefined, checkpoint: undefined };

export const encodePlace = ({ progress, checkpoint }: Place): string => {
  const written: Written = {
    ...(progress === undefined
      ? {}
      : { p: progress instanceof Uint8Array ? Buffer.from(progress).toString('base64') : [progress.key, String(progress.offset)] }),
    ...(checkpoint === undefined ? {} : { c: [checkpoint.key, String(checkpoint.offset), String(checkpoint.from)] }),
  };
  return JSON.stringify(written);
};

/** Of what is not ours, as a commit by Kafka's own tools: nothing saved. */
export const decodePlace = (metadata: string): Place => {
  let written: Written;
  try {
    written = JSON.parse(metadata) as Written;
  } catch {
    return NOTHING_SAVED;
  }
  const { p, c } = written;
  return {
    progress: p === undefined ? undefined : typeof p === 'string' ? new Uint8Array(Buffer.from(p, 'base64')) : { key: p[0], offset: BigInt(p[1]) },
    checkpoint: c === undefined ? undefined : { key: c[0], offset: BigInt(c[1]), from: BigInt(c[2]) },
  };
};

/** First offset that must stay for the group. */
export const keptFrom = ({ offset, metadata }: CommittedOffset): bigint => {
  const from = decodePlace(metadata).checkpoint?.from;
  return from !== undefined && from < offset ? from : offset;
};

export class Places {
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #line: Line;
  readonly #replicas: number;
  #made: Promise<void> | undefined;

  /** `replicas`: copies of the topic, where it is made. */
  constructor(cluster: Cluster, producer: Producer, replicas: number) {
    this.#replicas = replicas;
    this.#cluster = cluster;
    this.#producer = producer;
    this.#line = cluster.line();
  }

  #ensure(): Promise<void> {
    this.#made ??= this.#cluster
      .create({
        name: PROGRESS_TOPIC,
        partitions: 1,
        replicas: this.#replicas,
        settings: { 'cleanup.policy': 'compact', 'max.message.bytes': String(MOST_RECORD) },
      })
      .catch((error) => {
        this.#made = undefined;
        throw error;
      });
    return this.#made;
  }

  /** As it is to stand in a commit. */
  async store(group: string, at: TopicPartition, progress: Uint8Array): Promise<Uint8Array | Aside> {
    return progress.length <= MOST_BESIDE ? progress : this.putAside(group, at, progress);
  }

  async putAside(group: string, { topic, partition }: TopicPartition, value: Uint8Array): Promise<Aside> {
    await this.#ensure();
    const key = `${group}/${topic}/${partition}/${randomUUID()}`;
    return { key, offset: await this.#producer.send(PROGRESS_TOPIC, 0, [{ key: Buffer.from(key), value, headers: HEADERS }]) };
  }

  /** Nothing speaks of them any more. */
  async drop(asides: readonly (Uint8Array | Aside | undefined)[]): Promise<void> {
    const records = asides.flatMap((one) =>
      one === undefined || one instanceof Uint8Array ? [] : [{ key: Buffer.from(one.key), value: null, headers: HEADERS }],
    );
    if (records.length > 0) await this.#producer.send(PROGRESS_TOPIC, 0, records);
  }

  async progress({ progress }: Place): Promise<Uint8Array | undefined> {
    return progress === undefined || progress instanceof Uint8Array ? progress : this.#read(progress);
  }

  async saved(place: Place): Promise<SavedProgress | undefined> {
    const progress = await this.progress(place);
    if (progress === undefined) return undefined;
    const { checkpoint } = place;
    return { progress, checkpoint: checkpoint === undefined ? undefined : { value: await this.#read(checkpoint), from: checkpoint.from } };
  }

  async #read({ key, offset }: Aside): Promise<Uint8Array> {
    const options = { topic: PROGRESS_TOPIC, partition: 0, offset, maxWaitMs: 0, maxBytes: MOST_RECORD };
    const records = await this.#cluster.atLeader({ line: this.#line }, PROGRESS_TOPIC, 0, (connection) => connection.fetch(options));
    const found = records.find((record) => record.offset === offset)?.value;
    if (found === undefined || found === null) throw new CodedError('stream.damaged', { file: PROGRESS_TOPIC, reason: `${key} at offset ${offset} is gone` });
    return found;
  }

  close(): void {
    this.#line.close();
  }
}

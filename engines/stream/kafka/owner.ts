// Whose a Kafka is: the last record of a compacted topic, so that an installation that is led to another one's brokers, or to new ones that have
// nothing of what was acknowledged, is told. It checks nothing.
import { EARLIEST } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Line } from './line.ts';
import type { Producer } from './producer.ts';

export const OWNER_TOPIC = 'im.installation';
const KEY = Buffer.from('installation');
const MOST_BYTES = 1 << 20;

export class Owner {
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #line: Line;
  readonly #replicas: number;

  /** `replicas`: copies of the topic, where it is made. */
  constructor(cluster: Cluster, producer: Producer, replicas: number) {
    this.#replicas = replicas;
    this.#cluster = cluster;
    this.#producer = producer;
    this.#line = cluster.line();
  }

  /** undefined: none was named. */
  async read(): Promise<string | undefined> {
    if (!(await this.#cluster.has(OWNER_TOPIC))) return undefined;
    const next = await this.#cluster.offsetAt(OWNER_TOPIC, 0);
    let owner: string | undefined;
    for (let offset = await this.#cluster.offsetAt(OWNER_TOPIC, 0, EARLIEST); offset < next; ) {
      const options = { topic: OWNER_TOPIC, partition: 0, offset, maxWaitMs: 0, maxBytes: MOST_BYTES };
      const records = await this.#cluster.atLeader({ line: this.#line }, OWNER_TOPIC, 0, (connection) => connection.fetch(options));
      const last = records.at(-1);
      // Of what was compacted away an offset may be left at which nothing is.
      if (last === undefined || last.offset < offset) break;
      if (last.value !== null) owner = Buffer.from(last.value).toString();
      offset = last.offset + 1n;
    }
    return owner;
  }

  /** Durable on resolve. */
  async write(installation: string): Promise<void> {
    await this.#cluster.create({ name: OWNER_TOPIC, partitions: 1, replicas: this.#replicas, settings: { 'cleanup.policy': 'compact' } });
    await this.#producer.send(OWNER_TOPIC, 0, [{ key: KEY, value: Buffer.from(installation), headers: {} }]);
  }

  close(): void {
    this.#line.close();
  }
}

// Opens the stream on a Kafka (contract: `../port.ts`), by the client that is asked for. What it then does is in `kafka-stream.ts`.
import { type Logger, silentLogger } from '../../../core/logger.ts';
import type { Stream } from '../port.ts';
import type { Address, ClientOptions, KafkaClient, KafkaSasl, KafkaTls } from './client.ts';
import { KafkaStream } from './kafka-stream.ts';

export type KafkaClientName = 'kafkajs' | '@platformatic/kafka';

export interface KafkaStreamOptions {
  /** As `host:port`; one that answers is enough, it tells of the others. */
  readonly brokers: readonly string[];
  /** Default `kafkajs`. */
  readonly client?: KafkaClientName;
  /** By which name the brokers know us. */
  readonly clientId?: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  /** Copies of each topic that is made; default: as the brokers have it. */
  readonly replicas?: number;
  /** Bytes of messages that may wait for readers, all topics together; beyond it `produce` rejects with `stream.full`. Default 64 GiB. */
  readonly maxBytes?: number;
  /** A consumer that is not heard of for so long loses its partitions, ms. Default 30 s. */
  readonly sessionMs?: number;
  /** How often a consumer says that it is there, ms. Default 2 s. */
  readonly beatMs?: number;
  /** How long a delivery may hold a partition that another is to have, ms. Default 10 s. */
  readonly handoverMs?: number;
  /** For an answer, ms. Default 10 s. */
  readonly requestMs?: number;
  /** How long something is tried again while no broker does it, ms. Default 20 s. */
  readonly patienceMs?: number;
  /** How often topics are looked over, ms. Default 10 s. */
  readonly keepEveryMs?: number;
  readonly logger?: Logger;
  /** How old messages are, ms; for tests. */
  readonly now?: () => number;
}

/** What a Kafka can do beside the port: say whose it is. */
export interface ServedStream extends Stream {
  /** The installation; undefined: it was never told. */
  owner(): Promise<string | undefined>;
  /** Durable on resolve. */
  belongTo(installation: string): Promise<void>;
}

const CONNECT_MS = 5000;
const DEFAULT_PORT = 9092;

/** Each is loaded only where it is wanted. */
const CLIENTS: Readonly<Record<KafkaClientName, (options: ClientOptions) => Promise<KafkaClient>>> = {
  kafkajs: async (options) => (await import('./kafkajs.ts')).kafkajsClient(options),
  '@platformatic/kafka': async (options) => (await import('./platformatic.ts')).platformaticClient(options),
};

/** Throws `RangeError`. */
const addressOf = (text: string): Address => {
  const found = /^\[?([^[\]]+?)\]?(?::(\d+))?$/.exec(text);
  if (found === null) throw new RangeError(`a broker ${JSON.stringify(text)}; host:port is expected`);
  return { host: found[1] as string, port: found[2] === undefined ? DEFAULT_PORT : Number(found[2]) };
};

/**
 * Rejects with `stream.unavailable` where no broker answers. Kafka itself forgets what a group has saved when no consumer of it was there for
 * `offsets.retention.minutes` of its brokers, seven days by default: the group has no place then.
 */
export const openKafkaStream = async (options: KafkaStreamOptions): Promise<ServedStream> => {
  const logger = options.logger ?? silentLogger;
  const client = await CLIENTS[options.client ?? 'kafkajs']({
    clientId: options.clientId ?? 'inframirror',
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    connectMs: CONNECT_MS,
    log: (message) => logger.debug(message),
  });
  const stream = new KafkaStream({
    client,
    brokers: options.brokers.map(addressOf),
    replicas: options.replicas ?? -1,
    maxBytes: options.maxBytes ?? 64 * 2 ** 30,
    sessionMs: options.sessionMs ?? 30_000,
    beatMs: options.beatMs ?? 2000,
    handoverMs: options.handoverMs ?? 10_000,
    requestMs: options.requestMs ?? 10_000,
    patienceMs: options.patienceMs ?? 20_000,
    keepEveryMs: options.keepEveryMs ?? 10_000,
    logger,
    now: options.now ?? Date.now,
  });
  try {
    await stream.reach();
  } catch (error) {
    await stream.close();
    throw error;
  }
  return stream;
};

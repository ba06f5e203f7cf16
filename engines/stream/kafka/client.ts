// What the stream needs of any Kafka client: connections to one broker each, and single requests over them. Groups, retries, order and
// fencing stand above it, once for all clients. An implementation keeps nothing but its connection, and retries nothing.

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaTls {
  /** Certificates that are trusted, PEM; undefined: those that Node trusts. */
  readonly ca?: string;
  /** Our own certificate and its key, PEM, where the broker asks for one. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the broker's certificate where it is not the host's. */
  readonly servername?: string;
}

export interface ClientOptions {
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  /** ms until a connection stands. */
  readonly connectMs: number;
  /** What the client has to say; never a secret. */
  readonly log: (message: string) => void;
}

/** Kafka's own error codes, those that are looked for. */
export const CODE = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMember: 25,
  rebalanceInProgress: 27,
  topicExists: 36,
  notController: 41,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  storageError: 56,
  unknownProducer: 59,
  nonEmptyGroup: 68,
  groupNotFound: 69,
  memberIdRequired: 79,
} as const;

/** A broker has answered, with an error. */
export class KafkaError extends Error {
  readonly code: number;
  /** With `memberIdRequired`: the id to join with. */
  readonly memberId: string | undefined;

  constructor(code: number, message: string, memberId?: string) {
    super(message);
    this.name = 'KafkaError';
    this.code = code;
    this.memberId = memberId;
  }
}

/** No answer: whether the broker has done what it was asked for is not known. */
export class NoAnswer extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NoAnswer';
  }
}

export const isCode = (error: unknown, ...codes: readonly number[]): boolean => error instanceof KafkaError && codes.includes(error.code);

export interface KafkaRecord {
  readonly key: Buffer;
  /** Null in a compacted topic: what has the key is gone. */
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FetchedRecord extends KafkaRecord {
  readonly offset: bigint;
  /** When it came, ms. */
  readonly time: number;
}

export interface Metadata {
  readonly brokers: readonly (Address & { readonly id: number })[];
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
  }[];
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** -1: as the brokers have it. */
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly KafkaRecord[];
  readonly producer: { readonly id: bigint; readonly epoch: number };
  /** Number of the batch's first record among those of the producer in this partition: what is sent again is stored once. */
  readonly sequence: number;
  /** By zstd. */
  readonly compress: boolean;
  readonly timeoutMs: number;
}

export interface FetchOptions {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** So long the broker waits for the first record. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

export interface JoinOptions {
  readonly group: string;
  readonly member: string;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  readonly protocol: string;
  readonly subscription: Buffer;
}

export interface Joined {
  readonly generation: number;
  readonly member: string;
  readonly leader: string;
  /** For the leader: all. */
  readonly members: readonly { readonly id: string; readonly subscription: Buffer }[];
}

/** A member in a generation of its group; of nobody: generation -1, no member. */
export interface Membership {
  readonly group: string;
  readonly generation: number;
  readonly member: string;
}

export interface Commit extends Membership {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata: string;
}

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata: string;
}

export interface GroupDescription {
  /** `Empty`, `Dead`, or with members in it. */
  readonly state: string;
  readonly members: readonly { readonly subscription: Buffer; readonly assignment: Buffer }[];
}

/** To one broker; rejects with `KafkaError` where that has answered, else with any other error. Each request is of one topic, partition or group. */
export interface Connection {
  metadata(topics: readonly string[]): Promise<Metadata>;
  createTopic(topic: NewTopic): Promise<void>;
  newProducer(): Promise<Batch['producer']>;
  /** The offset of the first. */
  produce(batch: Batch): Promise<bigint>;
  /** Those before `offset` in the same batch may come too. */
  fetch(options: FetchOptions): Promise<readonly FetchedRecord[]>;
  /** First offset at or after a time, -1 where there is none; `EARLIEST`, `LATEST`. */
  offsetAt(topic: string, partition: number, time: number): Promise<bigint>;
  deleteRecords(topic: string, partition: number, before: bigint): Promise<void>;
  coordinator(group: string): Promise<Address>;
  join(options: JoinOptions): Promise<Joined>;
  /** The assignments are the leader's; the answer is our own. */
  sync(membership: Membership, assignments: readonly { readonly member: string; readonly assignment: Buffer }[]): Promise<Buffer>;
  heartbeat(membership: Membership): Promise<void>;
  leave(membership: Membership): Promise<void>;
  commit(commit: Commit): Promise<void>;
  committed(group: string, topic: string, partitions: readonly number[]): Promise<readonly CommittedOffset[]>;
  groups(): Promise<readonly string[]>;
  describe(group: string): Promise<GroupDescription>;
  deleteGroup(group: string): Promise<void>;
  /** At once; what is under way is rejected. */
  close(): void;
}

export const EARLIEST = -2;
export const LATEST = -1;

export interface KafkaClient {
  readonly name: string;
  connect(address: Address): Promise<Connection>;
}

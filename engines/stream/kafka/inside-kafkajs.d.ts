// Of kafkajs those parts that its own types leave out: connections, and single requests over them.
declare module 'kafkajs/src/broker/index.js' {
  type Offset = string;
  interface Partitions<T> {
    readonly topic: string;
    readonly partitions: readonly T[];
  }
  type Encoded<R> = import('kafkajs/src/protocol/requests/index.js').Encoded<R>;
  type Request<O, R> = import('kafkajs/src/protocol/requests/index.js').Request<O, R>;
  export default class Broker {
    constructor(options: { connectionPool: unknown; logger: unknown; allowAutoTopicCreation: boolean; authenticationTimeout: number });
    connect(): Promise<void>;
    metadata(topics: readonly string[]): Promise<{
      brokers: { nodeId: number; host: string; port: number }[];
      topicMetadata: { topic: string; partitionMetadata: { partitionId: number; leader: number }[] }[];
    }>;
    createTopics(options: { topics: readonly unknown[] }): Promise<unknown>;
    initProducerId(options: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
    produce(options: {
      topicData: readonly Partitions<{ partition: number; firstSequence: number; messages: readonly unknown[] }>[];
      producerId: string;
      producerEpoch: number;
      acks: -1;
      timeout: number;
      compression: number;
    }): Promise<{ topics: { partitions: { baseOffset: Offset }[] }[] }>;
    fetch(options: {
      maxWaitTime: number;
      minBytes: number;
      maxBytes: number;
      isolationLevel: number;
      topics: readonly Partitions<{ partition: number; fetchOffset: Offset; maxBytes: number }>[];
    }): Promise<{
      responses: {
        partitions: {
          messages: {
            key: Buffer | null;
            value: Buffer | null;
            headers: Record<string, Buffer | Buffer[] | undefined>;
            offset: Offset;
            timestamp: string;
            isControlRecord: boolean;
          }[];
        }[];
      }[];
    }>;
    listOffsets(options: { topics: readonly Partitions<{ partition: number; timestamp: number }>[] }): Promise<{
      responses: { partitions: { offset: Offset }[] }[];
    }>;
    deleteRecords(options: { topics: readonly Partitions<{ partition: number; offset: Offset }>[] }): Promise<unknown>;
    findGroupCoordinator(options: { groupId: string; coordinatorType: 0 }): Promise<{ coordinator: { host: string; port: number } }>;
    /** A request in the version that the broker and kafkajs both know. */
    lookupRequest<O, R>(key: number, request: Request<O, R>): (options: O) => Encoded<R>;
    syncGroup(options: {
      groupId: string;
      generationId: number;
      memberId: string;
      groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
    }): Promise<{ memberAssignment: Buffer }>;
    heartbeat(options: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
    leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
    offsetCommit(options: {
      groupId: string;
      groupGenerationId: number;
      memberId: string;
      topics: readonly Partitions<{ partition: number; offset: Offset; metadata: string }>[];
    }): Promise<unknown>;
    offsetFetch(options: { groupId: string; topics: readonly Partitions<{ partition: number }>[] }): Promise<{
      responses: { topic: string; partitions: { partition: number; offset: Offset; metadata: string | null }[] }[];
    }>;
    listGroups(): Promise<{ groups: { groupId: string; protocolType: string }[] }>;
    describeGroups(options: { groupIds: readonly string[] }): Promise<{
      groups: { errorCode: number; state: string; members: { memberMetadata: Buffer; memberAssignment: Buffer }[] }[];
    }>;
    deleteGroups(groups: readonly string[]): Promise<{ results: { errorCode: number }[] }>;
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  interface RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
    rejectAll(error: Error): void;
    destroy(): void;
  }
  export default class ConnectionPool {
    readonly pool: readonly { readonly requestQueue: RequestQueue; readonly socket?: import('node:net').Socket }[];
    constructor(options: Readonly<Record<string, unknown>>);
    send<R>(request: import('kafkajs/src/protocol/requests/index.js').Encoded<R>): Promise<R>;
  }
}

declare module 'kafkajs/src/network/socketFactory.js' {
  export default function socketFactory(): unknown;
}

declare module 'kafkajs/src/loggers/index.js' {
  interface Entry {
    readonly log: { readonly message: string };
  }
  export const LEVELS: { readonly WARN: number };
  export function createLogger(options: { level: number; logCreator: () => (entry: Entry) => void }): unknown;
}

declare module 'kafkajs/src/protocol/message/compression/index.js' {
  export const Codecs: Record<number, () => { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(buffer: Buffer): Promise<Buffer> }>;
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  /** What a request is of, and what its answer is. */
  export interface Request<O, R> {
    readonly options?: O;
    readonly answer?: R;
  }
  export interface Encoded<R> {
    readonly answer?: R;
  }
  interface Join {
    readonly groupId: string;
    readonly memberId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly protocolType: 'consumer';
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }
  interface Joined {
    readonly generationId: number;
    readonly memberId: string;
    readonly leaderId: string;
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
  }
  export const requests: { readonly JoinGroup: Request<Join, Joined> };
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const keys: { readonly JoinGroup: number };
  export default keys;
}

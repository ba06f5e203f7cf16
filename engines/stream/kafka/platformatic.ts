// Kafka by @platformatic/kafka: its requests and its connections, for the same reasons as with kafkajs. Versions of requests are such as
// every Kafka since 2.4 knows.
import { isIP } from 'node:net';
import {
  createTopicsV5,
  deleteGroupsV1,
  deleteRecordsV1,
  describeGroupsV4,
  fetchV12,
  findCoordinatorV3,
  heartbeatV3,
  initProducerIdV2,
  joinGroupV5,
  leaveGroupV3,
  listGroupsV3,
  listOffsetsV5,
  metadataV8,
  NumericMap,
  offsetCommitV7,
  offsetFetchV7,
  produceV8,
  Connection as Socket,
  syncGroupV3,
} from '@platformatic/kafka';
import { type Address, type ClientOptions, type Connection, type FetchedRecord, type KafkaClient, KafkaError, NoAnswer } from './client.ts';

type Log = ClientOptions['log'];

/** Bits of a batch. */
const APPEND_TIME = 8;
const CONTROL = 32;
/** How long a broker may take for a topic, or for records to be gone, ms. */
const ADMIN_MS = 10_000;

interface TheirError extends Error {
  readonly errors?: readonly TheirError[];
  readonly apiCode?: number;
  readonly response?: { readonly memberId?: string };
}

/** That a connection failed says less than why. */
const reasonOf = ({ message, cause }: Error): string => (cause instanceof Error ? `${message.replace(/\.$/, '')}: ${reasonOf(cause)}` : message);

const ourError = (error: TheirError): Error => {
  const told = error.errors?.find(({ apiCode }) => apiCode !== undefined);
  return told?.apiCode === undefined ? new NoAnswer(reasonOf(error), { cause: error }) : new KafkaError(told.apiCode, told.message, error.response?.memberId);
};

const only = <T>(list: readonly T[] | null | undefined): T => {
  const first = list?.[0];
  if (first === undefined) throw new NoAnswer('an answer without what was asked for');
  return first;
};

const bytes = (text: string): Buffer => Buffer.from(text);
const EMPTY = Buffer.alloc(0);

const connectionOf = (socket: Socket): Connection => {
  const ask = <A extends unknown[], T>(api: { readonly async: (socket: Socket, ...args: A) => Promise<T> }, ...args: A): Promise<T> =>
    api.async(socket, ...args).catch((error: TheirError) => Promise.reject(ourError(error)));
  return {
    metadata: async (topics) => {
      const told = await ask(metadataV8.api, [...topics], false);
      return {
        brokers: told.brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
        topics: told.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, leaderId }) => ({ partition: partitionIndex, leader: leaderId })),
        })),
      };
    },
    createTopic: async ({ name, partitions, replicas, settings }) => {
      const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await ask(createTopicsV5.api, [{ name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs }], ADMIN_MS, false);
    },
    newProducer: async () => {
      const { producerId, producerEpoch } = await ask(initProducerIdV2.api, null, 60_000);
      return { id: producerId, epoch: producerEpoch };
    },
    produce: async ({ topic, partition, records, producer, sequence, compress, timeoutMs }) => {
      const messages = records.map(({ key, value, headers }) => ({
        topic,
        partition,
        key,
        value: value as Buffer,
        headers: new Map(Object.entries(headers).map(([name, text]) => [bytes(name), bytes(text)])),
      }));
      const sequences = new NumericMap([[`${topic}:${partition}`, sequence]]);
      const options = { compression: compress ? 'zstd' : 'none', producerId: producer.id, producerEpoch: producer.epoch, sequences } as const;
      const { responses } = (await ask(produceV8.api, -1, timeoutMs, messages, options)) as Exclude<Awaited<ReturnType<typeof produceV8.api.async>>, boolean>;
      return only(only(responses).partitionResponses).baseOffset;
    },
    fetch: async ({ topic, partition, offset, maxWaitMs, maxBytes }) => {
      const partitions = [{ partition, currentLeaderEpoch: -1, fetchOffset: offset, lastFetchedEpoch: -1, partitionMaxBytes: maxBytes }];
      const { responses } = await ask(fetchV12.api, maxWaitMs, 1, maxBytes, 0, 0, -1, [{ topicId: topic, partitions }], [], '');
      return (only(only(responses).partitions).records ?? [])
        .filter(({ attributes }) => (attributes & CONTROL) === 0)
        .flatMap(({ firstOffset, firstTimestamp, maxTimestamp, attributes, records }) =>
          records.map(
            ({ key, value, headers, offsetDelta, timestampDelta }): FetchedRecord => ({
              key: key ?? EMPTY,
              value,
              headers: Object.fromEntries(headers.map(([name, text]) => [String(name), String(text ?? '')])),
              offset: firstOffset + BigInt(offsetDelta),
              time: Number((attributes & APPEND_TIME) === 0 ? firstTimestamp + timestampDelta : maxTimestamp),
            }),
          ),
        );
    },
    offsetAt: async (topic, partition, time) => {
      const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: BigInt(time) }];
      const { topics } = await ask(listOffsetsV5.api, -1, 0, [{ name: topic, partitions }]);
      return only(only(topics).partitions).offset;
    },
    deleteRecords: async (topic, partition, before) =>
      void (await ask(deleteRecordsV1.api, [{ name: topic, partitions: [{ partitionIndex: partition, offset: before }] }], ADMIN_MS)),
    coordinator: async (group) => only((await ask(findCoordinatorV3.api, 0, [group])).coordinators),
    join: async ({ group, member, sessionMs, rebalanceMs, protocol, subscription }) => {
      const protocols = [{ name: protocol, metadata: subscription }];
      const { generationId, memberId, leader, members } = await ask(joinGroupV5.api, group, sessionMs, rebalanceMs, member, null, 'consumer', protocols);
      return {
        generation: generationId,
        member: memberId,
        leader,
        members: members.map(({ memberId, metadata }) => ({ id: memberId, subscription: metadata })),
      };
    },
    sync: async ({ group, generation, member }, assignments) =>
      (
        await ask(
          syncGroupV3.api,
          group,
          generation,
          member,
          null,
          null,
          null,
          assignments.map(({ member, assignment }) => ({ memberId: member, assignment })),
        )
      ).assignment,
    heartbeat: async ({ group, generation, member }) => void (await ask(heartbeatV3.api, group, generation, member, null)),
    leave: async ({ group, member }) => void (await ask(leaveGroupV3.api, group, [{ memberId: member }])),
    commit: async ({ group, generation, member, topic, partition, offset, metadata }) => {
      const partitions = [{ partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: metadata }];
      await ask(offsetCommitV7.api, group, generation, member, null, [{ name: topic, partitions }]);
    },
    committed: async (group, topic, partitions) => {
      const { topics } = await ask(offsetFetchV7.api, [{ groupId: group, topics: [{ name: topic, partitionIndexes: [...partitions] }] }], false);
      return topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex, committedOffset, metadata }) => ({
            topic: name,
            partition: partitionIndex,
            offset: committedOffset,
            metadata: metadata ?? '',
          })),
      );
    },
    groups: async () =>
      (await ask(listGroupsV3.api, [], [])).groups.filter(({ protocolType }) => ['consumer', ''].includes(protocolType)).map(({ groupId }) => groupId),
    describe: async (group) => {
      const { groupState, members } = only((await ask(describeGroupsV4.api, [group], false)).groups);
      return {
        state: groupState,
        members: members.map(({ memberMetadata, memberAssignment }) => ({ subscription: memberMetadata, assignment: memberAssignment })),
      };
    },
    deleteGroup: async (group) => void (await ask(deleteGroupsV1.api, [group])),
    close: () => void socket.socket?.destroy(),
  };
};

/** For a listener that must be there: without one an error of a connection ends the process. */
const told = (log: Log) => (error: Error) => log(error.message);

export const platformaticClient = ({ clientId, tls, sasl, connectMs, log }: ClientOptions): KafkaClient => ({
  name: '@platformatic/kafka',
  connect: async ({ host, port }: Address) => {
    const socket = new Socket(clientId, {
      connectTimeout: connectMs,
      // Time limits stand above, by request.
      requestTimeout: 2 ** 31 - 1,
      ...(tls === undefined ? {} : { tls, tlsServerName: tls.servername ?? isIP(host) === 0 }),
      ...(sasl === undefined ? {} : { sasl: { ...sasl, mechanism: sasl.mechanism.toUpperCase() as 'PLAIN' } }),
    });
    socket.on('error', told(log));
    try {
      await socket.connect(host, port);
    } catch (error) {
      socket.socket?.destroy();
      throw ourError(error as TheirError);
    }
    return connectionOf(socket);
  },
});

// Kafka by kafkajs: its requests and its connections. Its consumers and producers are left aside: they read nothing without a group, hold back
// what a slow partition's neighbours have, start again or not as they think fit, and send again what may have come already.
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import Broker from 'kafkajs/src/broker/index.js';
import { createLogger, LEVELS } from 'kafkajs/src/loggers/index.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import socketFactory from 'kafkajs/src/network/socketFactory.js';
import { Codecs } from 'kafkajs/src/protocol/message/compression/index.js';
import keys from 'kafkajs/src/protocol/requests/apiKeys.js';
import { requests } from 'kafkajs/src/protocol/requests/index.js';
import { type Address, type ClientOptions, type Connection, type KafkaClient, KafkaError, NoAnswer } from './client.ts';

const ZSTD = 4;
Codecs[ZSTD] = () => ({ compress: ({ buffer }) => promisify(zstdCompress)(buffer), decompress: (buffer) => promisify(zstdDecompress)(buffer) });

interface TheirError extends Error {
  readonly code?: number | string;
  readonly memberId?: string;
  readonly errors?: readonly TheirError[];
  readonly partitions?: readonly { readonly error: TheirError }[];
  readonly groups?: readonly { readonly error: TheirError }[];
}

/** What several topics, partitions or groups were answered is in a list; there is one each here. */
const ourError = (error: TheirError): Error => {
  const inner = error.errors?.[0] ?? error.partitions?.[0]?.error ?? error.groups?.[0]?.error;
  if (inner !== undefined) return ourError(inner);
  return typeof error.code === 'number' ? new KafkaError(error.code, error.message, error.memberId) : new NoAnswer(error.message, { cause: error });
};

const only = <T>(list: readonly T[]): T => {
  const [first] = list;
  if (first === undefined) throw new NoAnswer('an answer without what was asked for');
  return first;
};

const textsOf = (headers: Readonly<Record<string, Buffer | Buffer[] | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(Array.isArray(value) ? value[0] : (value ?? ''))]));

const connectionOf = (broker: Broker, pool: ConnectionPool): Connection => {
  const ask = <T>(answer: Promise<T>): Promise<T> => answer.catch((error: TheirError) => Promise.reject(ourError(error)));
  const of = <T>(topic: string, partition: T) => [{ topic, partitions: [partition] }];
  return {
    metadata: async (topics) => {
      const { brokers, topicMetadata } = await ask(broker.metadata(topics));
      return {
        brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
        topics: topicMetadata.map(({ topic, partitionMetadata }) => ({
          name: topic,
          partitions: partitionMetadata.map(({ partitionId, leader }) => ({ partition: partitionId, leader })),
        })),
      };
    },
    createTopic: async ({ name, partitions, replicas, settings }) => {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await ask(broker.createTopics({ topics: [{ topic: name, numPartitions: partitions, replicationFactor: replicas, configEntries }] }));
    },
    newProducer: async () => {
      const { producerId, producerEpoch } = await ask(broker.initProducerId({ transactionTimeout: 60_000 }));
      return { id: BigInt(producerId), epoch: producerEpoch };
    },
    produce: async ({ topic, partition, records, producer, sequence, compress, timeoutMs }) => {
      const messages = records.map(({ key, value, headers }) => ({
        key,
        value: value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        headers,
      }));
      const { topics } = await ask(
        broker.produce({
          topicData: of(topic, { partition, firstSequence: sequence, messages }),
          producerId: String(producer.id),
          producerEpoch: producer.epoch,
          acks: -1,
          timeout: timeoutMs,
          compression: compress ? ZSTD : 0,
        }),
      );
      return BigInt(only(only(topics).partitions).baseOffset);
    },
    fetch: async ({ topic, partition, offset, maxWaitMs, maxBytes }) => {
      const topics = of(topic, { partition, fetchOffset: String(offset), maxBytes });
      const { responses } = await ask(broker.fetch({ maxWaitTime: maxWaitMs, minBytes: 1, maxBytes, isolationLevel: 0, topics }));
      return only(only(responses).partitions)
        .messages.filter(({ isControlRecord }) => !isControlRecord)
        .map(({ key, value, headers, offset, timestamp }) => ({
          key: key ?? Buffer.alloc(0),
          value,
          headers: textsOf(headers),
          offset: BigInt(offset),
          time: Number(timestamp),
        }));
    },
    offsetAt: async (topic, partition, time) => {
      const { responses } = await ask(broker.listOffsets({ topics: of(topic, { partition, timestamp: time }) }));
      return BigInt(only(only(responses).partitions).offset);
    },
    deleteRecords: async (topic, partition, before) => void (await ask(broker.deleteRecords({ topics: of(topic, { partition, offset: String(before) }) }))),
    coordinator: async (group) => (await ask(broker.findGroupCoordinator({ groupId: group, coordinatorType: 0 }))).coordinator,
    join: async ({ group, member, sessionMs, rebalanceMs, protocol, subscription }) => {
      const groupProtocols = [{ name: protocol, metadata: subscription }];
      const options = {
        groupId: group,
        memberId: member,
        sessionTimeout: sessionMs,
        rebalanceTimeout: rebalanceMs,
        protocolType: 'consumer',
        groupProtocols,
      } as const;
      // Its own way to join goes on with the id that it is given first, and keeps that to itself: who gives up meanwhile could not leave.
      const joined = await ask(pool.send(broker.lookupRequest(keys.JoinGroup, requests.JoinGroup)(options)));
      return {
        generation: joined.generationId,
        member: joined.memberId,
        leader: joined.leaderId,
        members: joined.members.map(({ memberId, memberMetadata }) => ({ id: memberId, subscription: memberMetadata })),
      };
    },
    sync: async ({ group, generation, member }, assignments) => {
      const groupAssignment = assignments.map(({ member, assignment }) => ({ memberId: member, memberAssignment: assignment }));
      return (await ask(broker.syncGroup({ groupId: group, generationId: generation, memberId: member, groupAssignment }))).memberAssignment;
    },
    heartbeat: async ({ group, generation, member }) => void (await ask(broker.heartbeat({ groupId: group, groupGenerationId: generation, memberId: member }))),
    leave: async ({ group, member }) => void (await ask(broker.leaveGroup({ groupId: group, memberId: member }))),
    commit: async ({ group, generation, member, topic, partition, offset, metadata }) => {
      const topics = of(topic, { partition, offset: String(offset), metadata });
      await ask(broker.offsetCommit({ groupId: group, groupGenerationId: generation, memberId: member, topics }));
    },
    committed: async (group, topic, partitions) => {
      const topics = [{ topic, partitions: partitions.map((partition) => ({ partition })) }];
      const { responses } = await ask(broker.offsetFetch({ groupId: group, topics }));
      return responses.flatMap(({ topic, partitions }) =>
        partitions
          .filter(({ offset }) => offset !== '-1')
          .map(({ partition, offset, metadata }) => ({ topic, partition, offset: BigInt(offset), metadata: metadata ?? '' })),
      );
    },
    groups: async () =>
      (await ask(broker.listGroups())).groups.filter(({ protocolType }) => ['consumer', ''].includes(protocolType)).map(({ groupId }) => groupId),
    describe: async (group) => {
      const { state, members } = only((await ask(broker.describeGroups({ groupIds: [group] }))).groups);
      return { state, members: members.map(({ memberMetadata, memberAssignment }) => ({ subscription: memberMetadata, assignment: memberAssignment })) };
    },
    deleteGroup: async (group) => {
      const { errorCode } = only((await ask(broker.deleteGroups([group]))).results);
      if (errorCode !== 0) throw new KafkaError(errorCode, `the group ${group} cannot be deleted`);
    },
    close: () => {
      const error = new NoAnswer('the connection was closed');
      for (const { requestQueue, socket } of pool.pool) {
        requestQueue.rejectAll(error);
        requestQueue.destroy();
        // With an error, or its time-out for connecting stays behind.
        socket?.destroy(error);
      }
    },
  };
};

export const kafkajsClient = ({ clientId, tls, sasl, connectMs, log }: ClientOptions): KafkaClient => {
  const logger = createLogger({ level: LEVELS.WARN, logCreator: () => (entry) => log(entry.log.message) });
  return {
    name: 'kafkajs',
    connect: async ({ host, port }: Address) => {
      const connectionPool = new ConnectionPool({
        host,
        port,
        ssl: tls ?? null,
        sasl: sasl ?? null,
        clientId,
        socketFactory: socketFactory(),
        connectionTimeout: connectMs,
        requestTimeout: connectMs,
        // Its interval runs ten times a second for every connection; time limits stand above.
        enforceRequestTimeout: false,
        logger,
      });
      for (const { requestQueue } of connectionPool.pool) {
        const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
        // Where nothing waits, it sets a timer for a time long ago, which runs again and again.
        requestQueue.scheduleCheckPendingRequests = () => {
          if (requestQueue.pending.length > 0) schedule();
        };
      }
      const broker = new Broker({ connectionPool, logger, allowAutoTopicCreation: false, authenticationTimeout: connectMs });
      const connection = connectionOf(broker, connectionPool);
      try {
        await broker.connect();
      } catch (error) {
        connection.close();
        throw ourError(error as TheirError);
      }
      return connection;
    },
  };
};

// The connections that one user of them has, one to a broker, with a time limit on every request: behind a connection that is half open
// nothing ever answers. A broker does one request of a connection after the other, so whoever may wait long has a line of its own.
import { CodedError } from '../../../core/errors.ts';
import { type Address, CODE, type Connection, isCode, type KafkaClient, NoAnswer } from './client.ts';

const nameOf = ({ host, port }: Address): string => `${host}:${port}`;

const closed = (): CodedError => new CodedError('stream.unavailable', { reason: 'it is closed' });

export class Line {
  readonly #client: KafkaClient;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #ends = new Set<(error: Error) => void>();
  #closed = false;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  /** Rejects with `KafkaError`, or with `NoAnswer` after `limitMs` at the latest; the next request then begins with a new connection. */
  async ask<T>(address: Address, limitMs: number, request: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#closed) throw closed();
    const name = nameOf(address);
    const connected = this.#connections.get(name) ?? this.#client.connect(address);
    this.#connections.set(name, connected);
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    let end: ((error: Error) => void) | undefined;
    const limit = new Promise<never>((_, reject) => {
      end = reject;
      this.#ends.add(reject);
      timer = setTimeout(() => reject(new NoAnswer(`${name} did not answer within ${limitMs} ms`)), limitMs);
    });
    try {
      // What comes too late is not begun: it would come after what was asked for since.
      return await Promise.race([connected.then((connection) => (isOver ? limit : request(connection))), limit]);
    } catch (error) {
      if (error instanceof NoAnswer) this.#drop(name, connected);
      throw error;
    } finally {
      isOver = true;
      clearTimeout(timer);
      if (end !== undefined) this.#ends.delete(end);
    }
  }

  #drop(name: string, connected: Promise<Connection>): void {
    if (this.#connections.get(name) === connected) this.#connections.delete(name);
    connected.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }

  /** At once; what is under way is rejected. */
  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end(closed());
    for (const [name, connected] of this.#connections) this.#drop(name, connected);
  }
}

/** What passes by itself, or with another broker to ask. */
export const isPassing = (error: unknown): boolean =>
  error instanceof NoAnswer ||
  isCode(
    error,
    CODE.unknownTopicOrPartition,
    CODE.leaderNotAvailable,
    CODE.notLeader,
    CODE.requestTimedOut,
    CODE.coordinatorLoading,
    CODE.coordinatorNotAvailable,
    CODE.notCoordinator,
    CODE.notEnoughReplicas,
    CODE.notEnoughReplicasAfterAppend,
    CODE.notController,
    CODE.storageError,
  );

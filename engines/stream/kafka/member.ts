// One member of a consumer group, by Kafka's own protocol: joins, says that it is there, joins again when others come and go, and leaves. While
// it joins again it goes on with what it has. It reads no messages, and tells its owner only what it has by now.
import { CodedError } from '../../../core/errors.ts';
import type { TopicPartition } from '../port.ts';
import { assign, decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription, PROTOCOL } from './assignment.ts';
import { CODE, type Commit, type Connection, isCode, type Joined, KafkaError, type Membership } from './client.ts';
import type { Cluster } from './cluster.ts';
import { isPassing } from './line.ts';

export interface MemberOptions {
  readonly cluster: Cluster;
  readonly group: string;
  readonly topics: readonly string[];
  /** Who is not heard of for so long has lost what it had, ms. */
  readonly sessionMs: number;
  readonly beatMs: number;
}

export interface MemberOwner {
  /** What it has, and has not yet let go of. */
  held(): readonly TopicPartition[];
  /** All that it has now; resolves when it has let go of what is not among these: to whether there was any. */
  assigned(list: readonly TopicPartition[]): Promise<boolean>;
  /** Others may have all of it already. */
  lost(): void;
  failed(error: Error): void;
}

/** How often the leader looks whether topics have come, ms. */
const LOOK_MS = 10_000;
const PAUSE_MS = 250;

export class GroupMember {
  readonly #options: MemberOptions;
  readonly #owner: MemberOwner;
  /** A join waits for all members, and holds up what is asked over the same connection. */
  readonly #joins;
  readonly #line;
  #member = '';
  /** As of the last assignment; undefined: we have none. */
  #membership: Membership | undefined;
  /** When what the group heard of us last was sent. */
  #heard = 0;
  #isJoining = true;
  #mustJoin = false;
  #isStopping = false;
  #wake: (() => void) | undefined;
  /** Resolves when the group has given us an id. */
  readonly #named = Promise.withResolvers<void>();
  #settled = Promise.withResolvers<void>();
  readonly #beat: NodeJS.Timeout;
  #isBeating = false;
  #counts = '';
  #looked = 0;
  #isLeader = false;
  readonly #ended: Promise<void>;

  constructor(options: MemberOptions, owner: MemberOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#joins = options.cluster.line();
    this.#line = options.cluster.line();
    this.#beat = setInterval(() => void this.#heartbeat(), options.beatMs);
    this.#ended = this.#run();
  }

  /** For how long what we have is surely ours, ms. */
  owned(): number {
    return this.#membership === undefined ? 0 : Math.max(0, this.#heard + this.#options.sessionMs - performance.now());
  }

  /** Topics may have come. */
  refresh(): void {
    this.#mustJoin = true;
    this.#wake?.();
  }

  /** Rejects with `stream.fenced` where we are no member any more; `isOurs`: whether we still have what it is about. */
  async commit(commit: Omit<Commit, keyof Membership>, isOurs: () => boolean): Promise<void> {
    const { cluster, group } = this.#options;
    const fenced = (): CodedError => new CodedError('stream.fenced', { partition: `${commit.topic}/${commit.partition}` });
    for (;;) {
      const membership = this.#membership;
      if (membership === undefined || !isOurs()) throw fenced();
      try {
        return await cluster.atCoordinator({ line: this.#line }, group, (connection) => {
          if (this.#membership !== membership || !isOurs()) throw new KafkaError(CODE.illegalGeneration, 'the group has changed');
          return connection.commit({ ...membership, ...commit });
        });
      } catch (error) {
        if (isCode(error, CODE.unknownMember)) throw fenced();
        if (!isCode(error, CODE.illegalGeneration, CODE.rebalanceInProgress)) throw error;
        // Others join: what is ours stays ours, in the next generation.
        this.#joinAgain(membership);
        if (this.#membership === membership) await this.#settled.promise;
      }
    }
  }

  /** As the group does. Where we are at it already, once is enough: who joins once more makes all others do so too. */
  #joinAgain(membership: Membership): void {
    if (membership === this.#membership && !this.#isJoining) this.refresh();
  }

  async #heartbeat(): Promise<void> {
    const membership = this.#membership;
    if (membership === undefined || this.#isBeating) return;
    this.#isBeating = true;
    const sent = performance.now();
    const { cluster, group, sessionMs } = this.#options;
    try {
      const until = Math.min(sent + cluster.requestMs, this.#heard + sessionMs);
      await cluster.atCoordinator({ line: this.#line, until }, group, (connection) => connection.heartbeat(membership));
      this.#heard = sent;
      if (this.#isLeader && sent > this.#looked + LOOK_MS && !this.#isJoining && (await this.#countsOf()) !== this.#counts) this.refresh();
    } catch (error) {
      if (isCode(error, CODE.rebalanceInProgress)) {
        this.#heard = sent;
        this.#joinAgain(membership);
      } else if (membership === this.#membership && (isCode(error, CODE.unknownMember) || (isCode(error, CODE.illegalGeneration) && !this.#isJoining))) {
        this.#lose();
        this.refresh();
      }
    } finally {
      this.#isBeating = false;
    }
    if (membership === this.#membership && this.owned() === 0 && !this.#isStopping) this.#lose();
  }

  #lose(): void {
    if (this.#membership === undefined) return;
    this.#membership = undefined;
    this.#settle();
    this.#owner.lost();
    this.refresh();
  }

  #settle(): void {
    this.#settled.resolve();
    this.#settled = Promise.withResolvers<void>();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      try {
        this.#mustJoin = false;
        this.#isJoining = true;
        const list = await this.#join();
        this.#isJoining = false;
        // Sending goes on with what it keeps, while it ends what it lets go of.
        void this.#owner.assigned(list).then((hasReleased) => {
          if (hasReleased) this.refresh();
        });
        this.#settle();
        while (!this.#mustJoin && !this.#isStopping)
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      } catch (error) {
        if (isCode(error, CODE.memberIdRequired)) {
          this.#member = (error as KafkaError).memberId ?? '';
          this.#named.resolve();
          continue;
        }
        if (this.#isStopping) return;
        if (isCode(error, CODE.unknownMember)) {
          this.#member = '';
          this.#lose();
        } else if (!isCode(error, CODE.rebalanceInProgress, CODE.illegalGeneration) && !isPassing(error) && !isUnavailable(error)) {
          this.#lose();
          this.#owner.failed(error as Error);
          return;
        }
        if (!isCode(error, CODE.rebalanceInProgress)) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
      }
    }
  }

  async #join(): Promise<readonly TopicPartition[]> {
    const { cluster, group, topics, sessionMs } = this.#options;
    const of = { line: this.#joins, waitMs: sessionMs };
    const ask = <T>(request: (connection: Connection) => Promise<T>): Promise<T> => cluster.atCoordinator(of, group, request);
    const joined = await ask((connection) => {
      const subscription = encodeSubscription({ topics, held: this.#owner.held() });
      return connection.join({ group, member: this.#member, sessionMs, rebalanceMs: sessionMs, protocol: PROTOCOL, subscription });
    });
    this.#member = joined.member;
    this.#named.resolve();
    this.#isLeader = joined.leader === joined.member;
    const assignments = this.#isLeader ? await this.#assign(joined) : [];
    const membership = { group, generation: joined.generation, member: joined.member };
    const sent = performance.now();
    const assignment = await ask((connection) => connection.sync(membership, assignments));
    if (this.#isStopping) return [];
    this.#membership = membership;
    this.#heard = sent;
    return decodeAssignment(assignment);
  }

  async #assign({ members }: Joined): Promise<{ readonly member: string; readonly assignment: Buffer }[]> {
    const subscribed = members.map(({ id, subscription }) => ({ id, ...decodeSubscription(subscription) }));
    const topics = [...new Set(subscribed.flatMap(({ topics }) => topics))];
    const counts = new Map(await Promise.all(topics.map(async (topic) => [topic, await this.#partitions(topic)] as const)));
    this.#counts = await this.#countsOf();
    return [...assign(subscribed, (topic) => counts.get(topic) ?? 0)].map(([member, list]) => ({ member, assignment: encodeAssignment(list) }));
  }

  async #partitions(topic: string): Promise<number> {
    return (await this.#options.cluster.has(topic)) ? this.#options.cluster.partitions(topic) : 0;
  }

  /** How many partitions our topics have. */
  async #countsOf(): Promise<string> {
    this.#looked = performance.now();
    return JSON.stringify(await Promise.all(this.#options.topics.map((topic) => this.#partitions(topic))));
  }

  #impatience(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#options.cluster.requestMs).unref());
  }

  /** What it has must be let go of before. */
  async leave(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#beat);
    this.#wake?.();
    // Who was given an id and is not heard of again keeps all others from joining until its session ends.
    if (this.#member === '') await Promise.race([this.#named.promise, this.#ended, this.#impatience()]);
    const membership = { group: this.#options.group, generation: -1, member: this.#member };
    this.#joins.close();
    await this.#ended;
    this.#membership = undefined;
    this.#settle();
    const until = performance.now() + this.#options.cluster.requestMs;
    if (membership.member !== '')
      // Whom it cannot tell it to finds out by its silence.
      await this.#options.cluster
        .atCoordinator({ line: this.#line, until }, membership.group, (connection) => connection.leave(membership))
        .catch(() => undefined);
    this.#line.close();
  }
}

const isUnavailable = (error: unknown): boolean => error instanceof CodedError && error.code === 'stream.unavailable';

// How full the stream is, who holds its room, and how long that lasts at the present rate: looked at every few seconds, for the status
// page, `/metrics` and `inframirror doctor`; the log is told when the door closes for a topic, why, and when it opens again. It changes nothing.
import type { Logger } from '../core/logger.ts';
import { sizeText } from '../core/size-text.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Stream } from '../engines/stream/port.ts';
import type { PartStatus, StreamSpace, StreamTopic } from '../graphql/service.ts';
import { CLOSES_AT } from '../ingest/pressure.ts';
import { spanText } from './span-text.ts';

const LOOK_MS = 10_000;
/** The rate is that of so long. */
const RATE_MS = 300_000;
/** Of a topic; from here on it is worth a look. */
const FILLING = 0.5;
/** Below it what fills is mostly the short tail of what all have read, which stays as it is once it is there. */
const TAIL = 0.05;

interface Look {
  readonly at: number;
  readonly pressures: ReadonlyMap<string, number>;
}

export class StreamRoom {
  readonly #stream: Pick<Stream, 'state'>;
  readonly #telemetry: Telemetry;
  readonly #log: Logger;
  readonly #limit: number;
  readonly #now: () => number;
  /** Topics that the door takes nothing of, since when, ms. */
  readonly #closed = new Map<string, number>();
  /** Oldest first. */
  #looks: Look[] = [];
  #timer: NodeJS.Timeout | undefined;
  #maxBytes: number | undefined;

  /** `limit`: bytes that the stream may take where its disk has room. `now`: ms. */
  constructor(stream: Pick<Stream, 'state'>, telemetry: Telemetry, log: Logger, limit: number, now: () => number = Date.now) {
    this.#stream = stream;
    this.#telemetry = telemetry;
    this.#log = log;
    this.#limit = limit;
    this.#now = now;
  }

  /** What it may take, as it was looked at last; undefined: not known. */
  get maxBytes(): number | undefined {
    return this.#maxBytes;
  }

  start(): void {
    const look = (): void => void this.read().catch((error: unknown) => this.#log.debug('the stream did not tell its state', { error }));
    look();
    this.#timer = setInterval(look, LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** undefined where the stream does not tell. */
  async read(): Promise<StreamSpace | undefined> {
    const { bytes, maxBytes, groups, topics } = await this.#stream.state();
    this.#maxBytes = maxBytes;
    if (maxBytes === undefined) return undefined;
    // A Kafka does not tell what it takes on its disks.
    const taken = bytes ?? topics.reduce((sum, { unread }) => sum + unread, 0);
    const now = this.#now();
    this.#looks.push({ at: now, pressures: new Map(topics.map(({ topic, pressure }) => [topic, pressure])) });
    // A clock that went back makes all that was seen worthless.
    this.#looks = this.#looks.filter(({ at }) => at <= now && now - at <= RATE_MS);
    const space: StreamSpace = {
      bytes: taken,
      maxBytes,
      groups: groups.map(({ oldest, waiting, ...group }) => ({
        ...group,
        waiting: Number(waiting),
        oldestWaiting: oldest === undefined ? undefined : Math.max(0, now - oldest) / 1000,
      })),
      topics: topics.map((topic): StreamTopic => {
        const held = groups.filter((group) => group.topic === topic.topic && group.bytes > 0).toSorted((a, b) => b.bytes - a.bytes);
        return { ...topic, heldBy: held[0]?.group, secondsLeft: this.#secondsLeft(topic.topic, topic.pressure, now) };
      }),
    };
    this.#tell(space);
    for (const topic of space.topics) this.#watchDoor(topic, space, now);
    return space;
  }

  /** Until the door closes for the topic, at the rate of the last minutes; undefined where it does not fill. */
  #secondsLeft(topic: string, pressure: number, now: number): number | undefined {
    if (pressure >= CLOSES_AT) return 0;
    if (pressure < TAIL) return undefined;
    const first = this.#looks.find(({ pressures }) => pressures.has(topic));
    if (first === undefined || now - first.at < LOOK_MS / 2) return undefined;
    const rate = ((pressure - (first.pressures.get(topic) as number)) / (now - first.at)) * 1000;
    return rate <= 0 ? undefined : (CLOSES_AT - pressure) / rate;
  }

  #watchDoor(topic: StreamTopic, space: StreamSpace, now: number): void {
    const since = this.#closed.get(topic.topic);
    if (topic.pressure >= CLOSES_AT) {
      if (since !== undefined) return;
      this.#closed.set(topic.topic, now);
      this.#log.warn('the door takes nothing more of a topic: agents keep their data', { topic: topic.topic, why: this.#why(topic, space) });
    } else if (since !== undefined) {
      this.#closed.delete(topic.topic);
      this.#log.info('the door takes a topic again', { topic: topic.topic, closedSeconds: Math.max(0, Math.round((now - since) / 1000)) });
    }
  }

  #why(topic: StreamTopic, { bytes, maxBytes }: StreamSpace): string {
    const { unread, heldBy } = topic;
    if (!isForDisk(topic, maxBytes, this.#limit))
      return `${sizeText(isRead(topic) ? bytes : unread)} wait, most of it for ${heldBy ?? 'the groups of other topics'}`;
    return `the disk of the data folder has no room for more than the ${sizeText(bytes)} that are there`;
  }

  #tell({ bytes, maxBytes, groups, topics }: StreamSpace): void {
    const telemetry = this.#telemetry;
    telemetry.set('inframirror_stream_bytes', {}, bytes);
    telemetry.set('inframirror_stream_max_bytes', {}, maxBytes);
    for (const { topic, unread, share, pressure, secondsLeft } of topics) {
      telemetry.set('inframirror_stream_unread_bytes', { topic }, unread);
      telemetry.set('inframirror_stream_share_bytes', { topic }, share);
      telemetry.set('inframirror_stream_pressure_ratio', { topic }, pressure);
      telemetry.set('inframirror_stream_left_seconds', { topic }, secondsLeft ?? Number.POSITIVE_INFINITY);
    }
    const ofGroups = (name: string, of: (own: StreamSpace['groups'][number]) => number): void =>
      telemetry.setAll(
        name,
        groups.map((own) => ({ labels: { group: own.group, topic: own.topic }, value: of(own) })),
      );
    // One that was forgotten holds nothing any more.
    ofGroups('inframirror_stream_group_waiting_messages', ({ waiting }) => waiting);
    ofGroups('inframirror_stream_group_unread_bytes', ({ bytes: unread }) => unread);
    ofGroups('inframirror_stream_group_lag_seconds', ({ oldestWaiting }) => oldestWaiting ?? 0);
  }
}

/** What waits for its readers would leave the door open. */
const isRead = ({ unread, share }: StreamTopic): boolean => unread / share < CLOSES_AT;

/** Whether it is the disk that closes the door for a topic that it is closed for: with all that it may take it would be open. `limit`: see `StreamRoom`. */
const isForDisk = ({ unread, share }: StreamTopic, maxBytes: number, limit: number): boolean =>
  maxBytes < limit && unread * maxBytes < CLOSES_AT * share * limit;

/** Of what waits; a group that works is never so far behind. */
const OLD_SECONDS = 60;

const oldestText = (groups: StreamSpace['groups']): string => {
  const oldest = groups.toSorted((a, b) => (b.oldestWaiting ?? 0) - (a.oldestWaiting ?? 0))[0];
  if (oldest?.oldestWaiting === undefined || oldest.oldestWaiting < OLD_SECONDS) return '';
  return `; what waits longest came ${spanText(oldest.oldestWaiting)} ago, for ${oldest.group}`;
};

/** Names the fullest topic and who holds it, once it is worth a look, and whose oldest message has waited long. `limit`: see `StreamRoom`. */
export const streamPart = ({ bytes, maxBytes, groups, topics }: StreamSpace, limit: number): PartStatus => {
  const isCut = maxBytes < limit;
  const cut = isCut ? `, which its disk leaves it (limits.stream: ${sizeText(limit)})` : '';
  const full = maxBytes === 0 ? 'the disk leaves it no room' : `${Math.round((bytes / maxBytes) * 100)} % of ${sizeText(maxBytes)}${cut}`;
  const fullest = topics.toSorted((a, b) => b.pressure - a.pressure)[0];
  if (fullest === undefined || fullest.pressure < FILLING) return { name: 'stream', state: 'ok', detail: `${full}${oldestText(groups)}` };
  const { topic, pressure, heldBy, secondsLeft } = fullest;
  // What it may take is then what it has, which says nothing.
  if (pressure >= CLOSES_AT && isForDisk(fullest, maxBytes, limit))
    return {
      name: 'stream',
      state: 'degraded',
      detail: `closed: no room on the disk; agents keep their data and send it later (${sizeText(bytes)} are in it)${oldestText(groups)}`,
    };
  const holder = heldBy ?? 'what all have read';
  const closed = pressure >= CLOSES_AT ? 'takes nothing more in: agents keep their data and send it later' : 'is filling';
  const left = secondsLeft === undefined || secondsLeft === 0 ? '' : `, full in ${spanText(secondsLeft)} at the present rate`;
  return {
    name: 'stream',
    state: 'degraded',
    detail: `${full}; ${topic} ${closed} (${Math.round(pressure * 100)} %, held by ${holder}${left})${oldestText(groups)}`,
  };
};

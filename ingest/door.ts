// The door (read first): a request is read, decompressed, taken apart, held against the rules, put on the stream, and only
// then acknowledged. It is whole or refused: nothing is written of a request that is refused.
import { CodedError, ERRORS, hasCode } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { nanosFromMillis } from '../core/time.ts';
import type { Stream } from '../engines/stream/port.ts';
import { CLOCK_HEADER, DIGEST_HEADER } from '../schemas/frame.ts';
import { TOPIC } from '../schemas/tables.ts';
import { admit } from './admit.ts';
import { answer, type DoorAnswer, errorAnswer } from './answer.ts';
import { type Authority, mustBeOwn, mustBeSigned } from './authority.ts';
import { ByteQuota, type OverQuota } from './byte-quota.ts';
import { type ClockDoubt, clockError, clockOf, FleetClock } from './fleet-clock.ts';
import { type Account, Gate } from './gate.ts';
import type { HeardFrame } from './heard.ts';
import { HostQuota, type HostState } from './host-quota.ts';
import { LetterQuota } from './letters.ts';
import { INTAKE_LIMITS, type IntakeLimits } from './limits.ts';
import { NameQuota, type NameState } from './name-quota.ts';
import type { Admitted, Arrival, Dropped, Startless, UnknownPart } from './parts.ts';
import { checkOpen } from './pressure.ts';
import { publish, topicsOf } from './publish.ts';
import { decompress, readBody } from './receive/body.ts';
import { mustBeWhole } from './receive/digest.ts';
import { type Received, receiveFrame } from './receive/frames.ts';
import { Runs, type RunsOptions, type SenderPlace } from './runs.ts';
import { SeriesOwners, type SeriesOwnersOptions } from './series-owners.ts';
import { type SeriesState, SeriesTables } from './series-tables.ts';
import { mustSpeakForUnknown } from './spoken-for.ts';
import type { DropReason } from './times.ts';
import { type LargestVolume, Volumes } from './volumes.ts';

export interface DoorOptions {
  readonly stream: Pick<Stream, 'produce' | 'pressure'>;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly limits?: IntakeLimits;
  /** The server's clock, ms. */
  readonly now?: () => number;
  readonly series?: SeriesTables;
  /** What agents say of the server's clock, also where they sign in. */
  readonly clocks?: FleetClock;
  /** What the pipeline took last of a sender; default: nothing is known of anyone. */
  readonly known?: RunsOptions['known'];
  /** Whether that has all that was acknowledged before this start, or all of it on one topic. */
  readonly isKnownWhole?: (topic?: string) => boolean;
  /** The hosts of series that the store knows (see SeriesOwners); default: what a sender did not define is not asked for. */
  readonly hostsOf?: SeriesOwnersOptions['hostsOf'];
  /** Told of each frame that was acknowledged; `at` in ms. */
  readonly heard?: (frame: HeardFrame, at: number) => void;
  /** Told once a day of each sender that is refused for what it has sent. */
  readonly overQuota?: (over: OverQuota) => void;
  /** Told of each request that is refused of an agent with a key of its own. */
  readonly refused?: (agent: string, error: CodedError) => void;
}

export interface DoorRequest {
  /** Names in lower case, as Node's server gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array> | Uint8Array;
  /** What the caller may do, as its token was judged. */
  readonly rights: { readonly post: boolean; readonly authority?: Authority };
}

export interface Door {
  /** `POST /ingest/frames`. Never rejects. */
  receiveFrames(request: DoorRequest): Promise<DoorAnswer>;
  /**
   * Judges a part as if it came now, and puts nothing on the stream: for a part that is older than what this program learned to read.
   * Rejects with `intake.…`.
   */
  judge(arrival: Arrival, authority: Authority): Promise<Admitted>;
  /** Bytes in hand, how the limits of series, hosts, names and bytes stand, of which host most came within a day, and what agents say of our clock, for status. */
  readonly state: SeriesState & {
    readonly hosts: HostState;
    readonly names: NameState;
    readonly bytes: number;
    readonly volume: LargestVolume | undefined;
    readonly overQuota: readonly OverQuota[];
    readonly clock: ClockDoubt | undefined;
  };
  /** What an agent with a key of its own has sent within a day, as its limits count it. */
  usageOf(agent: string): { readonly series: number; readonly bytes: number };
}

const STATUS: Readonly<Partial<Record<string, number>>> = {
  'intake.forbidden': 403,
  'intake.host': 403,
  'intake.sender': 403,
  'agent.proof': 401,
  'agent.session': 401,
  'agent.revoked': 403,
  'access.shared-off': 403,
  'intake.cloned': 409,
  'intake.too-large': 413,
  'intake.encoding': 415,
  'intake.altered': 408,
  'intake.cut': 408,
  'intake.slow': 408,
  'intake.older-run': 409,
  'intake.older-seq': 409,
  'intake.future-run': 409,
  'intake.quota': 429,
  'intake.busy': 503,
  'intake.clock': 503,
  'intake.full': 503,
  'stream.full': 503,
};
/** Of these something may still be on its way, which nobody reads. */
const UNREAD: ReadonlySet<string> = new Set(['intake.slow', 'intake.too-large', 'intake.quota']);
/** Where the caller says nothing of who sends. */
const ANYBODY: Account = { account: '', isBound: false };
/** Of a name that a sender chose, in a line of the log. */
const MOST_SHOWN = 64;
/** Seconds after which a sender may try again. */
const RETRY_AFTER: Readonly<Partial<Record<string, string>>> = { 'intake.busy': '1', 'intake.clock': '60', 'intake.full': '15', 'stream.full': '15' };

const NONE: ReadonlySet<bigint> = new Set();
/** Those who are over one are named. */
const LIMITS: ReadonlySet<DropReason> = new Set<DropReason>(['series-limit', 'host-limit', 'metric-limit', 'label-limit']);
const BY_CLOCK: ReadonlySet<DropReason> = new Set<DropReason>(['late', 'future']);

const rowsOver = (dropped: readonly Dropped[], limit: DropReason): number => dropped.reduce((n, { reason, rows }) => (reason === limit ? n + rows : n), 0);

const mustHold = (authority: Authority | undefined, { heard }: Received): void => {
  authority?.mustHold();
  mustBeOwn(authority, heard);
};

const single = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' || header === undefined ? header : header.join(',');

/** Bytes that the request says it has; 0 where it does not say. */
const announced = (header: string | undefined, most: number): number => {
  if (header === undefined || !/^\d{1,15}$/.test(header)) return 0;
  if (Number(header) > most) throw new CodedError('intake.too-large', { what: 'the request', limit: `${most} bytes` });
  return Number(header);
};

/** What parts that were packed take beside the request. */
const unpackedBytes = ({ arrivals }: Received): number => arrivals.reduce((sum, { ipc, packed }) => sum + (packed === undefined ? 0 : ipc.length), 0);

/** Of what it brought, unpacked; of what nobody knows, as it came. */
const bytesOf = ({ arrivals, unknown }: Received): number => [...arrivals, ...unknown].reduce((sum, { ipc }) => sum + ipc.length, 0);

export const openDoor = (options: DoorOptions): Door => {
  const { stream, telemetry, log, limits = INTAKE_LIMITS, now = Date.now, heard } = options;
  const series = options.series ?? new SeriesTables(limits, now);
  const hosts = new HostQuota(limits, now);
  const names = new NameQuota(limits, now);
  const gate = new Gate(limits);
  const letterQuota = new LetterQuota();
  const bytesSent = new ByteQuota(limits, (over) => {
    log.warn('a sender has sent more than it may in a day; it is refused until older hours count no more', { ...over });
    options.overQuota?.(over);
  });
  const volumes = new Volumes();
  const clocks = options.clocks ?? new FleetClock(now);
  const isWhole = options.isKnownWhole ?? (() => true);
  // The numbers of a run go over all topics; definitions stand on one, whatever waits on the others.
  const runs = new Runs({ known: options.known ?? (() => undefined), isWhole: () => isWhole() });
  const owners = options.hostsOf === undefined ? undefined : new SeriesOwners({ hostsOf: options.hostsOf, isWhole: () => isWhole(TOPIC.series) });

  const take = async (request: DoorRequest): Promise<DoorAnswer> => {
    if (!request.rights.post) throw new CodedError('intake.forbidden', { what: 'send data' });
    const encoding = single(request.headers['content-encoding']);
    const size = announced(single(request.headers['content-length']), limits.requestBytes);
    const { authority } = request.rights;
    // Of one that is known before its frame is: nothing more of it is read.
    if (authority?.isBound === true) bytesSent.mustHave({ sender: authority.account, host: '', isBound: true }, now());
    else bytesSent.mustHaveTogether(now());
    return gate.receiving(authority ?? ANYBODY, size, async (arrived) => {
      const bytes = await readBody(request.body, limits.requestBytes, { arrived, patienceMs: limits.patienceMs });
      mustBeWhole(single(request.headers[DIGEST_HEADER]), bytes);
      mustBeSigned(authority, bytes);
      const clock = clockOf(request.headers[CLOCK_HEADER]);
      if (authority?.isBound === true && clock !== undefined) clocks.note(authority.account, clock);
      telemetry.add('inframirror_ingest_bytes_total', {}, bytes.length);
      const { received, leave } = await gate.inTurn(async () => {
        const plain = await decompress(bytes, encoding, limits.frame.bytes);
        const frame = await receiveFrame(plain, limits.frame);
        mustHold(authority, frame);
        if (authority !== undefined) for (const part of frame.unknown) await mustSpeakForUnknown(authority, part, limits.frame);
        return { received: frame, leave: await gate.room(plain.length + unpackedBytes(frame)) };
      });
      try {
        // Not in the gate's turn: requests wait for one flush of the stream together, and none for the frames of another sender.
        return await runs.inTurn(received.sender, async () => keep(received, authority, await runs.known(received.sender)));
      } finally {
        leave();
      }
    });
  };

  const keep = async (received: Received, authority: Authority | undefined, known: SenderPlace | undefined): Promise<DoorAnswer> => {
    let isSafe = false;
    try {
      checkOpen(stream, topicsOf(received));
      // It may have waited long for its body and for its turn.
      mustHold(authority, received);
      const quotaSender = { sender: received.sender, host: received.heard.host, isBound: authority?.isBound === true };
      bytesSent.mustHave(quotaSender, now());
      const { at, admitted: judged, safe } = judge(received, authority, known);
      const admitted = authority === undefined || owners === undefined ? judged : await withoutMissing(judged, authority, owners);
      mustBelieveClock(admitted, authority);
      const letters = letterQuota.take(authority ?? ANYBODY, received.unknown, at);
      await publish(stream, admitted, letters, nanosFromMillis(at));
      isSafe = true;
      safe();
      heard?.(received.heard, at);
      const bytes = bytesOf(received);
      volumes.note(received.heard.host, bytes, at);
      bytesSent.note(quotaSender, bytes, at);
      return accepted(received, admitted, letters);
    } finally {
      series.settle(received.sender, isSafe);
    }
  };

  /** Rows are dropped for their time only by a clock that most agents do not call wrong: their spools keep them until it is set. */
  const mustBelieveClock = (admitted: readonly Admitted[], authority: Authority | undefined): void => {
    if (!admitted.some(({ dropped }) => dropped.some(({ reason }) => BY_CLOCK.has(reason)))) return;
    const doubt = doubtOf(authority);
    if (doubt !== undefined) throw clockError(doubt);
  };

  const doubtOf = (authority: Authority | undefined): ClockDoubt | undefined =>
    authority?.isBound === true ? clocks.doubtOf(authority.account) : clocks.doubt;

  /** As `meet` of runs; by a clock that is doubted none is one to come. */
  const meet = (received: Received, authority: Authority | undefined, at: number, known: SenderPlace | undefined): (() => void) => {
    const {
      sender,
      heard: { boot },
      arrivals,
      unknown,
    } = received;
    try {
      return runs.meet(sender, boot, [...arrivals, ...unknown], at, known);
    } catch (error) {
      const doubt = hasCode(error, 'intake.future-run') ? doubtOf(authority) : undefined;
      throw doubt === undefined ? error : clockError(doubt);
    }
  };

  /** What nobody defined is dropped. What it waits for may take long: who sends must still be allowed to, and for the same hosts, after it. */
  const withoutMissing = async (parts: readonly Admitted[], authority: Authority, asked: SeriesOwners): Promise<readonly Admitted[]> => {
    if (parts.every(({ unknown }) => unknown === undefined)) return parts;
    const { generation } = authority;
    const out: Admitted[] = [];
    for (const part of parts) {
      const missing = part.unknown === undefined ? NONE : await asked.missing(authority, series.of(part.arrival.sender, authority.isBound), part.unknown.ids);
      out.push(part.unknown === undefined || missing.size === 0 ? part : part.unknown.without(missing));
    }
    authority.mustHold();
    if (authority.generation !== generation) throw new CodedError('intake.busy', { reason: 'who may send for whom has just changed' });
    return out;
  };

  const judge = (received: Received, authority: Authority | undefined, known: SenderPlace | undefined) => {
    const at = now();
    const safe = meet(received, authority, at, known);
    const admitted: Admitted[] = [];
    for (const arrival of received.arrivals) admitted.push(admit(arrival, { limits, series, hosts, names, now: at, authority }));
    return { at, admitted, safe };
  };

  /** Counts and names what was taken and what was not; only now, as a request that fails is sent again. */
  const accepted = (received: Received, admitted: readonly Admitted[], letters: readonly UnknownPart[]): DoorAnswer => {
    const [dropped, startless]: [Dropped[], Startless[]] = [[], []];
    let rows = 0;
    for (const part of admitted) {
      const { schema } = part.arrival;
      rows += part.rows;
      telemetry.add('inframirror_ingest_rows_total', { schema }, part.rows);
      if (part.unknownColumns > 0) telemetry.add('inframirror_ingest_unknown_columns_total', { schema }, part.unknownColumns);
      for (const drop of part.dropped) {
        telemetry.add('inframirror_dropped_rows_total', { stage: 'ingest', reason: drop.reason, schema }, drop.rows);
        dropped.push(drop);
      }
      if (part.startless !== undefined) {
        telemetry.add('inframirror_dropped_starts_total', { stage: 'ingest', reason: 'start-time', schema }, part.startless.rows);
        startless.push(part.startless);
      }
    }
    const unknown = received.unknown.map((part) => ({ schema: part.schema, version: part.version, rows: part.rows, kept: letters.includes(part) }));
    for (const { rows: count, kept } of unknown)
      telemetry.add(`inframirror_${kept ? 'dead' : 'dropped'}_rows_total`, { stage: 'ingest', reason: 'unknown-schema' }, count);
    telemetry.set('inframirror_ingest_series', {}, series.size);
    telemetry.set('inframirror_ingest_hosts', {}, hosts.size);
    telemetry.set('inframirror_ingest_metrics', {}, names.size);
    const { sender } = received;
    const { host } = received.heard;
    const tell = (limit: DropReason, what: string, note: (rows: number) => object): void => {
      const over = rowsOver(dropped, limit);
      if (over > 0) log.warn(`a sender ${what} than it may; what is over is dropped`, { ...note(over) });
    };
    tell('series-limit', 'has more series', (over) => series.noteRows(sender, host, over));
    tell('host-limit', 'names more hosts', (over) => hosts.noteRows(sender, host, over));
    tell('metric-limit', 'names more metrics', (over) => names.noteRows('metric-limit', sender, host, over));
    tell('label-limit', 'gives a metric more labels', (over) => names.noteRows('label-limit', sender, host, over));
    const others = dropped.filter(({ reason }) => !LIMITS.has(reason));
    if (others.length > 0) log.warn('rows were dropped at the door', { sender, host, dropped: others });
    if (startless.length > 0)
      log.warn('starts that are after their rows’ own time, or before 1970, are taken as not known', { sender: received.sender, startless });
    const define = admitted.some(({ undefinedSeries }) => undefinedSeries);
    if (define) log.debug('a sender is asked for its definitions', { sender: received.sender });
    if (unknown.length > 0)
      log.warn('parts of an unknown schema went to the dead letters, or were dropped where those are too many', {
        sender: received.sender,
        schemas: [...new Set(received.unknown.map(({ schema, version }) => `${schema.slice(0, MOST_SHOWN).toWellFormed()}/${version}`))],
      });
    return answer(200, { rows, dropped, ...(startless.length > 0 ? { startless } : {}), unknown, ...(define ? { define } : {}) });
  };

  const refused = (error: unknown): DoorAnswer => {
    if (error instanceof CodedError && (error.code in STATUS || error.code.startsWith('frame.') || error.code.startsWith('intake.'))) {
      const retry = hasCode(error, 'intake.quota') ? String(error.parameters.seconds) : RETRY_AFTER[error.code];
      const headers = { ...(retry === undefined ? {} : { 'retry-after': retry }), ...(UNREAD.has(error.code) ? { connection: 'close' } : {}) };
      return errorAnswer(STATUS[error.code] ?? 400, error, headers);
    }
    // Whatever the stream says: nothing was acknowledged, the sender keeps its data.
    log.error('a request could not be put on the stream', { error });
    return answer(
      503,
      { code: 'intake.busy', message: 'the request could not be kept; send it again', mend: ERRORS['intake.busy'].mend },
      { 'retry-after': '2' },
    );
  };

  return {
    judge: (arrival, authority) =>
      runs.inTurn(arrival.sender, async () => {
        try {
          if (!authority.maySend(arrival.sender)) throw new CodedError('intake.sender', { sender: arrival.sender.slice(0, 128), who: authority.who });
          authority.mustHold();
          const admitted = admit(arrival, { limits, series, hosts, names, now: now(), authority });
          const [whole = admitted] = owners === undefined ? [] : await withoutMissing([admitted], authority, owners);
          return whole;
        } finally {
          // What it defines is known when its sender says it again.
          series.settle(arrival.sender, false);
        }
      }),
    receiveFrames: async (request) => {
      let result: DoorAnswer;
      try {
        result = await take(request);
      } catch (error) {
        result = refused(error);
        const { authority } = request.rights;
        if (authority?.isBound === true && error instanceof CodedError) options.refused?.(authority.account, error);
        log.debug('a request was refused', { status: result.status, error });
      }
      telemetry.add('inframirror_ingest_requests_total', { status: String(result.status) });
      return result;
    },
    get state() {
      return {
        bytes: gate.bytes,
        hosts: hosts.state,
        names: names.state,
        volume: volumes.largest(now()),
        overQuota: bytesSent.over(now()),
        clock: clocks.doubt,
        ...series.state,
      };
    },
    usageOf: (agent) => ({ series: series.sizeOf(agent), bytes: bytesSent.bytesOf(agent, now()) }),
  };
};

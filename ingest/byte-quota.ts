// How much each sender has sent within a day, and whether it may send more: one that floods fills the disk of all. By the hour, in memory, of this
// start. Those with a key of their own are told apart from the names under which others send; as somebody may make those up without end, all of
// them together have a limit, too.
import { CodedError } from '../core/errors.ts';

export interface QuotaLimits {
  /** Bytes that one sender may send within a day, before they were packed. */
  readonly bytesPerSender: number;
  /** That all who have no key of their own may send together. */
  readonly bytesShared: number;
}

/** Who is refused. */
export interface OverQuota {
  readonly sender: string;
  readonly host: string;
  /** Within a day. */
  readonly bytes: number;
  readonly limit: number;
}

/** Of a request, as far as it is known. */
export interface QuotaSender {
  readonly sender: string;
  readonly host: string;
  /** With a key of its own. */
  readonly isBound: boolean;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** 300 bytes each. */
const MOST_SENDERS = 30_000;
/** Since the last request that was refused a sender is named for so long. */
const NAMED_MS = HOUR_MS;
/** What all without a key of their own are called together. */
const TOGETHER = 'the shared token';

class Usage {
  readonly #bytes = new Float64Array(HOURS);
  /** Since 1970, and its place in the ring, in which the hours before it stand. */
  #hour: number;
  #at = 0;
  /** ms; when it was refused last, and when that was told. */
  refused = Number.NEGATIVE_INFINITY;
  told = Number.NEGATIVE_INFINITY;
  host = '';

  constructor(hour: number) {
    this.#hour = hour;
  }

  add(bytes: number, hour: number): void {
    this.#turn(hour);
    this.#bytes[this.#at] = (this.#bytes[this.#at] as number) + bytes;
  }

  sum(hour: number): number {
    this.#turn(hour);
    return this.#bytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** The hour at whose beginning it is below the limit again. */
  belowAt(limit: number, hour: number): number {
    let left = this.sum(hour);
    for (let past = HOURS - 1; past >= 0; past--) {
      left -= this.#bytes[(this.#at + HOURS - past) % HOURS] as number;
      if (left < limit) return this.#hour - past + HOURS;
    }
    return this.#hour + HOURS;
  }

  /**
   * A clock that is set back takes what was counted with it: nothing is forgotten, and it counts no longer than a day from then.
   * A request that waited may come with the hour before; that sets nothing back.
   */
  #turn(hour: number): void {
    const ahead = Math.min(HOURS, hour - this.#hour);
    for (let next = 0; next < ahead; next++) {
      this.#at = (this.#at + 1) % HOURS;
      this.#bytes[this.#at] = 0;
    }
    if (hour !== this.#hour - 1) this.#hour = hour;
  }
}

export class ByteQuota {
  readonly #limits: QuotaLimits;
  readonly #told: (over: OverQuota) => void;
  /** The one heard of longest ago first. */
  readonly #bound = new Map<string, Usage>();
  readonly #others = new Map<string, Usage>();
  readonly #together = new Usage(0);

  /** `limits` are read whenever they are asked for. `told`: of each that is refused, once a day. */
  constructor(limits: QuotaLimits, told: (over: OverQuota) => void) {
    this.#limits = limits;
    this.#told = told;
  }

  /** Throws `intake.quota`. What comes at once with the last that fits is let in. */
  mustHave({ sender, host, isBound }: QuotaSender, now: number): void {
    const usage = this.#of(isBound).get(sender);
    if (usage !== undefined) this.#mustBeBelow(usage, { sender, host, limit: this.#limits.bytesPerSender }, now);
    if (!isBound) this.mustHaveTogether(now);
  }

  /** Of one without a key of its own, whatever it is called. Throws `intake.quota`. */
  mustHaveTogether(now: number): void {
    this.#mustBeBelow(this.#together, { sender: TOGETHER, host: '', limit: this.#limits.bytesShared }, now);
  }

  note({ sender, host, isBound }: QuotaSender, bytes: number, now: number): void {
    const senders = this.#of(isBound);
    const hour = hourOf(now);
    const usage = senders.get(sender) ?? new Usage(hour);
    usage.add(bytes, hour);
    usage.host = host;
    senders.delete(sender);
    senders.set(sender, usage);
    const [oldest] = senders.keys();
    if (senders.size > MOST_SENDERS && oldest !== undefined) senders.delete(oldest);
    if (!isBound) this.#together.add(bytes, hour);
  }

  /** Of one with a key of its own, within a day. */
  bytesOf(sender: string, now: number): number {
    return this.#bound.get(sender)?.sum(hourOf(now)) ?? 0;
  }

  /** Who was refused not long ago, most bytes first. */
  over(now: number): readonly OverQuota[] {
    const { bytesPerSender, bytesShared } = this.#limits;
    const hour = hourOf(now);
    const named = (sender: string, usage: Usage, limit: number): readonly OverQuota[] =>
      // Either side: a clock that was ahead names nobody until it is there again.
      Math.abs(now - usage.refused) < NAMED_MS ? [{ sender, host: usage.host, bytes: usage.sum(hour), limit }] : [];
    return [
      ...[...this.#bound, ...this.#others].flatMap(([sender, usage]) => named(sender, usage, bytesPerSender)),
      ...named(TOGETHER, this.#together, bytesShared),
    ].sort((a, b) => b.bytes - a.bytes);
  }

  #mustBeBelow(usage: Usage, { sender, host, limit }: Omit<OverQuota, 'bytes'>, now: number): void {
    const hour = hourOf(now);
    const bytes = usage.sum(hour);
    if (bytes < limit) return;
    usage.refused = now;
    if (host !== '') usage.host = host;
    if (Math.abs(now - usage.told) >= HOURS * HOUR_MS) {
      usage.told = now;
      this.#told({ sender, host: usage.host, bytes, limit });
    }
    throw new CodedError('intake.quota', {
      sender: sender.slice(0, 128),
      sentMiB: Math.floor(bytes / 2 ** 20),
      allowedMiB: Math.floor(limit / 2 ** 20),
      seconds: Math.ceil((usage.belowAt(limit, hour) * HOUR_MS - now) / 1000),
    });
  }

  #of(isBound: boolean): Map<string, Usage> {
    return isBound ? this.#bound : this.#others;
  }
}

const hourOf = (now: number): number => Math.max(0, Math.floor(now / HOUR_MS));

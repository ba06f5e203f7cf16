// How much each sender has sent within a day, and whether it may send more: one that floods fills the disk of all. By the hour, in memory, of this
// start. Those with a key of their own are told apart from the names under which others send, which somebody may make up without end.
import { CodedError } from '../core/errors.ts';

export interface QuotaLimits {
  /** Bytes that one sender may send within a day, before they were packed. */
  readonly bytesPerSender: number;
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

class Usage {
  readonly #bytes = new Float64Array(HOURS);
  /** Since 1970; up to it the ring is filled. */
  #hour: number;
  /** ms; when it was refused last, and when that was told. */
  refused = Number.NEGATIVE_INFINITY;
  told = Number.NEGATIVE_INFINITY;
  host = '';

  constructor(hour: number) {
    this.#hour = hour;
  }

  add(bytes: number, hour: number): void {
    this.#turn(hour);
    const at = this.#hour % HOURS;
    this.#bytes[at] = (this.#bytes[at] as number) + bytes;
  }

  sum(hour: number): number {
    this.#turn(hour);
    return this.#bytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** The hour at whose beginning it is below the limit again. */
  belowAt(limit: number, hour: number): number {
    let left = this.sum(hour);
    for (let past = this.#hour - HOURS + 1; past <= this.#hour; past++) {
      left -= this.#bytes[past % HOURS] as number;
      if (left < limit) return past + HOURS;
    }
    return this.#hour + HOURS;
  }

  /** A clock that is set back counts on in the hour it had. */
  #turn(hour: number): void {
    if (hour - this.#hour >= HOURS) this.#bytes.fill(0);
    else for (let next = this.#hour + 1; next <= hour; next++) this.#bytes[next % HOURS] = 0;
    this.#hour = Math.max(this.#hour, hour);
  }
}

export class ByteQuota {
  readonly #limits: QuotaLimits;
  readonly #told: (over: OverQuota) => void;
  /** The one heard of longest ago first. */
  readonly #bound = new Map<string, Usage>();
  readonly #others = new Map<string, Usage>();

  /** `limits` are read whenever they are asked for. `told`: of each that is refused, once a day. */
  constructor(limits: QuotaLimits, told: (over: OverQuota) => void) {
    this.#limits = limits;
    this.#told = told;
  }

  /** Throws `intake.quota`. What comes at once with the last that fits is let in. */
  mustHave({ sender, host, isBound }: QuotaSender, now: number): void {
    const usage = this.#of(isBound).get(sender);
    const limit = this.#limits.bytesPerSender;
    const hour = hourOf(now);
    const bytes = usage?.sum(hour) ?? 0;
    if (usage === undefined || bytes < limit) return;
    usage.refused = now;
    if (host !== '') usage.host = host;
    if (now - usage.told >= HOURS * HOUR_MS) {
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
  }

  /** Of one with a key of its own, within a day. */
  bytesOf(sender: string, now: number): number {
    return this.#bound.get(sender)?.sum(hourOf(now)) ?? 0;
  }

  /** Who was refused not long ago, most bytes first. */
  over(now: number): readonly OverQuota[] {
    const limit = this.#limits.bytesPerSender;
    const hour = hourOf(now);
    return [...this.#bound, ...this.#others]
      .filter(([, { refused }]) => now - refused < NAMED_MS)
      .map(([sender, usage]) => ({ sender, host: usage.host, bytes: usage.sum(hour), limit }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  #of(isBound: boolean): Map<string, Usage> {
    return isBound ? this.#bound : this.#others;
  }
}

const hourOf = (now: number): number => Math.max(0, Math.floor(now / HOUR_MS));

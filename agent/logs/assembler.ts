// Makes entries of lines: joins the parts a container runtime cut a line into, and the lines that go on with the one before them, a stream each.
// It works within one stretch of bytes: what is not whole at its end is left there and read again. Bounded in bytes and lines; copies nothing
// that lies in one piece.

import type { Suspects } from '../mask/suspects.ts';
import { type Unwrapped, unwrap } from './container.ts';
import { begin, type EntryState, goesOn, newState } from './continuation.ts';
import type { LineBytes } from './formats/parsed-line.ts';
import { MOST_LINE } from './line.ts';

export interface Entry {
  /** Its lines, parted by line feeds; valid only while it is taken. Without them where `text` is given. */
  bytes: Buffer;
  /** The same as `plainText` gives it, where it is known without another look. */
  text: string | undefined;
  /** Where that text lies in the stretch; valid only while it is taken, and not for one that waited. */
  place: LineBytes | undefined;
  /** No secret can be in it. */
  clean: boolean;
  /** Its line goes on beyond what is kept. */
  more: boolean;
  /** Above 1: goes on with the entry before it, which was as long as an entry may be. */
  part: number;
  /** It holds a stack trace. */
  trace: boolean;
  /** Told by the container runtime, ns. */
  time: bigint | undefined;
  stream: 'stdout' | 'stderr' | undefined;
  /** It begins in the file before this one. */
  carried: boolean;
  /** Where its first line begins in the stretch. */
  start: number;
}

/** Answers whether there is room for another. */
export type TakeEntry = (entry: Entry) => boolean;

/** Of an entry that is joined. */
export const MOST_ENTRY = 65_536;
const MOST_LINES = 1000;
/** Lines of the other stream that an entry outlives. */
const MOST_APART = 2 * MOST_ENTRY;
const JOIN_NS = 1_000_000_000n;
const NEWLINE = Buffer.from('\n');

/** How an entry that was parted goes on at the place where reading goes on. */
export interface Going {
  readonly stream: number;
  readonly part: number;
  readonly state: EntryState;
}

interface Slot {
  active: boolean;
  /** Where its first line begins and its last one ends. */
  start: number;
  end: number;
  /** Its text where that is in one piece. */
  from: number;
  to: number;
  pieces: Buffer[] | undefined;
  bytes: number;
  lines: number;
  wrapped: boolean;
  partial: boolean;
  time: bigint | undefined;
  part: number;
  carried: boolean;
  /** Of its parted predecessor; undefined for an entry that begins here. */
  before: EntryState | undefined;
  state: EntryState;
}

const newSlot = (): Slot => ({
  active: false,
  start: 0,
  end: 0,
  from: 0,
  to: 0,
  pieces: undefined,
  bytes: 0,
  lines: 0,
  wrapped: false,
  partial: false,
  time: undefined,
  part: 1,
  carried: false,
  before: undefined,
  state: newState(),
});

export class Assembler {
  /** Of stdout, and of all that is not wrapped. */
  readonly #out = newSlot();
  readonly #err = newSlot();
  readonly #line: Unwrapped = { stream: 0, time: undefined, partial: false, bytes: NEWLINE, from: 0, to: 0 };
  readonly #entry: Entry = {
    bytes: NEWLINE,
    text: undefined,
    place: undefined,
    clean: false,
    more: false,
    part: 1,
    trace: false,
    time: undefined,
    stream: undefined,
    carried: false,
    start: 0,
  };
  readonly #place: { data: Uint8Array; from: number; to: number } = { data: NEWLINE, from: 0, to: 0 };
  /** Whole ones that wait for one that began before them. */
  #ready: Entry[] = [];
  #readyEnd = 0;
  #chunk: Buffer = NEWLINE;
  #text: string | undefined;
  #suspects: Suspects | undefined;
  #take: TakeEntry = () => true;
  #going: Going | undefined;
  /** Up to here all was taken. */
  safe = 0;
  /** There is no more room. */
  full = false;

  /**
   * Begins a stretch. `text`: as `plainText` gives it. `suspects`: of the stretch. `carried`: an entry of the file before, which the first lines
   * may go on with.
   */
  start(chunk: Buffer, text: string | undefined, suspects: Suspects | undefined, take: TakeEntry, going: Going | undefined, carried: Buffer | undefined): void {
    this.#chunk = chunk;
    this.#text = text;
    this.#suspects = suspects;
    this.#take = take;
    this.#going = going;
    this.safe = 0;
    this.full = false;
    this.#ready = [];
    this.#readyEnd = 0;
    this.#out.active = false;
    this.#err.active = false;
    if (carried !== undefined) this.#carry(carried);
  }

  /** How the entry at `safe` goes on, where it is the second part of one. */
  get going(): Going | undefined {
    for (const [stream, slot] of [this.#out, this.#err].entries())
      if (slot.active && slot.start === this.safe && slot.before !== undefined) return { stream, part: slot.part, state: slot.before };
    return undefined;
  }

  /** A line in `[from, to)` of the stretch; the next one begins at `next`. */
  line(from: number, to: number, next: number): void {
    const line = this.#line;
    const wrapped = unwrap(this.#chunk, from, to, line);
    if (!wrapped) {
      line.stream = 0;
      line.time = undefined;
      line.partial = false;
      line.bytes = this.#chunk;
      line.from = from;
      line.to = to;
    }
    const slot = line.stream === 0 ? this.#out : this.#err;
    // What is not wrapped lies in one piece, which nothing else may stand within.
    if (this.#out.active && this.#out.wrapped !== wrapped) this.#finish(this.#out);
    if (this.#err.active && this.#err.wrapped !== wrapped) this.#finish(this.#err);
    if (!slot.active) this.#begin(slot, from, next, wrapped, 1, undefined);
    else if (!(slot.partial || goesOn(slot.state, line.bytes, line.from, line.to))) {
      this.#finish(slot);
      this.#begin(slot, from, next, wrapped, 1, undefined);
    } else if (slot.bytes + line.to - line.from > MOST_ENTRY || slot.lines >= MOST_LINES) {
      this.#finish(slot);
      this.#begin(slot, from, next, wrapped, slot.part + 1, copyOf(slot.state));
    } else this.#extend(slot, next);
    if (wrapped) this.#expire(line.stream === 0 ? this.#err : this.#out, next);
    this.#settle(next);
  }

  /** Whatever is in hand is whole: all up to `next` is taken. */
  finish(next: number): void {
    if (this.#out.active) this.#finish(this.#out);
    if (this.#err.active) this.#finish(this.#err);
    this.#settle(next);
  }

  /** Of wrapped lines those whose last line is older than that, ns. */
  finishBefore(time: bigint, next: number): void {
    for (const slot of [this.#out, this.#err]) if (slot.active && slot.time !== undefined && slot.time < time && !slot.partial) this.#finish(slot);
    this.#settle(next);
  }

  /** A line that is longer than what is kept of one is an entry of its own. `more`: it goes on beyond `to`. Answers how many bytes of it are not kept. */
  long(from: number, to: number, next: number, more: boolean): number {
    this.finish(next);
    const line = this.#line;
    const wrapped = !more && unwrap(this.#chunk, from, to, line);
    const bytes = wrapped ? line.bytes.subarray(line.from, line.to) : this.#chunk.subarray(from, to);
    const stream = wrapped ? (line.stream === 0 ? 'stdout' : 'stderr') : undefined;
    this.#give(this.#filled(bytes, undefined, more, 1, false, wrapped ? line.time : undefined, stream, false, from));
    this.safe = next;
    return Math.max(0, bytes.length - MOST_LINE);
  }

  #carry(carried: Buffer): void {
    const slot = this.#out;
    let from = 0;
    for (let at = carried.indexOf(0x0a); at !== -1; at = carried.indexOf(0x0a, from)) {
      if (from === 0) begin(slot.state, carried, 0, at);
      else goesOn(slot.state, carried, from, at);
      from = at + 1;
    }
    Object.assign(slot, { active: true, start: 0, end: 0, pieces: [carried.subarray(0, -1)], bytes: carried.length, lines: 1 });
    Object.assign(slot, { wrapped: false, partial: false, time: undefined, part: 1, carried: true, before: undefined });
  }

  #begin(slot: Slot, start: number, next: number, wrapped: boolean, part: number, before: EntryState | undefined): void {
    const line = this.#line;
    const going = this.#going;
    this.#going = undefined;
    // A line without anything begins nothing.
    if (line.from === line.to && !line.partial) return;
    slot.active = true;
    slot.start = start;
    slot.end = next;
    slot.from = line.from;
    slot.to = line.to;
    slot.pieces = line.bytes === this.#chunk ? undefined : [line.bytes.subarray(line.from, line.to)];
    slot.bytes = line.to - line.from;
    slot.lines = 1;
    slot.wrapped = wrapped;
    slot.partial = line.partial;
    slot.time = line.time;
    slot.carried = false;
    if (part > 1 && before !== undefined) {
      slot.part = part;
      slot.before = before;
    } else if (going !== undefined && start === 0 && going.stream === line.stream) {
      slot.part = going.part;
      slot.before = going.state;
      Object.assign(slot.state, going.state);
    } else {
      slot.part = 1;
      slot.before = undefined;
      begin(slot.state, line.bytes, line.from, line.to);
    }
  }

  #extend(slot: Slot, next: number): void {
    const line = this.#line;
    if (slot.wrapped || slot.pieces !== undefined) {
      slot.pieces ??= [this.#chunk.subarray(slot.from, slot.to)];
      if (!slot.partial) slot.pieces.push(NEWLINE);
      slot.pieces.push(line.bytes.subarray(line.from, line.to));
    }
    slot.to = line.to;
    slot.end = next;
    slot.bytes += line.to - line.from + 1;
    slot.lines++;
    slot.partial = line.partial;
    if (line.time !== undefined) slot.time = line.time;
  }

  /** An entry of one stream does not wait for ever while the other one speaks. */
  #expire(other: Slot, next: number): void {
    if (!other.active) return;
    const apart = other.time !== undefined && this.#line.time !== undefined && this.#line.time - other.time > JOIN_NS;
    if (apart || next - other.start > MOST_APART) this.#finish(other);
  }

  #finish(slot: Slot): void {
    slot.active = false;
    const { pieces, from, part, state, time, carried, end, wrapped } = slot;
    const whole = pieces === undefined ? this.#chunk : pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const start = pieces === undefined ? from : 0;
    const to = endOf(whole, start, pieces === undefined ? slot.to : whole.length);
    const text = pieces === undefined ? this.#text?.slice(start, to) : undefined;
    const stream = wrapped ? (slot === this.#out ? 'stdout' : 'stderr') : undefined;
    const bytes = text === undefined ? whole.subarray(start, to) : NEWLINE;
    const entry = this.#filled(bytes, text, false, part, state.trace !== '', time, stream, carried, slot.start);
    entry.clean = pieces === undefined && this.#suspects?.isIn(start, to) === false;
    if (this.#ready.length === 0 && !(this.#out.active || this.#err.active)) {
      if (text !== undefined) {
        const place = this.#place;
        place.data = whole;
        place.from = start;
        place.to = to;
        entry.place = place;
      }
      this.#give(entry);
      this.safe = Math.max(this.safe, end);
    } else {
      this.#ready.push({ ...entry });
      this.#readyEnd = Math.max(this.#readyEnd, end);
    }
  }

  /** Takes what waited, once nothing that began before it is in hand. */
  #settle(next: number): void {
    const out = this.#out;
    const err = this.#err;
    const first = Math.min(out.active ? out.start : next, err.active ? err.start : next);
    if (this.#ready.length > 0) {
      if (first < this.#readyEnd) return;
      for (const entry of this.#ready) this.#give(entry);
      this.#ready = [];
      this.#readyEnd = 0;
    }
    this.safe = Math.max(this.safe, first);
  }

  #give(entry: Entry): void {
    if (!this.#take(entry)) this.full = true;
  }

  #filled(
    bytes: Buffer,
    text: string | undefined,
    more: boolean,
    part: number,
    trace: boolean,
    time: bigint | undefined,
    stream: Entry['stream'],
    carried: boolean,
    start: number,
  ): Entry {
    const entry = this.#entry;
    entry.bytes = bytes;
    entry.text = text;
    entry.place = undefined;
    entry.clean = false;
    entry.more = more;
    entry.part = part;
    entry.trace = trace;
    entry.time = time;
    entry.stream = stream;
    entry.carried = carried;
    entry.start = start;
    return entry;
  }
}

/** Without the bytes, which are used anew. */
const copyOf = ({ closed, headed, trace, process }: EntryState): EntryState => ({ ...newState(), closed, headed, trace, process });

/** Empty lines at the end were kept in case others would follow. */
const endOf = (bytes: Buffer, from: number, to: number): number => {
  let end = to;
  for (let at = end; at > from; ) {
    const c = bytes[at - 1];
    if (c === 0x0a) end = at - 1;
    else if (c !== 0x20 && c !== 0x09 && c !== 0x0d) break;
    at--;
  }
  return end > from && bytes[end - 1] === 0x0d ? end - 1 : end;
};

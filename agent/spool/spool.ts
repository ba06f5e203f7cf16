// The spool: frames wait here on disk, in order, until the server acknowledged them. A record also holds the read positions of the
// log files its frame covers; positions are kept nowhere else, so that a line is sent exactly when its position is passed.
// Bounded: the oldest segment is dropped, and counted, when there is no room. It knows nothing of the network.
import { closeSync, fdatasync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Position } from '../logs/position.ts';
import { encodeRecord, RECORD_ACKNOWLEDGED, RECORD_CHECKPOINT, RECORD_FRAME, readRecord } from './record.ts';

export interface FrameMeta {
  /** Decimal text. */
  readonly boot: string;
  readonly seq: number;
  readonly parts: number;
  readonly rows: number;
  /** When it was made, ms since 1970; an older version did not keep it. */
  readonly made?: number;
}

interface StoredMeta extends FrameMeta {
  readonly positions?: readonly Position[];
}

export interface Place {
  readonly segment: number;
  readonly offset: number;
}

interface Checkpoint {
  readonly positions: readonly Position[];
  readonly acknowledged: Place;
}

export interface SpooledFrame {
  readonly meta: FrameMeta;
  /** As it is sent, compressed. */
  readonly body: Uint8Array;
  readonly at: Place;
  readonly end: number;
}

export interface SpoolOptions {
  readonly folder: string;
  /** Most bytes on disk. */
  readonly limitBytes: number;
  /** A new segment file begins beyond it; at most an eighth of the limit is used. */
  readonly segmentBytes: number;
  /** Whether `sync` waits for the disk. */
  readonly fsync: boolean;
}

export interface SpoolStats {
  readonly bytes: number;
  /** Not yet acknowledged. */
  readonly frames: number;
  /** Of those. */
  readonly waitingBytes: number;
  readonly droppedFrames: number;
  readonly droppedRows: number;
  /** Segments that were found damaged elsewhere than at the torn end a crash leaves. */
  readonly damaged: number;
}

interface Segment {
  readonly number: number;
  bytes: number;
  /** Frames not yet acknowledged. */
  frames: number;
  rows: number;
  waitingBytes: number;
}

const datasync = promisify(fdatasync);
/** The disk, or this user's share of it. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const NAME = /^(\d{10})\.spool$/;
const writeWhole = (fd: number, bytes: Uint8Array, offset: number): void => {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
};
const nameOf = (number: number): string => `${number.toString().padStart(10, '0')}.spool`;

/** One process at a time may use a folder; the caller sees to that. */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  readonly #positions = new Map<string, Position>();
  #fd = -1;
  #reading: { readonly segment: number; readonly fd: number } | undefined;
  /** The first byte not acknowledged. */
  #cursor: Place = { segment: 0, offset: 0 };
  #unsynced = false;
  /** Only while the folder is read at the start. */
  readonly #scanned = new Map<number, readonly { readonly offset: number; readonly rows: number; readonly bytes: number }[]>();
  #droppedFrames = 0;
  #droppedRows = 0;
  #damaged = 0;

  /** Reads what is there and begins a new segment. Throws the file system's error when the folder cannot be used. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#segmentBytes = Math.min(options.segmentBytes, Math.floor(options.limitBytes / 8));
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(options.folder)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    for (const [i, number] of numbers.entries()) this.#scan(number, i === numbers.length - 1);
    this.#begin((numbers.at(-1) ?? 0) + 1);
    this.#dropConsumed();
  }

  /** Behind the last record. */
  get end(): Place {
    return { segment: this.#current.number, offset: this.#current.bytes };
  }

  /** Positions as of the last record. */
  get positions(): ReadonlyMap<string, Position> {
    return this.#positions;
  }

  get stats(): SpoolStats {
    let bytes = 0;
    let frames = 0;
    let waitingBytes = 0;
    for (const segment of this.#segments) {
      bytes += segment.bytes;
      frames += segment.frames;
      waitingBytes += segment.waitingBytes;
    }
    return { bytes, frames, waitingBytes, droppedFrames: this.#droppedFrames, droppedRows: this.#droppedRows, damaged: this.#damaged };
  }

  /**
   * Adds a frame; it survives the process from here on, and a power cut once `sync` resolved. Throws when the disk refuses it: then nothing has changed.
   * `displaces`: on a full disk the oldest frames make room for it; what can wait where it stands has no need of that.
   */
  append(meta: FrameMeta, body: Uint8Array, positions: readonly Position[] = [], displaces = true): void {
    const stored: StoredMeta = positions.length === 0 ? meta : { ...meta, positions };
    const record = encodeRecord(RECORD_FRAME, stored, body);
    if (this.#current.bytes + record.length > this.#segmentBytes) {
      this.#begin(this.#current.number + 1, displaces);
      this.#dropConsumed();
    }
    this.#makeRoom(record.length);
    this.#write(record, displaces);
    this.#current.frames++;
    this.#current.rows += meta.rows;
    this.#current.waitingBytes += record.length;
    this.#apply(positions);
  }

  /** Resolves when everything appended so far survives a power cut. */
  async sync(): Promise<void> {
    if (!this.#unsynced || !this.#options.fsync) return;
    const fd = this.#fd;
    this.#unsynced = false;
    try {
      await datasync(fd);
    } catch (error) {
      // Another segment began meanwhile, which made this one safe.
      if (fd !== this.#fd) return;
      this.#unsynced = true;
      throw error;
    }
  }

  /** The oldest frame not acknowledged; undefined when there is none. */
  next(): SpooledFrame | undefined {
    for (;;) {
      const index = this.#segments.findIndex((s) => s.number >= this.#cursor.segment);
      const segment = this.#segments[index] as Segment;
      if (segment.number > this.#cursor.segment) this.#cursor = { segment: segment.number, offset: 0 };
      if (segment.frames === 0) {
        if (segment === this.#current) return undefined;
        this.#cursor = { segment: (this.#segments[index + 1] as Segment).number, offset: 0 };
        this.#dropConsumed();
        continue;
      }
      const record = readRecord(this.#readerOf(segment.number), this.#cursor.offset);
      if (record === 'end' || record === 'damaged') {
        this.#damaged++;
        this.#forget(segment);
        if (segment === this.#current) this.#begin(segment.number + 1);
      } else if (record.kind === RECORD_FRAME) {
        const { positions: _, ...meta } = record.meta as StoredMeta;
        return { meta, body: record.body, at: this.#cursor, end: record.end };
      } else this.#cursor = { segment: segment.number, offset: record.end };
    }
  }

  /** The frame, which must be the one `next` gave, needs no more sending. */
  acknowledge(frame: SpooledFrame): void {
    const segment = this.#segments.find((s) => s.number === frame.at.segment);
    // It may have been dropped for room while it was on its way.
    if (segment === undefined || frame.at.segment !== this.#cursor.segment || frame.at.offset !== this.#cursor.offset) return;
    segment.frames--;
    segment.rows -= frame.meta.rows;
    segment.waitingBytes -= frame.end - frame.at.offset;
    this.#cursor = { segment: segment.number, offset: frame.end };
    try {
      this.#write(encodeRecord(RECORD_ACKNOWLEDGED, this.#cursor), false);
    } catch {
      // Without room for this note the frame is sent once more after a restart, and the server knows it by its seq.
    }
    if (segment.frames === 0 && segment !== this.#current) this.#dropConsumed();
  }

  close(): void {
    if (this.#options.fsync) fsyncSync(this.#fd);
    closeSync(this.#fd);
    if (this.#reading !== undefined) closeSync(this.#reading.fd);
    this.#reading = undefined;
  }

  get #current(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  #apply(positions: readonly Position[]): void {
    for (const position of positions) {
      if (position.gone) this.#positions.delete(position.key);
      else this.#positions.set(position.key, position);
    }
  }

  #scan(number: number, last: boolean): void {
    const fd = openSync(join(this.#options.folder, nameOf(number)), 'r+');
    const segment: Segment = { number, bytes: 0, frames: 0, rows: 0, waitingBytes: 0 };
    const frames: { readonly offset: number; readonly rows: number; readonly bytes: number }[] = [];
    this.#segments.push(segment);
    this.#scanned.set(number, frames);
    try {
      for (;;) {
        const record = readRecord(fd, segment.bytes);
        if (record === 'damaged') {
          if (!last) this.#damaged++;
          ftruncateSync(fd, segment.bytes);
          break;
        }
        if (record === 'end') break;
        if (record.kind === RECORD_FRAME) {
          const meta = record.meta as StoredMeta;
          frames.push({ offset: segment.bytes, rows: meta.rows, bytes: record.end - segment.bytes });
          this.#apply(meta.positions ?? []);
        } else if (record.kind === RECORD_ACKNOWLEDGED) this.#advance(record.meta as Place);
        else if (record.kind === RECORD_CHECKPOINT) {
          const checkpoint = record.meta as Checkpoint;
          this.#positions.clear();
          this.#apply(checkpoint.positions);
          this.#advance(checkpoint.acknowledged);
        }
        segment.bytes = record.end;
      }
    } finally {
      closeSync(fd);
    }
    if (last) this.#settle();
  }

  #advance(place: Place): void {
    if (place.segment > this.#cursor.segment || (place.segment === this.#cursor.segment && place.offset > this.#cursor.offset)) this.#cursor = place;
  }

  /** Acknowledgements stand behind the frames they mean, so frames are counted once all was read. */
  #settle(): void {
    for (const segment of this.#segments) {
      const waiting = (this.#scanned.get(segment.number) ?? []).filter(
        (f) => segment.number > this.#cursor.segment || (segment.number === this.#cursor.segment && f.offset >= this.#cursor.offset),
      );
      segment.frames = waiting.length;
      segment.rows = waiting.reduce((sum, f) => sum + f.rows, 0);
      segment.waitingBytes = waiting.reduce((sum, f) => sum + f.bytes, 0);
    }
    this.#scanned.clear();
  }

  #begin(number: number, displaces = true): void {
    // The old one is made safe first: what the checkpoint says must never stand without it.
    if (this.#fd !== -1 && this.#options.fsync) fsyncSync(this.#fd);
    const checkpoint: Checkpoint = { positions: [...this.#positions.values()], acknowledged: this.#cursor };
    const record = encodeRecord(RECORD_CHECKPOINT, checkpoint);
    const fd = this.#withRoom(displaces, () => this.#create(number, record));
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = fd;
    this.#segments.push({ number, bytes: record.length, frames: 0, rows: 0, waitingBytes: 0 });
  }

  #create(number: number, record: Uint8Array): number {
    const path = join(this.#options.folder, nameOf(number));
    const fd = openSync(path, 'wx', 0o600);
    try {
      writeWhole(fd, record, 0);
      if (this.#options.fsync) {
        fsyncSync(fd);
        const folder = openSync(this.#options.folder, 'r');
        fsyncSync(folder);
        closeSync(folder);
      }
      return fd;
    } catch (error) {
      closeSync(fd);
      unlinkSync(path);
      throw error;
    }
  }

  #write(record: Uint8Array, displaces: boolean): void {
    const segment = this.#current;
    this.#withRoom(displaces, () => {
      try {
        writeWhole(this.#fd, record, segment.bytes);
      } catch (error) {
        ftruncateSync(this.#fd, segment.bytes);
        throw error;
      }
    });
    segment.bytes += record.length;
    this.#unsynced = true;
  }

  /** A full disk is given room by dropping old segments, as long as there are any; for any other refusal nothing is dropped. */
  #withRoom<T>(displaces: boolean, write: () => T): T {
    for (;;) {
      try {
        return write();
      } catch (error) {
        if (!displaces || this.#segments.length < 2 || !FULL.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        this.#dropOldest();
      }
    }
  }

  #makeRoom(bytes: number): void {
    while (this.#segments.length > 1 && this.stats.bytes + bytes > this.#options.limitBytes) this.#dropOldest();
  }

  #dropOldest(): void {
    const segment = this.#segments[0] as Segment;
    this.#forget(segment);
    this.#remove(segment);
    const next = this.#segments[0] as Segment;
    if (this.#cursor.segment <= segment.number) this.#cursor = { segment: next.number, offset: 0 };
  }

  #forget(segment: Segment): void {
    this.#droppedFrames += segment.frames;
    this.#droppedRows += segment.rows;
    segment.frames = 0;
    segment.rows = 0;
    segment.waitingBytes = 0;
  }

  /** Segments before the cursor hold nothing that is still needed. */
  #dropConsumed(): void {
    while (this.#segments.length > 1 && (this.#segments[0] as Segment).frames === 0) this.#remove(this.#segments[0] as Segment);
  }

  #remove(segment: Segment): void {
    if (this.#reading?.segment === segment.number) {
      closeSync(this.#reading.fd);
      this.#reading = undefined;
    }
    this.#segments.shift();
    try {
      unlinkSync(join(this.#options.folder, nameOf(segment.number)));
    } catch {
      // Found again, and then passed over, at the next start.
    }
  }

  #readerOf(number: number): number {
    if (this.#reading?.segment !== number) {
      if (this.#reading !== undefined) closeSync(this.#reading.fd);
      this.#reading = { segment: number, fd: openSync(join(this.#options.folder, nameOf(number)), 'r') };
    }
    return this.#reading.fd;
  }
}

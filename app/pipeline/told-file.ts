// What the pipeline writes into tables that the server keeps in memory, and which rows it is about to write into others, told from process to process by a file: whoever writes appends the rows before
// he goes on to the samples that they are of, and whoever hands out an answer of the store reads before what was appended. So no answer has
// samples of which the server was not told, however long one of the two is busy, and neither waits for the other.
//
// A record: its size (u32, little-endian), what it is (u8: its place in TOLD_TABLES; 255: the file ends and the next one goes on), the rows as Arrow.
import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/errors.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { encodeStream } from '../../core/ipc/write.ts';

/** Tables whose rows are told; writes that have begun, and those that are over (written-rows.ts). */
export const TOLD_TABLES = ['marks', 'series', 'begun', 'over'] as const;
export type ToldTable = (typeof TOLD_TABLES)[number];

const HEAD = 5;
const ENDS = 255;
/** A file is removed when it was read to its end. */
const MOST_BYTES = 8 << 20;
/** Read at once; a larger record alone. */
const CHUNK = 4 << 20;

const NAME = /^told-\d+-\d+$/;
const fileOf = (folder: string, run: number, number: number): string => join(folder, `told-${run}-${number}`);

const recordOf = (kind: number, rows: Uint8Array): Buffer => {
  const record = Buffer.allocUnsafe(HEAD + rows.length);
  record.writeUInt32LE(rows.length);
  record.writeUInt8(kind, HEAD - 1);
  record.set(rows, HEAD);
  return record;
};

/** The end that tells. */
export class ToldWriter {
  readonly #folder: string;
  readonly #run: number;
  #number = 0;
  #fd: number;
  #size: number;

  /** Of a run whose listener has begun. */
  constructor(folder: string, run: number) {
    this.#folder = folder;
    this.#run = run;
    this.#fd = openSync(fileOf(folder, run, 0), 'a');
    this.#size = fstatSync(this.#fd).size;
  }

  /** Throws `columns.unavailable` where the file takes nothing, as on a full disk: then they were not told. */
  tell(table: ToldTable, rows: Batch): void {
    try {
      if (this.#size > MOST_BYTES) this.#next();
      this.#append(recordOf(TOLD_TABLES.indexOf(table), encodeStream([rows])));
    } catch (error) {
      throw new CodedError('columns.unavailable', { reason: `what was written cannot be told to the server: ${(error as Error).message}` }, { cause: error });
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #next(): void {
    const file = fileOf(this.#folder, this.#run, this.#number + 1);
    const next = openSync(file, 'ax', 0o600);
    try {
      this.#append(recordOf(ENDS, new Uint8Array(0)));
    } catch (error) {
      closeSync(next);
      rmSync(file);
      throw error;
    }
    closeSync(this.#fd);
    this.#number++;
    this.#fd = next;
    this.#size = 0;
  }

  #append(record: Buffer): void {
    let written = 0;
    try {
      while (written < record.length) written += writeSync(this.#fd, record, written);
      this.#size += written;
    } catch (error) {
      if (written > 0) ftruncateSync(this.#fd, this.#size);
      throw error;
    }
  }
}

/** The end that hears. */
export class ToldReader {
  readonly #folder: string;
  readonly #heard: (table: ToldTable, rows: Batch) => void;
  #run = 0;
  #number = 0;
  #fd: number | undefined;
  #at = 0;

  constructor(folder: string, heard: (table: ToldTable, rows: Batch) => void) {
    this.#folder = folder;
    this.#heard = heard;
  }

  /** Another process is to tell; what the one before has told is heard. Its number. */
  begin(): number {
    this.hear();
    this.close();
    for (const name of readdirSync(this.#folder)) if (NAME.test(name)) rmSync(join(this.#folder, name), { force: true });
    this.#run++;
    this.#open(0, 'wx+');
    return this.#run;
  }

  /** All that was told up to now; of nothing new it takes some microseconds. Throws as the file system does: then it is heard the next time. */
  hear(): void {
    while (this.#fd !== undefined) {
      const waiting = fstatSync(this.#fd).size - this.#at;
      if (waiting < HEAD || !this.#take(this.#fd, waiting)) return;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Whether there may be more: of the last record a part may be missing, where its process died. */
  #take(fd: number, waiting: number): boolean {
    let bytes = this.#read(fd, Math.min(waiting, CHUNK));
    const size = HEAD + bytes.readUInt32LE(0);
    if (size > waiting) return false;
    if (size > bytes.length) bytes = this.#read(fd, size);
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const end = at + HEAD + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      const kind = bytes[at + HEAD - 1] as number;
      const rows = bytes.subarray(at + HEAD, end);
      at = end;
      if (kind === ENDS) {
        this.#follow();
        return true;
      }
      // A copy: Arrow's columns begin at multiples of eight, and views of it are kept.
      for (const batch of decodeStream(new Uint8Array(rows), { validateUtf8: false })) this.#heard(TOLD_TABLES[kind] as ToldTable, batch);
    }
    this.#at += at;
    return true;
  }

  #read(fd: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(fd, bytes, 0, size, this.#at));
  }

  #follow(): void {
    this.#open(this.#number + 1, 'r');
    rmSync(fileOf(this.#folder, this.#run, this.#number - 1), { force: true });
  }

  /** In place of the one before. */
  #open(number: number, flags: string): void {
    const fd = openSync(fileOf(this.#folder, this.#run, number), flags, 0o600);
    this.close();
    this.#fd = fd;
    this.#number = number;
    this.#at = 0;
  }
}

// Log files in a folder of their own that a tailer follows, for tests: the records are what a spool would hold, the clock is the test's.

import { appendFileSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { LogFailures } from '../logs/failures.ts';
import type { NamedFormat } from '../logs/formats/list.ts';
import { LogBatch } from '../logs/log-batch.ts';
import type { Position } from '../logs/position.ts';
import { Tailer } from '../logs/tailer.ts';
import { Mask } from '../mask/mask.ts';
import { kept } from './kept.ts';

export interface FollowedOptions {
  readonly globs?: readonly string[];
  readonly backlogBytes?: number;
  readonly joinMs?: number;
  readonly isPutBack?: boolean;
  readonly formats?: readonly NamedFormat[];
  /** Another than a plain `LogBatch`. */
  readonly batch?: (failures: LogFailures) => LogBatch;
}

/** Longer than what a file is recognised by. */
export const long = (n: number): string => `line ${n} ${'x'.repeat(60)}`;
export const range = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => long(from + i));

/** What is made now is later than what was made before by the file system's clock too, which goes in steps. */
export const laterByFiles = (): Promise<void> => setTimeout(15);

export class Followed {
  readonly folder = mkdtempSync(join(tmpdir(), 'logs-'));
  readonly leftOut = new Set<string>();
  /** What it logged as information. */
  readonly told: (readonly [message: string, fields: unknown])[] = [];
  readonly failures = new LogFailures(silentLogger, (what) => this.leftOut.add(what));
  /** The clock, ms. */
  at: number;
  records: { readonly batch: Batch; readonly positions: readonly Position[] }[] = [];
  /** No record is taken while it is true. */
  broken = false;
  /** Asked before each record. */
  pressed: () => boolean = () => false;
  #tailer: Tailer | undefined;
  #options: FollowedOptions = {};

  constructor(at = Date.now()) {
    this.at = at;
  }

  /** As after a kill: only what is in the records is known. Options stand until they are given anew. */
  start(options: FollowedOptions = this.#options): void {
    this.#options = options;
    this.#tailer?.close();
    const { globs = ['/**/*.log'], backlogBytes = 2 ** 40, joinMs = 0, isPutBack = false, formats, batch } = options;
    this.#tailer = new Tailer(
      {
        globs,
        root: this.folder,
        backlogBytes,
        quietMs: 5000,
        joinMs,
        isPutBack,
        log: { ...silentLogger, info: (message, fields) => void this.told.push([message, fields]) },
        failures: this.failures,
        leftOut: (what) => this.leftOut.add(what),
      },
      batch?.(this.failures) ?? new LogBatch('h', this.failures, new Mask(true, []), formats),
      (lines, positions) => {
        const taken = kept(lines.take().batch);
        if (this.broken) throw new Error('no space');
        this.records.push({ batch: taken, positions });
      },
      this.positions,
      this.at,
    );
  }

  get tailer(): Tailer {
    if (this.#tailer === undefined) throw new TypeError('it was not started');
    return this.#tailer;
  }

  /** One round of the agent, until it has read all there is. */
  async round(ms = 1000): Promise<void> {
    this.at += ms;
    this.#tailer?.discover(this.at);
    await this.read();
  }

  /** The same without looking for files. */
  async read(): Promise<void> {
    while (await this.#tailer?.poll(this.at, () => this.pressed()));
  }

  /** What an agent does that stops. */
  async stop(): Promise<void> {
    while (await this.#tailer?.poll(this.at, () => this.pressed(), true));
  }

  /** As the records have them. */
  get positions(): Position[] {
    const out = new Map<string, Position>();
    for (const record of this.records) for (const p of record.positions) p.gone ? out.delete(p.key) : out.set(p.key, p);
    return [...out.values()];
  }

  column(name: string): Value[] {
    return this.records.flatMap(({ batch }) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, name), row)));
  }

  get bodies(): string[] {
    return this.column('body') as string[];
  }

  /** Entries as they were written. */
  get whole(): string[] {
    const bodies = this.bodies;
    return this.column('raw').map((raw, i) => (raw ?? bodies[i]) as string);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Each line with its end, by the machine's clock. */
  write(name: string, ...lines: readonly string[]): void {
    appendFileSync(this.path(name), lines.map((line) => `${line}\n`).join(''));
  }

  /** As it is, at the time of the test's clock. */
  append(name: string, text: string | Uint8Array, fraction = 0): void {
    appendFileSync(this.path(name), text);
    utimesSync(this.path(name), this.at / 1000, this.at / 1000 + fraction);
  }

  close(): void {
    this.#tailer?.close();
    this.#tailer = undefined;
    rmSync(this.folder, { recursive: true });
  }
}

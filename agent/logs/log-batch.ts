// Gathers log entries into the columns of a frame's part.
import type { Batch, Value } from '../../core/batch/batch.ts';
import { ColumnBuilder } from '../../core/batch/build.ts';
import { formatTime, nanosFromMillis } from '../../core/time.ts';
import type { Severity } from '../../schemas/catalogue.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import { bounded } from '../bounded.ts';
import type { Entry } from './assembler.ts';
import type { Origin } from './container.ts';
import type { LogFailures } from './failures.ts';
import { FORMATS, type NamedFormat, parseEntry } from './formats/list.ts';
import { clearLine, newLine } from './formats/parsed-line.ts';
import { lineText } from './line.ts';

const FIELDS = SIGNAL_FIELDS.logs;
/** A part is closed at either bound. */
const MOST_ROWS = 10_000;
const MOST_BYTES = 1 << 20;
/** Characters of the name of a file. */
const MOST_SOURCE = 1024;
/** What goes on with an entry that was taken already. */
const GOES_ON = /^(\s|Caused by: |\.\.\. \d+ more)/;

/** Where entries come from. */
export interface LogSource {
  readonly path: string;
  readonly origin: Origin | undefined;
  /** Of the entry before, for what goes on with it; kept up to date by `add`. */
  readonly last: { time: bigint | undefined; severity: Severity | undefined; service: string | undefined };
}

export interface TimeBounds {
  /** Of an entry that tells no time, ms, whole. */
  readonly fallbackMs: number;
  /** When it is read, ns. */
  readonly now: bigint;
  /** Outside of them the door would refuse it, ns. */
  readonly oldest: bigint;
  readonly newest: bigint;
  /** An entry before `oldest` is passed over: it is from before the agent came. */
  readonly skipOld: boolean;
}

export type Added = 'kept' | 'skipped' | 'empty';

export class LogBatch {
  readonly #host: string;
  readonly #failures: LogFailures;
  readonly #formats: readonly NamedFormat[];
  readonly #found = newLine();
  #columns: ColumnBuilder[] = FIELDS.map((f) => new ColumnBuilder(f.type));
  #bytes = 0;
  #from = 0n;
  #to = 0n;
  rows = 0;

  constructor(host: string, failures: LogFailures, formats: readonly NamedFormat[] = FORMATS) {
    this.#host = host;
    this.#failures = failures;
    this.#formats = formats;
  }

  get full(): boolean {
    return this.rows >= MOST_ROWS || this.#bytes >= MOST_BYTES;
  }

  /** An empty entry is not kept. One whose own time the door would refuse has the time it was read, and its own as `log.time`. */
  add(source: LogSource, entry: Entry, bounds: TimeBounds): Added {
    const { body: text, truncated, binary, invalid } = lineText(entry.bytes, entry.more);
    if (text.trim() === '') return 'empty';
    const found = this.#found;
    const { attributes } = found;
    if (entry.part > 1) clearLine(found);
    else parseEntry(text, found, bounds.fallbackMs, (format, error) => this.#failures.format(source.path, format, error, bounds.fallbackMs), this.#formats);
    const { last } = source;
    const goesOn = entry.part > 1 || (found.message === undefined && GOES_ON.test(text));
    const own = entry.time ?? found.time ?? (goesOn ? last.time : undefined);
    let time = own ?? nanosFromMillis(bounds.fallbackMs);
    const told = source.origin?.severity;
    const severity = (told?.over ? told.value : found.severity) ?? (goesOn ? last.severity : entry.trace ? 'error' : told?.value);
    const service = found.service ?? (goesOn ? last.service : undefined) ?? (source.origin?.service || undefined);
    last.time = own;
    last.severity = severity;
    last.service = service;
    if (time < bounds.oldest && bounds.skipOld) return 'skipped';
    if (time < bounds.oldest || time > bounds.newest) {
      if (own !== undefined) attributes.set('log.time', formatTime(own));
      if (own !== undefined) this.#failures.retimed(source.path, time > bounds.newest);
      time = bounds.now;
    }
    if (truncated) attributes.set('log.truncated', 'true');
    if (binary) attributes.set('log.binary', 'true');
    if (invalid) attributes.set('log.invalid_utf8', 'true');
    if (entry.stream !== undefined) attributes.set('log.iostream', entry.stream);
    for (const [name, value] of source.origin?.attributes ?? []) attributes.set(name, value);
    if (entry.part > 1) found.numbers.set('log.part', entry.part);
    if (found.dropped > 0) found.numbers.set('log.dropped_attributes', found.dropped);
    const body = found.message?.toWellFormed() ?? text;
    const raw = body === text ? null : text;
    this.#append([
      time,
      severity ?? null,
      body,
      raw,
      service ?? null,
      this.#host,
      source.path,
      found.traceId ?? null,
      found.spanId ?? null,
      attributes,
      found.numbers,
    ]);
    if (this.rows === 1 || time < this.#from) this.#from = time;
    if (this.rows === 1 || time > this.#to) this.#to = time;
    this.#bytes += body.length + (raw?.length ?? 0) + 64;
    return 'kept';
  }

  /** What was gathered, with the times of its earliest and latest entry; begins anew. */
  take(): { readonly batch: Batch; readonly from: bigint; readonly to: bigint } {
    const batch: Batch = { length: this.rows, fields: FIELDS, columns: this.#columns.map((c) => c.finish()) };
    const { from, to } = { from: this.#from, to: this.#to };
    this.discard();
    return { batch, from, to };
  }

  discard(): void {
    this.#columns = FIELDS.map((f) => new ColumnBuilder(f.type));
    this.#bytes = 0;
    this.rows = 0;
  }

  /** Values in the order of `NAMES`. */
  #append(row: readonly Value[]): void {
    for (let i = 0; i < row.length; i++) {
      const column = this.#columns[PLACES[i] as number];
      if (column !== undefined) column.append(NAMES[i] === 'source' ? bounded(row[i] as string, MOST_SOURCE) : (row[i] as Value));
    }
    this.rows++;
  }
}

const NAMES = ['time', 'severity', 'body', 'raw', 'service', 'host', 'source', 'trace_id', 'span_id', 'attributes', 'numbers'] as const;
/** Where each of them stands among the columns. */
const PLACES: readonly number[] = NAMES.map((name) => FIELDS.findIndex((field) => field.name === name));

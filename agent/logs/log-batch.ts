// Gathers log entries into the columns of a frame's part. The columns that `take` gives are valid until the next entry is added:
// their buffers serve the next frame too.
import type { Batch } from '../../core/batch/batch.ts';
import { formatTime, nanosFromMillis } from '../../core/time.ts';
import type { Severity } from '../../schemas/catalogue.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import { bounded } from '../bounded.ts';
import { type Mask, type MaskState, newMaskState } from '../mask/mask.ts';
import type { Entry } from './assembler.ts';
import type { Origin } from './container.ts';
import type { LogFailures } from './failures.ts';
import { FORMATS, type FormatFailed, type NamedFormat, parseEntry } from './formats/list.ts';
import { clearLine, newLine, setOver } from './formats/parsed-line.ts';
import { type LineText, lineText, MOST_LINE } from './line.ts';
import { numberMapBuffer, TextBuffer, TimeBuffer, textMapBuffer, WordBuffer, WordsBuffer } from './log-columns.ts';
import type { FileId } from './position.ts';

const FIELDS = SIGNAL_FIELDS.logs;
/** A part is closed at either bound. */
const MOST_ROWS = 10_000;
const MOST_BYTES = 1 << 20;
/** Characters of the name of a file. */
const MOST_SOURCE = 1024;
const OBJECT = 0x7b;
/** What goes on with an entry that was taken already. */
const GOES_ON = /^(\s|Caused by: |\.\.\. \d+ more)/;

/** Where entries come from. */
export interface LogSource {
  readonly path: string;
  readonly origin: Origin | undefined;
  /** Of the entry before, for what goes on with it; kept up to date by `add`. */
  readonly last: { time: bigint | undefined; severity: Severity | undefined; service: string | undefined };
  /** Whether lines before make this one a secret; kept up to date by `add`. */
  readonly secrets: MaskState;
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

/** What tells a line from all others: where it begins in which file. */
export interface LinePlace {
  file: FileId;
  position: number;
}

export type Added = 'kept' | 'skipped' | 'empty';

export class LogBatch {
  readonly #host: string;
  readonly #failures: LogFailures;
  readonly #mask: Mask;
  readonly #formats: readonly NamedFormat[];
  #found = newLine();
  /** Of the entry in hand. */
  #source = '';
  readonly #failed: FormatFailed = (format, error) => this.#failures.format(this.#source, format, error, Date.now());
  readonly #columns = {
    time: new TimeBuffer(),
    severity: new WordBuffer(),
    body: new TextBuffer(),
    raw: new TextBuffer(),
    service: new WordBuffer(),
    host: new WordBuffer(),
    source: new WordBuffer(),
    trace_id: new TextBuffer(),
    span_id: new TextBuffer(),
    attributes: textMapBuffer(),
    numbers: numberMapBuffer(),
    file: new WordsBuffer(),
    position: new WordsBuffer(),
  };
  #bytes = 0;
  #from = 0n;
  #to = 0n;
  rows = 0;

  constructor(host: string, failures: LogFailures, mask: Mask, formats: readonly NamedFormat[] = FORMATS) {
    this.#host = host;
    this.#failures = failures;
    this.#mask = mask;
    this.#formats = formats;
  }

  get full(): boolean {
    return this.rows >= MOST_ROWS || this.#bytes >= MOST_BYTES;
  }

  /** An empty entry is not kept. One whose own time the door would refuse has the time it was read, and its own as `log.time`. */
  add(source: LogSource, entry: Entry, bounds: TimeBounds, { file, position }: LinePlace): Added {
    const read = entry.text === undefined ? lineText(entry.bytes, entry.more) : undefined;
    const written = entry.text ?? (read as LineText).body;
    if (written.trim() === '') return 'empty';
    const text = this.#mask.line(written, source.secrets, entry.clean);
    const found = this.#found;
    const { attributes } = found;
    if (entry.part > 1) clearLine(found);
    else {
      this.#source = source.path;
      // What is not kept of an object tells of it too.
      const whole = read?.truncated === true && !entry.more && entry.bytes[0] === OBJECT ? this.#mask.line(entry.bytes.toString('utf8'), newMaskState()) : text;
      parseEntry(whole, found, bounds.fallbackMs, this.#failed, this.#formats, whole === written ? entry.place : undefined);
    }
    const { last } = source;
    const goesOn = entry.part > 1 || (found.message === undefined && GOES_ON.test(text));
    const own = entry.time ?? found.time ?? (goesOn ? last.time : undefined);
    let time = own ?? nanosFromMillis(bounds.fallbackMs);
    const told = source.origin?.severity;
    const severity = (told?.over ? told.value : found.severity) ?? (goesOn ? last.severity : entry.trace ? 'error' : told?.value);
    const service = found.service ?? (goesOn ? last.service : undefined) ?? (source.origin?.service || undefined);
    last.time = own;
    last.severity = severity;
    // A part of a text would hold all of it.
    if (last.service !== service) last.service = service === undefined ? undefined : Buffer.from(service).toString();
    if (time < bounds.oldest && bounds.skipOld) return 'skipped';
    if (time < bounds.oldest || time > bounds.newest) {
      if (own !== undefined) attributes.set('log.time', formatTime(own));
      if (own !== undefined) this.#failures.retimed(source.path, time > bounds.newest);
      time = bounds.now;
    }
    if (read?.truncated === true) attributes.set('log.truncated', 'true');
    if (read?.binary === true) attributes.set('log.binary', 'true');
    if (read?.invalid === true) attributes.set('log.invalid_utf8', 'true');
    if (entry.stream !== undefined) attributes.set('log.iostream', entry.stream);
    if (source.origin !== undefined) for (const [name, value] of source.origin.attributes) setOver(found, name, value);
    if (entry.part > 1) found.numbers.set('log.part', entry.part);
    if (found.dropped > 0) found.numbers.set('log.dropped_attributes', found.dropped);
    const message = found.message?.toWellFormed();
    const body = message === undefined ? text : message.length > MOST_LINE ? bounded(message, MOST_LINE) : message;
    const raw = body === text ? undefined : text;
    const columns = this.#columns;
    columns.time.append(time);
    put(columns.severity, severity);
    columns.body.append(body);
    put(columns.raw, raw);
    put(columns.service, service);
    columns.host.append(this.#host);
    columns.source.append(source.path.length > MOST_SOURCE ? bounded(source.path, MOST_SOURCE) : source.path);
    put(columns.trace_id, found.traceId);
    put(columns.span_id, found.spanId);
    columns.attributes.append(attributes);
    columns.numbers.append(found.numbers);
    columns.file.append(file.low, file.high);
    columns.position.append(position, position / 2 ** 32);
    this.rows++;
    if (this.rows === 1 || time < this.#from) this.#from = time;
    if (this.rows === 1 || time > this.#to) this.#to = time;
    this.#bytes += body.length + (raw?.length ?? 0) + 64;
    return 'kept';
  }

  /** What was gathered, with the times of its earliest and latest entry; begins anew. */
  take(): { readonly batch: Batch; readonly from: bigint; readonly to: bigint } {
    const batch: Batch = { length: this.rows, fields: FIELDS, columns: ORDER.map((name) => this.#columns[name].column()) };
    const { from, to } = { from: this.#from, to: this.#to };
    this.discard();
    return { batch, from, to };
  }

  discard(): void {
    for (const name of ORDER) this.#columns[name].clear();
    this.#found = newLine();
    this.#bytes = 0;
    this.rows = 0;
  }
}

const put = (column: TextBuffer | WordBuffer, text: string | undefined): void => {
  if (text === undefined) column.appendMissing();
  else column.append(text);
};

const NAMES = ['time', 'severity', 'body', 'raw', 'service', 'host', 'source', 'trace_id', 'span_id', 'attributes', 'numbers', 'file', 'position'] as const;
/** As the schema has them. */
const ORDER = FIELDS.map(({ name }) => NAMES.find((known) => known === name)).filter((name) => name !== undefined);

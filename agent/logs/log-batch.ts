// Gathers log lines into the columns of a frame's part.
import type { Batch, Value } from '../../core/batch/batch.ts';
import { ColumnBuilder } from '../../core/batch/build.ts';
import { nanosFromMillis } from '../../core/time.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import { bounded } from '../bounded.ts';
import type { LogFailures } from './failures.ts';
import { FORMATS, type NamedFormat, parseLine } from './formats/list.ts';
import { isContinuation } from './formats/text.ts';
import { lineText } from './line.ts';

const FIELDS = SIGNAL_FIELDS.logs;
/** A part is closed at either bound. */
const MOST_ROWS = 10_000;
const MOST_BYTES = 1 << 20;
/** Characters of the name of a file. */
const MOST_SOURCE = 1024;

export class LogBatch {
  readonly #host: string;
  readonly #failures: LogFailures;
  readonly #formats: readonly NamedFormat[];
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

  /**
   * `fallbackMs` (whole) is the time of a line that tells none, `before` that of the line before it in the file, which a continuation takes over.
   * Returns the line's time; undefined for an empty line, which is not kept. Nor is a line before `oldest`, where that is given.
   */
  add(source: string, bytes: Buffer, more: boolean, fallbackMs: number, before: bigint | undefined, oldest?: bigint): bigint | undefined {
    const { body, truncated, binary, invalid } = lineText(bytes, more);
    if (body.trim() === '') return undefined;
    const found = parseLine(body, fallbackMs, (format, error) => this.#failures.format(source, format, error, fallbackMs), this.#formats);
    if (truncated) found.attributes.set('log.truncated', 'true');
    if (binary) found.attributes.set('log.binary', 'true');
    if (invalid) found.attributes.set('log.invalid_utf8', 'true');
    const time = found.time ?? (before !== undefined && isContinuation(body) ? before : nanosFromMillis(fallbackMs));
    if (oldest !== undefined && time < oldest) return time;
    const { severity = null, service = null, traceId = null, spanId = null, attributes, numbers } = found;
    const row: readonly Value[] = [time, severity, body, null, service, this.#host, bounded(source, MOST_SOURCE), traceId, spanId, attributes, numbers];
    for (let i = 0; i < row.length; i++) (this.#columns[i] as ColumnBuilder).append(row[i] as Value);
    if (this.rows === 0 || time < this.#from) this.#from = time;
    if (this.rows === 0 || time > this.#to) this.#to = time;
    this.rows++;
    this.#bytes += bytes.length + 64;
    return time;
  }

  /** What was gathered, with the times of its earliest and latest line; begins anew. */
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
}

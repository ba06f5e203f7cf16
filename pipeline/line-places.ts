// Which log lines of a round the store has already: an agent whose disk or folder was set back reads its files again and sends them under new
// seqs. A line is known by (sender, file, position). As long as a sender's positions in a file rise nothing is asked; where they go back, the
// store is, for those very positions, and a line that stands there word for word is passed over. A position alone proves nothing: after a disk
// was set back another line may be written in the place of one that was sent. Nothing is saved: what is not known is asked of the store.
import { type Batch, columnOf, type FixedColumn, isPresent, valueAt } from '../core/batch/batch.ts';
import { takeRows } from '../core/batch/take.ts';
import { joined, wordsOf } from '../core/batch/words.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Decoded } from './message.ts';
import { retryUntilStopped } from './retry.ts';
import type { RoundContext } from './sink.ts';

/** Lines of one file in one message. */
interface Stretch {
  readonly key: string;
  readonly file: bigint;
  /** Of the rows it has; positions below 2^53 are exact, and an agent sends no others. */
  from: number;
  to: number;
  readonly low: number;
  readonly high: number;
}

export interface FreshLines {
  /** The messages in their order, without the rows that stand. */
  readonly messages: readonly Decoded[];
  /** To be called when all of them stand. */
  readonly stand: () => void;
}

/** Of one message; one that tells of more is no agent's, and is taken as it is. */
const MOST_FILES = 1024;
/** Files whose places are remembered; one that was forgotten is asked for again. */
const MOST_KNOWN = 100_000;
/** A file that is followed was mostly written to lately, and what is asked of few hours is quick. */
const LATELY_MS = 2 * 3_600_000;
const AT_ONCE = 5000;
const ALL = { max_rows_to_read: 0, max_execution_time: 300 } as const;

const numbersOf = (batch: Batch, name: string) => {
  const column = columnOf(batch, name) as FixedColumn;
  return { column, words: wordsOf(column.values as BigUint64Array) };
};
const keyOf = (sender: string, low: number, high: number): string => `${high.toString(36)}/${low.toString(36)}/${sender}`;

const stretchesOf = ({ batch, sender }: Decoded): readonly Stretch[] => {
  const [{ column, words }, { words: places }] = [numbersOf(batch, 'file'), numbersOf(batch, 'position')];
  const found = new Map<string, Stretch>();
  let last: Stretch | undefined;
  for (let row = 0; row < batch.length; row++) {
    if (!isPresent(column, row)) continue;
    const [low, high] = [words[row * 2] as number, words[row * 2 + 1] as number];
    const at = (places[row * 2 + 1] as number) * 2 ** 32 + (places[row * 2] as number);
    if (last === undefined || last.low !== low || last.high !== high) {
      const key = keyOf(sender, low, high);
      last = found.get(key);
      if (last === undefined) {
        last = { key, file: joined(low, high), from: at, to: at, low, high };
        found.set(key, last);
      }
    }
    if (at < last.from) last.from = at;
    if (at > last.to) last.to = at;
  }
  return found.size > MOST_FILES ? [] : [...found.values()];
};

export class LinePlaces {
  readonly #columns: Pick<ColumnStore, 'query'>;
  readonly #telemetry: Telemetry;
  readonly #now: () => number;
  /** Largest position that stands, by file; −1: none. The one met longest ago first. */
  readonly #known = new Map<string, number>();

  /** `now` in ms. */
  constructor(columns: Pick<ColumnStore, 'query'>, telemetry: Telemetry, now: () => number) {
    this.#columns = columns;
    this.#telemetry = telemetry;
    this.#now = now;
  }

  /** The same messages give the same again in a round that is written once more: what it has written itself does not count. */
  async fresh(messages: readonly Decoded[], { signal, health, interrupted }: Pick<RoundContext, 'signal' | 'health' | 'interrupted'>): Promise<FreshLines> {
    const stretches = messages.map(stretchesOf);
    const ask = <T>(work: () => Promise<T>): Promise<T> => retryUntilStopped(work, signal, health);
    await ask(() => this.#learn(stretches.flat()));
    const own = interrupted?.inserts.map(({ number }) => number) ?? [];
    const reached = new Map<string, number>();
    const fresh: Decoded[] = [];
    for (const [i, message] of messages.entries()) {
      const reach = ({ key }: Stretch): number => reached.get(key) ?? this.#known.get(key) ?? -1;
      const doubtful = (stretches[i] as readonly Stretch[]).filter((stretch) => stretch.from <= reach(stretch));
      fresh.push(doubtful.length === 0 ? message : await ask(() => this.#without(message, doubtful, fresh, own)));
      for (const stretch of stretches[i] as readonly Stretch[]) reached.set(stretch.key, Math.max(stretch.to, reach(stretch)));
    }
    return { messages: fresh, stand: () => this.#stand(reached) };
  }

  #stand(reached: ReadonlyMap<string, number>): void {
    for (const [key, place] of reached) {
      this.#known.delete(key);
      this.#known.set(key, place);
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(key);
    }
  }

  async #learn(stretches: readonly Stretch[]): Promise<void> {
    const since = this.#now() - LATELY_MS;
    for (const where of ["`time` > fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND ", '']) {
      const unknown = new Map(stretches.filter(({ key }) => !this.#known.has(key)).map(({ key, file }) => [key, file]));
      const files = [...new Set(unknown.values())];
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const { batches } = await this.#columns.query(
          `SELECT sender, file, max(position) AS place FROM logs WHERE ${where}file IN ({files:Array(UInt64)}) GROUP BY sender, file`,
          { params: { since: Math.floor(since), files: files.slice(at, at + AT_ONCE) }, settings: ALL },
        );
        for (const batch of batches)
          for (let row = 0; row < batch.length; row++) {
            const [sender, file, place] = ['sender', 'file', 'place'].map((name) => valueAt(columnOf(batch, name), row)) as [string, bigint, bigint];
            const key = keyOf(sender, Number(file & 0xffff_ffffn), Number(file >> 32n));
            if (unknown.has(key)) this.#known.set(key, Number(place));
          }
      }
    }
    for (const { key } of stretches) if (!this.#known.has(key)) this.#known.set(key, -1);
  }

  /** Without what stands, or stands in an earlier message of the round, under the same place with the same words. */
  async #without(message: Decoded, doubtful: readonly Stretch[], earlier: readonly Decoded[], own: readonly bigint[]): Promise<Decoded> {
    const { batch, sender } = message;
    const rows = new Uint8Array(batch.length).fill(1);
    for (const { file } of doubtful) {
      const places = rowsOf(batch, file);
      const standing = await this.#standing(sender, file, [...places.keys()], own);
      for (const other of earlier)
        if (other.sender === sender)
          for (const [place, row] of rowsOf(other.batch, file)) if (places.has(place)) note(standing, place, lineAt(other.batch, row));
      for (const [place, row] of places) if (standing.get(place)?.includes(lineAt(batch, row)) === true) rows[row] = 0;
    }
    const kept = Int32Array.from({ length: batch.length }, (_, row) => row).filter((row) => rows[row] === 1);
    if (kept.length === batch.length) return message;
    this.#telemetry.add('inframirror_pipeline_repeated_lines_total', {}, batch.length - kept.length);
    return { ...message, batch: takeRows(batch, kept) };
  }

  async #standing(sender: string, file: bigint, places: readonly bigint[], own: readonly bigint[]): Promise<Map<bigint, string[]>> {
    const standing = new Map<bigint, string[]>();
    for (let at = 0; at < places.length; at += AT_ONCE) {
      const { batches } = await this.#columns.query(
        `SELECT position AS place, line FROM logs
WHERE file = {file:UInt64} AND sender = {sender:String} AND position IN ({places:Array(UInt64)}) AND insert NOT IN ({own:Array(UInt64)})`,
        { params: { file, sender, places: places.slice(at, at + AT_ONCE), own }, settings: ALL },
      );
      for (const found of batches)
        for (let row = 0; row < found.length; row++)
          note(standing, valueAt(columnOf(found, 'place'), row) as bigint, valueAt(columnOf(found, 'line'), row) as string);
    }
    return standing;
  }
}

const note = (standing: Map<bigint, string[]>, place: bigint, line: string): void => {
  const known = standing.get(place);
  if (known === undefined) standing.set(place, [line]);
  else known.push(line);
};

/** Of one file: position → row. */
const rowsOf = (batch: Batch, file: bigint): ReadonlyMap<bigint, number> => {
  const [files, places] = [columnOf(batch, 'file'), columnOf(batch, 'position')];
  const rows = new Map<bigint, number>();
  for (let row = 0; row < batch.length; row++) if (valueAt(files, row) === file) rows.set(valueAt(places, row) as bigint, row);
  return rows;
};

/** As it was written. */
const lineAt = (batch: Batch, row: number): string => {
  const raw = columnOf(batch, 'raw');
  return valueAt(isPresent(raw, row) ? raw : columnOf(batch, 'body'), row) as string;
};

// Which log lines of a round the store has already: an agent whose disk or folder was set back reads its files again and sends them under new
// seqs. A line is known by (sender, file, position). As long as a sender's positions in a file rise nothing is asked; where they go back, the
// store is, for those very positions, and a line that stands there is passed over: word for word, or but for what an agent with other masks hid. A
// position alone proves nothing: after a disk was set back another line may be written in the place of one that was sent. Nothing is saved: what is not known is asked of the store, in a few
// questions a round, whatever senders name. Of what is too much to ask, or what the store cannot say, lines are taken as they are.
import { type Batch, columnOf, type FixedColumn, isPresent, valueAt } from '../core/batch/batch.ts';
import { takeRows } from '../core/batch/take.ts';
import { joined, wordsOf } from '../core/batch/words.ts';
import { hasCode } from '../core/errors.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { sameBesideMasks } from './beside-masks.ts';
import { KnownFiles } from './known-files.ts';
import type { Decoded } from './message.ts';
import { retryUntilStopped } from './retry.ts';
import type { RoundContext } from './sink.ts';

/** Lines of one file in one message. */
interface LineStretch {
  readonly sender: string;
  readonly key: string;
  readonly file: bigint;
  /** Of the rows it has. */
  from: number;
  to: number;
  rows: number;
}

/** A file of which lines may stand already. */
interface DoubtfulFile {
  readonly sender: string;
  readonly file: bigint;
  /** To be asked for. */
  readonly places: Set<number>;
  /** The words that stand, in the store or in an earlier message, by place. */
  readonly standing: Map<number, Set<string>>;
}

export interface FreshLines {
  /** The messages in their order, without the rows that stand. */
  readonly messages: readonly Decoded[];
  /** To be called when all of them stand. */
  readonly stand: () => void;
}

type Ask = <T>(work: () => Promise<T>) => Promise<T | undefined>;

/** Of one message; one that tells of more is no agent's, and is taken as it is. */
const MOST_FILES = 1024;
/** Of one sender and round are asked for. */
const MOST_ASKED = 1024;
/** Words at one place; an agent's disk was set back less often. */
const MOST_WORDS = 16;
/** A file that is followed was mostly written to lately, and what is asked of few hours is quick. */
const LATELY_MS = 2 * 3_600_000;
const AT_ONCE = 5000;
/** So often the store may go over a limit with a question before it is not asked any more. */
const TRIES = 3;
const ALL = { max_rows_to_read: 0, max_execution_time: 60 } as const;
/** Larger places are no agent's: a file has not so many bytes. */
const EXACT_HIGH = 2 ** 21;

const STANDING = `SELECT sender, file, position AS place, line FROM logs WHERE file IN ({files:Array(UInt64)}) AND sender IN ({senders:Array(String)})
AND (file, position) IN (SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip({of:Array(UInt64)}, {places:Array(UInt64)})) AS pair)) AND insert NOT IN ({own:Array(UInt64)})
LIMIT ${MOST_WORDS} BY sender, file, place`;

const keyOf = (sender: string, low: number, high: number): string => `${high.toString(36)}/${low.toString(36)}/${sender}`;
const keyOfFile = (sender: string, file: bigint): string => keyOf(sender, Number(file & 0xffff_ffffn), Number(file >> 32n));

/** Calls with what `find` has for the file, the place in it and the row, for rows that have one; `find` once for rows that follow each other. */
const eachPlace = <T>(
  { batch, sender }: Decoded,
  find: (key: string, low: number, high: number) => T | undefined,
  call: (found: T, place: number, row: number) => void,
): void => {
  const column = columnOf(batch, 'file') as FixedColumn;
  const [files, places] = [wordsOf(column.values as BigUint64Array), wordsOf((columnOf(batch, 'position') as FixedColumn).values as BigUint64Array)];
  let last: { readonly low: number; readonly high: number; readonly found: T | undefined } | undefined;
  for (let row = 0; row < batch.length; row++) {
    const above = places[row * 2 + 1] as number;
    if (!isPresent(column, row) || above >= EXACT_HIGH) continue;
    const [low, high] = [files[row * 2] as number, files[row * 2 + 1] as number];
    if (last === undefined || last.low !== low || last.high !== high) last = { low, high, found: find(keyOf(sender, low, high), low, high) };
    if (last.found !== undefined) call(last.found, above * 2 ** 32 + (places[row * 2] as number), row);
  }
};

const stretchesOf = (message: Decoded): readonly LineStretch[] => {
  const found = new Map<string, LineStretch>();
  const find = (key: string, low: number, high: number): LineStretch => {
    const stretch = found.get(key) ?? { sender: message.sender, key, file: joined(low, high), from: Number.POSITIVE_INFINITY, to: -1, rows: 0 };
    found.set(key, stretch);
    return stretch;
  };
  eachPlace(message, find, (stretch, place) => {
    stretch.rows++;
    if (place < stretch.from) stretch.from = place;
    if (place > stretch.to) stretch.to = place;
  });
  return found.size > MOST_FILES ? [] : [...found.values()];
};

/** Of each sender the first so many files. */
const bounded = (stretches: Iterable<LineStretch>): ReadonlyMap<string, LineStretch> => {
  const files = new Map<string, LineStretch>();
  const counts = new Map<string, number>();
  for (const stretch of stretches) {
    const count = counts.get(stretch.sender) ?? 0;
    if (count >= MOST_ASKED || files.has(stretch.key)) continue;
    counts.set(stretch.sender, count + 1);
    files.set(stretch.key, stretch);
  }
  return files;
};

export class LinePlaces {
  readonly #columns: Pick<ColumnStore, 'query'>;
  readonly #telemetry: Telemetry;
  readonly #now: () => number;
  readonly #known = new KnownFiles();

  /** `now` in ms. */
  constructor(columns: Pick<ColumnStore, 'query'>, telemetry: Telemetry, now: () => number) {
    this.#columns = columns;
    this.#telemetry = telemetry;
    this.#now = now;
  }

  /** The same messages give the same again in a round that is written once more: what it has written itself does not count. */
  async fresh(messages: readonly Decoded[], { signal, health, interrupted }: Pick<RoundContext, 'signal' | 'health' | 'interrupted'>): Promise<FreshLines> {
    const stretches = messages.map(stretchesOf);
    const ask: Ask = async (work) => {
      let limits = 0;
      const isLasting = (error: unknown): boolean => hasCode(error, 'columns.limit') && ++limits >= TRIES;
      try {
        return await retryUntilStopped(work, signal, health, isLasting);
      } catch (error) {
        if (hasCode(error, 'columns.limit')) return undefined;
        throw error;
      }
    };
    await this.#learn(stretches.flat(), ask);
    const reached = new Map<string, LineStretch>();
    const doubtful = stretches.map((those) => {
      const reach = ({ sender, key }: LineStretch): number => reached.get(key)?.to ?? this.#known.placeOf(sender, key) ?? -1;
      const back = those.filter((stretch) => stretch.from <= reach(stretch));
      for (const stretch of those) reached.set(stretch.key, { ...stretch, to: Math.max(stretch.to, reach(stretch)) });
      return back;
    });
    const files = await this.#standing(messages, doubtful, interrupted?.inserts.map(({ number }) => number) ?? [], ask);
    const fresh = files.size === 0 ? messages : messages.map((message) => this.#without(message, files));
    const unchecked = doubtful.flat().reduce((sum, { key, rows }) => sum + (files.has(key) ? 0 : rows), 0);
    if (unchecked > 0) this.#telemetry.add('inframirror_pipeline_unchecked_lines_total', {}, unchecked);
    return {
      messages: fresh,
      stand: () => {
        for (const { sender, key, to } of reached.values()) this.#known.set(sender, key, to);
      },
    };
  }

  async #learn(stretches: readonly LineStretch[], ask: Ask): Promise<void> {
    const unknown = new Map(bounded(stretches.filter(({ sender, key }) => this.#known.placeOf(sender, key) === undefined)));
    const since = Math.floor(this.#now() - LATELY_MS);
    for (const where of ["`time` > fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND ", '']) {
      const files = [...new Set([...unknown.values()].map(({ file }) => file))];
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const some = files.slice(at, at + AT_ONCE);
        const answer = await ask(() =>
          this.#columns.query(`SELECT sender, file, max(position) AS place FROM logs WHERE ${where}file IN ({files:Array(UInt64)}) GROUP BY sender, file`, {
            params: { since, files: some },
            settings: ALL,
          }),
        );
        // What comes of these files is taken as it is.
        if (answer === undefined) return;
        for (const batch of answer.batches)
          for (let row = 0; row < batch.length; row++) {
            const [sender, file, place] = ['sender', 'file', 'place'].map((name) => valueAt(columnOf(batch, name), row)) as [string, bigint, bigint];
            const key = keyOfFile(sender, file);
            if (unknown.delete(key)) this.#known.set(sender, key, Number(place));
          }
      }
    }
    for (const { sender, key } of unknown.values()) this.#known.set(sender, key, -1);
  }

  /** The files of which it is known what stands in the store at the places that are doubtful. */
  async #standing(
    messages: readonly Decoded[],
    doubtful: readonly (readonly LineStretch[])[],
    own: readonly bigint[],
    ask: Ask,
  ): Promise<ReadonlyMap<string, DoubtfulFile>> {
    const files = new Map<string, DoubtfulFile>();
    for (const [key, { sender, file }] of bounded(doubtful.flat())) files.set(key, { sender, file, places: new Set(), standing: new Map() });
    for (const [i, message] of messages.entries()) {
      const back = new Set(doubtful[i]?.map(({ key }) => key));
      if (back.size === 0) continue;
      eachPlace(
        message,
        (key) => (back.has(key) ? files.get(key) : undefined),
        ({ places }, place) => places.add(place),
      );
    }
    const pairs = [...files.values()].flatMap((file) => Array.from(file.places, (place) => ({ ...file, place })));
    for (let at = 0; at < pairs.length; at += AT_ONCE) {
      const some = pairs.slice(at, at + AT_ONCE);
      const [of, places] = [some.map(({ file }) => file), some.map(({ place }) => place)];
      const params = { files: [...new Set(of)], senders: [...new Set(some.map(({ sender }) => sender))], of, places, own };
      const answer = await ask(() => this.#columns.query(STANDING, { params, settings: ALL }));
      if (answer === undefined) return new Map();
      for (const found of answer.batches)
        for (let row = 0; row < found.length; row++) {
          const [sender, file, place, line] = ['sender', 'file', 'place', 'line'].map((name) => valueAt(columnOf(found, name), row)) as [
            string,
            bigint,
            bigint,
            string,
          ];
          const known = files.get(keyOfFile(sender, file));
          if (known !== undefined) note(known.standing, Number(place), line);
        }
    }
    return files;
  }

  /** Without what stands, or stands in an earlier message of the round, under the same place with the same words, masks aside. */
  #without(message: Decoded, files: ReadonlyMap<string, DoubtfulFile>): Decoded {
    const { batch } = message;
    const rows = new Uint8Array(batch.length).fill(1);
    const own: { readonly file: DoubtfulFile; readonly place: number; readonly line: string }[] = [];
    eachPlace(
      message,
      (key) => files.get(key),
      (file, place, row) => {
        const line = lineAt(batch, row);
        if (stands(file.standing.get(place), line)) rows[row] = 0;
        else own.push({ file, place, line });
      },
    );
    for (const { file, place, line } of own) note(file.standing, place, line);
    const kept = Int32Array.from({ length: batch.length }, (_, row) => row).filter((row) => rows[row] === 1);
    if (kept.length === batch.length) return message;
    this.#telemetry.add('inframirror_pipeline_repeated_lines_total', {}, batch.length - kept.length);
    return { ...message, batch: takeRows(batch, kept) };
  }
}

const stands = (known: ReadonlySet<string> | undefined, line: string): boolean =>
  known !== undefined && (known.has(line) || known.values().some((other) => sameBesideMasks(line, other)));

const note = (standing: Map<number, Set<string>>, place: number, line: string): void => {
  const known = standing.get(place);
  if (known === undefined) standing.set(place, new Set([line]));
  else known.add(line);
};

/** As it was written. */
const lineAt = (batch: Batch, row: number): string => {
  const raw = columnOf(batch, 'raw');
  return valueAt(isPresent(raw, row) ? raw : columnOf(batch, 'body'), row) as string;
};

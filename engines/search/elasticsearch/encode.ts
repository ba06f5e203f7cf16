// Rows of the table `logs` as documents, in the bytes of the bulk API: a line that says what is done and the document after it. No row becomes
// an object; texts are copied from column to document as bytes.
import { hash } from 'node:crypto';
import { type Batch, type Column, columnOf, type FixedColumn, isPresent, type MapColumn, valueAt } from '../../../core/batch/batch.ts';
import { hashBytes } from '../../../core/batch/hash-bytes.ts';
import { sameBytes } from '../../../core/batch/same-bytes.ts';
import { Texts } from '../../../core/batch/texts.ts';
import { safeIntegerAt, wordsOf } from '../../../core/batch/words.ts';
import { DOCUMENT, isFieldName, LONGEST_ATTRIBUTE, otherTerm, TERM_COLUMNS } from '../../../schemas/log-document.ts';
import type { DayNames } from './days.ts';
import type { Bytes } from './json-bytes.ts';
import { WordBytes } from './word-bytes.ts';

const NANOS_PER_MS = 1_000_000;
const DAY_MS = 86_400_000;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const PART = {
  create: latin('{"create":{"_index":"'),
  id: latin('","_id":"'),
  date: latin(`"}}\n{"${DOCUMENT.date}":`),
  time: latin(',"time":"'),
  insert: latin('","insert":"'),
  file: latin('","file":"'),
  message: latin(`","${DOCUMENT.message}":"`),
  position: latin('","position":"'),
  quote: latin('"'),
  comma: latin(','),
  words: latin(`,"${DOCUMENT.words}":"`),
  wordLists: latin(`,"${DOCUMENT.words}":["`),
  nextList: latin('","'),
  listEnd: latin('"]'),
  other: latin(`,"${DOCUMENT.other}":`),
  beyond: latin(`,"${DOCUMENT.beyond}":`),
  close: latin('}'),
  end: latin('}\n'),
};

/** Ids of fields by the index of a day: which attributes are fields there, and whether one more may become one. */
export interface FieldNames {
  /** `column.name`. */
  mayBe(field: string): boolean;
}

/** A column of text beside its field's name. */
interface TextField {
  readonly column: Column;
  readonly texts: Texts;
  readonly name: Uint8Array;
  /** Of columns whose texts come again: the field as it stands, by the place in the dictionary. */
  readonly known: Map<number, Uint8Array> | undefined;
  /** Left out where it is empty: it is never missing. */
  readonly isFilled: boolean;
}

interface MapField {
  readonly name: 'attributes' | 'numbers';
  readonly begin: Uint8Array;
  readonly column: MapColumn;
  readonly keys: Texts;
  readonly texts: Texts | undefined;
}

/** Of an attribute: its name, and what stands before its value where it is a field. */
interface Name {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly field: string;
  readonly begin: Uint8Array | undefined;
}

const MOST_NAMES = 10_000;

/** Names come again in every line: found by their bytes. */
class Names {
  readonly #column: string;
  readonly #byHash = new Map<number, Name[]>();
  #count = 0;
  constructor(column: string) {
    this.#column = column;
  }
  find({ data, from, to }: Texts): Name {
    const hash = hashBytes(data, from, to);
    let same = this.#byHash.get(hash);
    if (same !== undefined) for (const name of same) if (sameBytes(name.bytes, 0, name.bytes.length, data, from, to)) return name;
    if (++this.#count > MOST_NAMES) {
      this.#byHash.clear();
      this.#count = 1;
      same = undefined;
    }
    const bytes = data.slice(from, to);
    const text = decoder.decode(bytes);
    const name = { bytes, text, field: `${this.#column}.${text}`, begin: isFieldName(text) ? latin(`"${text}":`) : undefined };
    if (same === undefined) this.#byHash.set(hash, [name]);
    else same.push(name);
    return name;
  }
}

/** 64 bits of what a line says, as text: two lines of one place are told apart by it. */
class LineHash {
  #a = 0;
  #b = 0;
  begin(): void {
    this.#a = 0x9e3779b9;
    this.#b = 0x85ebca6b;
  }
  add({ data, from, to }: Texts): void {
    let [a, b] = [this.#a, this.#b];
    for (let i = from; i < to; i++) {
      const byte = data[i] as number;
      a = Math.imul(a ^ byte, 0x85ebca77);
      b = Math.imul(b ^ byte, 0xc2b2ae3d);
      b ^= a >>> 15;
    }
    // Where one text ends and the next begins.
    this.#a = Math.imul(a ^ 0x1ff, 0x27d4eb2f);
    this.#b = Math.imul(b ^ 0x1ff, 0x165667b1);
  }
  get words(): readonly [number, number] {
    return [this.#a ^ (this.#b >>> 16), this.#b ^ (this.#a >>> 13)];
  }
}

export class LineDocuments {
  readonly #days: DayNames;
  readonly #time: BigInt64Array;
  readonly #insert: BigUint64Array;
  readonly #file: BigUint64Array;
  readonly #position: BigUint64Array;
  readonly #positions: Uint32Array;
  readonly #times: Uint32Array;
  readonly #sender: Column;
  readonly #fields: readonly TextField[];
  readonly #line: readonly TextField[];
  readonly #maps: readonly MapField[];
  readonly #hash = new LineHash();
  readonly #words = new WordBytes();
  readonly #names = { attributes: new Names('attributes'), numbers: new Names('numbers') };
  /** Name of the index of the day in hand. */
  #index: { readonly day: number; readonly name: Uint8Array } | undefined;
  /** Of the sender and file in hand: what the id begins with, and the field. */
  #origin: { readonly place: number; readonly file: bigint; readonly id: Uint8Array; readonly fileText: Uint8Array; readonly message: Uint8Array } | undefined;
  #lastInsert: { readonly number: bigint; readonly text: Uint8Array } | undefined;
  #senders = new Map<string, string>();

  constructor(batch: Batch, names: DayNames) {
    const fixed = (name: string): FixedColumn => columnOf(batch, name) as FixedColumn;
    this.#days = names;
    this.#time = fixed('time').values as BigInt64Array;
    this.#times = wordsOf(this.#time);
    this.#insert = fixed('insert').values as BigUint64Array;
    this.#file = fixed('file').values as BigUint64Array;
    this.#position = fixed('position').values as BigUint64Array;
    this.#positions = wordsOf(this.#position);
    this.#sender = columnOf(batch, 'sender');
    const field = (name: string): TextField => {
      const column = columnOf(batch, name);
      return {
        column,
        texts: new Texts(column),
        name: latin(`,"${name}":"`),
        known: column.layout === 'dictionary' ? new Map() : undefined,
        isFilled: name === 'head' || name === 'tail',
      };
    };
    this.#fields = TERM_COLUMNS.map(field);
    this.#line = ['raw', 'head', 'body', 'tail'].map(field);
    this.#maps = (['attributes', 'numbers'] as const).map((name) => {
      const column = columnOf(batch, name) as MapColumn;
      const { keys, values } = column;
      const texts = values.layout === 'text' || values.layout === 'dictionary' ? new Texts(values) : undefined;
      return { name, begin: latin(`,"${name}":{`), column, keys: new Texts(keys), texts };
    });
  }

  /** Days since 1970. */
  dayOf(row: number): number {
    return Math.floor(this.#millis(row) / DAY_MS);
  }

  /** Whole ms, rounded down. */
  #millis(row: number): number {
    const near = Math.floor(safeIntegerAt(this.#times, row) / NANOS_PER_MS);
    // A double is off by some hundred ns.
    const low = (this.#times[row * 2] as number) - Number(BigInt.asUintN(32, BigInt(near) * BigInt(NANOS_PER_MS)));
    const rest = low < -(2 ** 31) ? low + 2 ** 32 : low > 2 ** 31 ? low - 2 ** 32 : low;
    return rest < 0 ? near - 1 : rest >= NANOS_PER_MS ? near + 1 : near;
  }

  /** Appends the row to `out`. */
  write(row: number, out: Bytes, fields: FieldNames): void {
    const time = this.#time[row] as bigint;
    const { id, fileText, message } = this.#originOf(row);
    out.put(PART.create);
    out.put(this.#indexOf(this.dayOf(row)));
    out.put(PART.id);
    out.put(id);
    const high = this.#positions[row * 2 + 1] as number;
    const position = high < 2 ** 21 ? String(safeIntegerAt(this.#positions, row)) : String(this.#position[row]);
    out.ascii(position);
    out.ascii('-');
    for (const word of this.#hashed(row)) out.hex(word);
    out.put(PART.date);
    out.ascii(String(this.#millis(row)));
    out.put(PART.time);
    out.ascii(String(time));
    out.put(PART.insert);
    out.put(this.#insertOf(row));
    out.put(PART.file);
    out.put(fileText);
    out.put(PART.message);
    out.put(message);
    out.put(PART.position);
    out.ascii(high < 2 ** 31 ? position : String(BigInt.asIntN(64, this.#position[row] as bigint)));
    out.put(PART.quote);
    for (const field of this.#fields) this.#text(field, row, out);
    for (const field of this.#line) this.#text(field, row, out);
    this.#lineWords(row, out);
    this.#attributes(row, out, fields);
    out.put(PART.end);
  }

  /** Lines that go together have one. */
  #insertOf(row: number): Uint8Array {
    const number = this.#insert[row] as bigint;
    if (this.#lastInsert?.number !== number) this.#lastInsert = { number, text: latin(String(BigInt.asIntN(64, number))) };
    return this.#lastInsert.text;
  }

  #indexOf(day: number): Uint8Array {
    if (this.#index?.day !== day) this.#index = { day, name: latin(this.#days.name(day)) };
    return this.#index.name;
  }

  #originOf(row: number) {
    const file = this.#file[row] as bigint;
    const place = this.#sender.layout === 'dictionary' ? (this.#sender.indices[row] as number) : -1;
    if (this.#origin?.file === file && place >= 0 && this.#origin.place === place) return this.#origin;
    const sender = valueAt(this.#sender, row) as string;
    let who = this.#senders.get(sender);
    if (who === undefined) {
      who = hash('sha256', sender, 'buffer').subarray(0, 12).toString('base64url');
      this.#senders.set(sender, who);
    }
    const id = `${who}-${file.toString(36)}-`;
    const message = hash('sha256', id, 'buffer').readBigInt64LE();
    this.#origin = { place, file, id: latin(id), fileText: latin(String(file)), message: latin(String(message)) };
    return this.#origin;
  }

  #hashed(row: number): readonly [number, number] {
    this.#hash.begin();
    for (const { column, texts } of this.#line) {
      if (isPresent(column, row)) texts.at(row);
      else texts.to = texts.from;
      this.#hash.add(texts);
    }
    return this.#hash.words;
  }

  #text({ column, texts, name, known, isFilled }: TextField, row: number, out: Bytes): void {
    if (!isPresent(column, row)) return;
    texts.at(row);
    if (isFilled && texts.from === texts.to) return;
    if (known === undefined || column.layout !== 'dictionary') {
      out.put(name);
      out.escaped(texts.data, texts.from, texts.to);
      out.put(PART.quote);
      return;
    }
    const place = column.indices[row] as number;
    let whole = known.get(place);
    if (whole === undefined) {
      const from = out.length;
      out.put(name);
      out.escaped(texts.data, texts.from, texts.to);
      out.put(PART.quote);
      whole = Buffer.from(out.bytes.subarray(from, out.length));
      known.set(place, whole);
    } else out.put(whole);
  }

  /** The words of the line; where that does not hold the message as it is, those of the message behind them, over a gap. */
  #lineWords(row: number, out: Bytes): void {
    const [raw, head, body, tail] = this.#line as [TextField, TextField, TextField, TextField];
    const isApart = isPresent(raw.column, row);
    if (!isApart && !isPresent(body.column, row)) return;
    const add = ({ column, texts }: TextField): void => {
      if (!isPresent(column, row)) return;
      texts.at(row);
      this.#words.add(texts);
    };
    this.#words.begin();
    out.put(isApart ? PART.wordLists : PART.words);
    if (isApart) {
      add(raw);
      this.#words.into(out);
      this.#words.begin();
      out.put(PART.nextList);
      add(body);
    } else for (const part of [head, body, tail]) add(part);
    this.#words.into(out);
    out.put(isApart ? PART.listEnd : PART.quote);
  }

  #attributes(row: number, out: Bytes, fields: FieldNames): void {
    let others: string[] | undefined;
    let beyond: Record<string, Record<string, string | number>> | undefined;
    for (const { name, begin, column, keys, texts } of this.#maps) {
      if (!isPresent(column, row)) continue;
      out.put(begin);
      let isFirst = true;
      const last = column.offsets[row + 1] as number;
      for (let i = column.offsets[row] as number; i < last; i++) {
        if (!isPresent(column.values, i)) continue;
        keys.at(i);
        const known = this.#names[name].find(keys);
        const number = texts === undefined ? ((column.values as FixedColumn).values[i] as number) : 0;
        // No number of JSON, and missing to whoever asks.
        if (!Number.isFinite(number)) continue;
        texts?.at(i);
        const isShort = texts === undefined || texts.to - texts.from <= LONGEST_ATTRIBUTE;
        if (isShort && known.begin !== undefined && fields.mayBe(known.field)) {
          if (!isFirst) out.put(PART.comma);
          out.put(known.begin);
          if (texts === undefined) out.ascii(String(number));
          else {
            out.put(PART.quote);
            out.escaped(texts.data, texts.from, texts.to);
            out.put(PART.quote);
          }
          isFirst = false;
        } else {
          others ??= [];
          const { text: key } = known;
          // One zero, as JSON has it.
          const value = texts === undefined ? number + 0 : decoder.decode(texts.data.subarray(texts.from, texts.to));
          others.push(otherTerm(name, key, value));
          beyond ??= {};
          const of = beyond[name] ?? Object.create(null);
          beyond[name] = of;
          of[key] = value;
        }
      }
      out.put(PART.close);
    }
    if (others === undefined) return;
    out.put(PART.other);
    out.text(others);
    out.put(PART.beyond);
    out.text(beyond);
  }
}

// Rows of the table `logs` as documents, in the bytes of the bulk API: a line that says what is done and the document after it. No row becomes
// an object; texts are copied from column to document as bytes.
import { hash } from 'node:crypto';
import { type Batch, type Column, columnOf, type FixedColumn, isPresent, type MapColumn, valueAt } from '../../../core/batch/batch.ts';
import { Texts } from '../../../core/batch/texts.ts';
import { safeIntegerAt, wordsOf } from '../../../core/batch/words.ts';
import { DOCUMENT, isFieldName, LONGEST_ATTRIBUTE, otherTerm, TERM_COLUMNS } from '../../../schemas/log-document.ts';
import { type DayNames, floorDivide } from './days.ts';
import type { Bytes } from './json-bytes.ts';
import { WordBytes } from './word-bytes.ts';

const NANOS_PER_MS = 1_000_000n;
const DAY_NS = 86_400_000_000_000n;
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
  words: latin(`,"${DOCUMENT.words}":"`),
  wordLists: latin(`,"${DOCUMENT.words}":["`),
  nextList: latin('","'),
  listEnd: latin('"]'),
  other: latin(`,"${DOCUMENT.other}":`),
  beyond: latin(`,"${DOCUMENT.beyond}":`),
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
  readonly #names: DayNames;
  readonly #time: BigInt64Array;
  readonly #insert: BigUint64Array;
  readonly #file: BigUint64Array;
  readonly #position: BigUint64Array;
  readonly #positions: Uint32Array;
  readonly #sender: Column;
  readonly #fields: readonly TextField[];
  readonly #line: readonly TextField[];
  readonly #maps: readonly MapField[];
  readonly #hash = new LineHash();
  readonly #words = new WordBytes();
  /** Of the sender and file in hand: what the id begins with, and the field. */
  #origin: { readonly place: number; readonly file: bigint; readonly id: Uint8Array; readonly fileText: Uint8Array; readonly message: Uint8Array } | undefined;
  #senders = new Map<string, string>();

  constructor(batch: Batch, names: DayNames) {
    const fixed = (name: string): FixedColumn => columnOf(batch, name) as FixedColumn;
    this.#names = names;
    this.#time = fixed('time').values as BigInt64Array;
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
    this.#maps = (['attributes', 'numbers'] as const).map((name) => ({ name, begin: latin(`,"${name}":{`), column: columnOf(batch, name) as MapColumn }));
  }

  /** Days since 1970. */
  dayOf(row: number): number {
    return Number(floorDivide(this.#time[row] as bigint, DAY_NS));
  }

  /** Appends the row to `out`. */
  write(row: number, out: Bytes, fields: FieldNames): void {
    const time = this.#time[row] as bigint;
    const { id, fileText, message } = this.#originOf(row);
    out.put(PART.create);
    out.ascii(this.#names.name(this.dayOf(row)));
    out.put(PART.id);
    out.put(id);
    const high = this.#positions[row * 2 + 1] as number;
    const position = high < 2 ** 21 ? String(safeIntegerAt(this.#positions, row)) : String(this.#position[row]);
    out.ascii(position);
    out.ascii('-');
    for (const word of this.#hashed(row)) out.hex(word);
    out.put(PART.date);
    out.ascii(String(floorDivide(time, NANOS_PER_MS)));
    out.put(PART.time);
    out.ascii(String(time));
    out.put(PART.insert);
    out.ascii(String(BigInt.asIntN(64, this.#insert[row] as bigint)));
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
    for (const { name, begin, column } of this.#maps) {
      if (!isPresent(column, row)) continue;
      out.put(begin);
      let isFirst = true;
      for (let i = column.offsets[row] as number; i < (column.offsets[row + 1] as number); i++) {
        const key = valueAt(column.keys, i) as string;
        const value = valueAt(column.values, i) as string | number | null;
        // No number of JSON, and missing to whoever asks.
        if (value === null || (typeof value === 'number' && !Number.isFinite(value))) continue;
        const isShort = typeof value === 'number' || value.length * 3 <= LONGEST_ATTRIBUTE || Buffer.byteLength(value) <= LONGEST_ATTRIBUTE;
        if (isShort && isFieldName(key) && fields.mayBe(`${name}.${key}`)) {
          out.ascii(`${isFirst ? '' : ','}"${key}":`);
          if (typeof value === 'number') out.ascii(JSON.stringify(value));
          else out.text(value);
          isFirst = false;
        } else {
          others ??= [];
          others.push(otherTerm(name, key, value));
          beyond ??= {};
          const of = beyond[name] ?? Object.create(null);
          beyond[name] = of;
          of[key] = value;
        }
      }
      out.ascii('}');
    }
    if (others === undefined) return;
    out.put(PART.other);
    out.text(others);
    out.put(PART.beyond);
    out.text(beyond);
  }
}

// Writes batches as one Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html), without any library:
// schema, then the dictionaries, each once and of distinct entries, then one message a batch, then the end marker. No compression.
// Allocates nothing per value; every buffer is copied once at most, into the result. `read.ts` and any Arrow reader take it.
import { type Batch, type Column, type DataType, type DictionaryColumn, type TextColumn, typeEquals } from '../batch/batch.ts';
import { countOnes } from '../batch/bits.ts';
import { mergeDictionaries } from '../batch/concat.ts';
import { flattenDictionary, sliceColumn } from '../batch/take.ts';
import { type FlatTable, flatBytes, i8, i16, i32, i64 } from './flat-write.ts';
import { CONTINUATION, DOUBLE, HEADER, METADATA_V5, pad8, TYPE, UNIT } from './format.ts';

/** What is written for one field or one part of a nested field. */
interface Plan {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: DataType;
  /** Set where text is written as indices. */
  readonly dictionary: DictionaryPlan | undefined;
  /** Of a list: its items; of a map: keys and values. */
  readonly parts: readonly Plan[];
}

interface DictionaryPlan {
  readonly id: number;
  readonly entries: TextColumn;
  readonly places: ReadonlyMap<TextColumn, Int32Array>;
}

/**
 * One stream of all batches, which must have the fields of the first; there must be one at least, and a first one without
 * rows leads to a stream of the schema only. Dictionary columns stay so unless plain text is smaller.
 */
export const encodeStream = (batches: readonly Batch[]): Uint8Array => {
  const parts = streamParts(batches);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** The same in parts that follow each other, of which the large ones are the columns' own bytes, not copies. */
export const streamParts = (batches: readonly Batch[]): readonly Uint8Array[] => {
  const first = batches[0];
  if (first === undefined) throw new TypeError('a stream needs a batch, for its fields');
  for (const batch of batches)
    if (
      batch.fields.length !== first.fields.length ||
      !batch.fields.every((f, i) => f.name === first.fields[i]?.name && typeEquals(f.type, first.fields[i].type))
    )
      throw new TypeError('batches of one stream must have the same fields');
  const filled = batches.filter((batch) => batch.length > 0);
  const dictionaries: DictionaryPlan[] = [];
  const plans = first.fields.map((field, i) =>
    planOf(
      field.name,
      true,
      field.type,
      filled.map((batch) => batch.columns[i] as Column),
      dictionaries,
    ),
  );

  const messages: Message[] = [message(HEADER.schema, [i16(0), { tables: plans.map(fieldTable) }], 0, [])];
  for (const { id, entries } of dictionaries) {
    const body = new Body();
    body.addText(entries);
    messages.push(message(HEADER.dictionary, [i64(id), { table: body.header(entries.length) }, i8(0)], body.size, body.buffers));
  }
  for (const batch of filled) {
    const body = new Body();
    for (const [i, plan] of plans.entries()) addColumn(body, plan, batch.columns[i] as Column);
    messages.push(message(HEADER.record, body.header(batch.length), body.size, body.buffers));
  }
  return [...messages.flatMap(partsOf), END];
};

const planOf = (name: string, nullable: boolean, type: DataType, columns: readonly Column[], dictionaries: DictionaryPlan[]): Plan => {
  if (type.kind === 'list') {
    const items = columns.map((column) => (column.layout === 'list' ? column.items : mismatch(column, type)));
    return { name, nullable, type, dictionary: undefined, parts: [planOf('item', true, type.item, items, dictionaries)] };
  }
  if (type.kind === 'map') {
    const maps = columns.map((column) => (column.layout === 'map' ? column : mismatch(column, type)));
    const keys = planOf(
      'key',
      false,
      { kind: 'utf8' },
      maps.map((column) => column.keys),
      dictionaries,
    );
    const values = planOf(
      'value',
      true,
      type.value,
      maps.map((column) => column.values),
      dictionaries,
    );
    return { name, nullable, type, dictionary: undefined, parts: [keys, values] };
  }
  return { name, nullable, type, dictionary: type.kind === 'utf8' ? dictionaryOf(columns, dictionaries) : undefined, parts: [] };
};

const mismatch = (column: Column, type: DataType): never => {
  throw new TypeError(`a column laid out as ${column.layout} stands for ${type.kind}`);
};

/** Indices are written only where every batch has them and the dictionary is not larger than the rows it serves. */
const dictionaryOf = (columns: readonly Column[], dictionaries: DictionaryPlan[]): DictionaryPlan | undefined => {
  if (columns.length === 0 || !columns.every((column): column is DictionaryColumn => column.layout === 'dictionary')) return undefined;
  const sources = [...new Set(columns.map((column) => column.dictionary))];
  const rows = columns.reduce((sum, column) => sum + column.length, 0);
  if (sources.reduce((sum, source) => sum + source.length, 0) > rows) return undefined;
  // ClickHouse refuses a dictionary with an entry that stands twice, and keeps the first it meets: hence one, of distinct entries.
  const { dictionary, places } = mergeDictionaries(sources);
  const plan = { id: dictionaries.length, entries: dictionary, places };
  dictionaries.push(plan);
  return plan;
};

const intTable = (bits: number, signed: boolean): FlatTable => [i32(bits), i8(signed ? 1 : 0)];

const fieldTable = (plan: Plan): FlatTable => {
  const [code, type] = typeTable(plan.type);
  const dictionary = plan.dictionary && { table: [i64(plan.dictionary.id), { table: intTable(32, true) }, i8(0)] };
  const parts = plan.parts.map(fieldTable);
  const children =
    plan.type.kind === 'map' ? [[{ text: 'entries' }, i8(0), i8(TYPE.struct), { table: [] }, undefined, { tables: parts }] satisfies FlatTable] : parts;
  return [{ text: plan.name }, i8(plan.nullable ? 1 : 0), i8(code), { table: type }, dictionary, { tables: children }];
};

const typeTable = (type: DataType): readonly [code: number, table: FlatTable] => {
  switch (type.kind) {
    case 'bool':
      return [TYPE.bool, []];
    case 'int':
      return [TYPE.int, intTable(type.bits, type.signed)];
    case 'float':
      return [TYPE.float, [i16(DOUBLE)]];
    case 'utf8':
      return [TYPE.utf8, []];
    case 'timestamp':
      return [TYPE.timestamp, [i16(UNIT[type.unit]), { text: 'UTC' }]];
    case 'duration':
      return [TYPE.duration, [i16(UNIT[type.unit])]];
    case 'list':
      return [TYPE.list, []];
    case 'map':
      return [TYPE.map, [i8(0)]];
  }
};

/** Nodes and buffers of one message's body, in the order of the format. */
class Body {
  readonly nodes: number[] = [];
  readonly spans: number[] = [];
  readonly buffers: Uint8Array[] = [];
  size = 0;

  header(rows: number): FlatTable {
    return [i64(rows), { pairs: this.nodes }, { pairs: this.spans }];
  }

  addNode(length: number, validity: Uint8Array | undefined): void {
    const missing = validity === undefined ? 0 : length - countOnes(validity, length);
    this.nodes.push(length, missing);
    this.addBuffer(missing === 0 ? NOTHING : (validity as Uint8Array).subarray(0, (length + 7) >>> 3));
  }

  addBuffer(array: ArrayBufferView): void {
    this.spans.push(this.size, array.byteLength);
    this.buffers.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    this.size += pad8(array.byteLength);
  }

  /** Offsets that begin at 0; the range of items they name. */
  addOffsets(offsets: Int32Array, length: number): readonly [from: number, to: number] {
    const from = offsets[0] as number;
    const own = offsets.subarray(0, length + 1);
    this.addBuffer(from === 0 ? own : own.map((offset) => offset - from));
    return [from, offsets[length] as number];
  }

  addText(column: TextColumn): void {
    this.addNode(column.length, column.validity);
    const [from, to] = this.addOffsets(column.offsets, column.length);
    this.addBuffer(column.data.subarray(from, to));
  }
}

const NOTHING = new Uint8Array(0);

const addColumn = (body: Body, plan: Plan, column: Column): void => {
  switch (column.layout) {
    case 'dictionary':
      if (plan.dictionary === undefined) body.addText(flattenDictionary(column));
      else addIndices(body, plan.dictionary, column);
      return;
    case 'text':
      body.addText(column);
      return;
    case 'fixed':
      body.addNode(column.length, column.validity);
      body.addBuffer(column.values.subarray(0, column.length));
      return;
    case 'bool':
      body.addNode(column.length, column.validity);
      body.addBuffer(column.bits.subarray(0, (column.length + 7) >>> 3));
      return;
    case 'list': {
      body.addNode(column.length, column.validity);
      const [from, to] = body.addOffsets(column.offsets, column.length);
      addColumn(body, plan.parts[0] as Plan, sliceColumn(column.items, from, to));
      return;
    }
    case 'map': {
      body.addNode(column.length, column.validity);
      const [from, to] = body.addOffsets(column.offsets, column.length);
      body.addNode(to - from, undefined);
      addColumn(body, plan.parts[0] as Plan, sliceColumn(column.keys, from, to));
      addColumn(body, plan.parts[1] as Plan, sliceColumn(column.values, from, to));
    }
  }
};

const addIndices = (body: Body, { places }: DictionaryPlan, column: DictionaryColumn): void => {
  body.addNode(column.length, column.validity);
  const own = column.indices.subarray(0, column.length);
  const place = places.get(column.dictionary);
  body.addBuffer(place === undefined ? own : own.map((index) => place[index] ?? 0));
};

interface Message {
  readonly metadata: Uint8Array;
  readonly bodySize: number;
  readonly buffers: readonly Uint8Array[];
}

const message = (kind: number, header: FlatTable, bodySize: number, buffers: readonly Uint8Array[]): Message => ({
  metadata: flatBytes([i16(METADATA_V5), i8(kind), { table: header }, i64(bodySize)]),
  bodySize,
  buffers,
});

const partsOf = ({ metadata, buffers }: Message): readonly Uint8Array[] => {
  const head = new Uint8Array(8 + metadata.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, metadata.length, true);
  head.set(metadata, 8);
  return [head, ...buffers.flatMap((buffer) => (buffer.length % 8 === 0 ? [buffer] : [buffer, PADDING.subarray(buffer.length % 8)]))];
};

const PADDING = new Uint8Array(8);
/** A continuation without a length. */
const END = new Uint8Array(8).fill(0xff, 0, 4);

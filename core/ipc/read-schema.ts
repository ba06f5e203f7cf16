// An Arrow schema as ours: which of our types a field becomes, and how its buffers have to be read to become it.
// What has no counterpart among our types is refused by name.
import type { DataType, Field } from '../batch/batch.ts';
import { type FlatTableView, malformed } from './flat-read.ts';
import { DOUBLE, SINGLE, TYPE, TYPE_NAMES, UNIT } from './format.ts';

/** How the values rest in the stream. */
export type Wire =
  | { readonly kind: 'bool' }
  /** `times` multiplies what is read (units of time); the array read is converted to the type's own. */
  | { readonly kind: 'fixed'; readonly array: ArrayKind; readonly times: bigint }
  | { readonly kind: 'text'; readonly large: boolean }
  | { readonly kind: 'list'; readonly large: boolean }
  | { readonly kind: 'map' };

export type ArrayKind = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64' | 'f32' | 'f64';

export interface FieldPlan {
  readonly name: string;
  readonly type: DataType;
  readonly wire: Wire;
  /** Set where the column holds indices into a dictionary. */
  readonly dictionary: { readonly id: number; readonly indices: ArrayKind } | undefined;
  /** Of a list: its items; of a map: keys and values. */
  readonly parts: readonly FieldPlan[];
}

export interface SchemaPlan {
  readonly fields: readonly Field[];
  readonly plans: readonly FieldPlan[];
  /** How the entries of each dictionary rest in the stream. */
  readonly dictionaries: ReadonlyMap<number, { readonly large: boolean }>;
}

const MOST_DEPTH = 8;
const MOST_NAME_BYTES = 1024;

export const readSchema = (schema: FlatTableView, maxFields: number): SchemaPlan => {
  if (schema.i16(0, 0) !== 0) throw malformed('it is big-endian');
  const dictionaries = new Map<number, { large: boolean }>();
  const names = new Set<string>();
  const plans: FieldPlan[] = [];
  let left = maxFields;

  const readFields = (of: FlatTableView, slot: number, depth: number): FieldPlan[] => {
    const count = of.count(slot);
    left -= count;
    if (left < 0) throw malformed(`it has more than ${maxFields} fields`);
    if (depth > MOST_DEPTH) throw malformed(`its fields are nested deeper than ${MOST_DEPTH}`);
    return Array.from({ length: count }, (_, i) => readField(of.tableOf(slot, i), depth));
  };

  const readField = (field: FlatTableView, depth: number): FieldPlan => {
    const name = field.text(0, MOST_NAME_BYTES);
    const code = field.i8(2, 0);
    const type =
      code === TYPE.utf8 || code === TYPE.largeUtf8 || code === TYPE.binary || code === TYPE.largeBinary || !field.has(3) ? undefined : field.table(3, 'type');
    if (field.has(4)) {
      const encoding = field.table(4, 'dictionary');
      const id = encoding.size(0);
      const large = largeText(code);
      if (large === undefined)
        throw malformed(`the field ${JSON.stringify(name)} has a dictionary of ${TYPE_NAMES[code] ?? `type ${code}`}; only text is read`);
      if ((dictionaries.get(id)?.large ?? large) !== large) throw malformed(`two types for the dictionary ${id}`);
      dictionaries.set(id, { large });
      const indices = encoding.has(1) ? intArray(encoding.table(1, 'index type')) : 'i32';
      return { name, type: { kind: 'utf8' }, wire: { kind: 'text', large }, dictionary: { id, indices }, parts: [] };
    }
    const plain = (own: DataType, wire: Wire, parts: readonly FieldPlan[] = []): FieldPlan => ({ name, type: own, wire, dictionary: undefined, parts });
    switch (code) {
      case TYPE.bool:
        return plain({ kind: 'bool' }, { kind: 'bool' });
      case TYPE.int: {
        const array = intArray(type);
        const bits = Number(array.slice(1)) as 8 | 16 | 32 | 64;
        return plain({ kind: 'int', bits, signed: array.startsWith('i') }, { kind: 'fixed', array, times: 1n });
      }
      case TYPE.float: {
        const precision = type?.i16(0, 0);
        if (precision !== DOUBLE && precision !== SINGLE) break;
        return plain({ kind: 'float' }, { kind: 'fixed', array: precision === DOUBLE ? 'f64' : 'f32', times: 1n });
      }
      case TYPE.date:
        // DAY is 0, MILLISECOND, the default, is 1.
        return plain(
          { kind: 'timestamp', unit: 'ms' },
          type?.i16(0, 1) === 0 ? { kind: 'fixed', array: 'i32', times: 86_400_000n } : { kind: 'fixed', array: 'i64', times: 1n },
        );
      case TYPE.timestamp: {
        const unit = type?.i16(0, UNIT.s);
        const times = unit === UNIT.s || unit === UNIT.us ? 1000n : 1n;
        return plain({ kind: 'timestamp', unit: unit === UNIT.s || unit === UNIT.ms ? 'ms' : 'ns' }, { kind: 'fixed', array: 'i64', times });
      }
      case TYPE.duration: {
        const times = [1_000_000_000n, 1_000_000n, 1000n, 1n][type?.i16(0, UNIT.ms) ?? UNIT.ms];
        if (times === undefined) break;
        return plain({ kind: 'duration', unit: 'ns' }, { kind: 'fixed', array: 'i64', times });
      }
      case TYPE.list:
      case TYPE.largeList: {
        const [item, ...others] = readFields(field, 5, depth + 1);
        if (item === undefined || others.length > 0) throw malformed('a list needs exactly one type of items');
        return plain({ kind: 'list', item: item.type }, { kind: 'list', large: code === TYPE.largeList }, [item]);
      }
      case TYPE.map: {
        if (field.count(5) !== 1) throw malformed('a map needs exactly one type of entries');
        const entries = field.tableOf(5, 0);
        const [key, value, ...others] = readFields(entries, 5, depth + 1);
        if (entries.i8(2, 0) !== TYPE.struct || key === undefined || value === undefined || others.length > 0)
          throw malformed('the entries of a map are a key and a value');
        if (key.wire.kind !== 'text') throw malformed(`the keys of ${JSON.stringify(name)} are not text`);
        return plain({ kind: 'map', value: value.type }, { kind: 'map' }, [key, value]);
      }
    }
    const large = largeText(code);
    if (large !== undefined) return plain({ kind: 'utf8' }, { kind: 'text', large });
    throw malformed(`the field ${JSON.stringify(name)} is of a type that is not read: ${TYPE_NAMES[code] ?? code}`);
  };

  plans.push(...readFields(schema, 1, 0));
  for (const { name } of plans) {
    if (names.has(name)) throw malformed(`two fields are named ${JSON.stringify(name)}`);
    names.add(name);
  }
  return { fields: plans.map(({ name, type }) => ({ name, type })), plans, dictionaries };
};

/** Whether offsets are 64 bits wide; undefined where the type is no text. */
const largeText = (code: number): boolean | undefined =>
  code === TYPE.utf8 || code === TYPE.binary ? false : code === TYPE.largeUtf8 || code === TYPE.largeBinary ? true : undefined;

const intArray = (type: FlatTableView | undefined): ArrayKind => {
  const bits = type?.i32(0, 0);
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) throw malformed(`integers of ${bits} bits`);
  return `${type?.i8(1, 0) ? 'i' : 'u'}${bits}`;
};

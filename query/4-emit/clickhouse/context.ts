// What the emitting of one ClickHouse query shares: bound values, the functions' table, what is known of the store at this moment.
import type { ValueType } from '../../../schemas/types.ts';
import type { PlanColumn } from '../../3-plan/nodes.ts';
import type { PlanType } from '../../3-plan/physical.ts';
import type { Known } from '../known.ts';
import type { BoundValue } from '../sql-request.ts';
import type { Bind, EmitTable } from './dialect.ts';

const SQL_TYPES: Readonly<Record<Exclude<ValueType, 'list' | 'map'>, string>> = {
  bool: 'Bool',
  int: 'Int64',
  float: 'Float64',
  string: 'String',
  ip: 'String',
  time: 'Int64',
  duration: 'Int64',
  histogram: 'Float64',
};

export const sqlType = (type: PlanType): string => {
  if (typeof type === 'string') return SQL_TYPES[type];
  return type.kind === 'list' ? `Array(${sqlType(type.item)})` : `Map(String, ${sqlType(type.item)})`;
};

export class Bindings {
  readonly parameters = new Map<string, BoundValue>();
  /** Names of those, by type and value: what a question says twice is sent once. */
  readonly #names = new Map<string, Map<BoundValue, string>>();

  readonly bind: Bind = (type, value) => {
    if (value === null || value === undefined) return `CAST(NULL, 'Nullable(${sqlType(type)})')`;
    return this.raw(sqlType(type), value as BoundValue);
  };

  /** A value of a type that only the store has (UInt32, UInt64). */
  raw(type: string, value: BoundValue): string {
    const names = this.#names.get(type) ?? new Map<BoundValue, string>();
    this.#names.set(type, names);
    // To a map 0 and -0 are one.
    const name = (value === 0 ? undefined : names.get(value)) ?? `p${this.parameters.size}`;
    names.set(value, name);
    this.parameters.set(name, value);
    return `{${name}:${type}}`;
  }
}

export class ClickHouseContext extends Bindings {
  readonly functions: EmitTable;
  readonly known: Known;
  /** Rows of series that are not known must not be given: the store counts or cuts them. */
  readonly isOfKnown: boolean;
  /** Values that came as no numbers are answered as such, for this process to count; else as missing. */
  readonly isAsArrived: boolean;
  #aliases = 0;

  constructor(functions: EmitTable, known: Known, { isAsArrived, isOfKnown }: { readonly isAsArrived: boolean; readonly isOfKnown: boolean }) {
    super();
    this.functions = functions;
    this.known = known;
    this.isAsArrived = isAsArrived;
    this.isOfKnown = isOfKnown;
  }

  /** A number of ours, written out: what is bound costs the store a quarter of a millisecond. */
  number(type: 'Int64' | 'UInt32' | 'UInt64', value: bigint | number): string {
    return type === 'Int64' ? `toInt64(${value})` : String(value);
  }

  alias(): string {
    return `t${this.#aliases++}`;
  }
}

/** A query that gives these columns. */
export interface Select {
  readonly sql: string;
  readonly columns: readonly PlanColumn[];
  /** What it is made of, where it is one SELECT without grouping: whoever groups its rows needs none around it. */
  readonly plain?: { readonly columns: string; readonly from: string; readonly where: readonly string[] };
}

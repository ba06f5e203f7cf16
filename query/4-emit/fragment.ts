// What one store is asked: text in its own language with bound values, and the columns that come back.
import type { Role, ValueType } from '../../schemas/types.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import type { Losses } from './losses.ts';

export type FragmentValue = string | number | bigint | boolean | null | readonly (string | number | bigint | boolean)[];

export interface Fragment {
  readonly role: Role;
  readonly dialect: 'clickhouse' | 'postgres';
  readonly text: string;
  /** By name (ClickHouse) or `1`, `2` … (PostgreSQL). */
  readonly parameters: ReadonlyMap<string, FragmentValue>;
  /** Exactly what comes back, in this order; times and durations as 64-bit nanoseconds. */
  readonly columns: readonly PlanColumn[];
  readonly losses: Losses;
  /** What the text supposes of the store; left out: nothing. */
  readonly supposes?: Supposition;
}

/** The fragment's text is right only if none of the questions has a row; else `otherwise` is to be asked. */
export interface Supposition {
  readonly questions: readonly Question[];
  readonly otherwise: Question;
}

/** A question to the fragment's store. */
export interface Question {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, FragmentValue>;
  /** It may well have a row: it is asked before the fragment and not beside it. */
  readonly isOpen?: boolean;
}

/** An expression as it stands in SQL. */
export interface Emitted {
  readonly sql: string;
  readonly type: ValueType;
  /** For constants: the value, so that a function can choose its form by it. */
  readonly constant: boolean;
  readonly value: unknown;
}

/** Binds a value, gives the text that stands for it. */
export type Bind = (type: ValueType, value: unknown, item?: ValueType) => string;

/** SQL of a function; undefined where the store would answer otherwise than this process does, so it is left to the runner. */
export type EmitFunction = (args: readonly Emitted[], call: { readonly type: ValueType; readonly bind: Bind }) => string | undefined;
export type EmitTable = Readonly<Record<string, EmitFunction>>;

/** What an aggregate is made of in SQL. */
export interface AggregateParts {
  /** The argument; undefined for `count()`. */
  readonly x: string | undefined;
  readonly type: string;
  /** The argument's type. */
  readonly of: string;
  readonly where: string | undefined;
  /** quantile's q. */
  readonly q: string;
  /** Ascending in the order of rows: earliest first; undefined where that cannot be said in SQL. */
  readonly order: string | undefined;
}

export type EmitAggregate = (parts: AggregateParts) => string | undefined;

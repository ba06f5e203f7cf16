// What functions and aggregates are in ClickHouse's SQL, by name (functions.ts, aggregates.ts): the types of their tables.
import type { PlanType } from '../../3-plan/physical.ts';

/** An expression as it stands in SQL. */
export interface Emitted {
  readonly sql: string;
  readonly type: PlanType;
  /** For constants: the value, so that a function can choose its form by it. */
  readonly constant: boolean;
  readonly value: unknown;
}

/** Binds a value, gives the text that stands for it. */
export type Bind = (type: PlanType, value: unknown) => string;

/** SQL of a function; undefined where the store would answer otherwise than this process does, so it is left to the runner. */
export type EmitFunction = (args: readonly Emitted[], call: { readonly type: PlanType; readonly bind: Bind }) => string | undefined;
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

/** How ClickHouse is spoken to. */
export interface ClickHouseTables {
  readonly scalars: EmitTable;
  readonly aggregates: Readonly<Record<string, EmitAggregate>>;
}

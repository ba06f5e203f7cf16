// Types of expressions and relations as the checker knows them: IQL's value types with units, and what is known of rows.

import type { Dataset, ValueType } from '../../schemas/types.ts';
import type { Span } from '../1-syntax/ast.ts';
import type { AnyScalar } from './function-names.ts';
import type { Unit } from './unit.ts';

/** `missing`: the literal. `unknown`: a parameter or an attribute whose type its use decides; of a column: it came out of a mistake. */
export interface Type {
  readonly value: ValueType | 'missing' | 'unknown';
  /** undefined: unknown, fits everything. */
  readonly unit: Unit | undefined;
  /** A number written without a unit: fits counts, unknown units, ratios within −1…1. */
  readonly bare: boolean;
  readonly item?: ValueType | undefined;
  /** Of a parameter that is only made text: it may be anything. */
  readonly free?: true;
  /** Ordered text: its values, smallest first. */
  readonly levels?: readonly string[] | undefined;
}

export const type = (value: Type['value'], unit?: Unit): Type => ({ value, unit, bare: false });
export const BOOLEAN = type('bool');
export const STRING = type('string');
export const isNumber = (t: Type): boolean => t.value === 'int' || t.value === 'float';

/**
 * A checked expression: typed, names resolved, but parameters, `now` and times without a zone still open (a text is checked once
 * and planned for each request).
 */
export type Typed = { readonly type: Type; readonly span: Span } /** `made`: as in its column. */ & (
  | { readonly op: 'column'; readonly name: string; readonly made?: Typed | undefined }
  | { readonly op: 'literal'; readonly literal: boolean | number | bigint | string | null | readonly (boolean | number | bigint | string)[] }
  | { readonly op: 'parameter'; readonly name: string /** The result is divided by this (units). */; readonly list: boolean }
  | { readonly op: 'now' }
  | { readonly op: 'time'; readonly text: string }
  /** A field that may be in either attribute map; `settle` chooses. */
  | { readonly op: 'attribute'; readonly name: string; readonly text: string; readonly number: string }
  | { readonly op: 'list'; readonly items: readonly Typed[] }
  | { readonly op: 'call'; readonly function: AnyScalar; readonly arguments: readonly Typed[] }
  | { readonly op: 'case'; readonly branches: readonly { readonly when: Typed; readonly then: Typed }[]; readonly otherwise: Typed }
);

export const callOf = (name: AnyScalar, of: Type, span: Span, ...args: readonly Typed[]): Typed => ({
  op: 'call',
  function: name,
  arguments: args,
  type: of,
  span,
});

export interface RelationColumn {
  readonly name: string;
  readonly type: Type;
  /** Whether it may be summed over time or must be read by `rate`. */
  readonly kind: 'gauge' | 'counter' | undefined;
  /** Tells or describes the series for its whole life: aggregates over time carry it along. */
  readonly label: boolean;
  readonly description: string;
  /** What an earlier step worked it out by, from its own rows: so much stands for the name once it is written out. */
  readonly made?: Typed;
}

export interface OrderColumn {
  readonly column: string;
  readonly descending: boolean;
  readonly levels?: readonly string[];
}

/** How time is cut, before the request's zone is known: seconds-and-below literals are fixed, d and w calendar units. */
export type Width =
  | { readonly kind: 'fixed'; readonly nanos: bigint }
  | { readonly kind: 'calendar'; readonly unit: 'day' | 'week'; readonly count: number }
  | { readonly kind: 'all' }
  /** Chosen for the request's range. */
  | { readonly kind: 'auto' };

/** What is known of the rows at one point of the pipe. */
export interface Relation {
  /** Visible columns in order; hidden ones (`#…`) after them. */
  readonly columns: readonly RelationColumn[];
  readonly shape: 'series' | 'rows';
  /** Names (also hidden) of the columns that tell series apart; for rows: empty. */
  readonly key: readonly string[];
  /** Has a column `time` that is the rows' event time. */
  readonly timed: boolean;
  /** Set after `every`: rows stand at bucket starts. */
  readonly bucket: Width | Typed | undefined;
  /** Total natural order. */
  readonly order: readonly OrderColumn[];
  /** Where a name that is no column may still be: in attribute maps, or (labels) it is just never seen. undefined: nowhere. */
  readonly open:
    | {
        readonly dataset: Dataset /** The columns that hold attributes, under the names they have here. */;
        readonly maps: { readonly text: string; readonly number: string } | undefined;
      }
    | undefined;
  readonly intervalMs: number | undefined;
  readonly temporality: 'cumulative' | 'delta' | undefined;
  /** The dataset the rows came from, as written; for messages. */
  readonly origin: string;
  /** Samples as they came in, not yet aggregated over time. */
  readonly raw: boolean;
  /** Only behind a mistake (`doubt.ts`); undefined: all of this is certain. */
  readonly doubt?: true | undefined;
}

export const visible = (r: Relation): readonly RelationColumn[] => r.columns.filter((c) => !c.name.startsWith('#'));
export const columnNamed = (r: Relation, name: string): RelationColumn | undefined => r.columns.find((c) => c.name === name);

/** What is known where there are no rows (a range, a `let` value), and what other relations are made from. */
export const NO_ROWS: Relation = {
  columns: [],
  shape: 'rows',
  key: [],
  timed: false,
  bucket: undefined,
  order: [],
  open: undefined,
  intervalMs: undefined,
  temporality: undefined,
  origin: 'this text',
  raw: false,
};

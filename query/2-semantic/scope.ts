// What an expression or a pipe is checked in: the rows at hand, the definitions of the text, the functions there are.
import type { Expression, FunctionDefinition, Name, Query, Span } from '../1-syntax/ast.ts';
import type { Catalogue } from './catalogue.ts';
import type { AggregateFunction, ScalarFunction } from './function-names.ts';
import type { Reporter } from './report.ts';
import type { TextSize } from './size.ts';
import type { Relation, Type, Typed } from './type.ts';

/** What an argument of a scalar function may be; `same`: of one type with the first; `as-text`: anything, made text. */
export type Slot = 'number' | 'int' | 'string' | 'time' | 'duration' | 'zone' | 'any' | 'as-text' | 'ordered' | 'same' | 'constant-string' | 'regex';

export interface ScalarSignature {
  /** For people: `round(x [, digits])`. */
  readonly form: string;
  readonly summary: string;
  readonly slots: readonly Slot[];
  /** How many of the last slots may be left out. */
  readonly optional: number;
  /** The last slot may be repeated. */
  readonly variadic: boolean;
  readonly result: (args: readonly Typed[]) => Type;
}

export interface AggregateSignature {
  readonly form: string;
  readonly summary: string;
  /** `quantile` has one constant beside its column. */
  readonly constants: number;
  /** any: every type; number: numbers and durations; ordered: what `<` takes. */
  readonly argument: 'none-or-any' | 'any' | 'number' | 'ordered';
  /** Stands only in `every` on series. */
  readonly overTime: boolean;
  readonly result: (argument: Type | undefined) => Type;
}

export interface FunctionRegistry {
  readonly scalars: ReadonlyMap<string, ScalarSignature & { readonly name: ScalarFunction }>;
  readonly aggregates: ReadonlyMap<string, AggregateSignature & { readonly name: AggregateFunction }>;
}

export interface AggregateUse {
  readonly name: string;
  readonly function: AggregateFunction;
  readonly arguments: readonly Typed[];
  readonly where: Typed | undefined;
  readonly type: Type;
  readonly kind: 'gauge' | 'counter';
}

/** Takes in the aggregates met in an expression; gives the column each will be. */
export interface AggregateCollector {
  readonly pipe: string;
  /** Where its name begins. */
  readonly start: number;
  /** On series over time: rate and increase may stand, counters are heeded. */
  readonly overTime: boolean;
  /** Columns that an aggregate without argument must not take. */
  readonly keys: readonly string[];
  /** A mistake may hide one of them. */
  readonly maybeKeys: boolean;
  add(use: Omit<AggregateUse, 'name'>, span: Span): Typed;
}

/** What the use that said its type makes of a parameter. */
export interface ParameterUse {
  readonly type: Type;
  /** A list of values may be given too. */
  readonly list: boolean;
  readonly span: Span;
}

/** What the `let` values of a text mean where they are used. */
export interface Lets {
  /** `value`: the definition of the name; undefined where it is wrong, which is told. */
  at(scope: Scope, name: Name, value: Expression): Typed | undefined;
}

export interface Scope {
  readonly reporter: Reporter;
  readonly catalogue: Catalogue;
  readonly functions: FunctionRegistry;
  readonly relation: Relation;
  /** `let` values. */
  readonly values: ReadonlyMap<string, Expression>;
  readonly fns: ReadonlyMap<string, FunctionDefinition>;
  readonly lets: Lets;
  /** Names of those whose definition is being read, functions among them: there such a name is no `let`. */
  readonly expanding: ReadonlySet<string>;
  readonly size: TextSize;
  /** Types of parameters as their uses said, over the whole text. */
  readonly parameters: Map<string, ParameterUse>;
  /** In the evidence and the actions of an alert: the row whose columns the parameters are. */
  readonly row: Relation | undefined;
  /** Unknown fields are errors (a rule) instead of warnings. */
  readonly strict: boolean;
  /** Names that the text defines wrongly (twice, or by what is not there yet): their use is not told as wrong. */
  readonly spoilt: ReadonlySet<string>;
  /** Checks an expression that is part of another; undefined where it is wrong, which is told. */
  readonly check: (scope: Scope, e: Expression) => Typed | undefined;
  /** Checks a sub-query that stands where none may, for its own mistakes. */
  readonly stray: (query: Query) => void;
  readonly aggregates: AggregateCollector | undefined;
}

// The contract of a pipe towards the language: how it is written, what it means for the rows that flow through it.
import type { Pipe, Query } from '../1-syntax/ast.ts';
import type { PipeSyntax } from '../1-syntax/signature.ts';
import type { Scope } from './scope.ts';
import type { QuerySize } from './size.ts';
import type { Relation } from './type.ts';

/** How a pipe runs on an endless input. */
export type Streaming =
  /** Row by row, nothing is kept. */
  | { readonly kind: 'stateless' }
  /** Keeps a state that does not grow with time; `bound` says how large, for people. */
  | { readonly kind: 'bounded'; readonly bound: string }
  /** Cannot; `reason` says why, for people. */
  | { readonly kind: 'unbounded'; readonly reason: string };

/** A checked sub-query: the rows it gives, and how to plan it. */
export interface CheckedQuery<Plan> {
  readonly relation: Relation;
  readonly plan: Plan;
}

/** What can be known of a query; without a plan when it has errors, which are then reported. */
export interface KnownQuery<Plan> {
  readonly relation: Relation;
  readonly plan: Plan | undefined;
  readonly size: QuerySize;
}

export interface PipeScope<Plan> extends Scope {
  /** Checks a sub-query of this pipe. */
  query(query: Query): KnownQuery<Plan>;
}

/** What a pipe makes of its input. `Plan` is opaque here: the planner knows it. */
export interface CheckedPipe<Plan> {
  readonly output: Relation;
  /** The plan of the rows after the pipe, from the plan of those before it. Never asked of a pipe that reported an error. */
  readonly plan: (input: Plan) => Plan;
  readonly streaming: Streaming;
  /** Nodes that it adds to the plan, more or less, without those of its sub-queries; left out: 1. */
  readonly steps?: number;
  /** How often it plans the rows before it; left out: once. */
  readonly copies?: number;
}

export interface PipeDocumentation {
  /** `top n by x [per k]` */
  readonly form: string;
  /** One line, for completion. */
  readonly summary: string;
  readonly examples: readonly string[];
}

/**
 * One pipe of the language.
 * - `check` must report every mistake of its arguments at its span, and go on after each. What an expression with a mistake gave is
 *   `undefined`: it has been told, and nothing that follows from it may be told again.
 * - It must say the output relation truly: columns in order, types and units, key, natural order; a column that the key or
 *   the order needs is kept under a hidden name when the user drops it.
 * - After an error it must say as much of the output as is certain (`doubt.ts`): the columns it names, mistaken ones with a type that
 *   fits everything; what may be there beside them is in doubt. undefined, only after an error: nothing is certain.
 * - It must not look at data.
 */
export interface PipeDefinition<Plan> extends PipeDocumentation {
  readonly syntax: PipeSyntax;
  check(pipe: Pipe, input: Relation, scope: PipeScope<Plan>): CheckedPipe<Plan> | undefined;
}

// What a plan is made for: one asker, one moment, one range. All times are nanoseconds.
import type { Value } from '../../core/batch/batch.ts';
import type { ErrorCode, ErrorParameters } from '../../core/coded-error.ts';
import type { Span } from '../1-syntax/ast.ts';
import type { PlanExpression } from './expression.ts';
import type { RowRights } from './rights.ts';

/** A parameter's value in column representation, or the values of a list. */
export type ParameterValue = Value;

export interface PlanRequest {
  /** Which rows the asker may see; there are no others. */
  readonly rights: RowRights;
  /** What `now` means. */
  readonly at: bigint;
  /** Closed-open; what a source without a range of its own takes. */
  readonly from: bigint;
  readonly to: bigint;
  /** The inventory as it was then (`at @t`); left out: as it is now. */
  readonly inventoryAt?: bigint;
  /** IANA name; for days and weeks and for times written without a zone. */
  readonly zone: string;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  /** Parameters that are durations, as they were written: `1d` is a calendar day where a width or a shift is meant. */
  readonly durations?: ReadonlyMap<string, string>;
  /** Up to here (exclusive) the data is complete: no zero is shown after it. */
  readonly completeTo: bigint;
  /** Takes what the asker should know of how the plan was made; the planner never fails otherwise than by throwing a CodedError. */
  readonly notice: <C extends ErrorCode>(severity: 'warning' | 'info', code: C, parameters: ErrorParameters<C>, span?: Span) => void;
}

/** A request with what planning needs beside it. */
export interface Planning extends PlanRequest {
  /** The value of an expression without columns; undefined where it cannot be represented. */
  readonly workOut: (e: PlanExpression) => Value | undefined;
}

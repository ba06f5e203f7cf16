// Errors that only a request makes (a parameter out of bounds, too many buckets), at their place in the text.
import { CodedError, type ErrorCode, type ErrorParameters } from '../../core/coded-error.ts';
import type { Span } from '../1-syntax/ast.ts';
import type { Fix } from '../1-syntax/diagnostic.ts';

export class PlacedError<C extends ErrorCode = ErrorCode> extends CodedError<C> {
  readonly span: Span;
  readonly fix: Fix | undefined;
  constructor(code: C, parameters: ErrorParameters<C>, span: Span, fix?: Fix) {
    super(code, parameters);
    this.span = span;
    this.fix = fix;
  }
}

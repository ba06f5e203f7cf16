// How the checker says what is wrong: a code of the catalogue with its parameters at a span.
import { type ErrorCode, type ErrorParameters, errorMessage } from '../../core/errors.ts';
import type { Span } from '../1-syntax/ast.ts';
import type { Diagnostic, Edit, Fix } from '../1-syntax/diagnostic.ts';

export const fix = (label: string, ...edits: readonly Edit[]): Fix => ({ label, edits });
export const replace = (span: Span, text: string): Edit => ({ span, text });

/** Collects diagnostics of one text. */
export class Reporter {
  readonly diagnostics: Diagnostic[] = [];

  error<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span, mend?: Fix): void {
    this.#add('error', code, parameters, span, mend);
  }
  warning<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span, mend?: Fix): void {
    this.#add('warning', code, parameters, span, mend);
  }
  info<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>, span: Span): void {
    this.#add('info', code, parameters, span, undefined);
  }

  #add<C extends ErrorCode>(severity: Diagnostic['severity'], code: C, parameters: ErrorParameters<C>, span: Span, mend: Fix | undefined): void {
    this.diagnostics.push({ code, severity, message: errorMessage(code, parameters), span, fix: mend });
  }

  get failed(): boolean {
    return this.diagnostics.some((d) => d.severity === 'error');
  }
}

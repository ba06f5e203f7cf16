// Diagnostics for a terminal: the line of the text, the place underlined, the sentence, the fix.
import { plain } from '../../core/plain.ts';

interface Place {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}
export interface ShownDiagnostic {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  /** The saved query in whose text the span lies; null or left out: the text that was asked. */
  readonly view?: string | null | undefined;
  readonly span: Place;
  readonly fix: { readonly label: string } | null | undefined;
  readonly related?: readonly { readonly message: string; readonly view?: string | null | undefined; readonly span: Place }[];
}

/** What is asked of a server for it. */
export const SHOWN_DIAGNOSTIC = `severity code message view span { start { line column } end { line column } } fix { label }
    related { view message span { start { line column } end { line column } } }`;

const isNone = (v: unknown): v is null | undefined => v === null || v === undefined;

const COLOURS = { error: 31, warning: 33, info: 36 } as const;

/** One block a diagnostic; colours only where wanted. What a terminal would obey is shown as `·`. */
export const diagnosticText = (text: string, diagnostics: readonly ShownDiagnostic[], colour: boolean): string => {
  const lines = text.split('\n');
  const errors = new Set(diagnostics.filter((d) => d.severity === 'error').map((d) => d.code));
  const [first = ''] = errors;
  const more = errors.size === 0 ? '' : `\ninframirror error ${errors.size === 1 ? plain(first) : 'CODE'} says more\n`;
  const paint = (code: number, s: string): string => (colour ? `\u001b[${code}m${s}\u001b[0m` : s);
  const blocks = diagnostics.map(({ severity, code, message, view, span, fix, related = [] }) => {
    // One in a saved query is shown where the text reads it.
    const own = isNone(view) ? span : related.findLast((r) => isNone(r.view))?.span;
    const { start, end } = own ?? span;
    const where = isNone(view) ? '' : `in ${plain(view)}, line ${span.start.line}: `;
    const line = plain(lines[start.line - 1] ?? '').slice(0, 400);
    const last = end.line === start.line ? end.column : line.length + 1;
    const mark = `${' '.repeat(Math.max(0, start.column - 1))}${'^'.repeat(Math.max(1, Math.min(last, line.length + 1) - start.column))}`;
    const number = String(start.line);
    const pad = ' '.repeat(number.length);
    const mend = isNone(fix) ? '' : `\n${pad} = ${plain(fix.label)}`;
    const ways = related.map((r) => `\n${pad} = ${plain(r.message)}: ${isNone(r.view) ? '' : `${plain(r.view)} `}${r.span.start.line}:${r.span.start.column}`);
    return `${paint(COLOURS[severity], severity)}: ${where}${plain(message)} [${plain(code)}]\n${pad}--> ${start.line}:${start.column}\n${number} | ${line}\n${pad} | ${paint(COLOURS[severity], mark)}${ways.join('')}${mend}\n`;
  });
  return `${blocks.join('\n')}${more}`;
};

/** https://no-color.org */
export const wantsColour = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

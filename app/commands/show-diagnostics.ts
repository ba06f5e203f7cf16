// Diagnostics for a terminal: the line of the text, the place underlined, the sentence, the fix.
import { plain } from '../../core/plain.ts';

export interface ShownDiagnostic {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly span: { readonly start: { readonly line: number; readonly column: number }; readonly end: { readonly line: number; readonly column: number } };
  readonly fix: { readonly label: string } | null;
}

const COLOURS = { error: 31, warning: 33, info: 36 } as const;

/** One block a diagnostic; colours only where wanted. What a terminal would obey is shown as `·`. */
export const diagnosticText = (text: string, diagnostics: readonly ShownDiagnostic[], colour: boolean): string => {
  const lines = text.split('\n');
  const errors = new Set(diagnostics.filter((d) => d.severity === 'error').map((d) => d.code));
  const [first = ''] = errors;
  const more = errors.size === 0 ? '' : `\ninframirror error ${errors.size === 1 ? plain(first) : 'CODE'} says more\n`;
  const paint = (code: number, s: string): string => (colour ? `\u001b[${code}m${s}\u001b[0m` : s);
  const blocks = diagnostics.map(({ severity, code, message, span: { start, end }, fix }) => {
    const line = plain(lines[start.line - 1] ?? '').slice(0, 400);
    const last = end.line === start.line ? end.column : line.length + 1;
    const mark = `${' '.repeat(Math.max(0, start.column - 1))}${'^'.repeat(Math.max(1, Math.min(last, line.length + 1) - start.column))}`;
    const number = String(start.line);
    const pad = ' '.repeat(number.length);
    const mend = fix === null ? '' : `\n${pad} = ${plain(fix.label)}`;
    return `${paint(COLOURS[severity], severity)}: ${plain(message)} [${plain(code)}]\n${pad}--> ${start.line}:${start.column}\n${number} | ${line}\n${pad} | ${paint(COLOURS[severity], mark)}${mend}\n`;
  });
  return `${blocks.join('\n')}${more}`;
};

/** https://no-color.org */
export const wantsColour = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

// What a severity looks like: its place in the order, its word and the token of its colour. Unknown words are shown as they are.

export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

const TOKENS: Readonly<Record<string, string>> = {
  trace: 'var(--line-strong)',
  debug: 'var(--line-strong)',
  info: 'var(--info)',
  warn: 'var(--warn)',
  error: 'var(--error)',
  fatal: 'var(--error)',
};

export const severityColour = (severity: string | null): string => TOKENS[severity ?? ''] ?? 'var(--line-strong)';

export const severityRank = (severity: string | null): number => SEVERITIES.indexOf(severity as (typeof SEVERITIES)[number]);

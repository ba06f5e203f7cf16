// What a severity looks like: its place in the order, its word and the token of its colour. Unknown words are shown as they are.

export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** For what is no state to look at; still seen against the ground. */
const PALE = 'var(--control-line)';
const TOKENS: Readonly<Record<string, string>> = {
  trace: PALE,
  debug: PALE,
  info: 'var(--info)',
  warn: 'var(--warn)',
  error: 'var(--error)',
  fatal: 'var(--fatal)',
};

export const severityColour = (severity: string | null): string => TOKENS[severity ?? ''] ?? PALE;

/** The same for a word, which needs more contrast than a bar. */
export const severityWordColour = (severity: string | null): string => {
  const colour = severityColour(severity);
  return colour === PALE ? 'var(--muted)' : colour;
};

export const severityRank = (severity: string | null): number => SEVERITIES.indexOf(severity as (typeof SEVERITIES)[number]);

// What states look like wherever they are drawn: severities of lines and classes of status codes each have one token, in every chart,
// histogram and row. Says which token; the colours themselves stand in style/tokens.css.
import { SEVERITIES, type Severity } from '../../../schemas/catalogue.ts';

export const isSeverity = (word: unknown): word is Severity => (SEVERITIES as readonly unknown[]).includes(word);

export const severityRank = (severity: string | null): number => (SEVERITIES as readonly (string | null)[]).indexOf(severity);

export const severityToken = (severity: string | null): string => `--severity-${isSeverity(severity) ? severity : 'none'}`;

/** Of a bar or a mark. */
export const severityColour = (severity: string | null): string => `var(${severityToken(severity)})`;

/** Of the word itself, which needs more contrast; only what is worth a look has a colour. */
export const severityWordColour = (severity: string | null): string =>
  severity === 'warn' || severity === 'error' || severity === 'fatal' ? `var(--${severity})` : 'var(--muted)';

const OF_SEVERITY = /(^|[._])(severity|level|severity_text|loglevel|lvl)$/i;
const OF_STATUS = /(^|[._])(status|status_code|statuscode|status_class|code|class)$/i;
/** How else the levels are written. */
const OTHER_WORDS: Readonly<Record<string, Severity>> = {
  warning: 'warn',
  err: 'error',
  notice: 'info',
  information: 'info',
  critical: 'fatal',
  crit: 'fatal',
  emerg: 'fatal',
  alert: 'fatal',
  panic: 'fatal',
};

/**
 * The token (`--severity-error`, `--status-5xx`) of a key's value whose colour is the same everywhere; undefined where it has none.
 * `column` is the key's name: `warn` is a severity under `severity`, and `500` a status under `http.status_code`; `5xx` is one anywhere.
 */
export const stateToken = (column: string, value: string | number | boolean | null): string | undefined => {
  const text = String(value ?? '').toLowerCase();
  if (/^[1-5]xx$/.test(text)) return `--status-${text}`;
  if (OF_STATUS.test(column) && /^[1-5]\d\d$/.test(text)) return `--status-${text[0]}xx`;
  if (!OF_SEVERITY.test(column)) return undefined;
  if (text === '') return severityToken(null);
  const level = Object.hasOwn(OTHER_WORDS, text) ? OTHER_WORDS[text] : text;
  return isSeverity(level) ? severityToken(level) : undefined;
};

// The clauses of an `alert` statement: how each is written, for the parser, for messages and for completion. What they mean is checked in
// 2-semantic/alert.ts; the grammar knows none of them.
import type { PipeSyntax } from './signature.ts';

export interface AlertClause {
  readonly form: string;
  /** One line, for completion. */
  readonly summary: string;
  /** The only words that it takes. */
  readonly values?: readonly string[];
}

/** By the word that opens it, in the order in which completion shows them. */
export const ALERT_CLAUSES = {
  when: { form: 'when (query)', summary: 'What is judged; its last `where` is the condition' },
  for: { form: 'for 5m', summary: 'How long it must hold before the alert fires' },
  severity: { form: 'severity critical | high | warning | info', summary: 'How bad it is, or an expression over the row that says so' },
  summary: { form: 'summary "{host} is full"', summary: 'One sentence; expressions over the row in braces' },
  keep: { form: 'keep 10m', summary: 'How long it stays firing once it no longer holds' },
  'recover when': { form: 'recover when condition', summary: 'It only ends when this holds' },
  'on missing': { form: 'on missing keep | resolve | ok | fire', summary: 'What it means that a key has no row', values: ['keep', 'resolve', 'ok', 'fire'] },
  'missing ends': { form: 'missing ends 24h', summary: 'When an alert without data ends' },
  lateness: { form: 'lateness 30s', summary: 'How long a bucket waits for what comes late' },
  every: { form: 'every 1m', summary: 'How often a query without buckets is judged' },
  zone: { form: 'zone "Europe/Berlin"', summary: 'The zone of days and weeks' },
  labels: { form: 'labels {team: "db"}', summary: 'What routes and silences go by' },
  evidence: { form: 'evidence name = (query)', summary: 'Rows that go with the message; the row’s columns are $parameters' },
  'depends on': { form: 'depends on rule', summary: 'It is muted while that alert is open' },
  on: { form: 'on k, … or on ()', summary: 'Keys that both alerts must share' },
  runbook: { form: 'runbook "https://…"', summary: 'What to do about it' },
  notify: { form: 'notify a, b', summary: 'Who is told, in place of the routes' },
  'then run': {
    form: 'then run action(args) [in batches of n] [ramp] [pause d] [stop after n failures] [while (query)]',
    summary: 'A remote action on the rows',
  },
} as const satisfies Readonly<Record<string, AlertClause>>;
export type AlertWord = keyof typeof ALERT_CLAUSES;

export const isAlertWord = (word: string): word is AlertWord => Object.hasOwn(ALERT_CLAUSES, word);

export const SEVERITIES = ['critical', 'high', 'warning', 'info'] as const;

const words = Object.keys(ALERT_CLAUSES) as readonly AlertWord[];
export const ALERT: PipeSyntax = {
  name: 'alert',
  clauses: words,
  argumentClauses: ['in batches of', 'pause', 'stop after', 'while'],
  raw: false,
  comparing: words.filter((word) => word !== 'evidence'),
  values: new Map([['on missing', ALERT_CLAUSES['on missing'].values]]),
};

// What can stand in an alert: its clauses, those that do not stand yet, and what each takes. Its queries are completed as all queries are.
import { ALERT_CLAUSES, type AlertWord, isAlertWord, SEVERITIES } from './1-syntax/alert-syntax.ts';
import { endsOperand, T } from './1-syntax/tokens.ts';
import { expression, NUMBER, SPANS, TIME_UNITS, withUnits } from './complete-expressions.ts';
import { type Asked, type Draft, values, word, words } from './complete-names.ts';

const COMMA = word(',', 'One more');
const QUERY = word('(from', 'A query in parentheses');

const clausesLeft = ({ place }: Asked): readonly Draft[] =>
  (Object.keys(ALERT_CLAUSES) as readonly AlertWord[])
    .filter((name) => name === 'evidence' || !place.clauses.has(name))
    .filter((name) => name !== 'on' || (place.clauses.has('depends on') && !place.clauses.has('on')))
    .map((name) => word(name, `${ALERT_CLAUSES[name].form} — ${ALERT_CLAUSES[name].summary}`));

const duration = ({ begun }: Asked): readonly Draft[] => (NUMBER.test(begun) ? withUnits(begun, TIME_UNITS) : SPANS);

const INSIDE: Readonly<Partial<Record<AlertWord, (asked: Asked) => readonly Draft[]>>> = {
  when: () => [QUERY],
  for: duration,
  keep: duration,
  'missing ends': duration,
  lateness: duration,
  every: duration,
  severity: () => values(SEVERITIES.join(' ')),
  'on missing': () => values(ALERT_CLAUSES['on missing'].values.join(' ')),
  'recover when': (asked) => expression(asked, asked.place.items, { as: 'condition', end: [] }),
  labels: () => [word('{', 'labels {team: "db"}')],
  evidence: ({ place }) => (place.items.length === 0 ? [] : [QUERY]),
};

/** Behind `alert`. */
export const alertOffers = (asked: Asked): readonly Draft[] => {
  const { clause, items, ownLine } = asked.place;
  if (clause === '') return items.length === 0 ? [] : clausesLeft(asked);
  const last = items.at(-1);
  if (!endsOperand(last)) return (isAlertWord(clause) ? INSIDE[clause]?.(asked) : undefined) ?? [];
  if (clause === 'evidence' && items.length === 1 && last?.is(T.Name) === true) return [word('=')];
  const more = clause === 'notify' || clause === 'on' ? [COMMA] : [];
  const next = [...clausesLeft(asked), ...more, ...(ownLine ? words('from let fn alert') : [])];
  return clause === 'recover when' && !ownLine ? [...expression(asked, items, { as: 'condition', end: [] }), ...next] : next;
};

// What a text's statements are to those who ask it: its definitions, its alerts, and the query that it asks. Looks at the tree only.
import type { Alert, Clause, Definition, Query, Text } from './ast.ts';

export const definitionsOf = ({ statements }: Text): readonly Definition[] => statements.filter((s) => s.node === 'let' || s.node === 'fn');

export const alertsOf = ({ statements }: Text): readonly Alert[] => statements.filter((s) => s.node === 'alert');

/** The query in parentheses that a clause has alone. */
export const queryOfClause = ({ arguments: [only, ...more] }: Clause): Query | undefined => {
  const [word, ...others] = only?.words ?? [];
  return more.length > 0 || others.length > 0 || word?.node !== 'query-expression' ? undefined : word.query;
};

/** What an alert judges. */
export const whenOf = ({ clauses }: Alert): Query | undefined => {
  const when = clauses.find((c) => c.word === 'when');
  return when && queryOfClause(when);
};

/** The query of a text, or what its first alert judges; undefined where there is neither, or none that could be read. */
export const queryOf = (text: Text): Query | undefined => {
  const [alert] = alertsOf(text);
  return text.statements.find((s) => s.node === 'query') ?? (alert && whenOf(alert));
};

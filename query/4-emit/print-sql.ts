// Questions to stores as people read them: one SELECT a line, indented by its depth, then the values that are bound.
import type { SqlRequest } from './sql-request.ts';

/** Each SELECT on a line of its own, indented by its depth; what is quoted stays as it is. */
const printSql = (sql: string): readonly string[] => {
  let out = '';
  let depth = 0;
  const opened: boolean[] = [];
  for (let i = 0; i < sql.length; i++) {
    const sign = sql[i] as string;
    if (sign === '`' || sign === "'") {
      const end = sql.indexOf(sign, i + 1);
      out += sql.slice(i, end + 1);
      i = end;
    } else if (sign === '(') {
      const query = sql.startsWith('(SELECT', i) || sql.startsWith('(WITH', i);
      opened.push(query);
      if (query) depth += 1;
      out += query ? `(\n${'  '.repeat(depth)}` : '(';
    } else if (sign === ')') {
      const query = opened.pop() === true;
      if (query) depth -= 1;
      out += query ? `\n${'  '.repeat(depth)})` : ')';
    } else if (sql.startsWith(' UNION ALL ', i)) {
      out += `\n${'  '.repeat(depth)}UNION ALL\n${'  '.repeat(depth)}`;
      i += ' UNION ALL '.length - 1;
    } else out += sign;
  }
  return out.split('\n').map((l) => l.trimEnd());
};

/** Characters of a value that are shown. */
const SHOWN = 200;

const bound = (value: unknown): string => {
  const text = written(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`;
};
const written = (value: unknown): string =>
  typeof value === 'bigint' ? String(value) : JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));

/** `mark`: how a comment begins. */
export const printRequest = ({ text, parameters }: SqlRequest, mark: string): readonly string[] => [
  ...printSql(text),
  ...Array.from(parameters, ([name, value]) => `${mark} ${name} = ${bound(value)}`),
];

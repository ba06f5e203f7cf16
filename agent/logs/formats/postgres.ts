// PostgreSQL's lines behind their time, with the usual prefixes: `%m [%p] `, Debian's `%m [%p] %q%u@%d `, RDS' `%t:%r:%u@%d:[%p]:`.
// DETAIL, HINT, CONTEXT, STATEMENT and QUERY go on with the line before them and have heads of their own.
import { type ParsedLine, setText, setValue } from './parsed-line.ts';
import { severityOfWord } from './severity.ts';

const HEAD =
  /^(?: [A-Z]{2,5})?(?::([^\s:]*):([^\s@:]*)@([^\s:]*):\[(\d+)\]:| ?\[(\d+)(?:-\d+)?\]:?(?: ([^\s@]+)@(\S+))?(?: \S{1,64})? )(DEBUG[1-5]|DEBUG|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): {2}/;
/** The whole head of a line that goes on, with its time. */
const CONTINUED = /^\d{4}-\d{2}-\d{2} [\d:.]{8,12}[^\n]{1,160}?(?=(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): {2})/gm;

/** `text` is what follows the time; false for another form. */
export const postgres = (text: string, into: ParsedLine): boolean => {
  const m = text.includes(':  ') ? HEAD.exec(text) : null;
  if (m === null) return false;
  into.severity = severityOfWord(m[8] as string);
  setText(into, 'client', m[1]);
  setText(into, 'user', m[2] ?? m[6]);
  setText(into, 'database', m[3] ?? m[7]);
  setValue(into, 'pid', (m[4] ?? m[5]) as string);
  into.message = text.slice(m[0].length);
  into.headed = true;
  return true;
};

/** Lines that go on, without their heads: `DETAIL:  …`. */
export const withoutHeads = (lines: string): string => lines.replaceAll(CONTINUED, '');

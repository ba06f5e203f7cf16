// The little that the embedded store must know of SQL as text: quoting, where a statement ends, and two forms of statement.
// It never parses further; what is wrong in a statement is the engine's to say.
import { quoteText } from '../quote.ts';

/** A quoted part, a comment, or a heredoc; what is not closed runs to the end, as in the engine. */
const SKIPPED =
  /'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)|`(?:[^`\\]|\\[\s\S]|``)*(?:`|$)|--[^\n]*|#[! ][^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(\$\w*\$)[\s\S]*?(?:\1|$)/y;
const SPACE = /\s+/y;

/** Where the first statement ends, and whether anything but space and comments stands after it. */
const firstEnd = (sql: string): { readonly end: number; readonly more: boolean } => {
  let end = -1;
  for (let at = 0; at < sql.length; ) {
    SKIPPED.lastIndex = at;
    const skipped = SKIPPED.exec(sql)?.[0];
    const comment = skipped !== undefined && /^(?:--|#|\/\*)/.test(skipped);
    SPACE.lastIndex = at;
    const space = skipped === undefined ? SPACE.exec(sql)?.[0] : undefined;
    if (end >= 0 && !comment && space === undefined && sql[at] !== ';') return { end, more: true };
    if (end < 0 && skipped === undefined && sql[at] === ';') end = at;
    at += skipped?.length ?? space?.length ?? 1;
  }
  return { end: end < 0 ? sql.length : end, more: false };
};

/** The one statement of `sql` without its semicolon; undefined when there are several. */
export const singleStatement = (sql: string): string | undefined => {
  const { end, more } = firstEnd(sql);
  return more ? undefined : sql.slice(0, end);
};

const KILL = /^\s*(KILL\s+QUERY\s+WHERE\s[\s\S]*?)(?:\s+(?:SYNC|ASYNC))?\s*$/i;

/** `KILL QUERY WHERE …` without its last word; undefined for any other statement. */
export const killStatement = (sql: string): string | undefined => KILL.exec(sql)?.[1];

const INSERT =
  /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?([\w.`]+)\s*(\([^()]*\))?\s*(SELECT\s[\w\s.,`]+?\sFROM\s+)?(?:input\(('(?:[^'\\]|\\.)*')\)\s*([\s\S]*?)\s*)?FORMAT\s+(\w+)\s*$/i;

export interface InsertStatement {
  readonly table: string;
  /** As written, without parentheses; undefined: all of the table. */
  readonly columns: string | undefined;
  /** Where the data is selected from `input('…')`: what stands around that, and the literal between its parentheses. */
  readonly input: { readonly before: string; readonly structure: string; readonly after: string } | undefined;
  readonly format: string;
}

/**
 * `INSERT INTO t (a, b) FORMAT F` and `INSERT INTO t (a, b) SELECT a, b FROM input('…') WHERE … FORMAT F`, whose data comes apart from the
 * text; undefined for any other statement.
 */
export const insertStatement = (sql: string): InsertStatement | undefined => {
  const [found, table, columns, before, structure, after, format] = INSERT.exec(sql) ?? [];
  if (found === undefined || (before === undefined) !== (structure === undefined)) return undefined;
  const input = before === undefined ? undefined : { before, structure: structure as string, after: after as string };
  return { table: table as string, columns: columns?.slice(1, -1), input, format: format as string };
};

/** These know their columns by name and type, so that they need not be read as the table's; that is twice as fast. */
const SELF_DESCRIBING = new Set(['arrowstream', 'arrow', 'parquet', 'native']);

/** The same insert, reading its data from a file. */
export const insertFromFile = ({ table, columns, input, format }: InsertStatement, file: string): string => {
  const target = `INSERT INTO ${table}${columns === undefined ? '' : ` (${columns})`}`;
  if (input !== undefined) return `${target} ${input.before}file(${quoteText(file)}, ${quoteText(format)}, ${input.structure}) ${input.after}`.trimEnd();
  return SELF_DESCRIBING.has(format.toLowerCase())
    ? `${target} SELECT ${columns ?? '*'} FROM file(${quoteText(file)}, ${quoteText(format)})`
    : `${target} FROM INFILE ${quoteText(file)} FORMAT ${format}`;
};

const QUESTION = /^\s*(?:SELECT|WITH)\s[\s\S]*\sFORMAT\s+\w+\s*$/i;

/** Whether `SETTINGS …` may follow; what of them the statement has itself goes before those. */
export const isQuestion = (sql: string): boolean => QUESTION.test(sql);

const FORMAT = /\sFORMAT\s+(\w+)\s*$/i;

/** The same question, whose answer is written to a file; undefined where it does not end with its format. */
export const answerToFile = (sql: string, file: string): string | undefined => {
  const [found, format] = FORMAT.exec(sql) ?? [];
  return found === undefined ? undefined : `${sql.slice(0, -found.length)}\nINTO OUTFILE ${quoteText(file)} FORMAT ${format}`;
};

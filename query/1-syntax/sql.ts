// What to tell someone who writes SQL: the same as pipes, where the statement is simple enough to be turned round. Never guesses at the rest.
import { type Diagnostic, fixOf, syntaxError } from './diagnostic.ts';
import { T, type Token } from './tokens.ts';

const STEPS = ['select', 'from', 'where', 'group by', 'having', 'order by', 'limit'] as const;
type Step = (typeof STEPS)[number];

const stepAt = (tokens: readonly Token[], index: number): Step | undefined => {
  const word = tokens[index]?.word ?? '';
  return STEPS.find((s) => s === word || s === `${word} ${tokens[index + 1]?.word ?? ''}`);
};

const AGGREGATE = /^(count|sum|avg|min|max)\s*\(/i;
const asAggregate = (written: string): string =>
  written
    .replace(/^count\s*\(\s*distinct\s+/i, 'distinct_count(')
    .replace(/\(\s*\*\s*\)/, '()')
    .replace(/^(.*\S)\s+as\s+(\S+)$/i, '$2 = $1');

const rewritten = (parts: ReadonlyMap<Step, string>): string | undefined => {
  const source = parts.get('from');
  const select = parts.get('select');
  const group = parts.get('group by');
  if (source === undefined || select === undefined || !/^[^\s,]+$/.test(source)) return undefined;
  const pipes = [`from ${source}`];
  const where = parts.get('where');
  if (where !== undefined) pipes.push(`where ${where}`);
  const keys = new Set(group?.split(',').map((k) => k.trim()));
  const columns = select.split(/,(?![^(]*\))/).map((a) => a.trim());
  const aggregates = columns.filter((a) => !keys.has(a));
  const summarizes = group !== undefined || columns.some((a) => AGGREGATE.test(a));
  if (summarizes) {
    if (aggregates.length === 0) return undefined;
    pipes.push(`summarize ${aggregates.map(asAggregate).join(', ')}${group === undefined ? '' : ` by ${group}`}`);
  }
  const having = parts.get('having');
  if (having !== undefined) pipes.push(`where ${having}`);
  const order = parts.get('order by');
  if (order !== undefined) pipes.push(`sort ${order}`);
  const limit = parts.get('limit');
  if (limit !== undefined) pipes.push(`limit ${limit}`);
  if (!summarizes && select !== '*') pipes.push(`select ${select}`);
  return pipes.join(' | ');
};

/** The diagnostic for the statement whose `select` is at `index`. */
export const sqlProblem = (text: string, tokens: readonly Token[], index: number): Diagnostic => {
  const first = tokens[index] as Token;
  const last = tokens.at(-1) as Token;
  const parts = new Map<Step, string>();
  let depth = 0;
  let simple = true;
  let step: Step | undefined;
  let from = first;
  const finish = (end: Token | undefined): void => {
    if (step === undefined) return;
    const written = text.slice(from.startOffset, end?.startOffset ?? last.end).trim();
    if (written === '' || parts.has(step)) simple = false;
    parts.set(step, written);
  };
  for (let i = index; i < tokens.length; i++) {
    const t = tokens[i] as Token;
    if (t.is(T.Open)) depth += 1;
    else if (t.is(T.Close)) depth -= 1;
    else if (t.is(T.Pipe) || t.is(T.Let) || t.is(T.Fn)) simple = false;
    const found = depth === 0 ? stepAt(tokens, i) : undefined;
    if (found === undefined) continue;
    finish(t);
    step = found;
    if (found.includes(' ')) i += 1;
    from = tokens[i + 1] ?? last;
    if (tokens[i + 1] === undefined) simple = false;
  }
  finish(undefined);
  const query = simple ? rewritten(parts) : undefined;
  const span = { start: first.startOffset, end: first.end };
  return syntaxError('iql.sql', {}, span, query === undefined ? undefined : fixOf('Write it with pipes', first.startOffset, last.end, query));
};

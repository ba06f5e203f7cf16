// `explain [analyze]`: not the rows, but how they are made: what runs here, and what each store is asked in its own language.
import type { Pipe } from '../1-syntax/ast.ts';
import { NO_ROWS, type Relation, type RelationColumn, type Type, type } from '../2-semantic/type.ts';
import { BYTES } from '../2-semantic/unit.ts';
import { planColumns, sorted } from '../3-plan/lower.ts';
import { afterMistake, type IqlPipe, plainArgument, syntax, wrongForm } from './pipe.ts';

const column = (name: string, of: Type, description: string): RelationColumn => ({ name, type: of, kind: undefined, label: false, description });

const PLAN: readonly RelationColumn[] = [
  column('step', type('int'), 'Its place, from 1'),
  column('at', type('string'), '`here`, or the role of the store that does it'),
  column('what', type('string'), 'A node of the plan with its inputs indented below, or a line of a question'),
  column('series', type('int'), 'Series that the question means, where it is about a metric'),
  column('rows_expected', type('int'), 'Rows the store has of them in the range, by how often they are sent'),
];
const FOUND: readonly RelationColumn[] = [
  column('rows', type('int'), 'Rows of the answer'),
  column('rows_read', type('int'), 'Rows the store read for it'),
  column('bytes_read', type('int', BYTES), 'Bytes the store read for it'),
  column('took', type('duration'), 'Time until the answer was here, what was done with its beginning in it'),
];

const isAnalyze = (pipe: Pipe): boolean | undefined => {
  if (pipe.arguments.length === 0) return false;
  const e = plainArgument(pipe.arguments[0]);
  return pipe.arguments.length === 1 && e?.node === 'name' && e.name === 'analyze' ? true : undefined;
};

export const explain: IqlPipe = {
  syntax: syntax('explain'),
  form: 'explain [analyze]',
  summary: 'How the rows are made: what stores are asked, what is done here',
  examples: ['from logs | search refused | every 5m count by service | explain', 'from logs | count by host | explain analyze'],
  check: (pipe, input, scope) => {
    const analyze = isAnalyze(pipe);
    if (analyze === undefined) {
      wrongForm(pipe, explain, scope);
      return afterMistake(input);
    }
    const output: Relation = {
      ...NO_ROWS,
      columns: analyze ? [...PLAN, ...FOUND] : PLAN,
      order: [{ column: 'step', descending: false }],
      origin: input.origin,
    };
    const columns = planColumns(output);
    return {
      output,
      plan: (plan) => (request) => {
        const rows = sorted(plan(request), input);
        return { node: 'table', function: { name: 'explain', analyze }, input: rows, reads: rows.columns.map((c) => c.name), columns };
      },
      streaming: { kind: 'unbounded', reason: 'it tells of one question' },
    };
  },
};

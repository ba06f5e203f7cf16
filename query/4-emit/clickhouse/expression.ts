// Expressions in ClickHouse's SQL; undefined where one of their functions has to run here.
import { conjuncts, type PlanExpression } from '../../3-plan/expression.ts';
import { LONGEST_TEXT } from '../emitter.ts';
import { quoteClickHouse } from '../quote.ts';
import type { BoundValue } from '../sql-request.ts';
import { Bindings, type ClickHouseContext } from './context.ts';
import type { EmitTable, Emitted } from './dialect.ts';
import { condition, truth } from './truth.ts';

type Context = Pick<ClickHouseContext, 'functions' | 'bind'>;

export const emitExpression = (e: PlanExpression, context: Context): Emitted | undefined => {
  switch (e.op) {
    case 'column':
      return { sql: quoteClickHouse(e.name), type: e.type, constant: false, value: undefined };
    case 'literal':
      return { sql: context.bind(e.type, e.value), type: e.type, constant: true, value: e.value };
    case 'call': {
      const args: Emitted[] = [];
      for (const a of e.arguments) {
        const emitted = emitExpression(a, context);
        if (emitted === undefined) return undefined;
        args.push(emitted);
      }
      const sql = context.functions[e.function]?.(args, { type: e.type, bind: context.bind });
      // Some functions write an argument more than once, and so grow without end in each other.
      return sql === undefined || sql.length > LONGEST_TEXT ? undefined : { sql, type: e.type, constant: false, value: undefined };
    }
    case 'case': {
      const parts: string[] = [];
      for (const b of e.branches) {
        const when = emitExpression(b.when, context);
        const then = emitExpression(b.then, context);
        if (when === undefined || then === undefined) return undefined;
        parts.push(truth(when.sql), then.sql);
      }
      const otherwise = emitExpression(e.otherwise, context);
      return otherwise && { sql: `multiIf(${[...parts, otherwise.sql].join(', ')})`, type: e.type, constant: false, value: undefined };
    }
  }
};

/** A predicate for WHERE, its conditions bare so that indexes see them. */
export const emitConditions = (e: PlanExpression, context: Context): string | undefined => {
  const parts: string[] = [];
  for (const part of conjuncts(e)) {
    const emitted = emitExpression(part, context);
    if (emitted === undefined) return undefined;
    parts.push(condition(emitted.sql));
  }
  return parts.join(' AND ');
};

/** A condition with what is bound in it, on a table's own columns. */
export const boundCondition = (e: PlanExpression, functions: EmitTable): { readonly sql: string; readonly params: ReadonlyMap<string, BoundValue> } => {
  const bindings = new Bindings();
  const sql = emitConditions(e, { functions, bind: bindings.bind });
  if (sql === undefined) throw new TypeError('a condition that the store cannot be asked');
  return { sql, params: bindings.parameters };
};

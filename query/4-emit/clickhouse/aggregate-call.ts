// What aggregates in ClickHouse share, across rows and over time: one call, a key, and the order of rows for `first` and `last`.
import type { AggregateCall, OrderKey, PlanColumn } from '../../3-plan/nodes.ts';
import { kindOf } from '../../3-plan/physical.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext } from './context.ts';
import type { ClickHouseTables } from './dialect.ts';
import { emitConditions, emitExpression } from './expression.ts';

/** A row's place in time as a tuple, ascending, missing last; undefined when that cannot be said: text that descends, levels. */
export const orderTuple = (time: string | undefined, ties: readonly OrderKey[], columns: readonly PlanColumn[]): string | undefined => {
  const parts = time === undefined ? [] : [quote(time)];
  for (const key of ties) {
    if (key.column === time) continue;
    const type = columns.find((c) => c.name === key.column)?.type;
    const name = quote(key.column);
    if (/^#(insert|series|message|row)$/.test(key.column)) {
      parts.push(key.descending ? `-${name}` : name);
      continue;
    }
    const number = type === 'int' || type === 'float' || type === 'time' || type === 'duration';
    if (key.levels !== undefined || (type !== 'string' && !number) || (key.descending && !number)) return undefined;
    parts.push(`isNull(${name})`, key.descending ? `-assumeNotNull(${name})` : `assumeNotNull(${name})`);
  }
  return parts.length === 0 ? undefined : `(${parts.join(', ')})`;
};

export const emitAggregateCall = (call: AggregateCall, order: string | undefined, context: ClickHouseContext, tables: ClickHouseTables): string | undefined => {
  const [argument, constant] = call.arguments;
  const x = argument === undefined ? undefined : emitExpression(argument, context);
  const where = call.where === undefined ? undefined : emitConditions(call.where, context);
  if ((argument !== undefined && x === undefined) || (call.where !== undefined && where === undefined)) return undefined;
  const filtered = x === undefined || where === undefined ? x?.sql : `if(${where}, ${x.sql}, NULL)`;
  const q = constant?.op === 'literal' ? Number(constant.value) : 0;
  if (!(q >= 0 && q <= 1)) return undefined;
  return tables.aggregates[call.function]?.({ x: filtered, type: kindOf(call.type), of: kindOf(x?.type ?? 'int'), where, q: String(q), order });
};

/** A column as a key under a name: 0 and −0 are one. */
export const keyOf = (key: string, columns: readonly PlanColumn[], as: string): string => {
  if (columns.find((c) => c.name === key)?.type === 'float') return `${zero(quote(key))} AS ${quote(as)}`;
  return key === as ? quote(key) : `${quote(key)} AS ${quote(as)}`;
};
export const zero = (sql: string): string => `(${sql} + 0.)`;

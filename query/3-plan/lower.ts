// The beginning of a plan: sources, their ranges, the columns of a relation. What pipes make of it is in `pipes/`.

import type { Value } from '../../core/batch/batch.ts';
import { batchOf, ColumnBuilder } from '../../core/batch/build.ts';
import { EARLIEST_NS, LATEST_NS, millisFromNanos, NANOS_PER_MS } from '../../core/time.ts';
import { localToUtc, zoneOffset } from '../../core/zone.ts';
import type { Dataset } from '../../schemas/types.ts';
import type { SourcePlanner } from '../2-semantic/checking.ts';
import { calendarText } from '../2-semantic/constant.ts';
import type { CheckedInline, InlineCell } from '../2-semantic/inline.ts';
import type { CheckedRange, Shift } from '../2-semantic/range.ts';
import { keepsHistory } from '../2-semantic/source.ts';
import type { Relation, Typed } from '../2-semantic/type.ts';
import { constantOf, neededConstant, typeOf } from './bind.ts';
import type { PlanColumn, PlanNode } from './nodes.ts';
import { physicalType } from './physical.ts';
import { PlacedError } from './placed-error.ts';
import type { Planning } from './request.ts';
import { seenBy } from './rights.ts';

/** A plan waiting for its request. */
export type Plan = (request: Planning) => PlanNode;

export const planColumns = (relation: Relation): readonly PlanColumn[] => relation.columns.map((c) => ({ name: c.name, type: typeOf(c.type) }));

/** The rows in the relation's natural order. */
export const sorted = (input: PlanNode, relation: Relation): PlanNode => {
  if (relation.order.length === 0 || input.node === 'order') return input;
  return { node: 'order', input, keys: relation.order, count: undefined, per: [], columns: input.columns };
};

/** The first of rows that are in order, of all or for each combination of `per`. */
export const firstRows = (rows: PlanNode, count: number, per: readonly string[] = []): PlanNode => {
  if (rows.node !== 'order') return { node: 'order', input: rows, keys: [], count, per, columns: rows.columns };
  if (rows.count === undefined) return { ...rows, count, per };
  const both = rows.per.length === 0 && per.length === 0;
  return both ? { ...rows, count: Math.min(rows.count, count) } : { ...rows, input: rows, count, per };
};

const nanosOf = (e: Typed, request: Planning, what: string): bigint => neededConstant(e, request, what, true) as bigint;

/** `offset 1d` moves by calendar days of the zone, `offset 36h` by so many hours. */
const shifted = (moment: bigint, { value, calendar }: Shift, request: Planning): bigint => {
  const units = calendar ?? (value.op === 'parameter' ? calendarText(request.durations?.get(value.name)) : undefined);
  if (units === undefined) return moment - nanosOf(value, request, 'offset');
  const ms = millisFromNanos(moment);
  const days = units.count * (units.unit === 'week' ? 7 : 1);
  const moved = localToUtc(request.zone, ms + zoneOffset(request.zone, ms) - days * 86_400_000);
  return moment + BigInt(moved - ms) * NANOS_PER_MS;
};

export const rangeOf = (range: CheckedRange, request: Planning): Planning => {
  let { from, to } = request;
  if (range.last !== undefined) [from, to] = [request.at - nanosOf(range.last, request, 'last'), request.at];
  if (range.between !== undefined) [from, to] = [nanosOf(range.between.from, request, 'between'), nanosOf(range.between.to, request, 'between')];
  if (range.offset !== undefined) [from, to] = [shifted(from, range.offset, request), shifted(to, range.offset, request)];
  if (to < from) throw new PlacedError('iql.bad-range', {}, range.span);
  const moment = range.at === undefined ? {} : { inventoryAt: nanosOf(range.at, request, 'at') };
  return { ...request, ...moment, from, to };
};

/** No row lies outside of these, and no store need know of moments that do. */
const stored = (moment: bigint): bigint => (moment < EARLIEST_NS ? EARLIEST_NS : moment > LATEST_NS ? LATEST_NS : moment);

export const sourcePlanner: SourcePlanner<Plan> = {
  scan: (dataset: Dataset, relation: Relation): Plan => {
    const columns = planColumns(relation);
    return ({ from, to, inventoryAt, rights }) => {
      const range = relation.timed ? { from: stored(from), to: stored(to) } : undefined;
      const at = inventoryAt === undefined || !keepsHistory(dataset) ? {} : { at: stored(inventoryAt) };
      return seenBy({ node: 'scan', dataset, columns, range, before: 0n, filter: undefined, ...at }, rights);
    };
  },
  inline:
    (inline: CheckedInline): Plan =>
    (request) =>
      inlineNode(inline, request),
  within:
    (range: CheckedRange, plan: Plan): Plan =>
    (request) =>
      plan(rangeOf(range, request)),
};

const cellValue = (cell: InlineCell, request: Planning): Value => {
  if (cell === undefined) return null;
  if ('op' in cell) return constantOf(cell, request);
  if ('list' in cell) return cell.list.map((t) => constantOf(t, request));
  return new Map([...cell.map].map(([k, t]) => [k, constantOf(t, request)]));
};

/** Rows in text order; of a metric, two samples of one series and time leave the later. */
const inlineNode = (inline: CheckedInline, request: Planning): PlanNode => {
  const rows = inline.rows.map((row) => row.map((cell) => cellValue(cell, request)));
  const at = (name: string): number => inline.columns.findIndex((c) => c.name === name);
  const time = at('time');
  const labels = inline.metric ? inline.columns.flatMap((c, i) => (['time', 'value', 'start', 'stale'].includes(c.name) ? [] : [i])) : [];
  const series = new Map<string, number>();
  const ids = rows.map((row) => {
    const key = JSON.stringify(labels.map((i) => row[i] ?? null));
    const id = series.get(key) ?? series.size;
    series.set(key, id);
    return id;
  });
  const latest = new Map<string, number>();
  if (inline.metric) for (const [i, row] of rows.entries()) latest.set(`${ids[i]} ${String(row[time])}`, i);
  const kept = inline.metric ? [...latest.values()].sort((a, b) => a - b) : [...rows.keys()];
  const hidden: Readonly<Record<string, (row: number) => Value>> = {
    '#row': (row) => BigInt(row),
    '#series': (row) => BigInt(ids[row] as number),
    '#start': (row) => rows[row]?.[at('start')] ?? null,
    '#stale': (row) => rows[row]?.[at('stale')] ?? null,
  };
  const columns = planColumns(inline.relation);
  const batch = batchOf(
    columns.map((c) => {
      const builder = new ColumnBuilder(physicalType(c.type));
      const from = at(c.name);
      for (const row of kept) {
        const v = c.name.startsWith('#') ? (hidden[c.name] as (row: number) => Value)(row) : ((rows[row] as readonly Value[])[from] ?? null);
        builder.append(inline.metric && labels.includes(from) && v === '' ? null : v);
      }
      return [c.name, builder.finish()] as const;
    }),
  );
  const range = inline.relation.timed ? { range: { from: request.from, to: request.to } } : {};
  return { node: 'inline', batch: { ...batch, length: kept.length }, columns, before: 0n, ...range };
};

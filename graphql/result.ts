// The answer of a query and its diagnostics as GraphQL objects: columns, never a list of row objects.
import type { QueryResult, ResultColumn, ResultLines } from '../query/result.ts';
import { builder } from './builder.ts';
import type { PlacedDiagnostic, PlacedEdit, PlacedFix, PlacedRelated } from './placed.ts';
import { placed } from './placed.ts';
import type { Place, Position } from './positions.ts';

const PositionRef = builder.objectRef<Position>('Position').implement({
  description: 'Line and column, both from 1; columns in UTF-16 units',
  fields: (t) => ({ line: t.exposeInt('line'), column: t.exposeInt('column') }),
});

const SpanRef = builder.objectRef<Place>('Span').implement({
  description: 'A stretch of the text; the end is exclusive',
  fields: (t) => ({ start: t.field({ type: PositionRef, resolve: (s) => s.start }), end: t.field({ type: PositionRef, resolve: (s) => s.end }) }),
});

const EditRef = builder.objectRef<PlacedEdit>('Edit').implement({
  fields: (t) => ({ span: t.field({ type: SpanRef, resolve: (e) => e.span }), text: t.exposeString('text') }),
});

const FixRef = builder.objectRef<PlacedFix>('Fix').implement({
  description: 'Edits that mend what a diagnostic says',
  fields: (t) => ({ label: t.exposeString('label'), edits: t.field({ type: [EditRef], resolve: (f) => f.edits }) }),
});

const VIEW = 'The saved query in whose text the span lies, as views.NAME; null: the text that was asked';

const RelatedRef = builder.objectRef<PlacedRelated>('Related').implement({
  description: 'A place that led to what is told elsewhere: the call of a function, the use of a saved query',
  fields: (t) => ({
    message: t.exposeString('message'),
    view: t.string({ nullable: true, description: VIEW, resolve: (r) => r.view ?? null }),
    span: t.field({ type: SpanRef, resolve: (r) => r.span }),
  }),
});

const SeverityRef = builder.enumType('DiagnosticSeverity', { values: ['error', 'warning', 'info'] as const });

export const DiagnosticRef = builder.objectRef<PlacedDiagnostic>('Diagnostic').implement({
  fields: (t) => ({
    severity: t.field({ type: SeverityRef, resolve: (d) => d.severity }),
    code: t.exposeString('code', { description: 'See docs/errors.md' }),
    message: t.exposeString('message'),
    view: t.string({ nullable: true, description: VIEW, resolve: (d) => d.view ?? null }),
    span: t.field({ type: SpanRef, resolve: (d) => d.span }),
    related: t.field({ type: [RelatedRef], description: 'The nearest first, the last one in the text that was asked', resolve: (d) => d.related }),
    fix: t.field({ type: FixRef, nullable: true, resolve: (d) => d.fix ?? null }),
  }),
});

const ColumnRef = builder.objectRef<ResultColumn>('Column').implement({
  description: 'One column of a result',
  fields: (t) => ({
    name: t.exposeString('name'),
    type: t.exposeString('type', { description: 'bool, int, float, string, time, duration, ip, list, map or histogram' }),
    unit: t.string({ nullable: true, description: 'UCUM; null: none or unknown', resolve: (c) => c.unit ?? null }),
    values: t.field({
      type: 'JSON',
      description: 'A JSON array: times as ISO text, integers beyond ±2^53 as text, durations as seconds, missing as null',
      resolve: (c) => c.values,
    }),
  }),
});

const OtherRef = builder.objectRef<NonNullable<ResultLines['values'][number]['other']>>('OtherLines').implement({
  description: 'The lines that are not given, as one',
  fields: (t) => ({
    merge: t.exposeString('merge', { description: 'How they became one: sum, min or max' }),
    values: t.field({ type: 'JSON', description: 'A JSON array along the axis', resolve: ({ values }) => values }),
  }),
});

const LineValuesRef = builder.objectRef<ResultLines['values'][number]>('LineValues').implement({
  description: 'One column of values as lines',
  fields: (t) => ({
    name: t.exposeString('name'),
    type: t.exposeString('type'),
    unit: t.string({ nullable: true, description: 'UCUM; null: none or unknown', resolve: ({ unit }) => unit ?? null }),
    values: t.field({
      type: 'JSON',
      description: 'Of each line a JSON array along the axis; null: no row or no value; integers beyond ±2^53 are rounded, durations are seconds',
      resolve: ({ values }) => values,
    }),
    other: t.field({
      type: OtherRef,
      nullable: true,
      description: 'Null: all are given, or they cannot be put together',
      resolve: ({ other }) => other ?? null,
    }),
  }),
});

const LinesRef = builder.objectRef<ResultLines>('Lines').implement({
  description: 'An answer as a chart draws it: keys once a line, one axis of times, and the values of each line along it',
  fields: (t) => ({
    times: t.field({ type: 'JSON', description: 'A JSON array of ISO texts, ascending', resolve: ({ times }) => times }),
    keys: t.field({ type: [ColumnRef], description: 'What tells the lines apart: one value a line', resolve: ({ keys }) => keys }),
    values: t.field({ type: [LineValuesRef], resolve: ({ values }) => values }),
    total: t.exposeInt('total', { description: 'Lines there are, with those that are not given' }),
  }),
});

const TruncatedRef = builder.objectRef<{ readonly limit: number; readonly by: string }>('Truncated').implement({
  fields: (t) => ({ limit: t.exposeInt('limit'), by: t.exposeString('by') }),
});

const StatsRef = builder.objectRef<QueryResult['stats']>('Stats').implement({
  fields: (t) => ({
    elapsedMs: t.exposeFloat('elapsedMs'),
    rowsRead: t.exposeFloat('rowsRead'),
    bytesRead: t.exposeFloat('bytesRead'),
  }),
});

export interface ResultShape {
  readonly result: QueryResult;
  readonly text: string;
}

export const ResultRef = builder.objectRef<ResultShape>('Result').implement({
  description: 'The answer to a text; a wrong text has diagnostics and no columns',
  fields: (t) => ({
    columns: t.field({ type: [ColumnRef], description: 'Without values where lines are given', resolve: ({ result }) => result.columns }),
    lines: t.field({
      type: LinesRef,
      nullable: true,
      description: 'Null: not asked for, or rows stand at no buckets, or some column neither names a line nor can be drawn',
      resolve: ({ result }) => result.lines ?? null,
    }),
    rowCount: t.int({ description: 'Of lines the rows they were made of', resolve: ({ result }) => result.rowCount }),
    truncated: t.field({ type: TruncatedRef, nullable: true, description: 'Null when the result is whole', resolve: ({ result }) => result.truncated ?? null }),
    completeUpTo: t.field({
      type: 'Time',
      nullable: true,
      description: 'Later data may still change the result',
      resolve: ({ result }) => result.completeUpTo ?? null,
    }),
    partial: t.field({
      type: ['Time'],
      description: 'Starts of the buckets that the range cuts or that do not end by completeUpTo; empty where rows stand at no buckets',
      resolve: ({ result }) => [...result.partial],
    }),
    diagnostics: t.field({ type: [DiagnosticRef], resolve: ({ result, text }) => placed(result.diagnostics, text) }),
    stats: t.field({ type: StatsRef, resolve: ({ result }) => result.stats }),
  }),
});

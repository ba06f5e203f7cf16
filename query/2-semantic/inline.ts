// Inline data: `data […]` as rows, `data counter("By") […]` as a metric. Finds each column's type from its values.

import { SEVERITIES } from '../../schemas/catalogue.ts';
import type { ValueType } from '../../schemas/types.ts';
import type { Expression, InlineSource, MapLiteral, Span } from '../1-syntax/ast.ts';
import { mistakenColumn } from './doubt.ts';
import { checkExpression } from './expression.ts';
import { toFloat, typeName } from './numeric.ts';
import type { Scope } from './scope.ts';
import { settle } from './settle.ts';
import { hiddenColumn } from './source.ts';
import { isNumber, NO_ROWS, type Relation, type RelationColumn, STRING, type Type, type Typed, type } from './type.ts';
import { parseUnit, sameDimension, type Unit } from './unit.ts';

/** A cell: a constant, a list or map of constants, or missing (undefined). */
export type InlineCell =
  | Typed
  | { readonly list: readonly Typed[]; readonly span: Span }
  | { readonly map: ReadonlyMap<string, Typed>; readonly span: Span }
  | undefined;

export interface CheckedInline {
  readonly relation: Relation;
  readonly columns: readonly { readonly name: string; readonly type: Type }[];
  readonly rows: readonly (readonly InlineCell[])[];
  /** Its rows are samples: told apart by labels, of two with one time the later stands. */
  readonly metric: boolean;
  readonly delta: boolean;
}

/** After an error only its relation is to be used. */
export const checkInline = (outer: Scope, source: InlineSource): CheckedInline => {
  const scope: Scope = { ...outer, relation: NO_ROWS, aggregates: undefined };
  const before = scope.reporter.errors;
  const names = [...new Set(source.rows.flatMap((row) => row.entries.map((e) => keyOf(e.key))))];
  const mistaken = new Set<string>();
  // A row has a place for each column, written or not.
  const written = scope.size.fits({ steps: 0, parts: source.rows.length * names.length }, source.span) ? source.rows : [];
  const places = new Map(names.map((name, i) => [name, i]));
  const rows = written.map((row) => checkRow(scope, row, places, mistaken));
  const metric = source.metric;
  if (metric !== undefined) {
    if (metric.kind === 'histogram') scope.reporter.error('iql.not-yet', { what: 'a histogram in inline data', instead: '' }, metric.span);
    for (const needed of ['time', 'value'])
      if (source.rows.length > 0 && !names.includes(needed))
        scope.reporter.error('iql.unknown-field', { name: needed, source: 'this metric', nearest: '' }, metric.span);
  }
  const columns = names.map((name, i) => ({ name, type: columnType(scope, name, rows, i, source, mistaken) }));
  const made = { columns, metric: metric !== undefined, delta: metric?.delta ?? false };
  if (scope.reporter.errors > before) return { ...made, relation: spoilt(relationOf(source, columns), source, mistaken), rows: [] };
  const settled = rows.map((row) => row.map((cell, i) => fitted(scope, cell, (columns[i] as { type: Type }).type)));
  return { ...made, relation: relationOf(source, columns), rows: settled };
};

/** The relation with what a mistake leaves open; of a metric it is known what it must have. */
const spoilt = (relation: Relation, source: InlineSource, mistaken: ReadonlySet<string>): Relation => {
  const { metric } = source;
  const columns = relation.columns.map((c) => (mistaken.has(c.name) || (metric?.kind === 'histogram' && c.name === 'value') ? mistakenColumn(c.name) : c));
  const lacking = metric === undefined ? [] : ['time', 'value'].filter((name) => !columns.some((c) => c.name === name)).map(mistakenColumn);
  return { ...relation, columns: [...lacking, ...columns], timed: relation.timed || metric !== undefined || mistaken.has('time') };
};

const keyOf = (key: MapLiteral['entries'][number]['key']): string => (key.node === 'name' ? key.name : key.value);

const checkRow = (scope: Scope, row: MapLiteral, places: ReadonlyMap<string, number>, mistaken: Set<string>): InlineCell[] => {
  const cells: InlineCell[] = Array.from(places, () => undefined);
  const seen = new Set<string>();
  for (const { key, value } of row.entries) {
    const name = keyOf(key);
    if (seen.has(name)) scope.reporter.error('iql.repeated-name', { name }, key.span);
    if (name === '') scope.reporter.error('iql.name-needed', {}, key.span);
    if (name.startsWith('#')) scope.reporter.error('iql.name-taken', { name }, key.span);
    seen.add(name);
    const before = scope.reporter.errors;
    cells[places.get(name) as number] = checkCell(scope, value);
    if (scope.reporter.errors > before) mistaken.add(name);
  }
  return cells;
};

const checkCell = (scope: Scope, e: Expression): InlineCell => {
  const constant = (v: Expression): Typed[] => {
    const t = checkExpression(scope, v);
    return t === undefined ? [] : [t];
  };
  if (e.node === 'list') return { list: e.items.flatMap(constant), span: e.span };
  if (e.node === 'map') {
    const seen = new Set<string>();
    for (const { key } of e.entries) {
      const name = keyOf(key);
      if (seen.has(name)) scope.reporter.error('iql.repeated-name', { name }, key.span);
      seen.add(name);
    }
    // A key that is missing is left out.
    const entries = e.entries.flatMap((x) => constant(x.value).map((t): [string, Typed] => [keyOf(x.key), t]));
    return { map: new Map(entries.filter(([, t]) => t.type.value !== 'missing')), span: e.span };
  }
  const [t] = constant(e);
  return t === undefined || t.type.value === 'missing' ? undefined : t;
};

const LEVELS: ReadonlySet<string> = new Set(SEVERITIES);

const columnType = (scope: Scope, name: string, rows: readonly (readonly InlineCell[])[], i: number, source: InlineSource, mistaken: Set<string>): Type => {
  const unit = source.metric?.unit;
  const cells = rows.map((r) => r[i]).filter((c) => c !== undefined);
  const spanOf = (c: InlineCell): Span => c?.span ?? source.span;
  const metric = source.metric !== undefined;
  if (metric && (name === 'stale' || name === 'start')) return type(name === 'stale' ? 'bool' : 'time');
  let out: Type | undefined;
  for (const cell of cells) {
    const t = cellType(cell);
    if (t.value === 'unknown') continue;
    if (out === undefined) out = t;
    else if (isNumber(out) && isNumber(t))
      out = { value: out.value === 'int' && t.value === 'int' ? 'int' : 'float', unit: commonUnit(out.unit, t.unit), bare: false };
    else if (out.value !== t.value) {
      scope.reporter.error('iql.type-mismatch', { operator: `the column ${JSON.stringify(name)}`, left: typeName(out), right: typeName(t) }, spanOf(cell));
      mistaken.add(name);
      return out;
    }
  }
  if (out !== undefined && (out.value === 'list' || out.value === 'map')) {
    const item = itemType(scope, name, cells, mistaken);
    out = item === undefined ? out : { ...out, item: item.value as ValueType };
  }
  const found: Type = out ?? STRING;
  if (mistaken.has(name)) return found;
  if (name === 'time' && found.value !== 'time' && cells.length > 0)
    scope.reporter.error('iql.argument-type', { function: 'time', wanted: 'a time', got: typeName(found) }, spanOf(cells[0]));
  if (name === 'time' && found.value !== 'time' && cells.length > 0) return type('time');
  if (metric && name === 'value') {
    if (!isNumber(found) && cells.length > 0)
      scope.reporter.error('iql.argument-type', { function: 'value', wanted: 'a number', got: typeName(found) }, spanOf(cells[0]));
    return type('float', unit === undefined ? found.unit : parseUnit(unit));
  }
  if (metric && name !== 'time' && found.value !== 'string') {
    scope.reporter.error('iql.argument-type', { function: `the label ${name}`, wanted: 'text', got: typeName(found) }, spanOf(cells[0]));
    return STRING;
  }
  const levels =
    name === 'severity' && found.value === 'string' && cells.every((c) => c !== undefined && 'op' in c && c.op === 'literal' && LEVELS.has(String(c.literal)));
  return levels ? { ...found, levels: SEVERITIES } : { ...found, bare: false };
};

const cellType = (cell: InlineCell): Type => {
  if (cell === undefined) return type('missing');
  if ('op' in cell) return cell.type.bare ? { ...cell.type, bare: false } : cell.type;
  return type('list' in cell ? 'list' : 'map');
};

const itemsOf = (cell: InlineCell): readonly Typed[] => (cell === undefined || 'op' in cell ? [] : 'list' in cell ? cell.list : [...cell.map.values()]);

/** What all lists (or maps) of a column hold: one type, text where they hold nothing. */
const itemType = (scope: Scope, name: string, cells: readonly InlineCell[], mistaken: Set<string>): Type | undefined => {
  let out: Type | undefined;
  for (const cell of cells) if (cell !== undefined && 'op' in cell && cell.type.item !== undefined) out = type(cell.type.item);
  for (const t of cells.flatMap(itemsOf)) {
    if (t.type.value === 'missing' || t.type.value === 'unknown') continue;
    if (out === undefined) out = t.type;
    else if (isNumber(out) && isNumber(t.type)) out = out.value === 'float' ? out : t.type;
    else if (out.value !== t.type.value) {
      const operator = `what the column ${JSON.stringify(name)} holds`;
      scope.reporter.error('iql.type-mismatch', { operator, left: typeName(out), right: typeName(t.type) }, t.span);
      mistaken.add(name);
      return undefined;
    }
  }
  return out ?? STRING;
};

const commonUnit = (a: Unit | undefined, b: Unit | undefined): Unit | undefined => (a !== undefined && b !== undefined && sameDimension(a, b) ? a : undefined);

const fitted = (scope: Scope, cell: InlineCell, wanted: Type): InlineCell => {
  if (cell === undefined) return undefined;
  if (!('op' in cell)) {
    const to = (t: Typed): Typed => {
      const one = settle(scope, t, type(wanted.item ?? 'string'));
      return wanted.item === 'float' ? toFloat(one) : one;
    };
    return 'list' in cell ? { ...cell, list: cell.list.map(to) } : { ...cell, map: new Map([...cell.map].map(([k, v]) => [k, to(v)])) };
  }
  const t = settle(scope, cell, wanted);
  return wanted.value === 'float' ? toFloat(t) : t;
};

const relationOf = (source: InlineSource, columns: readonly { readonly name: string; readonly type: Type }[]): Relation => {
  const metric = source.metric;
  const internal = metric === undefined ? [] : ['start', 'stale'];
  const shown = columns.filter((c) => !internal.includes(c.name));
  const timed = columns.some((c) => c.name === 'time' && c.type.value === 'time');
  return {
    ...NO_ROWS,
    columns: [
      ...shown.map(
        (c): RelationColumn => ({
          name: c.name,
          type: c.type,
          kind: metric === undefined || c.name !== 'value' || metric.kind === 'histogram' ? undefined : metric.kind,
          label: metric !== undefined && c.name !== 'time' && c.name !== 'value',
          description: '',
        }),
      ),
      hiddenColumn('#row', 'int'),
      ...(metric === undefined ? [] : [hiddenColumn('#series', 'int'), hiddenColumn('#start', 'time'), hiddenColumn('#stale', 'bool')]),
    ],
    shape: metric === undefined ? 'rows' : 'series',
    key: metric === undefined ? [] : ['#series'],
    timed,
    order: [{ column: '#row', descending: false }],
    temporality: metric === undefined ? undefined : metric.delta ? 'delta' : 'cumulative',
    origin: 'this data',
    raw: true,
  };
};

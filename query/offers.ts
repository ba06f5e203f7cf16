// One table from where the cursor stands to what can stand there, most used first. Decides nothing about letters already written.
import type { Place } from './1-syntax/place.ts';
import { COMPARISON, endsOperand, PRECEDENCE, T, type Token } from './1-syntax/tokens.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import { isNumber, type Relation, type RelationColumn, type Type, visible } from './2-semantic/type.ts';
import { isCount, isRatio, sameDimension } from './2-semantic/unit.ts';
import type { Completion } from './complete.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPES } from './pipes/index.ts';

/** `insert` where it is not the label, written as a name. */
export type Draft = Omit<Completion, 'from' | 'to' | 'insert'> & { readonly insert?: string };

export interface Asked {
  readonly place: Place;
  /** What is written of the word at the cursor. */
  readonly begun: string;
  /** The rows here; undefined: not known. */
  readonly rows: Relation | undefined;
  /** All fields of the rows, the attributes seen among them. */
  readonly fields: readonly Draft[];
  readonly catalogue: Catalogue;
}

const word = (label: string, detail = '', kind: Draft['kind'] = 'keyword'): Draft => ({ label, kind, detail, type: undefined, unit: undefined, insert: label });
const words = (labels: string, detail = ''): readonly Draft[] => labels.split(' ').map((label) => word(label, detail));
const values = (labels: string, detail = ''): readonly Draft[] => labels.split(' ').map((label) => word(label, detail, 'value'));

const BAR = word('|', 'The next pipe');
const COMMA = word(',', 'One more');
const CLOSE = word(')', '');

// ——— what the catalogue and the rows have

const datasets = (catalogue: Catalogue, inventories = false): readonly Draft[] =>
  catalogue.datasets
    .filter((d) => !inventories || (d.role === 'records' && d.key.length > 0))
    .map((d): Draft => ({ label: d.name, kind: 'source', detail: d.description, type: undefined, unit: undefined }));

const sources = ({ catalogue, place }: Asked): readonly Draft[] => [
  ...place.queries.map((name): Draft => ({ label: name, kind: 'source', detail: 'A query of this text', type: undefined, unit: undefined })),
  ...datasets(catalogue),
  ...catalogue.metricNames().map((name): Draft => {
    const info = catalogue.metric(name);
    return { label: `metrics.${name}`, kind: 'source', detail: info?.description ?? '', type: info?.kind, unit: info?.unit };
  }),
];

const isMeasure = (c: RelationColumn): boolean => isNumber(c.type) || c.type.value === 'duration';

/** Fields that fit, those most likely meant first: `time` last, as rows are in its order already. */
const fields = ({ rows, fields: all }: Asked, fits: (c: RelationColumn) => boolean = () => true, first: (c: RelationColumn) => boolean = () => false) => {
  const columns = new Map(rows === undefined ? [] : visible(rows).map((c) => [c.name, c] as const));
  const rank = (c: RelationColumn | undefined): number => (c === undefined ? 1 : c.name === 'time' ? 3 : first(c) ? 0 : c.type.value === 'map' ? 2 : 1);
  return all
    .filter((d) => {
      const column = columns.get(d.label);
      return column === undefined || fits(column) || column.type.value === 'unknown';
    })
    .map((d, i) => ({ d, i, rank: rank(columns.get(d.label)) }))
    .toSorted((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ d }) => d);
};
/** A number with a unit is measured; one without is likely an id. */
const measured = (c: RelationColumn): boolean => isMeasure(c) && c.type.unit !== undefined;
const keyed = (c: RelationColumn): boolean => c.type.value === 'string';
const single = (c: RelationColumn): boolean => c.type.value !== 'map' && c.type.value !== 'list';

const functions = (): readonly Draft[] =>
  [...FUNCTIONS.scalars].map(
    ([label, s]): Draft => ({ label, kind: 'function', detail: `${s.form} — ${s.summary}`, type: undefined, unit: undefined, insert: `${label}(` }),
  );

const AGGREGATE_ORDER = ['count', 'avg', 'max', 'sum', 'min', 'p95', 'last', 'distinct_count'];
const RISING_ORDER = ['rate', 'increase', 'last', 'max'];
/** Of a counter they are of its running total, which says nothing. */
const NEVER_OF_COUNTERS = new Set(['sum', 'avg', 'min', 'max', 'stddev', 'variance', 'quantile', 'p95']);

/** Aggregates that may stand here; `called` with their brackets. */
const aggregates = ({ rows, place }: Asked, called: boolean): readonly Draft[] => {
  const series = rows?.shape === 'series' && place.pipe?.word === 'every';
  const measures = rows === undefined ? [] : visible(rows).filter(isMeasure);
  const counter = series && measures.length === 1 && measures[0]?.kind === 'counter';
  const gauge = series && measures.length > 0 && measures.every(({ kind }) => kind === 'gauge');
  const order = counter ? RISING_ORDER : rows?.shape === 'series' ? AGGREGATE_ORDER.filter((name) => name !== 'count') : AGGREGATE_ORDER;
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const quantiles: readonly (readonly [string, string])[] = ['p95', 'p99', 'p50'].map((name) => [name, `${name} x — A quantile`]);
  return [...[...FUNCTIONS.aggregates].map(([name, s]) => [name, `${s.form} — ${s.summary}`] as const), ...quantiles]
    .filter(([name]) => !(FUNCTIONS.aggregates.get(name)?.overTime === true && (!series || (gauge && name !== 'delta'))))
    .filter(([name]) => !(counter && NEVER_OF_COUNTERS.has(/^p\d/.test(name) ? 'p95' : name)))
    .filter(([name]) => called || name !== 'quantile')
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, detail]): Draft => {
      const insert = called ? (name === 'count' ? 'count()' : `${name}(`) : name;
      return { label: name, kind: 'aggregate', detail, type: undefined, unit: undefined, insert };
    });
};

/** Pipes that these rows can go through. */
const pipes = ({ rows }: Asked): readonly Draft[] =>
  PIPES.filter(({ syntax: { name } }) => {
    if (rows === undefined || rows.doubt !== undefined) return true;
    if (name === 'fill') return rows.timed && rows.bucket !== undefined;
    if (name === 'every') return rows.timed;
    return name !== 'search' || rows.origin === 'logs';
  }).map((p) => ({ label: p.syntax.name, kind: 'pipe', detail: `${p.form} — ${p.summary}`, type: undefined, unit: undefined, insert: p.syntax.name }));

// ——— numbers, widths and spans

const WIDTHS = values('1m 5m 15m 1h 1d 10s 30s');
const SPANS = values('15m 1h 6h 24h 7d 5m 30m');

/** A written number with the units that it may have there. */
const unitsOf = (type: Type | undefined): readonly string[] => {
  if (type === undefined) return [];
  if (type.value === 'duration' || type.value === 'time') return ['s', 'ms', 'm', 'h', 'd'];
  const { unit } = type;
  if (!isNumber(type) || unit === undefined) return [];
  if (isRatio(unit)) return ['%'];
  const [[base, power] = ['', 0], ...more] = unit.dimensions;
  const perSecond = unit.dimensions.get('s') === -1;
  if (base === 's' && power === 1 && more.length === 0) return ['s', 'ms', 'us', 'm', 'h'];
  if (unit.dimensions.get('By') === 1 && unit.dimensions.size === (perSecond ? 2 : 1))
    return ['MiB', 'GiB', 'KiB', 'B', 'MB', 'GB'].map((of) => (perSecond ? `${of}/s` : of));
  return perSecond && unit.dimensions.get('{}') === 1 ? ['/s'] : [];
};
const withUnits = (begun: string, units: readonly string[]): readonly Draft[] => units.map((unit) => word(`${begun}${unit}`, '', 'value'));
const NUMBER = /^\d+(?:\.\d+)?$/;
const TIME_UNITS = ['m', 's', 'h', 'd', 'w', 'ms'];

// ——— conditions and values

const isComparing = (t: Token): boolean => (t.is(T.Operator) && PRECEDENCE.get(t.word) === COMPARISON) || t.is(T.In) || t.is(T.Between);
const joins = (t: Token): boolean => t.is(T.Operator) && (t.word === 'and' || t.word === 'or');

/** The tokens since the last `and`, `or` or `not`; the `and` of a `between` is none of them. */
const term = (items: readonly Token[]): readonly Token[] => {
  let from = 0;
  for (const [i, t] of items.entries()) {
    const between = t.word === 'and' && items.slice(from, i).some((b) => b.is(T.Between)) && !items.slice(from, i).some((b) => b.word === 'and');
    if ((joins(t) && !between) || t.is(T.Not) || (t.is(T.Equals) && i === 1)) from = i + 1;
  }
  return items.slice(from);
};

/** What the operand before an operator is, where that is one field. */
const typeOf = (operand: readonly Token[], rows: Relation | undefined): Type | undefined => {
  const [name] = operand;
  if (operand.length !== 1 || name === undefined || !name.is(T.Name)) return undefined;
  return rows?.columns.find((c) => c.name === name.name)?.type;
};

const ARITHMETIC = words('/ * + -');
const COALESCE = word('??', 'What stands in for a missing value');

/** Operators behind an operand of that type; undefined: any. */
const operators = (of: Type | undefined): readonly Draft[] => {
  const range = word('between', 'between a and b, both in');
  const among = [word('in', 'One of: in ("a", "b")'), word('not in', 'None of')];
  switch (of?.value) {
    case 'string':
      return of.levels === undefined
        ? [...words('== !='), ...among, ...words('contains like'), word('starts with'), ...words('has matches'), word('not like'), COALESCE]
        : [...words('>= == != <= > <'), ...among, range, COALESCE];
    case 'int':
    case 'float':
    case 'duration':
      return [...words('> >= < <= == !='), range, ...among, ...ARITHMETIC, COALESCE];
    case 'time':
      return [...words('> >= < <= == !='), range, word('-'), word('+'), COALESCE];
    case 'bool':
      return words('and or == !=');
    case 'ip':
      return [...words('== != > >= < <='), ...among, COALESCE];
    case 'map':
    case 'list':
      return words('== !=');
    default:
      return [...words('== != > >= < <='), ...among, ...words('contains like'), word('starts with'), ...words('has matches'), range, ...ARITHMETIC, COALESCE];
  }
};

const isLike = (a: Type, b: Type): boolean =>
  (isNumber(a) && isNumber(b) && (a.unit === undefined || b.unit === undefined || sameDimension(a.unit, b.unit))) || (a.value === b.value && !isNumber(a));

/** What a field may be compared with: its own values where they are few and known, then fields like it. */
const operands = (asked: Asked, left: readonly Token[]): readonly Draft[] => {
  const type = typeOf(left, asked.rows);
  if (NUMBER.test(asked.begun)) return withUnits(asked.begun, unitsOf(type));
  if (type === undefined) return [...fields(asked, single), ...functions()];
  const known =
    type.levels !== undefined
      ? type.levels.toReversed().map((level): Draft => ({ ...word(JSON.stringify(level), '', 'value'), label: level, insert: JSON.stringify(level) }))
      : type.value === 'bool'
        ? values('true false')
        : type.value === 'time'
          ? [word('now', '', 'value'), word('now - 1h', '', 'value'), word('now - 1d', '', 'value')]
          : isNumber(type) && type.unit !== undefined && isRatio(type.unit)
            ? values('90% 50% 10%')
            : isNumber(type) && type.unit !== undefined && isCount(type.unit)
              ? values('0 1 10 100')
              : [];
  const name = left[0]?.name;
  return [...known, ...fields(asked, (c) => c.name !== name && isLike(c.type, type)), ...(asked.begun === '' ? [] : functions())];
};

/** Where a condition is being written; `end` is what may follow a whole one. */
const condition = (asked: Asked, items: readonly Token[], end: readonly Draft[]): readonly Draft[] => {
  const { rows } = asked;
  const own = term(items);
  const last = items.at(-1);
  const at = own.findIndex(isComparing);
  const comparing = own[at];
  if (last?.is(T.Exists) === true) return fields(asked);
  if (!endsOperand(last)) {
    if (comparing === undefined) {
      const sum = own.at(-1);
      if (sum !== undefined && (sum.is(T.Operator) || sum.is(T.Minus)))
        return NUMBER.test(asked.begun)
          ? withUnits(asked.begun, unitsOf(typeOf(own.slice(0, 1), rows)))
          : [...fields(asked, isMeasure, measured), ...functions()];
      return [...fields(asked), word('exists', 'Whether a field has a value'), ...(last?.is(T.Not) === true ? [] : [word('not')]), ...functions()];
    }
    if (comparing.is(T.In)) return [word('(', 'in ("a", "b") or in (from …)')];
    return operands(asked, own.slice(0, at));
  }
  if (comparing?.is(T.Between) === true && !own.some((t) => t.word === 'and')) return [word('and')];
  if (comparing !== undefined || own.some((t) => t.is(T.Exists) || t.is(T.IsMissing))) {
    const numeric = typeOf(own.slice(0, at), rows);
    const arithmetic = comparing !== undefined && !comparing.is(T.In) && numeric !== undefined && isNumber(numeric) && last?.is(T.Name) === true;
    return [word('and'), word('or'), ...end, ...(arithmetic ? ARITHMETIC : [])];
  }
  const type = typeOf(own, rows);
  return type?.value === 'bool' ? [...words('and or'), ...end, ...operators(type).slice(2)] : operators(type);
};

/** Where any value is being written. */
const value = (asked: Asked, items: readonly Token[], end: readonly Draft[], first?: (c: RelationColumn) => boolean): readonly Draft[] => {
  const own = term(items);
  const last = items.at(-1);
  const at = own.findIndex(isComparing);
  if (endsOperand(last)) {
    const type = typeOf(own, asked.rows);
    const numeric = type === undefined ? last?.is(T.Name) !== true : isMeasure({ type } as RelationColumn);
    return [...end, ...(numeric ? ARITHMETIC : []), ...(type?.value === 'bool' ? words('and or') : [])];
  }
  if (at >= 0) return operands(asked, own.slice(0, at));
  const sum = own.at(-1);
  if (sum?.is(T.Operator) === true || sum?.is(T.Minus) === true) {
    const type = typeOf(own.slice(0, 1), asked.rows);
    if (NUMBER.test(asked.begun)) return withUnits(asked.begun, unitsOf(type));
    return [
      ...fields(asked, (c) => (type === undefined || sum.word === '*' || sum.word === '/' ? isMeasure(c) : isLike(c.type, type)), measured),
      ...functions(),
    ];
  }
  if (sum?.is(T.Exists) === true) return fields(asked);
  return NUMBER.test(asked.begun) ? [] : [...fields(asked, () => true, first), ...functions()];
};

// ——— the table

type Row = readonly [here: (place: Place) => boolean, offers: (asked: Asked) => readonly Draft[]];

const ended = ({ items }: Place): boolean => endsOperand(items.at(-1));
const ownQuery = ({ holder }: Place): boolean => holder === 'text' || holder === 'query';
const inPipe =
  (...names: readonly string[]) =>
  (place: Place): boolean =>
    ownQuery(place) && place.stage === 'pipe' && names.includes(place.pipe?.word ?? '');
const inClause =
  (...clauses: readonly string[]) =>
  (place: Place): boolean =>
    ownQuery(place) && place.stage === 'pipe' && place.pipe !== undefined && clauses.includes(place.clause);
const both =
  (...all: readonly ((place: Place) => boolean)[]) =>
  (place: Place): boolean =>
    all.every((one) => one(place));

/** `|`, or what closes the sub-query. */
const after = ({ place }: Asked): readonly Draft[] => (place.holder === 'query' ? [BAR, CLOSE] : [BAR]);
/** Clauses of the pipe that do not stand yet. */
const clausesLeft = ({ place }: Asked, ...but: readonly string[]): readonly Draft[] => {
  const definition = PIPES.find((p) => p.syntax === place.pipe?.syntax);
  return (definition?.syntax.clauses ?? []).filter((c) => !place.clauses.has(c) && !but.includes(c)).map((c) => word(c, definition?.form ?? ''));
};
const isAggregatePipe = ({ pipe }: Place): boolean => pipe !== undefined && (FUNCTIONS.aggregates.has(pipe.word) || pipe.syntax?.pattern !== undefined);
/** Where aggregates stand on series, groups are the next pipe's. */
const grouping = (asked: Asked): readonly Draft[] => (asked.place.pipe?.word === 'every' && asked.rows?.shape === 'series' ? [] : clausesLeft(asked));

/** In a bracket, what may follow a whole argument. */
const IN_BRACKET: readonly Draft[] = [CLOSE, COMMA];

/** What the innermost bracket is part of: a condition, or a value. */
const wantsCondition = ({ around, pipe, holder, argumentClause }: Place): boolean => {
  if (holder === 'call') return argumentClause === 'where';
  if (holder === 'case') return argumentClause === 'when';
  for (const outer of around.toReversed()) {
    if (outer.holder === 'call') return outer.argumentClause === 'where';
    if (outer.holder === 'query' || outer.holder === 'text') return pipe?.word === 'where' && outer.clause === '';
    if (outer.holder !== 'group') return false;
  }
  return false;
};

const TABLE: readonly Row[] = [
  // Statements.
  [
    ({ holder, stage, items }) => holder === 'text' && stage === 'none' && items.length === 0,
    () => [
      word('from', 'A source comes first'),
      word('let', 'A value or a query with a name'),
      word('data', 'Rows written here'),
      word('fn', 'A function of your own'),
    ],
  ],
  [({ stage, items }) => stage === 'name' && items.length === 0, () => []],
  [({ stage }) => stage === 'name', () => [word('=')]],
  [both(({ stage }) => stage === 'value', ended), ({ place }) => (place.ownLine ? words('from let fn') : [...ARITHMETIC, ...words('from let fn')])],
  [
    ({ holder, stage }) => holder === 'text' && stage === 'value',
    ({ begun }) =>
      NUMBER.test(begun) ? withUnits(begun, ['m', 'h', 's', '%', 'MiB', 'GiB']) : [word('(from', 'A query with a name'), ...values('true false now')],
  ],
  // Sources and their range.
  [({ stage }) => stage === 'source', sources],
  [
    both(
      ({ stage }) => stage === 'data',
      ({ items }) => items.length === 0,
    ),
    () => [word('[', 'data [{a: 1}]'), ...words('gauge counter histogram')],
  ],
  [({ stage }) => stage === 'data', ({ place }) => [word('['), ...(place.items.some((t) => t.word === 'delta') ? [] : [word('delta')])]],
  [
    both(
      ({ stage }) => stage === 'range',
      ({ items }) => items[0]?.is(T.RangeWord) === true && items[0].word === 'between' && !items.some((t) => t.word === 'and'),
    ),
    ({ place }) => (ended(place) ? [word('and'), word('-', 'now - 1h')] : values('now')),
  ],
  [
    both(
      ({ stage }) => stage === 'range',
      (place) => !ended(place) && place.items.length > 0,
    ),
    ({ place: { items }, begun }) => {
      const span = items[0]?.word === 'last' || items[0]?.word === 'offset' || items.at(-1)?.is(T.Minus) === true;
      if (NUMBER.test(begun)) return span ? withUnits(begun, TIME_UNITS) : [];
      return span ? SPANS : values('now');
    },
  ],
  [
    both(ownQuery, ({ stage }) => stage === 'range'),
    (asked) => {
      const { clauses, items } = asked.place;
      const ranged = ['last', 'between', 'at'].some((c) => clauses.has(c));
      const moment = items[0]?.is(T.RangeWord) === true && items[0].word !== 'last' && items[0].word !== 'offset' ? [word('-', 'now - 1h')] : [];
      const range = [word('last', 'A range that ends now: last 1h'), word('between', 'between @a and @b')];
      const rows = [...(ranged ? [] : range), ...(clauses.has('offset') ? [] : [word('offset', 'Shift the range: offset 1w')])];
      return asked.rows === undefined || asked.rows.timed ? [...after(asked), ...rows, ...moment] : after(asked);
    },
  ],
  // Brackets.
  [({ holder }) => holder === 'in', (asked) => (ended(asked.place) ? IN_BRACKET : inList(asked))],
  [({ holder }) => holder === 'list' || holder === 'map', () => []],
  [
    both(
      ({ holder }) => holder === 'combine',
      (place) => place.items.length === 1 && ended(place),
    ),
    () => [word('=')],
  ],
  [
    both(
      ({ holder }) => holder === 'combine',
      (place) => place.items.at(-1)?.is(T.Equals) === true,
    ),
    () => [word('(from')],
  ],
  [both(({ holder }) => holder === 'combine', ended), () => IN_BRACKET],
  [({ holder }) => holder === 'combine', () => []],
  [both(({ holder }) => holder === 'case', wantsCondition), (asked) => condition(asked, asked.place.items, [word('then')])],
  [
    both(
      ({ holder }) => holder === 'case',
      ({ argumentClause }) => argumentClause === '',
    ),
    () => [word('when')],
  ],
  [
    ({ holder }) => holder === 'case',
    (asked) => value(asked, asked.place.items, asked.place.argumentClause === 'else' ? [word('end')] : words('when else end')),
  ],
  [both(({ holder }) => holder === 'call', wantsCondition), (asked) => condition(asked, asked.place.items, [CLOSE])],
  [
    ({ holder, callee }) => (holder === 'call' || holder === 'group') && (FUNCTIONS.aggregates.has(callee) || /^p\d/.test(callee)),
    (asked) =>
      ended(asked.place) || (asked.place.callee === 'count' && asked.begun === '' && asked.place.items.length === 0)
        ? [CLOSE, word('where', 'Only rows for which it is true'), ...(ended(asked.place) ? ARITHMETIC : fields(asked))]
        : value(asked, asked.place.items, IN_BRACKET, measured),
  ],
  [({ holder }) => holder === 'call', (asked) => value(asked, asked.place.items, IN_BRACKET)],
  [both(({ holder }) => holder === 'group', wantsCondition), (asked) => condition(asked, asked.place.items, [CLOSE])],
  [({ holder }) => holder === 'group', (asked) => value(asked, asked.place.items, [CLOSE])],
  [({ holder, stage }) => holder === 'query' && stage === 'none', () => words('from data')],
  // Pipes.
  [({ stage, pipe }) => stage === 'pipe' && pipe === undefined, pipes],
  [inPipe('search'), () => []],
  [inPipe('where'), (asked) => condition(asked, asked.place.items, after(asked))],
  [both(inClause('by'), inPipe('top', 'bottom'), ended), (asked) => [...after(asked), ...clausesLeft(asked)]],
  [
    both(inClause('by'), inPipe('top', 'bottom')),
    (asked) => [...fields(asked, (c) => single(c) && c.type.value !== 'bool', measured), ...aggregates(asked, true)],
  ],
  [both(inClause('by', 'per'), ended), (asked) => [...after(asked), COMMA, ...clausesLeft(asked)]],
  [inClause('by', 'per'), (asked) => fields(asked, single, keyed)],
  [both(inClause('on'), ended), after],
  [both(inClause('on'), ({ items }) => items.length === 0), (asked) => inventoryKeys(asked)],
  [inClause('on'), () => []],
  [
    both(inPipe('every'), ({ items, commas, argumentClause }) => argumentClause === '' && commas === 0 && items.length === 0),
    ({ begun }) => (NUMBER.test(begun) ? withUnits(begun, TIME_UNITS) : [...WIDTHS, word('auto', 'For the range at hand'), word('all', 'One bucket')]),
  ],
  [both(inPipe('every'), ({ argumentClause }) => argumentClause === 'over', ended), (asked) => [...after(asked), COMMA, ...grouping(asked)]],
  [both(inPipe('every'), ({ argumentClause }) => argumentClause === 'over'), ({ begun }) => (NUMBER.test(begun) ? withUnits(begun, TIME_UNITS) : SPANS)],
  [both(inPipe('every'), ({ items, commas }) => items.length + Math.min(commas, 1) === 1), (asked) => aggregates(asked, false)],
  [both(inPipe('every'), ended), (asked) => aggregated(asked, [word('over', 'A longer window: over 5m')])],
  [both(inPipe('summarize'), ended), (asked) => aggregated(asked, [])],
  [inPipe('every', 'summarize'), (asked) => aggregates(asked, true)],
  [both(inPipe('sort'), ended), (asked) => [...(/^(?:a|de)sc$/.test(asked.place.items.at(-1)?.word ?? '') ? [] : words('desc asc')), COMMA, ...after(asked)]],
  [inPipe('sort'), (asked) => fields(asked, single, measured)],
  [both(inPipe('limit'), ended), after],
  [inPipe('limit'), () => values('100 10 20 50 1000')],
  [both(inPipe('top', 'bottom'), ({ items }) => items.length === 0), () => values('5 10 20 3 100')],
  [inPipe('top', 'bottom'), (asked) => [word('by'), ...fields(asked, single, keyed)]],
  [both(inPipe('fill'), ended), after],
  [inPipe('fill'), () => [...values('0'), ...words('missing previous linear')]],
  [both(inPipe('lookup'), ended), () => [word('on', 'lookup hosts on host')]],
  [inPipe('lookup'), ({ catalogue }) => datasets(catalogue, true)],
  [inPipe('latest'), (asked) => [...after(asked), ...clausesLeft(asked)]],
  [both(inPipe('rename'), ({ argumentClause, items }) => argumentClause === 'as' && items.length === 0), () => []],
  [both(inPipe('rename'), ({ argumentClause }) => argumentClause === 'as'), (asked) => [COMMA, ...after(asked)]],
  [both(inPipe('rename'), ended), () => [word('as')]],
  [both(inPipe('set'), ({ items }) => items.length === 1), () => [word('=')]],
  [both(inPipe('set'), ({ items }) => items.length === 0), (asked) => fields(asked, () => true)],
  [inPipe('set'), (asked) => value(asked, asked.place.items, [COMMA, ...after(asked)])],
  [
    inPipe('select'),
    (asked) => value(asked, asked.place.items, [COMMA, ...after(asked), ...(asked.place.items.length === 1 && ended(asked.place) ? [word('=')] : [])]),
  ],
  [both(inPipe('drop', 'distinct', 'rename'), ended), (asked) => [COMMA, ...after(asked)]],
  [inPipe('drop', 'distinct', 'rename'), (asked) => fields(asked, single)],
  [both(isAggregatePipe, ({ items }) => items.length === 0), (asked) => bareAggregate(asked)],
  [both(isAggregatePipe, ended), (asked) => [...after(asked), ...clausesLeft(asked)]],
];

const inList = (asked: Asked): readonly Draft[] => {
  const outer = asked.place.around.at(-1);
  return asked.place.items.length === 0 && outer !== undefined ? [word('from', 'The values that a query finds')] : [];
};

const inventoryKeys = (asked: Asked): readonly Draft[] => {
  const keys = new Set(asked.catalogue.datasets.flatMap((d) => (d.role === 'records' ? d.key : [])));
  return fields(asked, (c) => keyed(c) && keys.has(c.name)).filter(({ label }) => keys.has(label));
};

/** Behind an aggregate: its field where it has none yet, else what may follow. */
const aggregated = (asked: Asked, more: readonly Draft[]): readonly Draft[] => {
  const last = asked.place.items.at(-1);
  const named = asked.place.items.at(-2)?.is(T.Equals) === true || asked.place.items.length <= 2;
  const open = last?.is(T.Name) === true && named && (FUNCTIONS.aggregates.has(last.word) || /^p\d/.test(last.word));
  const rest = [...after(asked), ...grouping(asked), COMMA, ...more];
  if (!open || last.word === 'count') return rest;
  const numbers = fields(asked, FUNCTIONS.aggregates.get(last.word)?.argument === 'any' ? single : isMeasure, measured);
  return onlyMeasure(asked) ? [...rest, ...numbers] : [...numbers, ...rest];
};
const onlyMeasure = ({ rows }: Asked): boolean => rows !== undefined && visible(rows).filter((c) => isMeasure(c) && !rows.key.includes(c.name)).length === 1;

const bareAggregate = (asked: Asked): readonly Draft[] => {
  const rest = [...clausesLeft(asked), ...after(asked)];
  if (asked.place.pipe?.word === 'count') return rest;
  const numbers = fields(asked, FUNCTIONS.aggregates.get(asked.place.pipe?.word ?? '')?.argument === 'any' ? single : isMeasure, measured);
  return onlyMeasure(asked) ? [...rest, ...numbers] : [...numbers, ...rest];
};

/** What can stand at the place, most used first. */
export const offers = (asked: Asked): readonly Draft[] => TABLE.find(([here]) => here(asked.place))?.[1](asked) ?? [];

// From where the cursor stands to what can stand there, most used first: statements, sources and ranges, brackets. What a pipe has
// is complete-pipes.ts's to say. Decides nothing about letters already written.
import type { Holder, Place } from './1-syntax/place.ts';
import { endsOperand, T } from './1-syntax/tokens.ts';
import { alertOffers } from './complete-alert.ts';
import { expression, known, NUMBER, SPANS, TIME_UNITS, type Wanted, withUnits } from './complete-expressions.ts';
import { type Asked, aggregates, type Draft, isMeasure, keyed, measured, sources, values, word, words } from './complete-names.ts';
import { after, CLOSE, COMMA, isAggregate, pipeOffers } from './complete-pipes.ts';
import { FUNCTIONS } from './functions/registry.ts';

const IN_BRACKET: readonly Draft[] = [CLOSE, COMMA];
const ended = ({ items }: Place): boolean => endsOperand(items.at(-1));

const STATEMENTS = [
  word('from', 'A source comes first'),
  word('let', 'A value or a query with a name'),
  word('fn', 'fn half(x) = x / 2'),
  word('alert', 'alert name when (from …)'),
  word('data', 'Rows written here'),
];

/** The value of a `let`, the body of a `fn`. */
const definition = (asked: Asked): readonly Draft[] => {
  const { place, begun } = asked;
  const next = words('from let fn alert');
  const isFn = place.parameters.length > 0;
  if (ended(place) && place.ownLine) return next;
  if (NUMBER.test(begun)) return withUnits(begun, ['m', 'h', 's', '%', 'MiB', 'GiB']);
  const own = place.items.slice(place.items.findIndex((t) => t.is(T.Equals)) + 1);
  const begins = [word('(from', 'A query with a name'), ...values('true false now')];
  const found = expression(asked, own, { as: 'value', end: next });
  if (isFn) return ended(place) ? found : [...found, ...aggregates(asked, true)];
  return own.length === 0 ? begins : found;
};

/** Behind `data`. */
const inline = ({ place }: Asked): readonly Draft[] => {
  if (place.items.length === 0) return [word('[', 'data [{a: 1}]'), ...words('gauge counter histogram')];
  return [word('['), ...(place.items.some((t) => t.word === 'delta') ? [] : [word('delta')])];
};

/** Behind a source: its range, the next pipe. */
const range = (asked: Asked): readonly Draft[] => {
  const { items, clauses } = asked.place;
  const begins = items[0]?.is(T.RangeWord) === true ? items[0].word : undefined;
  const moments = begins === 'between' || begins === 'at';
  if (!ended(asked.place) && items.length > 0) {
    const span = begins === 'last' || begins === 'offset' || items.at(-1)?.is(T.Minus) === true;
    if (NUMBER.test(asked.begun)) return span ? withUnits(asked.begun, TIME_UNITS) : [];
    return span ? SPANS : values('now');
  }
  const minus = moments ? [word('-', 'now - 1h')] : [];
  if (begins === 'between' && !items.some((t) => t.word === 'and')) return [word('and'), ...minus];
  const isInventory = asked.rows?.raw === true && asked.rows.key.length > 0;
  if (asked.rows?.timed === false)
    return [...after(asked), ...(isInventory && !clauses.has('at') ? [word('at', 'As it was at a moment: at @2026-11-20')] : []), ...minus];
  const ranged = ['last', 'between', 'at'].some((c) => clauses.has(c));
  return [
    ...after(asked),
    ...(ranged ? [] : [word('last', 'A range that ends now: last 1h'), word('between', 'between @a and @b')]),
    ...(clauses.has('offset') ? [] : [word('offset', 'Shift the range: offset 1w')]),
    ...minus,
  ];
};

// ——— brackets

/** What the brackets around are part of: a condition, or a value. */
const holdsCondition = ({ around, pipe }: Place): boolean => {
  for (const outer of around.toReversed()) {
    if (outer.holder === 'call') return outer.argumentClause === 'where' || outer.callee === 'if';
    if (outer.holder === 'case') return outer.argumentClause === 'when';
    if (outer.holder === 'query' || outer.holder === 'text') return pipe?.word === 'where' && outer.clause === '';
    if (outer.holder !== 'group') return false;
  }
  return false;
};

const inList = (asked: Asked): readonly Draft[] => {
  if (ended(asked.place)) return IN_BRACKET;
  const found = known(asked, asked.place.around.at(-1)?.items ?? []);
  return asked.place.items.length + asked.place.commas === 0 ? [...found, word('from', 'The values that a query finds')] : found;
};

const combined = ({ place }: Asked): readonly Draft[] => {
  const last = place.items.at(-1);
  if (last?.is(T.Equals) === true) return [word('(from')];
  if (!ended(place)) return [];
  return last?.is(T.Name) === true ? [word('=')] : IN_BRACKET;
};

const cases = (asked: Asked): readonly Draft[] => {
  const { items, argumentClause } = asked.place;
  if (argumentClause === '') return [word('when')];
  if (argumentClause === 'when') return expression(asked, items, { as: 'condition', end: [word('then')] });
  return expression(asked, items, { as: 'value', end: argumentClause === 'else' ? [word('end')] : words('when else end') });
};

/** What the argument at hand may be. */
const argument = ({ callee, commas }: Place): Pick<Wanted, 'as' | 'fits' | 'first'> => {
  if (callee === 'if' && commas === 0) return { as: 'condition' };
  const slots = FUNCTIONS.scalars.get(callee)?.slots ?? [];
  switch (slots[Math.min(commas, slots.length - 1)]) {
    case 'number':
    case 'int':
      return { as: 'number', fits: isMeasure, first: measured };
    case 'string':
      return { as: 'value', fits: keyed };
    case 'time':
      return { as: 'value', fits: (c) => c.type.value === 'time' };
    case 'duration':
      return { as: 'value', fits: (c) => c.type.value === 'duration' };
    case 'zone':
    case 'constant-string':
    case 'regex':
      return { as: 'value', fits: () => false };
    default:
      return { as: 'value' };
  }
};

const call = (asked: Asked): readonly Draft[] => {
  const { place } = asked;
  const { items, callee } = place;
  if (place.argumentClause === 'where') return expression(asked, items, { as: 'condition', end: [CLOSE] });
  if (!isAggregate(callee)) return expression(asked, items, { ...argument(place), end: IN_BRACKET });
  const where = word('where', 'Only rows for which it is true');
  const rows = callee === 'count' && items.length === 0 ? [CLOSE, where] : [];
  const takesNumbers = FUNCTIONS.aggregates.get(callee)?.argument === 'number' || !FUNCTIONS.aggregates.has(callee);
  return [...rows, ...expression(asked, items, { as: 'value', end: [CLOSE, where, COMMA], first: measured, ...(takesNumbers ? { fits: isMeasure } : {}) })];
};

/** `sum(` of a pipe, or a bracket round an expression. */
const group = (asked: Asked): readonly Draft[] =>
  isAggregate(asked.place.callee)
    ? call(asked)
    : expression(asked, asked.place.items, { as: holdsCondition(asked.place) ? 'condition' : 'value', end: [CLOSE] });

const query = (asked: Asked): readonly Draft[] => {
  switch (asked.place.stage) {
    case 'none':
      return asked.place.holder === 'query' ? words('from data') : asked.place.items.length === 0 ? STATEMENTS : [];
    case 'name':
      return asked.place.items.length === 0 ? [] : [word('=')];
    case 'value':
      return definition(asked);
    case 'alert':
      return alertOffers(asked);
    case 'source':
      return sources(asked);
    case 'data':
      return inline(asked);
    case 'range':
      return range(asked);
    case 'pipe':
      return pipeOffers(asked);
  }
};

const BY_HOLDER: Readonly<Record<Holder, (asked: Asked) => readonly Draft[]>> = {
  text: query,
  query,
  call,
  group,
  in: inList,
  combine: combined,
  case: cases,
  unit: ({ place }) => (ended(place) ? [CLOSE] : []),
  // What is written out has no names that are known.
  list: () => [],
  map: () => [],
};

/** What can stand at the place, most used first. */
export const offers = (asked: Asked): readonly Draft[] => BY_HOLDER[asked.place.holder](asked);

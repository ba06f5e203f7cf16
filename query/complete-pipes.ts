// What can stand inside each pipe, most used first: a row of the table for each. Behind a whole pipe stands `|`, or what closes its query.
import type { Place } from './1-syntax/place.ts';
import { endsOperand, T } from './1-syntax/tokens.ts';
import { type RelationColumn, visible } from './2-semantic/type.ts';
import { ARITHMETIC, CASE, expression, NUMBER, SPANS, TIME_UNITS, WIDTHS, withUnits } from './complete-expressions.ts';
import { type Asked, aggregates, type Draft, datasets, fields, isMeasure, keyed, measured, pipes, single, values, word, words } from './complete-names.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPES } from './pipes/index.ts';

export const COMMA = word(',', 'One more');
export const CLOSE = word(')');
const BAR = word('|', 'The next pipe');
const EQUALS = word('=');

export const isAggregate = (name: string): boolean => FUNCTIONS.aggregates.has(name) || /^p\d/.test(name);
const ended = ({ items }: Place): boolean => endsOperand(items.at(-1));

/** `|`, or what closes the sub-query. */
export const after = ({ place }: Asked): readonly Draft[] => (place.holder === 'query' ? [BAR, CLOSE] : [BAR]);

/** Clauses of the pipe that do not stand yet. */
const clausesLeft = ({ place }: Asked): readonly Draft[] => {
  const definition = PIPES.find((p) => p.syntax === place.pipe?.syntax);
  return (definition?.syntax.clauses ?? []).filter((c) => !place.clauses.has(c)).map((c) => word(c, definition?.form));
};

/** One name is written and could be that of what comes. */
const couldName = ({ items }: Place): boolean => items.length === 1 && items[0]?.is(T.Name) === true;

/** `by k, n = expression`. */
const groups = (asked: Asked): readonly Draft[] => {
  const { place } = asked;
  const end = [...after(asked), COMMA, ...clausesLeft(asked)];
  if (!ended(place)) return place.items.length === 0 ? fields(asked, single, keyed) : expression(asked, place.items, { as: 'value', end: [], fits: single });
  return couldName(place) ? [...end, EQUALS] : expression(asked, place.items, { as: 'value', end });
};

const names = (asked: Asked): readonly Draft[] => (ended(asked.place) ? [COMMA, ...after(asked)] : fields(asked, single));

/** Behind an aggregate's name: the field where it needs one. */
const argumentOf = (asked: Asked, aggregate: string, rest: readonly Draft[]): readonly Draft[] => {
  if (aggregate === 'count') return rest;
  const { rows } = asked;
  const found = fields(asked, FUNCTIONS.aggregates.get(aggregate)?.argument === 'any' ? single : isMeasure, measured);
  const only = rows !== undefined && visible(rows).filter((c) => isMeasure(c) && !rows.key.includes(c.name)).length === 1;
  return only ? [...rest, ...found] : [...found, ...rest];
};

/** One of the aggregates of `every` or `summarize` is being written. */
const aggregated = (asked: Asked, more: readonly Draft[]): readonly Draft[] => {
  const { items } = asked.place;
  const last = items.at(-1);
  if (!ended(asked.place)) return aggregates(asked, true);
  // Where aggregates stand on series, groups are the next pipe's.
  const grouping = asked.place.pipe?.word === 'every' && asked.rows?.shape === 'series' ? [] : clausesLeft(asked);
  const rest = [...after(asked), ...grouping, COMMA, ...more];
  if (last?.is(T.Close) === true) {
    // Behind the width of `every` a sign would reckon with the width.
    const leads = asked.place.pipe?.syntax?.leads === true && asked.place.commas === 0 && !items.some((t) => t.is(T.Equals));
    return leads ? rest : [...rest, ...ARITHMETIC];
  }
  const begins = items.length <= 2 || items.at(-2)?.is(T.Equals) === true;
  if (last?.is(T.Name) === true && begins && isAggregate(last.word))
    return [...argumentOf(asked, last.word, rest), ...(couldName(asked.place) ? [EQUALS] : [])];
  return couldName(asked.place) ? [EQUALS, ...rest] : rest;
};

const every = (asked: Asked): readonly Draft[] => {
  const { items, commas, argumentClause } = asked.place;
  const number = NUMBER.test(asked.begun);
  if (argumentClause === 'over') {
    const grouping = asked.rows?.shape === 'series' ? [] : clausesLeft(asked);
    return ended(asked.place) ? [...after(asked), COMMA, ...grouping] : number ? withUnits(asked.begun, TIME_UNITS) : SPANS;
  }
  if (commas === 0 && items.length === 0)
    return number ? withUnits(asked.begun, TIME_UNITS) : [...WIDTHS, word('auto', 'For the range at hand'), word('all', 'One bucket')];
  if (commas === 0 && items.length === 1) return aggregates(asked, false);
  return aggregated(asked, [word('over', 'A longer window: over 5m')]);
};

const best = (asked: Asked): readonly Draft[] => {
  const { place } = asked;
  const rankable = (c: RelationColumn): boolean => single(c) && c.type.value !== 'bool';
  if (place.clause === 'by') {
    if (!ended(place) && place.items.length === 0) return [...fields(asked, rankable, measured), ...aggregates(asked, true), CASE];
    return expression(asked, place.items, { as: 'number', end: [...after(asked), ...clausesLeft(asked)], fits: rankable });
  }
  if (place.items.length === 0) return values('5 10 20 3 100');
  return [word('by'), ...fields(asked, single, keyed)];
};

const rename = (asked: Asked): readonly Draft[] => {
  const { argumentClause, items } = asked.place;
  if (argumentClause === 'as') return items.length === 0 ? [] : [COMMA, ...after(asked)];
  return ended(asked.place) ? [word('as')] : fields(asked, single);
};

const set = (asked: Asked): readonly Draft[] => {
  const { items } = asked.place;
  if (items.length === 0) return fields(asked, () => true);
  return items.length === 1 ? [EQUALS] : expression(asked, items, { as: 'value', end: [COMMA, ...after(asked)] });
};

/** The key of an inventory, in the rows at hand. */
const lookupKey = (asked: Asked): readonly Draft[] => {
  const keys = new Set(asked.catalogue.datasets.flatMap((d) => (d.role === 'records' ? d.key : [])));
  return asked.place.items.length === 0 ? fields(asked, keyed).filter(({ label }) => keys.has(label)) : [];
};

const lookup = (asked: Asked): readonly Draft[] => {
  const { place, catalogue } = asked;
  if (place.clause === 'on') return ended(place) ? after(asked) : lookupKey(asked);
  return ended(place) ? [word('on', 'lookup hosts on host')] : datasets(catalogue, true);
};

const sort = (asked: Asked): readonly Draft[] => {
  const { items } = asked.place;
  if (!ended(asked.place)) return items.length === 0 ? fields(asked, single, measured) : expression(asked, items, { as: 'number', end: [] });
  if (items.length > 1 && /^(?:a|de)sc$/.test(items.at(-1)?.word ?? '')) return [COMMA, ...after(asked)];
  return expression(asked, items, { as: 'number', end: [...words('desc asc'), COMMA, ...after(asked)] });
};

type Offers = (asked: Asked) => readonly Draft[];

const INSIDE: Readonly<Record<string, Offers>> = {
  where: (asked) => expression(asked, asked.place.items, { as: 'condition', end: after(asked) }),
  // Its words are anybody's.
  search: () => [],
  every,
  latest: (asked) => [...after(asked), ...clausesLeft(asked)],
  summarize: (asked) => aggregated(asked, []),
  top: best,
  bottom: best,
  sort,
  limit: (asked) => (ended(asked.place) ? after(asked) : values('100 10 20 50 1000')),
  set,
  select: (asked) => expression(asked, asked.place.items, { as: 'value', end: [COMMA, ...after(asked), ...(couldName(asked.place) ? [EQUALS] : [])] }),
  drop: names,
  rename,
  distinct: groups,
  lookup,
  fill: (asked) => (ended(asked.place) ? after(asked) : [...values('0'), ...words('missing previous linear')]),
};

/** `count by k`, `avg x by k`. */
const aggregatePipe = (asked: Asked, aggregate: string): readonly Draft[] => {
  const { items } = asked.place;
  const rest = [...clausesLeft(asked), ...after(asked)];
  if (items.length === 0) return argumentOf(asked, aggregate, rest);
  return expression(asked, items, { as: 'number', end: [...after(asked), ...clausesLeft(asked)] });
};

/** What can stand behind a pipe's sign. */
export const pipeOffers = (asked: Asked): readonly Draft[] => {
  const { pipe, clause } = asked.place;
  if (pipe === undefined) return pipes(asked);
  const name = pipe.syntax?.name ?? '';
  if ((clause === 'by' || clause === 'per') && !(clause === 'by' && (name === 'top' || name === 'bottom'))) return groups(asked);
  const inside = Object.hasOwn(INSIDE, name) ? INSIDE[name] : undefined;
  return inside?.(asked) ?? (isAggregate(pipe.word) ? aggregatePipe(asked, pipe.word) : []);
};

// What can stand in a condition or a value, by the operand before the cursor: operators that its type has, operands that fit it, units.
import type { Place } from './1-syntax/place.ts';
import { COMPARISON, endsOperand, PRECEDENCE, T, type Token } from './1-syntax/tokens.ts';
import { isNumber, type Relation, type RelationColumn, type Type } from './2-semantic/type.ts';
import { isCount, isRatio, sameDimension } from './2-semantic/unit.ts';
import { type Asked, type Draft, fields, functions, isMeasure, measured, single, values, word, words } from './complete-names.ts';

export const WIDTHS = values('1m 5m 15m 1h 1d 10s 30s');
export const SPANS = values('15m 1h 6h 24h 7d 5m 30m');

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
export const withUnits = (begun: string, units: readonly string[]): readonly Draft[] => units.map((unit) => word(`${begun}${unit}`, '', 'value'));
export const NUMBER = /^\d+(?:\.\d+)?$/;
export const TIME_UNITS = ['m', 's', 'h', 'd', 'w', 'ms'];

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

export const ARITHMETIC = words('/ * + - %');
export const COALESCE = word('??', 'What stands in for a missing value');

/** Operators behind an operand of that type; undefined: any. */
const operators = (of: Type | undefined): readonly Draft[] => {
  const range = word('between', 'between a and b, both in');
  const among = [word('in', 'One of: in ("a", "b")'), word('not in', 'None of')];
  switch (of?.value) {
    case 'string':
      return of.levels === undefined
        ? [
            ...words('== !='),
            ...among,
            ...words('contains like'),
            word('starts with'),
            ...words('has matches'),
            word('not like'),
            COALESCE,
            ...words('+ > >= < <='),
            range,
          ]
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

/** Values that a field has by its type, where they are few. `tokens` end in a comparison of it, or are the field alone. */
export const known = (asked: Asked, tokens: readonly Token[]): readonly Draft[] => {
  const own = term(tokens);
  const at = own.findIndex(isComparing);
  const type = typeOf(at < 0 ? own : own.slice(0, at), asked.rows);
  if (type?.levels !== undefined) return type.levels.toReversed().map((level): Draft => ({ ...word(level, '', 'value'), insert: JSON.stringify(level) }));
  if (type?.value === 'bool') return values('true false');
  if (type?.value === 'time') return [word('now', '', 'value'), word('now - 1h', '', 'value'), word('now - 1d', '', 'value')];
  if (type === undefined || !isNumber(type) || type.unit === undefined) return [];
  return isRatio(type.unit) ? values('90% 50% 10%') : isCount(type.unit) ? values('0 1 10 100') : [];
};

/** The field that the value at hand is compared with, as its tokens: a name, or a key of a map. */
export const compared = (place: Place): readonly Token[] => {
  const own = term(place.holder === 'in' ? (place.around.at(-1)?.items ?? []) : place.items);
  const at = own.findIndex(isComparing);
  const left = at < 0 || endsOperand(own.at(-1)) || own[at]?.word === 'matches' ? [] : own.slice(0, at);
  return left[0]?.is(T.Name) === true && (left.length === 1 || (left.length === 2 && left[1]?.is(T.ListClose) === true)) ? left : [];
};

/** What a field may be compared with: its values where they are known, then fields like it. */
const operands = (asked: Asked, left: readonly Token[]): readonly Draft[] => {
  const type = typeOf(left, asked.rows);
  if (NUMBER.test(asked.begun)) return withUnits(asked.begun, unitsOf(type));
  if (type === undefined) return [...fields(asked, single), ...functions(asked)];
  const name = left[0]?.name;
  return [...known(asked, left), ...fields(asked, (c) => c.name !== name && isLike(c.type, type)), ...(asked.begun === '' ? [] : functions(asked))];
};

/** The operand before the cursor where it is a call or a bracket: whether a condition can be what it gives. */
const givesBool = (own: readonly Token[], of: Type | undefined): boolean => {
  const [callee] = own;
  if (own.length === 1 && callee?.is(T.Close) === true) return true;
  return callee?.is(T.Callee) === true ? own.length === 2 && BOOL_FUNCTIONS.has(callee.name.toLowerCase()) : of?.value === 'bool';
};
const BOOL_FUNCTIONS: ReadonlySet<string> = new Set(['bool', 'cidr', 'if']);

export interface Wanted {
  /** Something that is true or false; else any value, or a number. */
  readonly as: 'condition' | 'value' | 'number';
  /** What may follow a whole one. */
  readonly end: readonly Draft[];
  readonly fits?: (c: RelationColumn) => boolean;
  /** Those more likely meant than others. */
  readonly first?: (c: RelationColumn) => boolean;
}

export const CASE = word('case', 'case when … then … else … end');
const EXISTS = word('exists', 'Whether a field has a value');

/** Where an expression begins, or goes on behind an operator. */
const operand = (asked: Asked, own: readonly Token[], last: Token | undefined, { as, fits, first }: Wanted): readonly Draft[] => {
  const { begun, rows } = asked;
  if (last?.is(T.Exists) === true) return fields(asked);
  if (last?.is(T.In) === true) return [word('(', 'in ("a", "b") or in (from …)')];
  const at = own.findIndex(isComparing);
  if (at >= 0) return operands(asked, own.slice(0, at));
  const sum = own.at(-1);
  if (sum?.is(T.Operator) === true || sum?.is(T.Minus) === true) {
    const type = typeOf(own.slice(0, 1), rows);
    if (NUMBER.test(begun)) return withUnits(begun, unitsOf(type));
    const other = sum.word === '*' || sum.word === '/' || sum.word === '%';
    const known = sum.word === '??' && type !== undefined && isNumber(type) ? values('0') : [];
    return [...known, ...fields(asked, (c) => (type === undefined || other ? isMeasure(c) : isLike(c.type, type)), measured), ...functions(asked)];
  }
  if (NUMBER.test(begun)) return [];
  const not = word('not');
  const found = fields(asked, fits, first);
  if (as === 'condition') return [...found, EXISTS, not, ...functions(asked), CASE];
  return as === 'number' ? [...found, ...functions(asked), CASE] : [...found, ...functions(asked), CASE, EXISTS, not];
};

/** Where an expression is being written whose tokens so far are `items`. */
export const expression = (asked: Asked, items: readonly Token[], wanted: Wanted): readonly Draft[] => {
  const { end, as } = wanted;
  const own = term(items);
  const last = items.at(-1);
  if (!(endsOperand(last) || own.at(-1)?.is(T.IsMissing) === true)) return operand(asked, own, last, wanted);
  const at = own.findIndex(isComparing);
  const comparing = own[at];
  if (comparing?.is(T.Between) === true && !own.some((t) => t.word === 'and')) return [word('and'), ...ARITHMETIC];
  const joined = as === 'condition' ? [...words('and or'), ...end] : [...end, ...words('and or')];
  if (own.some((t) => t.is(T.IsMissing))) return joined;
  if (comparing !== undefined || own[0]?.is(T.Exists) === true) {
    const left = typeOf(comparing === undefined ? own.slice(1) : own.slice(0, at), asked.rows);
    const numbers = left === undefined || left.value === 'time' || isMeasure({ type: left });
    const literal = comparing?.is(T.In) === true || (comparing !== undefined && own.slice(at + 1).every((t) => t.is(T.Literal)));
    return [...joined, ...(literal ? [] : [...(numbers ? ARITHMETIC : []), COALESCE]), ...(comparing === undefined ? words('== !=') : [])];
  }
  const type = typeOf(own, asked.rows);
  if (as === 'number') return [...end, ...ARITHMETIC, COALESCE];
  if (givesBool(own, type)) return [...joined, ...operators(type).filter(({ label }) => label !== 'and' && label !== 'or')];
  return as === 'condition' ? operators(type) : [...end, ...operators(type)];
};

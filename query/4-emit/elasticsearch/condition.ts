// Conditions on log lines as queries of Elasticsearch. Each is exact, or finds more, or cannot be said; nothing is used that stops at some
// number of terms. Missing is a field that is not there: a comparison with it is false, and `not` inverts that.
import { tokensOf } from '../../../core/tokens.ts';
import { DOCUMENT, isFieldName, isWholeTerm, isWholeToken, otherPrefix, otherTerm, TERM_COLUMNS, wordTerms } from '../../../schemas/log-document.ts';
import type { FunctionCall, PlanExpression } from '../../3-plan/expression.ts';

export type Query = Readonly<Record<string, unknown>>;

export interface Condition {
  readonly query: Query;
  /** False: it finds more. */
  readonly exact: boolean;
}

const ALL: Query = { match_all: {} };
const NONE: Query = { match_none: {} };
/** Of a query within a query; the store refuses more than thirty. */
const DEEPEST = 20;
/** Of one list; the store takes 65,536. */
const MOST_VALUES = 10_000;
/** Longer ones, or those with more `*`, may be too much for an automaton. */
const LONGEST_PATTERN = 100;
const MOST_STARS = 4;

const exactly = (query: Query): Condition => ({ query, exact: true });
const more = (query: Query): Condition => ({ query, exact: false });
const anyOf = (queries: readonly Query[]): Query => (queries.length === 1 ? (queries[0] as Query) : { bool: { should: queries, minimum_should_match: 1 } });
const none = (query: Query): Query => ({ bool: { must_not: [query] } });

type Bound = 'lt' | 'lte' | 'gt' | 'gte';
const BOUNDS: Readonly<Record<string, Bound>> = { less: 'lt', less_or_equal: 'lte', greater: 'gt', greater_or_equal: 'gte' };
const TURNED: Readonly<Record<string, string>> = {
  equals: 'equals',
  not_equals: 'not_equals',
  less: 'greater',
  less_or_equal: 'greater_or_equal',
  greater: 'less',
  greater_or_equal: 'less_or_equal',
};

type Scalar = string | number;

/** What can be asked of a value of a line; undefined: not so. */
interface Field {
  equals(value: Scalar): Condition;
  among(values: readonly Scalar[]): Condition;
  bound(bound: Bound, value: Scalar): Condition | undefined;
  exists(): Condition;
  prefix(text: string): Condition | undefined;
  like(pattern: string): Condition | undefined;
}

const wildcard = (field: string, pattern: string): Query | undefined => {
  const isOpen = /(^|[^\\])(\\\\)*\\$/.test(pattern);
  if (isOpen || pattern.length > LONGEST_PATTERN || pattern.split('*').length - 1 > MOST_STARS) return undefined;
  return { wildcard: { [field]: { value: pattern } } };
};

/** One field of every document; `time` in ns. */
const plainField = (field: string): Field => ({
  equals: (value) => exactly({ term: { [field]: value } }),
  among: (values) => exactly({ terms: { [field]: values } }),
  bound: (bound, value) => exactly({ range: { [field]: { [bound]: value } } }),
  exists: () => exactly({ exists: { field } }),
  prefix: (text) => exactly(text === '' ? { exists: { field } } : { prefix: { [field]: { value: text } } }),
  like: (pattern) => {
    const query = wildcard(field, pattern);
    return query && exactly(query);
  },
});

/** A field where its name and value can be one, else a term among others. */
const attributeField = (column: 'attributes' | 'numbers', name: string): Field => {
  const own = isFieldName(name) ? plainField(`${column}.${name}`) : undefined;
  const { other } = DOCUMENT;
  const prefix = otherPrefix(column, name);
  /** Behind all terms of the name. */
  const end = `${prefix.slice(0, -1)}\u0001`;
  const both = (first: Condition | undefined, second: Query, exact: boolean): Condition => ({
    query: anyOf([...(first === undefined ? [] : [first.query]), second]),
    exact: exact && first?.exact !== false,
  });
  const others = (): Query => ({ prefix: { [other]: { value: prefix } } });
  return {
    equals: (value) => {
      const term = otherTerm(column, name, value);
      return both(own?.equals(value), { term: { [other]: term } }, isWholeTerm(term));
    },
    among: (values) => {
      const terms = values.map((value) => otherTerm(column, name, value));
      return both(own?.among(values), { terms: { [other]: terms } }, terms.every(isWholeTerm));
    },
    bound: (bound, value) => {
      const term = otherTerm(column, name, value);
      if (!isWholeTerm(term)) return undefined;
      const range = bound === 'lt' || bound === 'lte' ? { gte: prefix, [bound]: term } : { [bound]: term, lt: end };
      return both(own?.bound(bound, value), { range: { [other]: range } }, true);
    },
    exists: () => both(own?.exists(), others(), isWholeTerm(prefix)),
    prefix: (text) => {
      const term = otherTerm(column, name, text);
      return isWholeTerm(term) ? both(own?.prefix(text), { prefix: { [other]: { value: term } } }, true) : undefined;
    },
    like: (pattern) => {
      const first = own?.like(pattern);
      return own !== undefined && first === undefined ? undefined : both(first, others(), false);
    },
  };
};

const fieldOf = (e: PlanExpression): Field | undefined => {
  if (e.op === 'column') {
    if (e.name === 'time') return plainField('time');
    return TERM_COLUMNS.includes(e.name) ? plainField(e.name) : undefined;
  }
  if (e.op !== 'call' || e.function !== 'map_get') return undefined;
  const [map, key] = e.arguments;
  if (map?.op !== 'column' || (map.name !== 'attributes' && map.name !== 'numbers') || key?.op !== 'literal' || typeof key.value !== 'string') return undefined;
  return attributeField(map.name, key.value);
};

/** Longer numbers as text, which the store reads as such. */
const scalarOf = (e: PlanExpression | undefined): Scalar | undefined => {
  if (e?.op !== 'literal') return undefined;
  const { value } = e;
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};

const isText = (e: PlanExpression | undefined): boolean => e?.op === 'column' && (e.name === 'body' || e.name === 'raw');

/** Tokens side by side in a line; `last`: the last of them begins a token. */
const words = (tokens: readonly string[], isAnywhere: boolean, last: boolean): Condition => {
  // Signs alone are in any text.
  if (tokens.length === 0) return more(ALL);
  const exact = isAnywhere && tokens.every(isWholeToken);
  const phrase = (of: readonly string[]): Query => ({ match_phrase: { [DOCUMENT.words]: { query: wordTerms(of.join(' ')), analyzer: 'whitespace' } } });
  if (!last) return { query: phrase(tokens), exact };
  const begins: Query = { prefix: { [DOCUMENT.words]: { value: wordTerms(tokens.at(-1) as string) } } };
  return tokens.length === 1 ? { query: begins, exact } : more({ bool: { filter: [phrase(tokens.slice(0, -1)), begins] } });
};

const wordsOf = ({ function: name, arguments: args }: FunctionCall): Condition | undefined => {
  const wanted = args.at(-1);
  const columns = args.slice(0, -1);
  if (wanted?.op !== 'literal' || wanted.value === null || !columns.every(isText)) return undefined;
  const texts = Array.isArray(wanted.value) ? wanted.value.map(String) : [String(wanted.value)];
  const isAnywhere = new Set(columns.map((c) => (c.op === 'column' ? c.name : ''))).size === 2;
  return words(texts.flatMap(tokensOf), isAnywhere, name === 'search_prefix');
};

/** A comparison of the level of a column: which of the texts it may be. */
const levelOf = (e: PlanExpression, name: string, value: Scalar): Condition | undefined => {
  if (e.op !== 'call' || e.function !== 'level') return undefined;
  const [x, list] = e.arguments;
  const field = x && fieldOf(x);
  if (field === undefined || list?.op !== 'literal' || !Array.isArray(list.value)) return undefined;
  const wanted = Number(value);
  const holds = (level: number): boolean => {
    switch (name) {
      case 'less':
        return level < wanted;
      case 'less_or_equal':
        return level <= wanted;
      case 'greater':
        return level > wanted;
      case 'greater_or_equal':
        return level >= wanted;
      default:
        return level === wanted;
    }
  };
  const found = (list.value as readonly string[]).filter((_, level) => holds(level));
  const among = found.length === 0 ? exactly(NONE) : field.among(found);
  return name === 'not_equals' ? (among.exact ? exactly(none(among.query)) : undefined) : among;
};

const compared = (name: string, left: PlanExpression, right: PlanExpression): Condition | undefined => {
  if (left.op === 'literal' && right.op !== 'literal') return compared(TURNED[name] as string, right, left);
  const value = scalarOf(right);
  if (value === undefined) return undefined;
  // What equals a text has its words.
  if (isText(left)) return name === 'equals' && typeof value === 'string' ? more(words(tokensOf(value), false, false).query) : undefined;
  const level = levelOf(left, name, value);
  if (level !== undefined) return level;
  const field = fieldOf(left);
  if (field === undefined) return undefined;
  const bound = BOUNDS[name];
  if (bound !== undefined) return field.bound(bound, value);
  const equal = field.equals(value);
  if (name === 'equals') return equal;
  return equal.exact ? exactly(none(equal.query)) : undefined;
};

/** undefined: it cannot be asked. */
export const conditionOf = (e: PlanExpression, depth = 0): Condition | undefined => {
  if (depth > DEEPEST) return undefined;
  if (e.op === 'literal') return exactly(e.value === true ? ALL : NONE);
  if (e.op !== 'call') return undefined;
  const [a, b] = e.arguments;
  switch (e.function) {
    case 'and':
    case 'or': {
      const parts = flat(e, e.function).map((part) => conditionOf(part, depth + 1));
      if (parts.includes(undefined)) return undefined;
      const known = parts as readonly Condition[];
      const queries = known.map(({ query }) => query);
      return { query: e.function === 'and' ? { bool: { filter: queries } } : anyOf(queries), exact: known.every(({ exact }) => exact) };
    }
    case 'not': {
      const inner = a && conditionOf(a, depth + 1);
      return inner?.exact === true ? exactly(none(inner.query)) : undefined;
    }
    case 'exists':
      return a && fieldOf(a)?.exists();
    case 'in': {
      const field = a && fieldOf(a);
      if (field === undefined || b?.op !== 'literal' || !Array.isArray(b.value)) return undefined;
      const values = b.value.map((value) => scalarOf({ op: 'literal', type: a?.type ?? 'string', value }));
      if (values.length > MOST_VALUES || values.includes(undefined)) return undefined;
      return values.length === 0 ? exactly(NONE) : field.among(values as readonly Scalar[]);
    }
    case 'starts_with':
    case 'like': {
      const field = a && fieldOf(a);
      const text = scalarOf(b);
      if (field === undefined || typeof text !== 'string') return undefined;
      return e.function === 'like' ? field.like(text) : field.prefix(text);
    }
    case 'has':
    case 'search_tokens':
    case 'search_prefix':
      return wordsOf(e);
    default:
      return e.function in TURNED && a !== undefined && b !== undefined ? compared(e.function, a, b) : undefined;
  }
};

const flat = (e: PlanExpression, name: 'and' | 'or'): readonly PlanExpression[] =>
  e.op === 'call' && e.function === name ? e.arguments.flatMap((a) => flat(a, name)) : [e];

/** undefined: the store cannot say it exactly. */
export const exactCondition = (e: PlanExpression): Query | undefined => {
  const found = conditionOf(e);
  return found?.exact === true ? found.query : undefined;
};

// What the text index of log lines can say of a filter. It stands on the whole line and the message together: of ASCII words in either it
// decides alone, and no line is read for it; of other words, and of words in one of the two, it only leaves out lines that lack a token.
import { conjuncts, type PlanExpression } from '../../3-plan/expression.ts';
import type { ClickHouseContext } from './context.ts';

/** The index keeps σ and ς apart, the language does not. */
const SIGMA = /[σςΣ]/;
const TOKEN = /[\p{L}\p{N}]+/gu;
const ASCII = /^[a-z0-9]+$/;
const FUNCTIONS = new Set(['search_tokens', 'search_prefix', 'has']);
/** What is indexed. */
const TEXTS = ['body', 'raw'];

interface Words {
  /** They stand side by side. */
  readonly tokens: readonly string[];
  /** In any of what is indexed; else in only one of them. */
  readonly anywhere: boolean;
}

/** A condition on what is indexed; undefined: it is none. */
const wordsOf = (e: PlanExpression & { op: 'call' }): Words | undefined => {
  if (!FUNCTIONS.has(e.function)) return undefined;
  const columns = e.arguments.slice(0, -1).map((x) => (x.op === 'column' ? x.name : ''));
  const words = e.arguments.at(-1);
  if (words?.op !== 'literal' || words.value === null || !columns.every((name) => TEXTS.includes(name))) return undefined;
  const list = Array.isArray(words.value) ? words.value.map(String) : [String(words.value)];
  return { tokens: list.flatMap((t) => t.toLowerCase().match(TOKEN) ?? []), anywhere: TEXTS.every((name) => columns.includes(name)) };
};

/** The filter itself; undefined where the index cannot decide. */
const decided = (filter: PlanExpression, context: ClickHouseContext): string | undefined => {
  if (filter.op !== 'call') return undefined;
  const [first] = filter.arguments;
  if (filter.function === 'not' && first !== undefined) {
    const found = decided(first, context);
    return found === undefined ? undefined : `NOT ${found}`;
  }
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => decided(a, context));
    return parts.includes(undefined) ? undefined : `(${parts.join(filter.function === 'and' ? ' AND ' : ' OR ')})`;
  }
  const words = wordsOf(filter);
  if (filter.function === 'search_prefix' || words?.anywhere !== true) return undefined;
  const { tokens } = words;
  if (tokens.length === 0 || !tokens.every((t) => ASCII.test(t))) return undefined;
  // Never missing: a line without any text has no words.
  return tokens.length === 1
    ? `hasAllTokens(s.words, ${context.raw('Array(String)', tokens)})`
    : `hasPhrase(s.words, ${context.raw('String', tokens.join(' '))})`;
};

/** A condition that holds wherever the filter does; undefined: the index knows nothing of it. */
const superset = (filter: PlanExpression, context: ClickHouseContext): string | undefined => {
  const whole = decided(filter, context);
  if (whole !== undefined || filter.op !== 'call') return whole;
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => superset(a, context)).filter((p) => p !== undefined);
    if (parts.length === 0 || (filter.function === 'or' && parts.length < filter.arguments.length)) return undefined;
    return parts.length === 1 ? parts[0] : `(${parts.join(filter.function === 'and' ? ' AND ' : ' OR ')})`;
  }
  const tokens = wordsOf(filter)?.tokens ?? [];
  const ended = filter.function === 'search_prefix' ? tokens.slice(0, -1) : tokens;
  const known = [...new Set(ended)].filter((t) => !SIGMA.test(t));
  return known.length === 0 ? undefined : `hasAllTokens(s.words, ${context.raw('Array(String)', known)})`;
};

/** Conditions on the table `logs AS s` that the filter implies, and the parts of the filter that they do not say whole. */
export const indexed = (
  filter: PlanExpression | undefined,
  context: ClickHouseContext,
): { readonly conditions: readonly string[]; readonly rest: readonly PlanExpression[] } => {
  const conditions: string[] = [];
  const rest: PlanExpression[] = [];
  for (const part of conjuncts(filter)) {
    const whole = decided(part, context);
    const found = whole ?? superset(part, context);
    if (found !== undefined) conditions.push(found);
    if (whole === undefined) rest.push(part);
  }
  return { conditions, rest };
};

// What the text index of log lines can say of a filter. Of words in ASCII it decides alone, and no line is read for it; of others it only
// leaves out lines that lack a token, and lets through more than the filter does.
import { conjuncts, type PlanExpression } from '../../3-plan/expression.ts';
import type { ClickHouseContext } from './context.ts';

/** The index keeps σ and ς apart, the language does not. */
const SIGMA = /[σςΣ]/;
const TOKEN = /[\p{L}\p{N}]+/gu;
const ASCII = /^[a-z0-9]+$/;

/** Tokens of a condition on `body` that they stand side by side; undefined: it is none. */
const tokensOf = (e: PlanExpression & { op: 'call' }): readonly string[] | undefined => {
  if (e.function !== 'search_tokens' && e.function !== 'search_prefix' && e.function !== 'has') return undefined;
  const [column, words] = e.arguments;
  if (column?.op !== 'column' || column.name !== 'body' || words?.op !== 'literal' || words.value === null) return undefined;
  const list = Array.isArray(words.value) ? words.value.map(String) : [String(words.value)];
  return list.flatMap((t) => t.toLowerCase().match(TOKEN) ?? []);
};

/** The filter itself; undefined where the index cannot decide. */
const decided = (filter: PlanExpression, isNegated: boolean, context: ClickHouseContext): string | undefined => {
  if (filter.op !== 'call') return undefined;
  const [first] = filter.arguments;
  if (filter.function === 'not' && first !== undefined) return decided(first, !isNegated, context);
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => decided(a, isNegated, context));
    return parts.includes(undefined) ? undefined : `(${parts.join((filter.function === 'and') === isNegated ? ' OR ' : ' AND ')})`;
  }
  const tokens = tokensOf(filter);
  if (filter.function === 'search_prefix' || tokens === undefined || tokens.length === 0 || !tokens.every((t) => ASCII.test(t))) return undefined;
  const found =
    tokens.length === 1 ? `hasAllTokens(s.words, ${context.raw('Array(String)', tokens)})` : `hasPhrase(s.words, ${context.raw('String', tokens.join(' '))})`;
  // Of a missing line the condition is false.
  return isNegated ? `(NOT ${found} OR s.body.null)` : found;
};

/** A condition that holds wherever the filter does; undefined: the index knows nothing of it. */
const superset = (filter: PlanExpression, context: ClickHouseContext): string | undefined => {
  const whole = decided(filter, false, context);
  if (whole !== undefined || filter.op !== 'call') return whole;
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => superset(a, context)).filter((p) => p !== undefined);
    if (parts.length === 0 || (filter.function === 'or' && parts.length < filter.arguments.length)) return undefined;
    return parts.length === 1 ? parts[0] : `(${parts.join(filter.function === 'and' ? ' AND ' : ' OR ')})`;
  }
  const tokens = tokensOf(filter) ?? [];
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
    const whole = decided(part, false, context);
    const found = whole ?? superset(part, context);
    if (found !== undefined) conditions.push(found);
    if (whole === undefined) rest.push(part);
  }
  return { conditions, rest };
};

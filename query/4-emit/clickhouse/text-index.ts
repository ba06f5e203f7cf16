// What the text index of log lines can say of a filter ahead of its exact test: rows that lack a token are never read.
// Never decides alone: it lets through more than the filter does.
import type { PlanExpression } from '../../3-plan/expression.ts';
import type { ClickHouseContext } from './context.ts';

/** The index keeps σ and ς apart, the language does not. */
const SIGMA = /[σςΣ]/;
const TOKEN = /[\p{L}\p{N}]+/gu;

const tokensOf = (e: PlanExpression & { op: 'call' }): readonly string[] => {
  const [column, words] = e.arguments;
  if (column?.op !== 'column' || column.name !== 'body' || words?.op !== 'literal' || words.value === null) return [];
  const list = Array.isArray(words.value) ? words.value.map(String) : [String(words.value)];
  const tokens = list.flatMap((t) => t.toLowerCase().match(TOKEN) ?? []);
  return (e.function === 'search_prefix' ? tokens.slice(0, -1) : tokens).filter((t) => !SIGMA.test(t));
};

/** A condition on the table `logs AS s` that holds wherever the filter does; undefined: the index knows nothing of it. */
export const indexed = (filter: PlanExpression, context: ClickHouseContext): string | undefined => {
  if (filter.op !== 'call') return undefined;
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => indexed(a, context)).filter((p) => p !== undefined);
    if (parts.length === 0 || (filter.function === 'or' && parts.length < filter.arguments.length)) return undefined;
    return parts.length === 1 ? parts[0] : `(${parts.join(filter.function === 'and' ? ' AND ' : ' OR ')})`;
  }
  if (filter.function !== 'search_tokens' && filter.function !== 'search_prefix' && filter.function !== 'has') return undefined;
  const tokens = [...new Set(tokensOf(filter))];
  return tokens.length === 0 ? undefined : `hasAllTokens(s.words, ${context.raw('Array(String)', tokens)})`;
};

// How words are found in log lines without reading all of them. Of a line its pattern is kept, which has its words of ASCII letters in their order
// and of which there are few: it decides alone of such words and phrases. Of all other words a filter of what each block of lines holds leaves
// out the blocks that lack one, and the lines of the rest are read.
import { conjuncts, type PlanExpression } from '../../3-plan/expression.ts';
import type { ClickHouseContext } from './context.ts';

/** The store keeps σ and ς apart, the language does not. */
const SIGMA = /[σςΣ]/;
const TOKEN = /[\p{L}\p{N}]+/gu;
const ASCII = /^[a-z0-9]+$/;
const LETTERS = /^[a-z]+$/;
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

/** That they stand side by side in a line. All of ASCII letters. */
const inPattern = (tokens: readonly string[], context: ClickHouseContext): string =>
  `position(s.pattern, ${context.raw('String', ` ${tokens.join(' ')} `)}) > 0`;

/** Runs of letters, side by side in its pattern, hold wherever the words stand in a line. */
const inPatterns = (tokens: readonly string[], context: ClickHouseContext): readonly string[] => {
  const conditions: string[] = [];
  for (let at = 0; at < tokens.length; ) {
    let end = at;
    while (end < tokens.length && LETTERS.test(tokens[end] as string)) end++;
    if (end > at) conditions.push(inPattern(tokens.slice(at, end), context));
    at = end + 1;
  }
  return conditions;
};

/** All others are looked up in the filter of each block. It must stand behind what is exact: of the lines that are left it is worked out once more. */
const inBlocks = (tokens: readonly string[], context: ClickHouseContext): readonly string[] => {
  const others = [...new Set(tokens)].filter((t) => !LETTERS.test(t) && !SIGMA.test(t));
  return others.length === 0 ? [] : [`hasAll(s.line_tokens, ${context.raw('Array(String)', others)})`];
};

/** The filter itself; undefined where it cannot be said so. `hinted`: with what leaves lines out early, which must not stand under a NOT. */
const decided = (filter: PlanExpression, context: ClickHouseContext, hinted: boolean): string | undefined => {
  if (filter.op !== 'call') return undefined;
  const [first] = filter.arguments;
  if (filter.function === 'not' && first !== undefined) {
    const found = decided(first, context, false);
    return found === undefined ? undefined : `NOT ${found}`;
  }
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => decided(a, context, hinted));
    return parts.includes(undefined) ? undefined : `(${parts.join(filter.function === 'and' ? ' AND ' : ' OR ')})`;
  }
  const words = wordsOf(filter);
  if (filter.function === 'search_prefix' || words?.anywhere !== true) return undefined;
  const { tokens } = words;
  if (tokens.length === 0 || !tokens.every((t) => ASCII.test(t))) return undefined;
  if (tokens.every((t) => LETTERS.test(t))) return `(${inPattern(tokens, context)})`;
  // Never missing: a line without any text has no words.
  const exact =
    tokens.length === 1 ? `hasAllTokens(s.words, ${context.raw('Array(String)', tokens)})` : `hasPhrase(s.words, ${context.raw('String', tokens.join(' '))})`;
  return hinted ? `(${[...inPatterns(tokens, context), exact, ...inBlocks(tokens, context)].join(' AND ')})` : `(${exact})`;
};

/** A condition that holds wherever the filter does; undefined: nothing is known of it. */
const superset = (filter: PlanExpression, context: ClickHouseContext): string | undefined => {
  const whole = decided(filter, context, true);
  if (whole !== undefined || filter.op !== 'call') return whole;
  if (filter.function === 'and' || filter.function === 'or') {
    const parts = filter.arguments.map((a) => superset(a, context)).filter((p) => p !== undefined);
    if (parts.length === 0 || (filter.function === 'or' && parts.length < filter.arguments.length)) return undefined;
    return parts.length === 1 ? parts[0] : `(${parts.join(filter.function === 'and' ? ' AND ' : ' OR ')})`;
  }
  const tokens = wordsOf(filter)?.tokens ?? [];
  const complete = filter.function === 'search_prefix' ? tokens.slice(0, -1) : tokens;
  const known = [...inPatterns(complete, context), ...inBlocks(complete, context)];
  return known.length === 0 ? undefined : `(${known.join(' AND ')})`;
};

/** Conditions on the table `logs AS s` that the filter implies, and the parts of the filter that they do not say whole. */
export const indexed = (
  filter: PlanExpression | undefined,
  context: ClickHouseContext,
): { readonly conditions: readonly string[]; readonly rest: readonly PlanExpression[] } => {
  const conditions: string[] = [];
  const rest: PlanExpression[] = [];
  for (const part of conjuncts(filter)) {
    const whole = decided(part, context, true);
    const found = whole ?? superset(part, context);
    if (found !== undefined) conditions.push(found);
    if (whole === undefined) rest.push(part);
  }
  return { conditions, rest };
};

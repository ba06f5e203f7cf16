// What a text searched for, as far as it can be shown in the rows that were found: words of `search`, and the texts of `contains`, `has` and
// `starts with` in its `where` pipes. What is negated is left out. Reads only; what is found is the stores' business.
import type { Expression, Text } from './1-syntax/ast.ts';
import { parseSearch, type SearchNode, type SearchTerm, searchTokens } from './1-syntax/search-syntax.ts';
import { queryOf } from './1-syntax/statements.ts';

export interface Searched {
  /** Name of a column or an attribute; undefined: the line itself. */
  readonly field: string | undefined;
  /** `tokens` stand side by side, of a `prefix` the last one may go on; a `part` is found as it stands. All ignore case. */
  readonly as: 'tokens' | 'prefix' | 'part';
  readonly words: readonly string[];
}

const ofTerm = (term: SearchTerm, field: string | undefined): Searched[] =>
  term.kind === 'all' || term.tokens.length === 0 ? [] : [{ field, as: term.kind === 'prefix' ? 'prefix' : 'tokens', words: term.tokens }];

const ofSearch = (node: SearchNode): Searched[] => {
  switch (node.kind) {
    case 'not':
      return [];
    case 'and':
    case 'or':
      return node.items.flatMap(ofSearch);
    case 'field':
      // Where the field is no column the words are meant as they stand.
      return [...ofTerm(node.term, node.field), ...ofTerm(node.word, undefined)];
    default:
      return ofTerm(node, undefined);
  }
};

const fieldOf = (left: Expression): string | undefined => {
  if (left.node === 'name') return left.name;
  return left.node === 'index' && left.index.node === 'text' ? left.index.value : undefined;
};

const ofWhere = (expression: Expression): Searched[] => {
  if (expression.node !== 'binary') return [];
  const { operator, left, right } = expression;
  if (operator === 'and' || operator === 'or') return [...ofWhere(left), ...ofWhere(right)];
  const field = fieldOf(left);
  if (field === undefined || right.node !== 'text' || right.value === '') return [];
  if (operator === 'contains' || operator === 'starts with') return [{ field, as: 'part', words: [right.value] }];
  const tokens = operator === 'has' ? searchTokens(right.value) : [];
  return tokens.length === 0 ? [] : [{ field, as: 'tokens', words: tokens }];
};

/** Of the outer query. */
export const searchedIn = (text: Text): readonly Searched[] =>
  (queryOf(text)?.pipes ?? []).flatMap((pipe) => {
    if (pipe.name === 'search') return pipe.raw === undefined ? [] : ofSearch(parseSearch(pipe.raw.text, pipe.raw.span.start).node);
    return pipe.name === 'where' ? pipe.arguments.flatMap((argument) => argument.words.flatMap(ofWhere)) : [];
  });

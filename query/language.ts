// IQL as a browser needs it: check, print, colour, complete. Loads no runner and no emitter.
import { apart } from './1-syntax/apart.ts';
import type { Diagnostic } from './1-syntax/diagnostic.ts';
import { type TokenSpan, tokens } from './1-syntax/highlight.ts';
import { parse } from './1-syntax/parser.ts';
import { printName } from './1-syntax/print-expression.ts';
import { print } from './1-syntax/printer.ts';
import { definitionsOf, queryOf } from './1-syntax/statements.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import { type CheckedText, checkText } from './2-semantic/check.ts';
import { type Plan, sourcePlanner } from './3-plan/lower.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPE_SYNTAXES, pipeNamed } from './pipes/index.ts';
import { type Searched, searchedIn } from './searched.ts';

export type { Diagnostic, Edit, Fix } from './1-syntax/diagnostic.ts';
export type { TokenKind, TokenSpan } from './1-syntax/highlight.ts';
export { type Catalogue, staticCatalogue } from './2-semantic/catalogue.ts';
export { type Completion, complete } from './complete.ts';
export { valueQuestion } from './complete-values.ts';
export { type Compared, lastComparisons, type Outline, outline, rangeNanos } from './outline.ts';
export type { Searched } from './searched.ts';
export { mayReadSaved, viewsOf, withViews } from './views.ts';

const LANGUAGE = { pipe: pipeNamed, functions: FUNCTIONS, planner: sourcePlanner };

/** Reads and checks a text. `query` is there only when nothing is wrong; warnings may stand beside it. Never throws. */
export const check = (text: string, catalogue: Catalogue, options: { readonly strict?: boolean } = {}): CheckedText<Plan> => {
  const parsed = parse(text, PIPE_SYNTAXES);
  const checked = checkText(parsed.text, LANGUAGE, catalogue, { ...options, told: parsed.diagnostics });
  return { ...checked, diagnostics: checked.diagnostics.map((d) => apart(text, d)) };
};

/** A name as it is written in a text, in backticks where it must be. */
export const writtenName = (name: string): string => printName(name);

/** The tokens of a text by kind, for colours; of broken texts too. */
export const highlight = (text: string): readonly TokenSpan[] => tokens(text, PIPE_SYNTAXES);

/** The one printed form of a text; undefined when it cannot be read. */
export const format = (text: string): string | undefined => {
  const parsed = parse(text, PIPE_SYNTAXES);
  return parsed.diagnostics.some((d: Diagnostic) => d.severity === 'error') ? undefined : print(parsed.text, PIPE_SYNTAXES);
};

/** What keeps a text from being read at all. */
export const parseErrors = (text: string): readonly Diagnostic[] => parse(text, PIPE_SYNTAXES).diagnostics;

/** The text as one that only asks its query: of an alert the query that it judges, with the text's definitions; else itself. */
export const queryText = (text: string): string => {
  const parsed = parse(text, PIPE_SYNTAXES).text;
  const query = queryOf(parsed);
  if (query === undefined || parsed.statements.includes(query)) return text;
  return [...definitionsOf(parsed), query].map(({ span }) => text.slice(span.start, span.end)).join('\n');
};

/** The text up to its query's first pipe, whose rows are all that its source has; undefined when it cannot be read. */
export const sourceOf = (text: string): string | undefined => {
  const asked = queryText(text);
  const query = queryOf(parse(asked, PIPE_SYNTAXES).text);
  return query === undefined ? undefined : asked.slice(0, query.source.span.end);
};

/** What the text searched for, to be marked in its rows; of broken texts as far as they can be read. */
export const searched = (text: string): readonly Searched[] => searchedIn(parse(text, PIPE_SYNTAXES).text);

// Saved texts as the checker reads them: each is parsed once, and knows in all its spans which text it is. Where they are kept is handed in.
import type { Diagnostic } from './1-syntax/diagnostic.ts';
import { type Parsed, parse } from './1-syntax/parser.ts';
import { withSpans } from './1-syntax/span.ts';
import type { Catalogue, Views } from './2-semantic/catalogue.ts';
import { PIPE_SYNTAXES } from './pipes/index.ts';

const read = (name: string, text: string): Parsed => {
  const view = { name: `views.${name}`, text };
  const parsed = parse(text, PIPE_SYNTAXES);
  const here = <T>(tree: T): T => withSpans(tree, ({ start, end }) => ({ start, end, view }));
  // A fix can only be made in the text at hand.
  return { text: here(parsed.text), diagnostics: parsed.diagnostics.map((d): Diagnostic => ({ ...here(d), fix: undefined })) };
};

/** Whether a text can read saved texts at all: then these must be known to judge it. */
export const mayReadSaved = (text: string): boolean => /\bviews\b/.test(text);

/** By their names. */
export const viewsOf = (texts: ReadonlyMap<string, string>): Views => {
  const known = new Map<string, Parsed>();
  return {
    names: () => [...texts.keys()],
    view: (name) => {
      const text = texts.get(name);
      const before = known.get(name);
      if (text === undefined || before !== undefined) return before;
      const parsed = read(name, text);
      known.set(name, parsed);
      return parsed;
    },
  };
};

/** The catalogue with these views beside its datasets. */
export const withViews = (catalogue: Catalogue, views: Views): Catalogue => ({
  datasets: catalogue.datasets,
  metric: (name) => catalogue.metric(name),
  metricNames: () => catalogue.metricNames(),
  attribute: (dataset, name) => catalogue.attribute(dataset, name),
  attributeNames: (dataset) => catalogue.attributeNames(dataset),
  views,
});

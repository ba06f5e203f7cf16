// What may stand at the cursor, also in a broken text: sources, pipes, fields at this point of the pipe, functions, clauses.

import { type Cursor, cursorAtEnd } from './1-syntax/cursor.ts';
import { parse } from './1-syntax/parser.ts';
import type { Place } from './1-syntax/place.ts';
import { printName } from './1-syntax/print-expression.ts';
import { searchTokens } from './1-syntax/search-syntax.ts';
import { T } from './1-syntax/tokens.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import { checkText } from './2-semantic/check.ts';
import { isMistaken } from './2-semantic/doubt.ts';
import { typeName } from './2-semantic/numeric.ts';
import { columnNamed, type Relation, visible } from './2-semantic/type.ts';
import { sourcePlanner } from './3-plan/lower.ts';
import type { Completion, Draft } from './complete-names.ts';
import { offers } from './complete-places.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPE_SYNTAXES, pipeNamed } from './pipes/index.ts';

export type { Completion };

/** Best first: what begins with the word at the cursor, then what holds it. */
export const complete = (text: string, offset: number, catalogue: Catalogue): readonly Completion[] => {
  const cursor = cursorAtEnd(text.slice(0, offset), PIPE_SYNTAXES);
  if (cursor === undefined) return [];
  const { place, begun, from, quote } = cursor;
  const rows = rowsAt(text, from, place, catalogue);
  const drafts =
    keysAt(place, rows, catalogue) ?? offers({ place, begun, rows, fields: rows === undefined ? parametersOf(place) : fieldsOf(rows, catalogue), catalogue });
  const wanted = begun.toLowerCase();
  const rank = (d: Draft): number =>
    d.label.toLowerCase().startsWith(wanted)
      ? 0
      : d.label.toLowerCase().includes(wanted)
        ? 1
        : searchTokens(d.label).some((t) => t.toLowerCase().startsWith(wanted))
          ? 2
          : 3;
  return drafts
    .map((draft, n) => ({ item: { ...draft, insert: draft.insert ?? printName(draft.label), from, to: offset }, n, rank: rank(draft) }))
    .filter((d) => d.rank < 3 && fitsQuote(d.item, quote))
    .toSorted((a, b) => a.rank - b.rank || a.n - b.n)
    .map(({ item }) => item);
};

/** In quotes stand texts, in backticks names. */
const fitsQuote = ({ kind, insert }: Pick<Completion, 'kind' | 'insert'>, quote: Cursor['quote']): boolean =>
  quote === undefined || (quote === '`' ? kind === 'field' || kind === 'source' : insert.startsWith('"'));

/** The rows that the place's expressions are read on; behind a source the rows that it gives. */
const rowsAt = (text: string, from: number, place: Place, catalogue: Catalogue): Relation | undefined => {
  if (place.stage === 'source' || place.stage === 'name' || place.stage === 'value') return undefined;
  if (place.stage === 'alert') return place.judged < 0 ? undefined : rowsBefore(text.slice(0, place.judged), catalogue);
  if (place.bar >= 0) return rowsBefore(text.slice(0, place.bar), catalogue);
  return place.stage === 'range' ? rowsBefore(text.slice(0, from), catalogue) : undefined;
};

const rowsBefore = (text: string, catalogue: Catalogue): Relation | undefined => {
  const parsed = parse(text, PIPE_SYNTAXES);
  const { points } = checkText(parsed.text, { pipe: pipeNamed, functions: FUNCTIONS, planner: sourcePlanner }, catalogue, { told: parsed.diagnostics });
  // Of queries that end here the innermost comes first.
  const last = points.at(-1)?.start;
  return points.find((p) => p.start === last)?.input;
};

const ATTRIBUTE = 'Attribute seen in the data';

/** The columns that hold attributes, with the names that each is known to have. */
const mapsOf = (relation: Relation, catalogue: Catalogue): readonly { readonly map: string; readonly names: readonly string[] }[] => {
  const { open } = relation;
  if (open?.maps === undefined) return [];
  const { dataset, maps } = open;
  const all = catalogue.attributeNames(dataset.name);
  const holding = (kind: 'text' | 'number') => all.filter((name) => ['both', kind].includes(catalogue.attribute(dataset.name, name) ?? ''));
  return [
    { map: maps.text, names: holding('text') },
    { map: maps.number, names: holding('number') },
  ].filter(({ map }) => !map.startsWith('#'));
};

/** Keys of a map in whose brackets the cursor stands; undefined where it stands in none. */
const keysAt = ({ holder, items, around }: Place, rows: Relation | undefined, catalogue: Catalogue): readonly Draft[] | undefined => {
  const map = around.at(-1)?.items.at(-1);
  if (holder !== 'list' || items.length > 0 || map?.is(T.Name) !== true || rows === undefined) return undefined;
  const found = mapsOf(rows, catalogue).find((m) => m.map === map.name);
  return found?.names.map((label) => ({ label, kind: 'field', detail: ATTRIBUTE, type: undefined, unit: undefined, insert: `${JSON.stringify(label)}]` }));
};

const parametersOf = ({ parameters }: Place): readonly Draft[] =>
  parameters.map((label) => ({ label, kind: 'field', detail: 'A parameter of this function', type: undefined, unit: undefined }));

const fieldsOf = (relation: Relation, catalogue: Catalogue): readonly Draft[] => [
  ...visible(relation).map(
    (c): Draft => ({
      label: c.name,
      kind: 'field',
      detail: c.description,
      type: isMistaken(c) ? undefined : typeName({ ...c.type, unit: undefined }),
      unit: c.type.unit?.text,
    }),
  ),
  ...(relation.open === undefined ? [] : catalogue.attributeNames(relation.open.dataset.name)).flatMap((name): readonly Draft[] => {
    const draft = (label: string): Draft => ({ label, kind: 'field', detail: ATTRIBUTE, type: undefined, unit: undefined, insert: label });
    // A new line is read more easily in quotes, and what begins with # is ours.
    if (columnNamed(relation, name) === undefined && !/^#|[\n\r]/.test(name)) return [{ ...draft(name), insert: printName(name) }];
    // A column has its name: the map says which is meant.
    return mapsOf(relation, catalogue).flatMap(({ map, names }) => (names.includes(name) ? [draft(`${printName(map)}[${JSON.stringify(name)}]`)] : []));
  }),
];

// What may stand at the cursor, also in a broken text: sources, pipes, fields at this point of the pipe, functions, clauses.

import { parse } from './1-syntax/parser.ts';
import { type Place, placeAtEnd } from './1-syntax/place.ts';
import { printName } from './1-syntax/print-expression.ts';
import { searchTokens } from './1-syntax/search-syntax.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import { checkText } from './2-semantic/check.ts';
import { isMistaken } from './2-semantic/doubt.ts';
import { typeName } from './2-semantic/numeric.ts';
import { columnNamed, type Relation, visible } from './2-semantic/type.ts';
import { sourcePlanner } from './3-plan/lower.ts';
import type { Draft } from './complete-names.ts';
import { offers } from './complete-places.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPE_SYNTAXES, pipeNamed } from './pipes/index.ts';

export interface Completion {
  readonly label: string;
  readonly kind: 'source' | 'pipe' | 'field' | 'function' | 'aggregate' | 'keyword' | 'value';
  /** One line for people. */
  readonly detail: string;
  readonly type: string | undefined;
  readonly unit: string | undefined;
  /** Replaces the text from `from` up to `to` (UTF-16 offsets). */
  readonly insert: string;
  readonly from: number;
  readonly to: number;
}

const WORD_SIGN = /[\p{L}\p{N}_.]/u;
const LONGEST_WORD = 256;
/** Best first: what begins with the word at the cursor, then what holds it. */
export const complete = (text: string, offset: number, catalogue: Catalogue): readonly Completion[] => {
  const before = text.slice(0, offset);
  const word = wordBefore(before);
  const from = offset - word.length;
  const keys = keysOf(text, offset, catalogue);
  if (keys !== undefined) return keys;
  const place = placeAtEnd(before.slice(0, from), PIPE_SYNTAXES);
  if (place === undefined) return [];
  const rows = rowsAt(text, from, place, catalogue);
  const drafts = offers({ place, begun: word, rows, fields: rows === undefined ? [] : fieldsOf(rows, catalogue), catalogue });
  const wanted = word.toLowerCase();
  const rank = (d: Draft): number =>
    d.label.toLowerCase().startsWith(wanted)
      ? 0
      : d.label.toLowerCase().includes(wanted)
        ? 1
        : searchTokens(d.label).some((t) => t.toLowerCase().startsWith(wanted))
          ? 2
          : 3;
  return drafts
    .map((draft, place) => ({ draft, place, rank: rank(draft) }))
    .filter((d) => d.rank < 3)
    .toSorted((a, b) => a.rank - b.rank || a.place - b.place)
    .map(({ draft }) => ({ ...draft, insert: draft.insert ?? printName(draft.label), from, to: offset }));
};

/** The word that ends the text, sign by sign from the end: a pattern would look from every sign on. */
const wordBefore = (text: string): string => {
  const tail = [...text.slice(-LONGEST_WORD)];
  let from = tail.length;
  while (from > 0 && WORD_SIGN.test(tail[from - 1] as string)) from -= 1;
  return tail.slice(from).join('');
};

/** The rows that the place's expressions are read on; behind a source the rows that it gives. */
const rowsAt = (text: string, from: number, place: Place, catalogue: Catalogue): Relation | undefined => {
  if (place.stage === 'source' || place.stage === 'name' || place.stage === 'value') return undefined;
  if (place.bar >= 0) return rowsBefore(text.slice(0, place.bar), catalogue);
  return place.stage === 'range' ? rowsBefore(text.slice(0, from), catalogue) : undefined;
};

/** The last `|` outside of quotes. */
export const lastBar = (head: string): number => {
  let found = -1;
  let quote: string | undefined;
  for (let i = 0; i < head.length; i++) {
    const c = head[i] as string;
    if (quote !== undefined) {
      if (c === '\\' && quote !== '`') i++;
      else if (c === quote || c === '\n') quote = undefined;
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === '|') found = i;
  }
  return found;
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

/** A column, a bracket, and the beginning of a key. */
const INDEXING = /(?<map>`[^`]+`|[\p{L}_][\p{L}\p{N}_]*)\s*\[\s*(?<begun>"(?:[^"\\\n]|\\.)*)?$/u;

/** Keys of a map at the cursor; undefined where it stands at none. */
const keysOf = (text: string, offset: number, catalogue: Catalogue): readonly Completion[] | undefined => {
  const head = text.slice(0, offset);
  const groups = INDEXING.exec(head.slice(-LONGEST_WORD))?.groups;
  const bar = groups === undefined ? -1 : lastBar(head);
  const relation = bar < 0 ? undefined : rowsBefore(text.slice(0, bar), catalogue);
  const found = relation && mapsOf(relation, catalogue).find(({ map }) => printName(map) === groups?.map);
  if (found === undefined) return undefined;
  const { begun = '' } = groups ?? {};
  const wanted = begun.slice(1).toLowerCase();
  return found.names
    .filter((name) => name.toLowerCase().includes(wanted))
    .toSorted((a, b) => Number(b.toLowerCase().startsWith(wanted)) - Number(a.toLowerCase().startsWith(wanted)))
    .map((label) => ({
      label,
      kind: 'field',
      detail: ATTRIBUTE,
      type: undefined,
      unit: undefined,
      insert: `${JSON.stringify(label)}]`,
      from: offset - begun.length,
      to: offset,
    }));
};

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
    // Between backticks stands no new line, and what begins with # is ours.
    if (columnNamed(relation, name) === undefined && !/^#|[\n\r]/.test(name)) return [{ ...draft(name), insert: printName(name) }];
    // A column has its name: the map says which is meant.
    return mapsOf(relation, catalogue).flatMap(({ map, names }) => (names.includes(name) ? [draft(`${printName(map)}[${JSON.stringify(name)}]`)] : []));
  }),
];

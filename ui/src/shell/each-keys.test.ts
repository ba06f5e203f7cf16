// Holds that no page breaks because a key of a list stands twice: keys are places, unless the list is ours or provably has each key once.
// Reads the components; a key that is neither stands in the table with its reason.
import { type AST, parse } from 'svelte/compiler';
import { expect, test } from 'vitest';
import { ourFiles, textOf } from '../../../test/support/sources.ts';

/** By list and key as they are written. */
const EACH_ONCE: Readonly<Record<string, string>> = {
  'LESSONS by lesson.title': 'ours',
  'texts by ready.title': 'titles of ready texts are ours',
  'oneProcessTexts(host, opened, router.current.range) by ready.title': 'titles of ready texts are ours',
  'overviewTexts(host, router.current.range) by ready.title': 'titles of ready texts are ours',
  'keys by key': 'ours: keys.svelte',
  'found by code': 'codes of the catalogue of errors',
  'possible by one': 'possibleViews names each view once',
  'panels by panel.unit': 'panelsOf makes them of a Map by unit',
  'lines by line.key': 'panelOf names each group and value once',
  'ordered by i': 'numbers of the lines in another order',
  'found.bars by bar.row': 'rows of the answer',
  'volume.bars by bar.time': 'volumeOf makes them of a Map by time',
  'volume.bars.filter((bar) => bar.total > 0) by bar.time': 'volumeOf makes them of a Map by time',
  'keyed by one': 'numbers that explore.svelte gives out',
  'visible by key': 'of a process that stands twice the later ones have their place beside',
  'shownSaved by query.name': 'the primary key of saved queries',
  'rows.slice(0, MOST_SHOWN) by row.key': 'agentRows names each agent and each host once',
  'counts by standing': 'standingCounts makes them of a Map by standing',
  'still by agent.id': 'the primary key of agents',
  'letters by letter.id': 'places on the stream',
  'shownHistory by text': 'the history keeps each text once',
};

interface Each {
  readonly list: string;
  readonly key: string | undefined;
  readonly index: string | undefined;
}

const eachesOf = (text: string): readonly Each[] => {
  const found: Each[] = [];
  const written = (node: object): string => {
    const { start, end } = node as { readonly start: number; readonly end: number };
    return text.slice(start, end);
  };
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ((node as { readonly type?: unknown }).type === 'EachBlock') {
      const { expression, key, index } = node as AST.EachBlock;
      found.push({ list: written(expression), key: key === undefined || key === null ? undefined : written(key), index });
    }
    for (const child of Object.values(node)) walk(child);
  };
  walk(parse(text, { modern: true }).fragment);
  return found;
};

const isPlace = ({ key, index }: Each): boolean => index !== undefined && key !== undefined && new RegExp(`\\b${index}\\b`).test(key);
const isOurs = ({ list }: Each): boolean => /^[A-Z][A-Z_]*$/.test(list) || /^\[('\w+'(, )?)+\]/.test(list);
const wrongIn = (path: string, text: string): readonly string[] =>
  eachesOf(text)
    .filter((each) => !isPlace(each) && !isOurs(each) && !Object.hasOwn(EACH_ONCE, `${each.list} by ${each.key}`))
    .map(({ list, key }) => `${path}: ${list} by ${key ?? 'nothing'}`);

test('keys of lists are places, or each is there once by a reason that is written down', () => {
  const components = ourFiles.filter((path) => path.startsWith('ui/src/') && path.endsWith('.svelte'));
  expect(components.flatMap((path) => wrongIn(path, textOf(path)))).toEqual([]);
});

test('the table has no reason that nothing needs any more', () => {
  const used = new Set(
    ourFiles.filter((path) => path.endsWith('.svelte')).flatMap((path) => eachesOf(textOf(path)).map(({ list, key }) => `${list} by ${key}`)),
  );
  expect(Object.keys(EACH_ONCE).filter((one) => !used.has(one))).toEqual([]);
});

test.each([
  '{#each left as what (what)}{what}{/each}',
  '<ul>{#each rows as row, i (row.name)}<li>{row.name}</li>{/each}</ul>',
  '{#if a}{#each bar.parts as part (part.severity)}x{/each}{/if}',
  '{#each rows as row}{row}{/each}',
])('a key from outside is found: %s', (text) => {
  expect(wrongIn('x.svelte', text)).toHaveLength(1);
});

test('places and lists of ours are no mistakes', () => {
  for (const text of [
    '{#each rows as row, i (i)}{row}{/each}',
    '{#each { length: n } as _, at (first + at)}{at}{/each}',
    '{#each HEADS as head (head.name)}{head}{/each}',
  ])
    expect(wrongIn('x.svelte', text)).toEqual([]);
});

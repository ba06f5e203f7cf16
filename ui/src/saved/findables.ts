// Saved queries and texts that were run, to be found by name or words.
import type { Findable } from '../shell/findables.ts';
import { readHistory } from './history.ts';
import { readRangeText } from './range-text.ts';
import { listSaved, savedAddress } from './saved.svelte.ts';

const one = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** Without an answer of the server those of this browser. */
export const keptFindables = async (): Promise<readonly Findable[]> => {
  const saved = await listSaved().catch(() => []);
  return [
    ...saved.map(
      (query): Findable => ({
        kind: 'saved',
        name: query.name,
        description: `${query.description} ${one(query.text)}`.trim(),
        text: query.text,
        with: { ...savedAddress(query) },
      }),
    ),
    ...readHistory().map(({ text, range, starred }): Findable => {
      const read = readRangeText(range);
      return { kind: 'recent', name: one(text), description: starred ? '★' : '', text, with: read === undefined ? {} : { range: read } };
    }),
  ];
};

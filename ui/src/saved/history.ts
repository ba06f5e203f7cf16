// The texts that were run in this browser: newest first, each once, bounded; those with a star stay. Kept in the browser's own store,
// where others may write too: what cannot be read is left out, what cannot be written is lost silently.
import { keep, readKept } from '../shell/browser-store.ts';

export interface HistoryEntry {
  readonly text: string;
  /** As range-text.ts writes it. */
  readonly range: string;
  /** ms. */
  readonly at: number;
  readonly starred: boolean;
}

const KEY = 'inframirror.history';
const MOST_PLAIN = 200;
const MOST_STARRED = 100;
/** Characters of all texts together; a browser keeps some five million for a whole address. */
const MOST_CHARACTERS = 500_000;

const isEntry = (value: unknown): value is HistoryEntry => {
  const { text, range, at, starred } = (value ?? {}) as Record<string, unknown>;
  return typeof text === 'string' && text !== '' && typeof range === 'string' && Number.isFinite(at) && typeof starred === 'boolean';
};

export const parseHistory = (kept: string | null): readonly HistoryEntry[] => {
  try {
    const read: unknown = JSON.parse(kept ?? '[]');
    return Array.isArray(read) ? bounded(read.filter(isEntry)) : [];
  } catch {
    return [];
  }
};

/** Newest first; of plain and starred ones as many as are kept, oldest left out. */
const bounded = (entries: readonly HistoryEntry[]): readonly HistoryEntry[] => {
  const left = { plain: MOST_PLAIN, starred: MOST_STARRED, characters: MOST_CHARACTERS };
  const seen = new Set<string>();
  const order = entries.toSorted((a, b) => Number(b.starred) - Number(a.starred) || b.at - a.at);
  return order
    .filter(({ text, starred }) => {
      if (seen.has(text) || text.length > left.characters || left[starred ? 'starred' : 'plain'] === 0) return false;
      seen.add(text);
      left.characters -= text.length;
      left[starred ? 'starred' : 'plain']--;
      return true;
    })
    .toSorted((a, b) => b.at - a.at);
};

/** With a run added: the same text once, with its newest range and time. */
export const withRun = (entries: readonly HistoryEntry[], text: string, range: string, at: number): readonly HistoryEntry[] => {
  const known = entries.find((entry) => entry.text === text);
  return bounded([{ text, range, at, starred: known?.starred ?? false }, ...entries.filter((entry) => entry !== known)]);
};

export const withStar = (entries: readonly HistoryEntry[], text: string, starred: boolean): readonly HistoryEntry[] =>
  bounded(entries.map((entry) => (entry.text === text ? { ...entry, starred } : entry)));

/** Reads again each time: another tab may have written. */
export const readHistory = (): readonly HistoryEntry[] => parseHistory(readKept(KEY));

export const writeHistory = (entries: readonly HistoryEntry[]): void => keep(KEY, JSON.stringify(entries));

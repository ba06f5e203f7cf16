// Saved queries as the explorer knows them: the list, and the calls that change one. Never shows anything itself.
import { type Address, type Panel, printAddress } from '../address/address.ts';
import type { Range } from '../address/range.ts';
import { type Answer, askOnce, change } from '../data/client.ts';
import { DELETE_QUERY, RENAME_QUERY, SAVE_QUERY, SAVED_QUERIES, SAVED_QUERY, UNDELETE_QUERY } from '../data/documents.ts';
import { session } from '../data/session.svelte.ts';
import type { SaveAnswer, SavedQuery, SavedVersion } from '../data/types.ts';
import type { Here } from '../panels/here.svelte.ts';
import { readRangeText } from './range-text.ts';

type SavedWithVersions = SavedQuery & { readonly versions: readonly SavedVersion[] };

/** Why a call had no answer, for people. */
class Refused extends Error {}

const dataOf = <T>({ data, failure }: Answer<T>): T => {
  if (failure === undefined) return data;
  if (failure.kind === 'signed-out') {
    session.signedOut = true;
    throw new Refused('The server does not know this browser any more');
  }
  throw new Refused(failure.kind === 'unreachable' ? 'The server does not answer' : failure.message);
};

export const listSaved = async (): Promise<readonly SavedQuery[]> =>
  dataOf(await askOnce<{ savedQueries: readonly SavedQuery[] }, Record<string, never>>(SAVED_QUERIES, {})).savedQueries;

export const readSaved = async (name: string): Promise<SavedWithVersions | undefined> => {
  type Found = { readonly savedQuery: SavedQuery | null; readonly savedVersions: readonly SavedVersion[] };
  const { savedQuery, savedVersions } = dataOf(await askOnce<Found, { name: string }>(SAVED_QUERY, { name }));
  return savedQuery === null ? undefined : { ...savedQuery, versions: savedVersions };
};

interface Given {
  readonly name: string;
  readonly text: string;
  readonly description: string;
  readonly range: string | null;
  /** null: a new one. */
  readonly base: number | null;
}
export const saveQuery = async (given: Given): Promise<SaveAnswer> =>
  dataOf(await change<{ saveQuery: SaveAnswer }, Record<string, unknown>>(SAVE_QUERY, { ...given })).saveQuery;
export const renameQuery = async (name: string, to: string): Promise<SavedQuery> =>
  dataOf(await change<{ renameQuery: SavedQuery }, Record<string, unknown>>(RENAME_QUERY, { name, to })).renameQuery;
export const deleteQuery = async (name: string): Promise<SavedQuery> =>
  dataOf(await change<{ deleteQuery: SavedQuery }, Record<string, unknown>>(DELETE_QUERY, { name })).deleteQuery;
export const undeleteQuery = async (name: string): Promise<SavedQuery> =>
  dataOf(await change<{ undeleteQuery: SavedQuery }, Record<string, unknown>>(UNDELETE_QUERY, { name })).undeleteQuery;

/** The change of a query of the page that opens it. */
export const savedAddress = (query: SavedQuery): Partial<Panel> & { readonly range?: Range } => {
  const range = query.range === null ? undefined : readRangeText(query.range);
  const { text, name, version } = query;
  return { text, view: undefined, columns: undefined, saved: { name, version }, ...(range === undefined ? {} : { range }) };
};

/** The saved query that a query of the page was opened from, as it was then, and what became of it. */
export class Opened {
  base = $state.raw<SavedQuery | undefined>();
  /** The version that stands; undefined: it is not there any more. */
  newest = $state.raw<number | undefined>();
  #asked = '';
  readonly #here: Here;

  constructor(here: Here) {
    this.#here = here;
  }

  /** Finds out about the one the address names, where it is not known yet. */
  async follow(saved: Address['saved']): Promise<void> {
    const wanted = saved === undefined ? '' : `${saved.name}@${saved.version}`;
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    if (saved === undefined || (this.base?.name === saved.name && this.base.version === saved.version)) {
      if (saved === undefined) this.base = undefined;
      return;
    }
    const found = await readSaved(saved.name).catch(() => undefined);
    if (this.#asked !== wanted) return;
    const version = found?.versions.find((one) => one.version === saved.version);
    this.base = version === undefined ? undefined : { ...version, name: saved.name };
    this.newest = found?.version;
  }

  /** It was saved or renamed here. */
  become(query: SavedQuery): void {
    this.base = query;
    this.newest = query.version;
    this.#asked = `${query.name}@${query.version}`;
    this.#here.replace({ saved: { name: query.name, version: query.version } });
  }
}

/** The link to what is shown; `range`: to other moments than the address has. */
export const linkTo = (address: Address, range = address.range): string => `${location.origin}${location.pathname}${printAddress({ ...address, range })}`;

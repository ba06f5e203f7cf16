// What the editor asks about a text: is it right, how is it laid out, what could come next.
// At once from the language in this browser, then from the server, which knows the data. Never throws: an unreachable server is no broken editor.
import { type Catalogue as IqlCatalogue, mayReadSaved } from '../../../query/language.ts';
import { askOnce } from '../data/client.ts';
import { CATALOGUE, CHECK, COMPLETE } from '../data/documents.ts';
import type { Catalogue, Completion, Diagnostic } from '../data/types.ts';
import { checkHere, completeHere, formatHere, iqlCatalogue, wantsValues } from './local-language.ts';

export interface LanguageService {
  /** At once, without what only the server knows; undefined while too little is known. */
  readonly checkHere: (text: string) => readonly Diagnostic[] | undefined;
  readonly check: (text: string) => Promise<readonly Diagnostic[] | undefined>;
  /** undefined where the text cannot be laid out. */
  readonly format: (text: string) => string | undefined;
  /** At an offset in UTF-16 units; most likely first. Of the one that answers at once: undefined where only the server knows. */
  readonly completeHere: (text: string, offset: number) => readonly Completion[] | undefined;
  readonly complete: (text: string, offset: number) => Promise<readonly Completion[]>;
}

/** Names change rarely; what is new is asked for this often. */
const FRESH_MS = 60_000;

export const languageService = (): LanguageService => {
  let catalogue: IqlCatalogue | undefined;
  let loadedAt = 0;
  const load = async (): Promise<void> => {
    if (Date.now() - loadedAt < FRESH_MS) return;
    loadedAt = Date.now();
    const { data } = await askOnce<{ catalogue: Catalogue }, Record<string, never>>(CATALOGUE, {});
    if (data !== undefined) catalogue = iqlCatalogue(data.catalogue);
  };
  void load();
  return {
    checkHere: (text) => (catalogue === undefined ? undefined : checkHere(text, catalogue)),
    check: async (text) => (await askOnce<{ check: Diagnostic[] }, { text: string }>(CHECK, { text })).data?.check,
    format: formatHere,
    completeHere: (text, offset) => {
      void load();
      return catalogue === undefined || wantsValues(text, offset) || mayReadSaved(text) ? undefined : completeHere(text, offset, catalogue);
    },
    complete: async (text, offset) => {
      return (await askOnce<{ complete: Completion[] }, { text: string; offset: number }>(COMPLETE, { text, offset })).data?.complete ?? [];
    },
  };
};

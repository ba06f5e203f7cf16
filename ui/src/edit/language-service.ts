// What the editor asks about a text: is it right, how is it laid out, what could come next. Answers come from the server.
// Never throws: an unreachable server means no diagnostics and no suggestions, not a broken editor.
import { askOnce } from '../data/client.ts';
import { CHECK, COMPLETE, FORMAT } from '../data/documents.ts';
import type { Completion, Diagnostic } from '../data/types.ts';

export interface LanguageService {
  readonly check: (text: string) => Promise<readonly Diagnostic[]>;
  /** undefined where the text cannot be laid out. */
  readonly format: (text: string) => Promise<string | undefined>;
  /** At an offset in UTF-16 units; most likely first. */
  readonly complete: (text: string, offset: number) => Promise<readonly Completion[]>;
}

export const serverLanguage: LanguageService = {
  check: async (text) => (await askOnce<{ check: Diagnostic[] }, { text: string }>(CHECK, { text })).data?.check ?? [],
  format: async (text) => (await askOnce<{ format: string | null }, { text: string }>(FORMAT, { text })).data?.format ?? undefined,
  complete: async (text, offset) =>
    (await askOnce<{ complete: Completion[] }, { text: string; offset: number }>(COMPLETE, { text, offset })).data?.complete ?? [],
};

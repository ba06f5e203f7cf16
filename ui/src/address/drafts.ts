// Texts that were edited and not run, by query of the page. They belong to a step of the browser's history, which keeps them through
// reloads and brings them back with the step; pure, and what it keeps is read as if anybody had written it.

/** By query; null: as it was run. */
export type Drafts = readonly (string | null)[];

/** undefined: the step has none of its own. */
export const readDrafts = (state: unknown): Drafts | undefined => {
  const { drafts } = (state ?? {}) as Record<string, unknown>;
  return Array.isArray(drafts) ? drafts.map((draft) => (typeof draft === 'string' ? draft : null)) : undefined;
};

/** With the text of one query edited. */
export const withDraft = (drafts: Drafts, at: number, draft: string | null): Drafts =>
  Array.from({ length: Math.max(drafts.length, at + 1) }, (_, i) => (i === at ? draft : (drafts[i] ?? null)));

/** What is left of drafts where the texts have become others: a query with another text begins anew. */
export const carried = (drafts: Drafts, before: readonly string[], after: readonly string[]): Drafts =>
  after.map((text, i) => (text === before[i] ? (drafts[i] ?? null) : null));

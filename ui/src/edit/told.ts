// What stands beside the text already, so that an answer need not say it a second time.
import type { Diagnostic } from '../data/types.ts';

export interface Told {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

const place = ({ code, span, view }: Diagnostic): string => JSON.stringify([code, view ?? null, span]);

/** Those about `text` that do not stand beside it. */
export const untold = (diagnostics: readonly Diagnostic[], text: string, told: Told | undefined): readonly Diagnostic[] => {
  if (told?.text !== text) return diagnostics;
  const places = new Set(told.diagnostics.map(place));
  return diagnostics.filter((diagnostic) => diagnostic.span === null || !places.has(place(diagnostic)));
};

// How the backups are, in one line for people: the one that runs, or when the last one was made, and why one since came to nothing.

import { sizeText } from '../../core/size-text.ts';
import type { BackupState, PartStatus } from '../../graphql/service.ts';
import type { BackupNotes } from './notes.ts';

const NAME = 'backup';
const DAY_MS = 86_400_000;

/** In words; ms. */
export const ageText = (age: number): string => {
  if (age < 120_000) return 'just now';
  if (age < 2 * 3_600_000) return `${Math.round(age / 60_000)} min ago`;
  return age < 2 * DAY_MS ? `${Math.round(age / 3_600_000)} h ago` : `${Math.round(age / DAY_MS)} days ago`;
};

/** `now`: ms. That none was ever made is no trouble: whoever copies the machine's disk needs none. */
export const backupPart = (notes: BackupNotes, state: BackupState | undefined, now: number): PartStatus => {
  const { last, failed } = notes;
  const made =
    last === undefined
      ? 'none was made yet'
      : `the last is of ${last.point} (${ageText(now - Date.parse(last.point))}), ${sizeText(last.bytes)} in ${last.dir}`;
  if (state?.state === 'running')
    return { name: NAME, state: 'ok', detail: `one is written to ${state.dir}: ${state.step}, ${sizeText(state.bytes)} so far; ${made}` };
  if (failed === undefined) return { name: NAME, state: 'ok', detail: made };
  return { name: NAME, state: 'degraded', detail: `one to ${failed.dir} failed at ${failed.at}: ${failed.reason}; ${made}` };
};

// How a host is, in words with since when, for every page that shows one.
import { HOST_STATES, type HostState, LATE_MS } from '../../../schemas/host-state.ts';
import { ageText, momentText } from '../format/value.ts';

export interface HostStanding {
  readonly state: HostState;
  /** ISO times. */
  readonly lastSeen: string;
  readonly stoppedAt: string | null;
  /** Seconds. */
  readonly lag: number | null;
}

export const isHostState = (text: unknown): text is HostState => (HOST_STATES as readonly unknown[]).includes(text);

/** Whether its figures are those of now. */
export const isFresh = (state: HostState): boolean => state === 'reporting' || state === 'late';

/** Gravest first; stopped on purpose is nobody's trouble. */
export const STATE_RANK: Readonly<Record<HostState, number>> = { silent: 0, late: 1, reporting: 2, stopped: 3 };

/** `reporting`, `late, 3 min behind`, `silent since 14:03`, `stopped since 2026-11-20 14:03`. */
export const stateWords = ({ state, lastSeen, stoppedAt, lag }: HostStanding, now: number): string => {
  const since = (iso: string): string => `${state} since ${momentText(iso, now).slice(0, -3)}`;
  if (state === 'silent') return since(lastSeen);
  if (state === 'stopped') return since(stoppedAt ?? lastSeen);
  if (state === 'reporting') return state;
  return lag !== null && lag * 1000 > LATE_MS ? `late, ${ageText(lag * 1000)} behind` : `late, heard ${ageText(now - Date.parse(lastSeen))} ago`;
};

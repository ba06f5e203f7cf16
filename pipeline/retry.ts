// Waiting with jitter for a store that does not answer.
// It never gives up by itself: what waits is safe in the stream, and the lag shows it.

import { CodedError, type ErrorCode } from '../core/errors.ts';

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** Between two attempts of what only a person can mend. */
const PARKED_MS = 60_000;
const PARKED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'columns.rejected',
  'columns.refused-user',
  'columns.missing-right',
  'columns.pinned-setting',
  'columns.no-database',
  'columns.certificate',
  'records.rejected',
  'search.rejected',
  'search.credentials',
  'search.other-mapping',
  'search.newer-schema',
  'records.refused-user',
  'records.certificate',
  'records.no-database',
]);

/** The work was called off: its partition went to another owner, or the pipeline stops. Nothing more may be done for it. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export const checkSignal = (signal: AbortSignal): void => {
  if (signal.aborted) throw new Stopped('the partition is not ours any more');
};

/** Rejects with `Stopped` when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(new Stopped('the partition is not ours any more'));
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });

/** Between half and all of a pause that doubles up to 10 s. */
export const backoffMs = (attempt: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2);

/** Told of each failure before the pause, and once when the store answers again. */
export interface StoreHealth {
  failed(error: Error): void;
  /** The store answers, and refuses the statement itself: a right, a table or a column is missing. Tried again each minute. */
  parked(error: Error): void;
  recovered(): void;
}

/** The work's outcome, or `Stopped` as soon as the signal aborts: nobody waits for a store then. */
const unlessStopped = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = (): void => reject(new Stopped('the partition is not ours any more'));
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });

/** Resolves when `work` has ended, either way, or the signal aborts; leaves nothing on a signal that outlives thousands of them. */
export const settledOrAborted = (work: Promise<unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    work.then(end, end);
  });

/** Runs `work` until it succeeds; errors that `lasting` names are thrown at once. */
export const retryUntilStopped = async <T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  health: StoreHealth,
  lasting: (error: unknown) => boolean = () => false,
): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    checkSignal(signal);
    let isParked = false;
    try {
      const result = await unlessStopped(work(), signal);
      if (attempt > 0) health.recovered();
      return result;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      if (lasting(error)) {
        // The store answers.
        if (attempt > 0) health.recovered();
        throw error;
      }
      checkSignal(signal);
      const told = error instanceof Error ? error : new Error(String(error));
      isParked = error instanceof CodedError && PARKED.has(error.code);
      if (isParked) health.parked(told);
      else health.failed(told);
    }
    await pause(isParked ? PARKED_MS : backoffMs(attempt), signal);
  }
};

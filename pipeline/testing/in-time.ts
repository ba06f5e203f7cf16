// Work under vitest's false clock, where timers and `performance` are false and a stream's own thread is not.
import { vi } from 'vitest';

/** The clock goes on until the work is done; the stream's own thread works by the real one. */
export const inTime = async <T>(work: Promise<T>): Promise<T> => {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => undefined);
  while (!over) {
    await vi.advanceTimersByTimeAsync(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done;
};

export const pass = (ms: number): Promise<unknown> => inTime(new Promise((resolve) => setTimeout(resolve, ms)));

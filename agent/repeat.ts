// Runs something again and again at a steady rate, never twice at once; a run that takes too long costs the next ones, not their rate.

export interface Repeated {
  /** Resolves when the run in hand is over; none follows. */
  stop(): Promise<void>;
}

export const every = (everyMs: number, run: () => void | Promise<void>, failed: (error: unknown) => void): Repeated => {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let due = performance.now() + everyMs;
  const round = async (): Promise<void> => {
    try {
      await run();
    } catch (error) {
      failed(error);
    }
    const now = performance.now();
    due += everyMs * Math.max(1, Math.ceil((now - due) / everyMs));
    if (!stopped) plan();
  };
  const plan = (): void => {
    timer = setTimeout(
      () => {
        running = round();
      },
      Math.max(0, due - performance.now()),
    );
  };
  plan();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      return running;
    },
  };
};

// Runs something again and again at a steady rate, never twice at once; a run that takes too long costs the next ones, not their rate.
// One that has more to do goes again as soon as others had their turn.

export interface Repeated {
  /** Resolves when the run in hand is over; none follows. */
  stop(): Promise<void>;
}

/** `run` answers true where there is more to do at once. */
export const every = (everyMs: number, run: () => unknown, failed: (error: unknown) => void): Repeated => {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let due = performance.now() + everyMs;
  const round = async (): Promise<void> => {
    let more: unknown = false;
    try {
      more = await run();
    } catch (error) {
      failed(error);
    }
    const now = performance.now();
    if (more === true) due = now;
    else due += everyMs * Math.max(1, Math.ceil((now - due) / everyMs));
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

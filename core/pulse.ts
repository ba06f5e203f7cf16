// Whether the process of a store still answers: asked again and again. A process can hang without ending (stopped, out of memory, a native
// thread that waits for ever); then nobody else would notice.

export interface PulseOptions {
  /** Resolves to whether it answered in time; never rejects. */
  readonly ask: (patienceMs: number) => Promise<boolean>;
  /** Between two questions, and how long one is waited for. */
  readonly everyMs: number;
  /** Without an answer for so long it hangs. */
  readonly hungMs: number;
  /** It did not answer once. Told once until it answers again. */
  readonly silent: () => void;
  /** It answers again after it was silent. */
  readonly back: (ms: number) => void;
  readonly hung: () => void;
}

/** Misses that make a hang: one long pause of the whole machine is none. */
const LEAST_MISSES = 3;

/** Begins to ask; ends with what it returns, or once it has told of a hang. */
export const watchPulse = ({ ask, everyMs, hungMs, silent, back, hung }: PulseOptions): (() => void) => {
  let heard = performance.now();
  let misses = 0;
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const beat = async (): Promise<void> => {
    const answers = await ask(everyMs);
    if (over) return;
    const quiet = performance.now() - heard;
    if (answers) {
      if (misses > 0) back(quiet);
      heard = performance.now();
      misses = 0;
    } else if (++misses === 1) silent();
    else if (misses >= LEAST_MISSES && quiet >= hungMs) {
      over = true;
      hung();
      return;
    }
    timer = setTimeout(() => void beat(), everyMs);
  };
  timer = setTimeout(() => void beat(), everyMs);
  return () => {
    over = true;
    clearTimeout(timer);
  };
};

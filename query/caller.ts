// Who asks: which rows they may see, and how much one question of theirs may take. Made where somebody is let in; nothing is asked without one.
import { ALL_ROWS, type RowRights } from './3-plan/rights.ts';

/** What is left out has no limit but the installation's, which nobody's goes beyond. */
export interface CallerLimits {
  /** Of an answer. */
  readonly rows?: number;
  readonly seconds?: number;
  /** That one question holds. */
  readonly bytes?: number;
  readonly questionsAtOnce?: number;
}

export interface Caller {
  /** Who shares a limit on questions at once. */
  readonly name: string;
  readonly rights: RowRights;
  readonly limits: CallerLimits;
}

/** One who may see every row. */
export const unlimited = (name: string): Caller => ({ name, rights: ALL_ROWS, limits: {} });

/** Of the questions of each caller. */
export class QuestionsAtOnce {
  readonly #running = new Map<string, number>();

  /** Another one begins; undefined: it may not. To be called when it ends. */
  begin({ name, limits }: Caller): (() => void) | undefined {
    const running = this.#running.get(name) ?? 0;
    if (running >= (limits.questionsAtOnce ?? Number.POSITIVE_INFINITY)) return undefined;
    this.#running.set(name, running + 1);
    return () => {
      const left = (this.#running.get(name) ?? 1) - 1;
      if (left === 0) this.#running.delete(name);
      else this.#running.set(name, left);
    };
  }
}

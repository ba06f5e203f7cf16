// How much of a run is done at once, so that the server's other work has its turn, a stop is seen, and what is being made stays small:
// a batch is cut into pieces that take about as long as one turn. Never changes what a run answers.
import type { Batch } from '../../core/batch/batch.ts';
import { sliceBatch } from '../../core/batch/take.ts';
import { mustGoOn, type RunEnvironment } from './environment.ts';
import { batchBytes } from './size.ts';

/** How long work may go on before others have their turn. */
const TURN_MS = 20;
/** Rows of a piece at most. */
const MOST_ROWS = 65_536;
/** Of what one piece becomes. */
const MOST_BYTES = 16 << 20;

const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Of one operator of a run. */
export class Pace {
  readonly #env: Pick<RunEnvironment, 'signal'>;
  /** Of the next piece. The first shows what a row costs: an expression over a long text may take a second. */
  #rows = 1;
  #since = performance.now();

  constructor(env: Pick<RunEnvironment, 'signal'>) {
    this.#env = env;
  }

  /** The batch in pieces; how large the next one is depends on how long the one before took, and on what was made of it. */
  *pieces(batch: Batch, made: readonly Batch[]): Generator<Batch> {
    for (let from = 0; from < batch.length; ) {
      const to = Math.min(batch.length, from + this.#rows);
      const begun = performance.now();
      yield sliceBatch(batch, from, to);
      const took = performance.now() - begun;
      const bytes = made.reduce((sum, b) => sum + batchBytes(b), 0);
      if (took > TURN_MS || bytes > MOST_BYTES) this.#rows = Math.max(1, this.#rows >> (took > TURN_MS * 8 || bytes > MOST_BYTES * 8 ? 4 : 1));
      else if (took < TURN_MS / 4 && bytes < MOST_BYTES / 8 && to - from === this.#rows)
        this.#rows = Math.min(MOST_ROWS, this.#rows * (took < TURN_MS / 16 ? 8 : 2));
      from = to;
    }
  }

  /** Gives others their turn when this one has taken long; throws `iql.cancelled` when the run was stopped. */
  async turn(): Promise<void> {
    mustGoOn(this.#env);
    if (performance.now() - this.#since < TURN_MS) return;
    await breathe();
    this.#since = performance.now();
    mustGoOn(this.#env);
  }
}

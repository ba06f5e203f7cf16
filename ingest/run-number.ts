// How far a run may be numbered ahead. A run is numbered by its sender's clock, in ms: one that is further ahead would shut out all that come
// after it. Where one stands that far ahead already, as a clock was wrong, those that follow it up closely are let pass.
import { RUN_AHEAD_MS } from '../schemas/frame.ts';

/** The number that a refused one is told to take is the known one and one more. */
const STEPS = 1000n;

/** `known`: the sender's run, where it has one; `now`: ms. */
export const isTooFarAhead = (boot: bigint, known: bigint | undefined, now: number): boolean =>
  boot > BigInt(Math.floor(now) + RUN_AHEAD_MS) && !(known !== undefined && boot >= known && boot <= known + STEPS);

// Whether the clock may be believed when it says that data is old. A clock that jumps ahead by days would make all of it old at once: after
// such a jump nothing is removed for a day, in which somebody can set it right. A server that was away for long is the same case: it waits.

export interface ClockState {
  /** The latest look, ms. */
  readonly at: number;
  /** Since when (ms, by the new time) it is waited after a jump; missing: it is not. */
  readonly jumped?: number;
  /** The time (ms) from which it jumped: only near it the clock has been set right. Missing: not waited, or not known. */
  readonly from?: number;
}

const DAY_MS = 86_400_000;
/** A jump by less is a restart, or an hour's correction. */
const JUMP_MS = 2 * DAY_MS;
const WAIT_MS = DAY_MS;

/** The state after a look at the clock. `before` undefined: the first look of all; `newest`: of what is stored, ms. */
export const lookedAt = (before: ClockState | undefined, now: number, newest: number | undefined): ClockState => {
  const last = before?.at ?? newest ?? now;
  const jumped = before?.jumped;
  // After several jumps it is right where it was before the first.
  const from = jumped === undefined ? last : before?.from;
  if (now - last > JUMP_MS) return { at: now, jumped: now, ...(from === undefined ? {} : { from }) };
  if (jumped === undefined || now >= jumped + WAIT_MS) return { at: now };
  if (now >= jumped) return { ...before, at: now };
  // Set back behind the jump: right again, or only a little less wrong.
  return from !== undefined && now - from <= JUMP_MS ? { at: now } : { at: now, jumped: now, ...(from === undefined ? {} : { from }) };
};

/** Until when (ms) nothing is removed; undefined: the clock is believed. */
export const heldUntil = ({ jumped }: ClockState): number | undefined => (jumped === undefined ? undefined : jumped + WAIT_MS);

// A span of time as a person reads it: in one unit, or two where the first is small. Rounded, never counted with.

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;
/** From so many of a unit on its parts say nothing any more. */
const ENOUGH = 10;

/** `3 d 4 h`, `12 d`, `5 min 20 s`, `0 s`. */
export const spanText = (seconds: number): string => {
  let at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at === -1) at = UNITS.length - 1;
  const [, size] = UNITS[at] as (typeof UNITS)[number];
  const part = UNITS[at + 1];
  if (part === undefined || seconds / size >= ENOUGH) {
    const count = Math.round(seconds / size);
    const larger = UNITS[at - 1];
    // Rounded up to a whole one of the next larger.
    return larger !== undefined && count * size >= larger[1] ? `1 ${larger[0]}` : `${count} ${UNITS[at]?.[0]}`;
  }
  const parts = Math.round(seconds / part[1]);
  const [whole, rest] = [Math.floor((parts * part[1]) / size), ((parts * part[1]) % size) / part[1]];
  return `${whole} ${UNITS[at]?.[0]}${rest === 0 ? '' : ` ${rest} ${part[0]}`}`;
};

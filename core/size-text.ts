// Bytes as a person reads them, in the largest unit that leaves a whole one: never 0 of a unit where there is something.

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `0 bytes`, `1.5 KiB`, `32 MiB`, `3.2 GiB`. */
export const sizeText = (bytes: number): string => {
  let at = 0;
  let rest = bytes;
  // What would be rounded to a whole one of the next is told as that.
  while (at < UNITS.length - 1 && rest >= 1023.95) {
    rest /= 1024;
    at++;
  }
  const shown = at === 0 ? Math.round(rest) : Math.round(rest * 10) / 10;
  return `${shown} ${shown === 1 && at === 0 ? 'byte' : UNITS[at]}`;
};

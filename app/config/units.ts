// Durations and sizes as people write them in settings: `15d`, `2GiB`. Read and written here only; the rest of the product counts
// milliseconds and bytes.
import { FOREVER_MS } from '../../schemas/retention.ts';

export const FOREVER = 'forever';

/** From the largest on. */
const DURATIONS: readonly (readonly [string, number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const SIZES: readonly (readonly [string, number])[] = [
  ['TiB', 2 ** 40],
  ['TB', 1e12],
  ['GiB', 2 ** 30],
  ['GB', 1e9],
  ['MiB', 2 ** 20],
  ['MB', 1e6],
  ['KiB', 2 ** 10],
  ['kB', 1e3],
  ['B', 1],
];

const read = (text: string, units: readonly (readonly [string, number])[]): number | undefined => {
  const [, amount, unit] = /^(\d{1,16}(?:\.\d{1,6})?) ?([A-Za-z]{1,3})$/.exec(text) ?? [];
  const factor = units.find(([name]) => name === unit)?.[1];
  const value = factor === undefined ? Number.NaN : Number(amount) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
};

/** In the largest unit of which it is a whole number. */
const write = (value: number, units: readonly (readonly [string, number])[]): string => {
  const [name, factor] = units.find(([, f]) => value >= f && value % f === 0) ?? (units.at(-1) as readonly [string, number]);
  return `${value / factor}${name}`;
};

/** ms, whole; undefined for what is no duration. */
export const readDuration = (text: string): number | undefined => (text === FOREVER ? FOREVER_MS : read(text, DURATIONS));
/** Days are not gathered to weeks: whoever writes `15d` counts in days. */
export const writeDuration = (ms: number): string => (ms >= FOREVER_MS ? FOREVER : write(ms, DURATIONS.slice(1)));

/** Bytes, whole; undefined for what is no size. */
export const readSize = (text: string): number | undefined => read(text, SIZES);
export const writeSize = (bytes: number): string => write(bytes, bytes % 1024 === 0 ? SIZES.filter(([name]) => name.endsWith('iB') || name === 'B') : SIZES);

// Numbers for people: bytes in binary steps, durations in time units, ratios in percent, counts with SI letters.
// Units are UCUM text as OpenTelemetry uses it. Never changes a value's meaning, only its writing.

/** What stands for a number that is not known. */
export const UNKNOWN = '–';

type Family = 'bytes' | 'duration' | 'ratio' | 'count' | 'plain';
export interface UnitForm {
  readonly family: Family;
  /** Multiplies a value into bytes, seconds, a ratio, or itself. */
  readonly factor: number;
  /** `/s` for rates, ` °C` and the like for units written as they are. */
  readonly suffix: string;
}

const BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({ By: 1, kBy: 1e3, MBy: 1e6, GBy: 1e9, KiBy: 1024, MiBy: 1024 ** 2, GiBy: 1024 ** 3, bit: 1 / 8 }),
);
const SECONDS: ReadonlyMap<string, number> = new Map(Object.entries({ ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400, wk: 604_800 }));
const WRITTEN: ReadonlyMap<string, string> = new Map(Object.entries({ Cel: ' °C', V: ' V', A: ' A', W: ' W', J: ' J', Hz: ' Hz' }));

/** How values of that unit are written; null is a plain number. */
export const unitForm = (unit: string | null): UnitForm => {
  if (unit === null || unit === '') return { family: 'plain', factor: 1, suffix: '' };
  const rate = unit.endsWith('/s');
  const base = rate ? unit.slice(0, -2) : unit;
  const suffix = rate ? '/s' : '';
  const bytes = BYTES.get(base);
  if (bytes !== undefined) return { family: 'bytes', factor: bytes, suffix };
  const seconds = SECONDS.get(base);
  // s/s is a ratio: the part of the time
  if (seconds !== undefined) return rate ? { family: 'ratio', factor: seconds, suffix: '' } : { family: 'duration', factor: seconds, suffix: '' };
  if (base === '1') return rate ? { family: 'count', factor: 1, suffix: '/s' } : { family: 'ratio', factor: 1, suffix: '' };
  if (base === '%') return { family: 'ratio', factor: 0.01, suffix };
  if (/^\{[^}]*\}$/.test(base)) return { family: 'count', factor: 1, suffix };
  return { family: 'plain', factor: 1, suffix: WRITTEN.get(unit) ?? ` ${unit}` };
};

const grouped = (text: string): string => {
  const [whole = '', fraction] = text.split('.');
  const withCommas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? withCommas : `${withCommas}.${fraction}`;
};

const trimZeros = (text: string): string => (text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text);

/** Plain decimal with that many significant digits at least before the point kept whole: 1234.5 → 1,235; 0.01234 → 0.0123. */
const digits = (value: number, significant: number): string => {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-6 || size >= 1e15) return trimZeros(value.toPrecision(significant)).replace('e+', 'e');
  const before = Math.floor(Math.log10(size)) + 1;
  return grouped(trimZeros(value.toFixed(Math.max(0, Math.min(20, significant - before)))));
};

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const SI = ['', ' K', ' M', ' G', ' T', ' P'];

const power = (size: number, base: number, last: number): number => {
  let n = 0;
  while (n < last && size >= base) {
    size /= base;
    n++;
  }
  return n;
};

const TIME_UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
];

/** 65 → `1m 5s`, 0.0012 → `1.2 ms`, 90000 → `1d 1h`: two units at most. */
export const formatDuration = (seconds: number, significant = 3): string => {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? '-' : '';
  if (size === 0) return '0 s';
  if (size < 1e-6) return `${sign}${digits(size * 1e9, significant)} ns`;
  if (size < 1e-3) return `${sign}${digits(size * 1e6, significant)} µs`;
  if (size < 1) return `${sign}${digits(size * 1e3, significant)} ms`;
  if (size < 60) return `${sign}${digits(size, significant)} s`;
  const at = TIME_UNITS.findIndex(([unit]) => size >= unit);
  const [unit, letter] = TIME_UNITS[at] ?? [1, 's'];
  const [lower, lowerLetter] = TIME_UNITS[at + 1] ?? [1, 's'];
  let whole = Math.floor(size / unit);
  let rest = Math.round((size - whole * unit) / lower);
  if (rest * lower >= unit) {
    whole++;
    rest = 0;
  }
  return rest === 0 ? `${sign}${grouped(String(whole))}${letter}` : `${sign}${grouped(String(whole))}${letter} ${rest}${lowerLetter}`;
};

const count = (value: number, significant: number): string => {
  const size = Math.abs(value);
  if (size < 100_000) return digits(value, Math.max(significant, 5));
  const n = power(size, 1000, SI.length - 1);
  return `${digits(value / 1000 ** n, significant)}${SI[n]}`;
};

/**
 * A value in its unit, short enough for a legend: `1.5 KiB`, `12.3%`, `1m 5s`, `1.23 M/s`.
 * Null, NaN and what is no number give `–`.
 */
export const formatNumber = (value: number | null | undefined, unit: string | null, significant = 3): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const form = unitForm(unit);
  const scaled = value * form.factor;
  // In a smaller unit it would be more than a number can be: it stands in its own.
  if (!Number.isFinite(form.family === 'ratio' ? scaled * 100 : scaled)) return `${digits(value, significant)}${unit === '1' ? '' : ` ${unit}`}`;
  switch (form.family) {
    case 'bytes': {
      const n = power(Math.abs(scaled), 1024, BINARY.length - 1);
      return `${digits(scaled / 1024 ** n, significant)} ${BINARY[n]}${form.suffix}`;
    }
    case 'duration':
      return formatDuration(scaled, significant);
    case 'ratio':
      return `${digits(scaled * 100, significant)}%${form.suffix}`;
    case 'count':
    case 'plain':
      return `${count(scaled, significant)}${form.suffix}`;
  }
};

/** What all numbers of a column are divided by, and what stands behind each. */
interface ColumnScale {
  readonly per: number;
  readonly suffix: string;
}

const DURATION_SCALES: readonly ColumnScale[] = [
  { per: 1e-9, suffix: ' ns' },
  { per: 1e-6, suffix: ' µs' },
  { per: 1e-3, suffix: ' ms' },
  { per: 1, suffix: ' s' },
];

const columnScale = ({ family, suffix }: UnitForm, largest: number): ColumnScale => {
  switch (family) {
    case 'bytes': {
      const n = power(largest, 1024, BINARY.length - 1);
      return { per: 1024 ** n, suffix: ` ${BINARY[n]}${suffix}` };
    }
    case 'duration':
      return DURATION_SCALES.findLast(({ per }) => largest >= per) ?? { per: 1e-9, suffix: ' ns' };
    case 'ratio':
      return { per: 0.01, suffix: `%${suffix}` };
    case 'count':
    case 'plain': {
      const n = largest < 100_000 ? 0 : power(largest, 1000, SI.length - 1);
      return { per: 1000 ** n, suffix: `${SI[n]}${suffix}` };
    }
  }
};

/** Digits behind the point in a column, however small its smallest number is. */
const MOST_DECIMALS = 4;
/** Longer durations are written as `1m 5s`, each by itself. */
const LONG_SECONDS = 120;

/**
 * A column of numbers that can be compared at a glance: one unit and one number of decimals for all, so that points stand under points.
 * The largest has `significant` digits, the smallest one where that asks for no more than four decimals; what would be 0 but is not stands as `<0.01`.
 */
export const columnFormat = (
  values: readonly (number | null | undefined)[],
  unit: string | null,
  significant = 3,
): ((value: number | null | undefined) => string) => {
  const form = unitForm(unit);
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let whole = true;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value) || value === 0) continue;
    const size = Math.abs(value * form.factor);
    if (size > largest) largest = size;
    if (size < smallest) smallest = size;
    whole &&= Number.isInteger(value);
  }
  const { per, suffix } = columnScale(form, largest);
  if (largest === 0 || largest >= 1e15 || largest < 1e-12 || (form.family === 'duration' && largest >= LONG_SECONDS)) {
    return (value) => formatNumber(value, unit, significant);
  }
  const exponent = (size: number): number => Math.floor(Math.log10(size / per) + 1e-12);
  const exact = whole && per === 1 && form.factor === 1;
  const ofLargest = significant - 1 - exponent(largest);
  const ofSmallest = -exponent(smallest);
  // a number far below all others does not give them digits that nobody reads
  const wanted = ofSmallest <= MOST_DECIMALS - Math.max(0, exponent(largest)) ? Math.max(ofLargest, ofSmallest) : ofLargest;
  let decimals = exact ? 0 : Math.max(0, Math.min(wanted, exponent(largest) < 0 ? 12 : MOST_DECIMALS));
  // decimals that are 0 in every row say nothing; a number that would become 0 keeps them
  const spare = (value: number | null | undefined): boolean => {
    if (value === null || value === undefined || value === 0 || !Number.isFinite(value)) return true;
    const text = ((value * form.factor) / per).toFixed(decimals);
    return text.endsWith('0') && /[1-9]/.test(text);
  };
  while (decimals > 0 && values.every(spare)) decimals--;
  const least = 10 ** -decimals;
  return (value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
    const scaled = (value * form.factor) / per;
    if (scaled === 0) return `0${suffix}`;
    if (Math.abs(scaled) < least / 2) return `${scaled < 0 ? '>-' : '<'}${least.toFixed(decimals)}${suffix}`;
    return `${grouped(scaled.toFixed(decimals))}${suffix}`;
  };
};

const decimalSteps = (from: number, to: number, of: readonly number[] = [1, 2, 5]): number[] => {
  const steps: number[] = [];
  for (let e = from; e <= to; e++) for (const m of of) steps.push(Number(`${m}e${e}`));
  return steps;
};
const DECIMAL = decimalSteps(-12, 18);
const WHOLE = decimalSteps(0, 18);
// a quarter is a step people know of a whole
const RATIO = decimalSteps(-12, 3, [1, 2, 2.5, 5]);
const BINARY_STEPS = [...decimalSteps(-6, -1), ...Array.from({ length: 64 }, (_, n) => 2 ** n)];
const DURATION_STEPS = [
  ...decimalSteps(-9, -1),
  ...[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400],
  ...decimalSteps(0, 6).map((days) => days * 86_400),
];

const stepsOf = (family: Family, whole: boolean): number[] => {
  switch (family) {
    case 'bytes':
      return BINARY_STEPS;
    case 'duration':
      return DURATION_STEPS;
    case 'ratio':
      return RATIO;
    case 'count':
    case 'plain':
      return whole ? WHOLE : DECIMAL;
  }
};

/** Distances between grid lines that people count in, in the value's own unit, ascending; `whole` for what comes in whole numbers only. */
export const axisSteps = (unit: string | null, whole = false): number[] => {
  const form = unitForm(unit);
  const steps = stepsOf(form.family, whole);
  return form.factor === 1 ? steps : steps.map((step) => step / form.factor);
};

/** Labels of an axis: all in one step of the unit, so that they compare at a glance. */
export const axisLabels = (splits: readonly number[], unit: string | null): string[] => {
  const form = unitForm(unit);
  const largest = Math.max(...splits.map((split) => Math.abs(split * form.factor)), 0);
  const step = splits.length > 1 ? Math.abs((splits[1] as number) - (splits[0] as number)) * form.factor : largest;
  const fixed = (value: number, perUnit: number): string => {
    const decimals = step === 0 ? 0 : Math.max(0, Math.min(12, -Math.floor(Math.log10(step / perUnit) + 1e-9)));
    return grouped(trimZeros((value / perUnit).toFixed(Math.min(12, decimals + 1))));
  };
  const label = (value: number): string => {
    switch (form.family) {
      case 'bytes': {
        const n = power(largest, 1024, BINARY.length - 1);
        return value === 0 ? '0' : `${fixed(value, 1024 ** n)} ${BINARY[n]}${form.suffix}`;
      }
      case 'ratio':
        return `${fixed(value, 0.01)}%`;
      case 'duration':
        return value === 0 ? '0' : formatDuration(value, 6);
      case 'count':
      case 'plain': {
        const n = largest < 100_000 ? 0 : power(largest, 1000, SI.length - 1);
        return value === 0 ? '0' : `${fixed(value, 1000 ** n)}${SI[n]}${form.suffix}`;
      }
    }
  };
  return splits.map((split) => (Number.isFinite(split * form.factor * 100) ? label(split * form.factor) : formatNumber(split, unit)));
};

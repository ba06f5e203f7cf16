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

const BYTES: Readonly<Record<string, number>> = { By: 1, kBy: 1e3, MBy: 1e6, GBy: 1e9, KiBy: 1024, MiBy: 1024 ** 2, GiBy: 1024 ** 3, bit: 1 / 8 };
const SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400, wk: 604_800 };
const WRITTEN: Readonly<Record<string, string>> = { Cel: ' °C', V: ' V', A: ' A', W: ' W', J: ' J', Hz: ' Hz' };

/** How values of that unit are written; null is a plain number. */
export const unitForm = (unit: string | null): UnitForm => {
  if (unit === null || unit === '') return { family: 'plain', factor: 1, suffix: '' };
  const rate = unit.endsWith('/s');
  const base = rate ? unit.slice(0, -2) : unit;
  const suffix = rate ? '/s' : '';
  const bytes = BYTES[base];
  if (bytes !== undefined) return { family: 'bytes', factor: bytes, suffix };
  const seconds = SECONDS[base];
  // s/s is a ratio: the part of the time
  if (seconds !== undefined) return rate ? { family: 'ratio', factor: seconds, suffix: '' } : { family: 'duration', factor: seconds, suffix: '' };
  if (base === '1') return rate ? { family: 'count', factor: 1, suffix: '/s' } : { family: 'ratio', factor: 1, suffix: '' };
  if (base === '%') return { family: 'ratio', factor: 0.01, suffix };
  if (/^\{[^}]*\}$/.test(base)) return { family: 'count', factor: 1, suffix };
  return { family: 'plain', factor: 1, suffix: WRITTEN[unit] ?? ` ${unit}` };
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

const decimalSteps = (from: number, to: number): number[] => {
  const steps: number[] = [];
  for (let e = from; e <= to; e++) for (const m of [1, 2, 2.5, 5]) steps.push(Number(`${m}e${e}`));
  return steps;
};
const DECIMAL = decimalSteps(-12, 18);
const BINARY_STEPS = [...decimalSteps(-6, -1), ...Array.from({ length: 64 }, (_, n) => 2 ** n)];
const DURATION_STEPS = [
  ...decimalSteps(-9, -1),
  ...[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400],
  ...decimalSteps(0, 6).map((days) => days * 86_400),
];

/** Distances between grid lines that people count in, in the value's own unit, ascending. */
export const axisSteps = (unit: string | null): number[] => {
  const form = unitForm(unit);
  const steps = form.family === 'bytes' ? BINARY_STEPS : form.family === 'duration' ? DURATION_STEPS : DECIMAL;
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
  return splits.map((split) => label(split * form.factor));
};

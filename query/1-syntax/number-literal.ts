// Numbers and quantities: `1_000`, `1e3`, `1h30m`, `10MiB`, `90%`, `10MiB/s`, `5/s`. Units heed case. Reads one literal; never decides where it may stand.
import type { NumberLiteral, QuantityLiteral } from './ast.ts';
import { type Diagnostic, fixOf, syntaxError } from './diagnostic.ts';
import { OPERATOR_WORDS } from './tokens.ts';

/** Nanoseconds; d and w as fixed lengths: where they are calendar units, use the parts. */
export const DURATION_NANOS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12, d: 8.64e13, w: 6.048e14 };
/** Bytes. */
export const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
/** Behind a number it is read as the number's unit. */
export const isUnit = (word: string): boolean => Object.hasOwn(DURATION_NANOS, word) || Object.hasOwn(SIZE_BYTES, word);
const MISSPELT: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
  week: 'w',
  weeks: 'w',
  msec: 'ms',
  millis: 'ms',
  usec: 'us',
  µs: 'us',
  μs: 'us',
  nsec: 'ns',
  byte: 'B',
  bytes: 'B',
};
/** Words behind a whole operand. */
const CONTINUES: ReadonlySet<string> = new Set(['and', 'or', 'in', 'between', 'then', 'else', 'end', 'as', 'by', 'per', 'over', ...OPERATOR_WORDS]);
const THOUSANDS: Readonly<Record<string, number>> = { k: 3, K: 3, M: 6, G: 9, T: 12 };

const NUMBER = /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+)?/y;
const LOOSE = /[\d_]*(?:\.[\d_]*)?/y;
const UNIT = /\p{L}[\p{L}\p{M}_]*/uy;
const PART = /(\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?)(\p{L}[\p{L}\p{M}_]*)/uy;
const WORD = /[\p{L}\p{M}\p{N}_.]+/uy;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};
const isWordAt = (text: string, at: number): boolean => at < text.length && matchAt(WORD, text, at) !== null;
const plain = (digits: string): string => digits.replaceAll('_', '');

const INT64_LIMIT = 2n ** 63n;

/** A number's node from its digits; beyond 64 bits it is a float. */
const numberNode = (digits: string, start: number, end: number): NumberLiteral => {
  const text = plain(digits);
  const span = { start, end };
  if (/^\d+$/.test(text)) {
    const exact = text.length > 40 ? INT64_LIMIT : BigInt(text);
    if (exact <= BigInt(Number.MAX_SAFE_INTEGER)) return { node: 'number', value: Number(exact), integer: true, span };
    if (exact < INT64_LIMIT) return { node: 'number', value: exact, integer: true, span };
  }
  return { node: 'number', value: Number(text), integer: false, span };
};

/** The printed form of a number in a quantity: no underscores, no leading zeros, no exponent where it can be helped. */
const shortest = (value: number): string => String(value);

export interface NumberRead {
  readonly node: NumberLiteral | QuantityLiteral;
  readonly end: number;
  readonly problem: Diagnostic | undefined;
}

const hintFor = (digits: string, unit: string): { readonly text: string; readonly fix: string | undefined } => {
  const zeros = Object.hasOwn(THOUSANDS, unit) ? THOUSANDS[unit] : undefined;
  const amount = Number(plain(digits));
  if (zeros !== undefined) {
    const grouped = (amount * 10 ** zeros).toLocaleString('en-US', { maximumFractionDigits: 6 }).replaceAll(',', '_');
    return { text: `; numbers are written out: ${grouped}${unit === 'M' ? ` (minutes: ${digits}m)` : ''}`, fix: grouped };
  }
  if (Object.hasOwn(MISSPELT, unit)) return { text: `; did you mean ${digits}${MISSPELT[unit]}?`, fix: `${digits}${MISSPELT[unit]}` };
  const lower = unit.toLowerCase();
  const known = [...Object.keys(DURATION_NANOS), ...Object.keys(SIZE_BYTES)].find((u) => u.toLowerCase() === lower);
  if (known !== undefined) return { text: `; did you mean ${digits}${known}?`, fix: `${digits}${known}` };
  return { text: '', fix: undefined };
};

/** Reads the literal that begins with the digit at `start`. */
export const readNumber = (text: string, start: number): NumberRead => {
  const digits = (matchAt(NUMBER, text, start) as RegExpExecArray)[0];
  let end = start + digits.length;
  const next = text[end];
  const wrong = (to: number, problem: Diagnostic): NumberRead => ({ node: numberNode(digits, start, to), end: to, problem });
  const quantity = (kind: QuantityLiteral['kind'], to: number, canonical: string, value: number, parts: QuantityLiteral['parts'] = []): NumberRead => {
    // What lies beyond all numbers is none.
    if (!Number.isFinite(value)) return wrong(to, syntaxError('iql.bad-number', { text: `${text.slice(start, start + 20)}…` }, { start, end: to }));
    return { node: { node: 'quantity', kind, text: canonical, parts, value, span: { start, end: to } }, end: to, problem: undefined };
  };
  const amount = Number(plain(digits));

  if (next === '%') {
    const read = quantity('ratio', end + 1, `${shortest(amount)}%`, ratioOf(plain(digits)));
    const after = text[end + 1];
    if (after === undefined || !(after === '(' || isWordAt(text, end + 1))) return read;
    // `50%and` goes on with another operator: it is the ratio that was meant.
    const ratio = CONTINUES.has(matchAt(WORD, text, end + 1)?.[0].toLowerCase() ?? '');
    const fix = ratio ? fixOf(`Write ${digits}% …`, end, end + 1, '% ') : fixOf(`Write ${digits} % …`, end, end + 1, ' % ');
    return { ...read, problem: syntaxError('iql.percent-space', { text: `${digits}%` }, { start, end: end + 1 }, fix) };
  }
  if (next === '/' && text[end + 1] === 's' && !isWordAt(text, end + 2)) return quantity('rate', end + 2, `${shortest(amount)}/s`, amount);
  const unit = matchAt(UNIT, text, end)?.[0];
  if (unit === undefined) {
    if (next !== '.' && next !== '_') return { node: numberNode(digits, start, end), end, problem: undefined };
    // `5.` and `1_`: what stands before is the number that was meant.
    const loose = (matchAt(LOOSE, text, end) as RegExpExecArray)[0];
    const rest = matchAt(WORD, text, end + loose.length)?.[0] ?? '';
    const to = end + loose.length + rest.length;
    const fix = rest === '' ? fixOf(`Write ${digits}`, start, to, digits) : undefined;
    return wrong(to, syntaxError('iql.bad-number', { text: text.slice(start, to) }, { start, end: to }, fix));
  }

  if (Object.hasOwn(SIZE_BYTES, unit) && !isWordAt(text, end + unit.length)) {
    const bytes = amount * (SIZE_BYTES[unit] as number);
    end += unit.length;
    if (text[end] === '/' && text[end + 1] === 's' && !isWordAt(text, end + 2)) return quantity('rate', end + 2, `${shortest(amount)}${unit}/s`, bytes);
    return quantity('size', end, `${shortest(amount)}${unit}`, bytes);
  }

  const parts: { readonly value: number; readonly unit: string }[] = [];
  let at = start;
  for (let part = matchAt(PART, text, at); part !== null; part = matchAt(PART, text, at)) {
    const [whole, number, name] = part as unknown as [string, string, string];
    if (!Object.hasOwn(DURATION_NANOS, name)) break;
    parts.push({ value: Number(plain(number)), unit: name });
    at += whole.length;
  }
  if (parts.length > 0 && !isWordAt(text, at)) {
    const seconds = parts.reduce((sum, p) => sum + p.value * (DURATION_NANOS[p.unit] as number), 0) / 1e9;
    return quantity('duration', at, parts.map((p) => `${shortest(p.value)}${p.unit}`).join(''), seconds, parts);
  }
  const to = end + (matchAt(WORD, text, end) as RegExpExecArray)[0].length;
  const written = text.slice(end, to);
  const hint = hintFor(digits, written);
  const fix = hint.fix === undefined ? undefined : fixOf(`Write ${hint.fix}`, start, to, hint.fix);
  return wrong(to, syntaxError('iql.bad-unit', { text: text.slice(start, to), unit: written, hint: hint.text }, { start, end: to }, fix));
};

/** 12.5 % = 0.125 exactly as the decimal text says, where a division by 100 would round twice. */
const ratioOf = (digits: string): number => Number(/[eE]/.test(digits) ? Number(digits) / 100 : `${digits}e-2`);

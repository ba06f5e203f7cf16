// Functions of numbers.
//
// Exactly:
// - abs, sign, ceil, floor, round of an int are ints (abs of the least int is missing); of a float they have the call's type: where that
//   is int a result beyond 64 bits is missing. sign is −1, 0 or 1.
// - round: halves away from zero: t = trunc(x), then t + sign(x) where |x − t| ≥ 0.5. With digits d > 0: round(x · 10^d) / 10^d; d < 0:
//   round(x / 10^−d) · 10^−d, for |d| ≤ 15; beyond that, or where x · 10^d is not finite, x itself. Of ints with d < 0 the same in
//   exact integers; digits must be whole and the digits of a row are that row's.
// - sqrt, exp, ln, log2, log10, pow: IEEE doubles; not finite (sqrt(−1), ln(0)) is missing and counted.
import { physicalType } from '../../3-plan/physical.ts';
import {
  type CallContext,
  finishFloats,
  floatFunction,
  floatsOf,
  intFunction,
  intsOf,
  isFloats,
  makeInts,
  maskOf,
  presentInAll,
  type ScalarRun,
  type Vector,
} from '../../run/vector.ts';

const roundWhole = (x: number): number => {
  const t = Math.trunc(x);
  return Math.abs(x - t) >= 0.5 ? t + Math.sign(x) : t;
};

const roundDigits = (x: number, digits: number): number => {
  if (digits === 0) return roundWhole(x);
  if (!(Math.abs(digits) <= 15)) return x;
  const power = 10 ** Math.abs(digits);
  const scaled = digits > 0 ? x * power : x / power;
  if (!Number.isFinite(scaled)) return x;
  return digits > 0 ? roundWhole(scaled) / power : roundWhole(scaled) * power;
};

const roundInt = (x: bigint, digits: bigint): bigint => {
  if (digits >= 0n) return x;
  if (digits < -18n) return 0n;
  const power = 10n ** -digits;
  const rest = x % power;
  const down = x - rest;
  const size = rest < 0n ? -rest : rest;
  if (size * 2n < power) return down;
  return x < 0n ? down - power : down + power;
};

/** Floats computed, delivered in the call's type. */
const deliver = (values: Float64Array, args: readonly Vector[], context: CallContext): ReturnType<ScalarRun> => {
  const present = presentInAll(args, context.rows);
  if (context.type !== 'int') return finishFloats(values, present, context);
  let lost = 0;
  const out = makeInts(physicalType('int'), context.rows, present, (i) => {
    const v = values[i] as number;
    if (v >= -(2 ** 63) && v < 2 ** 63) return BigInt(v);
    lost++;
    return undefined;
  });
  if (lost > 0) context.notRepresentable(lost);
  return out;
};

const whole = (floats: (x: number) => number, ints: (x: bigint) => bigint): ScalarRun => {
  const onInts = intFunction(ints);
  return (args, context) => {
    const v = args[0] as Vector;
    if (!isFloats(v) && context.type !== 'float') return onInts(args.slice(0, 1), context, physicalType(context.type));
    const x = floatsOf(v);
    const mask = maskOf(v);
    const out = new Float64Array(context.rows);
    for (let i = 0; i < out.length; i++) out[i] = floats(x[i & mask] as number);
    return deliver(out, args, context);
  };
};

const round: ScalarRun = (args, context) => {
  const [v, digits] = args as [Vector, Vector | undefined];
  if (!isFloats(v) && context.type !== 'float') {
    const type = physicalType(context.type);
    return digits === undefined ? intFunction((x) => x)([v], context, type) : intFunction(roundInt)(args, context, type);
  }
  const x = floatsOf(v);
  const mask = maskOf(v);
  const d = digits === undefined ? undefined : intsOf(digits);
  const dMask = digits === undefined ? 0 : maskOf(digits);
  const out = new Float64Array(context.rows);
  for (let i = 0; i < out.length; i++) out[i] = roundDigits(x[i & mask] as number, d === undefined ? 0 : Number(d[i & dMask]));
  return deliver(out, args, context);
};

const absInt = (x: bigint): bigint => (x < 0n ? -x : x);
const signInt = (x: bigint): bigint => (x > 0n ? 1n : x < 0n ? -1n : 0n);

export const MATH = {
  abs: whole(Math.abs, absInt),
  ceil: whole(Math.ceil, (x) => x),
  floor: whole(Math.floor, (x) => x),
  round,
  sign: whole((x) => (x > 0 ? 1 : x < 0 ? -1 : 0), signInt),
  sqrt: floatFunction(Math.sqrt),
  exp: floatFunction(Math.exp),
  ln: floatFunction(Math.log),
  log2: floatFunction(Math.log2),
  log10: floatFunction(Math.log10),
  pow: floatFunction((x, y) => x ** y),
};

// + - * / % and unary minus on int, float, duration and time; changes of unit.
//
// Exactly:
// - int with int gives int by exact 64-bit arithmetic; beyond 64 bits it is missing. int with float is float.
// - time ± duration is a time, time − time and duration ± duration are durations, all in exact nanoseconds.
// - divide: both sides as floats (an int becomes the nearest float), one IEEE division; of two durations their quotient as float.
// - duration × number and duration ÷ number (type duration): nanoseconds as float times or by the number, truncated toward zero.
// - remainder: ints as in C (the sign of the left); of floats the exact remainder
//   (fmod), which ClickHouse's modulo is not: it rounds on its way.
// - scale(x, f) is x · f; to_float(duration) is nanoseconds as float / 1e9.
// - What is not finite, x/0 and x % 0 are missing and counted.
import { DURATION } from '../../../core/batch/batch.ts';
import { physicalType } from '../../3-plan/physical.ts';
import {
  type CallContext,
  finishFloats,
  floatFunction,
  floatsOf,
  intFunction,
  isFloats,
  makeInts,
  maskOf,
  presentInAll,
  type ScalarRun,
  type Vector,
} from '../../run/vector.ts';

const kindOf = (v: Vector | undefined): string => (v === undefined ? 'none' : v.column.type.kind);

const arithmetic = (floats: (x: number, y: number) => number, ints: (x: bigint, y: bigint) => bigint | undefined): ScalarRun => {
  const onFloats = floatFunction(floats);
  const onInts = intFunction(ints);
  return (args, context) => (args.some(isFloats) || context.type === 'float' ? onFloats(args, context) : onInts(args, context, physicalType(context.type)));
};

/** duration by number; see the head of the file. */
const durationByNumber = (args: readonly Vector[], context: CallContext, f: (x: number, y: number) => number): ReturnType<ScalarRun> => {
  const [a, b] = args as [Vector, Vector];
  const x = floatsOf(a);
  const y = floatsOf(b);
  const [xMask, yMask] = [maskOf(a), maskOf(b)];
  let lost = 0;
  const out = makeInts(DURATION, context.rows, presentInAll(args, context.rows), (i) => {
    const r = Math.trunc(f(x[i & xMask] as number, y[i & yMask] as number));
    if (Math.abs(r) < 2 ** 63) return BigInt(r);
    lost++;
    return undefined;
  });
  if (lost > 0) context.notRepresentable(lost);
  return out;
};

const add = arithmetic(
  (x, y) => x + y,
  (x, y) => x + y,
);
const subtract = arithmetic(
  (x, y) => x - y,
  (x, y) => x - y,
);
const multiplyNumbers = arithmetic(
  (x, y) => x * y,
  (x, y) => x * y,
);
const divideNumbers = floatFunction((x, y) => x / y);

const multiply: ScalarRun = (args, context) =>
  context.type === 'duration' ? durationByNumber(args, context, (x, y) => x * y) : multiplyNumbers(args, context);

const divide: ScalarRun = (args, context) =>
  context.type === 'duration' && kindOf(args[1]) !== 'duration' ? durationByNumber(args, context, (x, y) => x / y) : divideNumbers(args, context);

const remainder = arithmetic(
  (x, y) => x % y,
  (x, y) => (y === 0n ? undefined : x % y),
);
const negate = arithmetic(
  (x) => -x,
  (x) => -x,
);

const toFloat: ScalarRun = (args, context) => {
  const v = args[0] as Vector;
  const divisor = kindOf(v) === 'duration' ? 1e9 : 1;
  const x = floatsOf(v);
  const mask = maskOf(v);
  const out = new Float64Array(context.rows);
  for (let i = 0; i < out.length; i++) out[i] = (x[i & mask] as number) / divisor;
  return finishFloats(out, presentInAll(args, context.rows), context);
};

export const ARITHMETIC = { add, subtract, multiply, divide, remainder, negate, to_float: toFloat, scale: floatFunction((x, factor) => x * factor) };

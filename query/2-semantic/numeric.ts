// Numbers with units: what fits together, and the conversions put in where it does.

import type { Expression, Span } from '../1-syntax/ast.ts';
import { SIZE_BYTES } from '../1-syntax/number-literal.ts';
import { spanning } from '../1-syntax/span.ts';
import { fix, replace } from './report.ts';
import type { Scope } from './scope.ts';
import { callOf, isNumber, type Type, type Typed, type } from './type.ts';
import { BYTES, COUNT, conversion, divideUnits, isCount, isRatio, multiplyUnits, perSecond, RATIO, SECONDS, sameDimension, type Unit } from './unit.ts';

const BYTE_RATE = perSecond(BYTES);
const COUNT_RATE = perSecond(COUNT);
const PLAIN_RATE = perSecond(RATIO);

/** For messages: `text`, `a number`, `By`. */
export const typeName = (t: Type): string => {
  if (isNumber(t) && t.unit !== undefined) return isRatio(t.unit) ? 'a ratio' : isCount(t.unit) ? 'a count' : t.unit.text;
  const names: Readonly<Record<Type['value'], string>> = {
    bool: 'true or false',
    int: 'a number',
    float: 'a number',
    string: 'text',
    time: 'a time',
    duration: 'a duration',
    ip: 'an address',
    list: 'a list',
    map: 'a map',
    histogram: 'a histogram',
    missing: 'missing',
    unknown: 'an unknown field',
  };
  return names[t.value];
};

export const toFloat = (t: Typed): Typed => {
  if (t.type.value === 'float') return t;
  const seconds = t.type.value === 'duration';
  const out = { ...t.type, value: 'float' as const, unit: seconds ? SECONDS : t.type.unit };
  if (t.op === 'literal' && t.literal !== null) return { ...t, type: out, literal: seconds ? Number(t.literal) / 1e9 : Number(t.literal) };
  return callOf('to_float', out, t.span, t);
};

/** The value in another unit of the same dimension. */
const inUnit = (t: Typed, unit: Unit): Typed => {
  const from = t.type.unit;
  if (from === undefined) return t;
  const factor = conversion(from, unit);
  if (factor === 1) return { ...t, type: { ...t.type, unit } };
  const wide = toFloat(t);
  if (wide.op === 'literal') return { ...wide, literal: (wide.literal as number) * factor, type: { ...wide.type, unit } };
  const by: Typed = { op: 'literal', literal: factor, type: type('float'), span: t.span };
  return callOf('scale', { ...wide.type, unit }, t.span, wide, by);
};

const isZero = (t: Typed): boolean => t.op === 'literal' && (t.literal === 0 || t.literal === 0n);

const DURATION_SUFFIXES: Readonly<Record<string, string>> = { s: 's', ms: 'ms', us: 'us', ns: 'ns', min: 'm', h: 'h', d: 'd' };
const sizeSuffix = (unit: Unit): string | undefined => Object.keys(SIZE_BYTES).find((suffix) => SIZE_BYTES[suffix] === unit.factor);

/** What a number in that unit has behind it in a text; undefined where it is no whole suffix (`bit`, `{x}/min`). */
const unitSuffix = (unit: Unit): string | undefined => {
  if (isRatio(unit)) return unit.factor === 0.01 ? '%' : undefined;
  if (sameDimension(unit, SECONDS)) return DURATION_SUFFIXES[unit.text];
  const size = sameDimension(unit, BYTES) || sameDimension(unit, BYTE_RATE) ? sizeSuffix(unit) : unit.factor === 1 ? '' : undefined;
  return size === undefined ? undefined : sameDimension(unit, BYTES) ? size : `${size}/s`;
};

/** Units that a number can be written in. In others (`Cel`, `V`, a product of counts) it can only be meant as it stands. */
const canBeWritten = (unit: Unit): boolean => isRatio(unit) || [SECONDS, BYTES, BYTE_RATE, COUNT_RATE].some((u) => sameDimension(unit, u));

/** `5/s` beside times a second of something that has no unit (`1/s`). */
const writtenRate = (t: Typed, other: Unit): boolean =>
  t.op === 'literal' && t.type.unit !== undefined && sameDimension(t.type.unit, COUNT_RATE) && sameDimension(other, PLAIN_RATE);

const isWritten = (e: Expression | undefined): boolean => e?.node === 'number' || (e?.node === 'unary' && e.operator === '-' && e.operand.node === 'number');

/** Whether a number written without unit may stand beside that unit; reports and offers the unit where not. */
const bareFits = (scope: Scope, bare: Typed, unit: Unit, ast: Expression | undefined): boolean => {
  if (isZero(bare) || !canBeWritten(unit)) return true;
  const number = bare.op === 'literal' ? String(bare.literal) : 'this number';
  if (isRatio(unit) && unit.factor === 1) {
    if (bare.op !== 'literal' || Math.abs(Number(bare.literal)) <= 1) return true;
    scope.reporter.error('iql.bare-ratio', { number }, bare.span, fix(`Write ${number}%`, replace(bare.span, `${number}%`)));
    return false;
  }
  const suffix = unitSuffix(unit);
  const mend = suffix !== undefined && isWritten(ast) ? fix(`Write ${number}${suffix}`, replace(bare.span, `${number}${suffix}`)) : undefined;
  scope.reporter.error('iql.bare-number', { number, unit: unit.text }, bare.span, mend);
  return false;
};

export interface Aligned {
  readonly left: Typed;
  readonly right: Typed;
  /** The unit both are in now. */
  readonly unit: Unit | undefined;
  readonly bare: boolean;
}

/**
 * Two numbers (or durations beside numbers) made comparable: one unit, one numeric type. Between columns the left one's unit stays;
 * literals convert to the other's. Reports and returns undefined where they do not fit.
 */
export const align = (
  scope: Scope,
  operator: string,
  l: Typed,
  r: Typed,
  ast?: { readonly left?: Expression | undefined; readonly right?: Expression | undefined },
): Aligned | undefined => {
  let left = l.type.value === 'duration' ? toFloat(l) : l;
  let right = r.type.value === 'duration' ? toFloat(r) : r;
  const lu = left.type.unit;
  const ru = right.type.unit;
  let unit = lu;
  if (lu !== undefined && ru !== undefined) {
    if (!sameDimension(lu, ru) && !writtenRate(left, ru) && !writtenRate(right, lu)) {
      scope.reporter.error('iql.unit-mismatch', { operator, left: typeName(left.type), right: typeName(right.type) }, spanning(l.span, r.span));
      return undefined;
    }
    if (left.op === 'literal' && right.op !== 'literal') {
      unit = ru;
      left = inUnit(left, ru);
    } else right = inUnit(right, lu);
  } else if (lu !== undefined && right.type.bare) {
    if (!bareFits(scope, right, lu, ast?.right)) return undefined;
  } else if (ru !== undefined && left.type.bare) {
    if (!bareFits(scope, left, ru, ast?.left)) return undefined;
    unit = ru;
  } else unit = left.type.bare ? ru : right.type.bare ? lu : undefined;
  if (left.type.value !== right.type.value) {
    left = toFloat(left);
    right = toFloat(right);
  }
  return { left, right, unit, bare: left.type.bare && right.type.bare };
};

/** `*` and `/` of numbers and durations. */
export const scaled = (operator: '*' | '/', l: Typed, r: Typed, span: Span): Typed => {
  const multiply = operator === '*';
  if (l.type.value === 'duration' && isNumber(r.type) && r.type.unit === undefined)
    return callOf(multiply ? 'multiply' : 'divide', type('duration'), span, l, toFloat(r));
  if (multiply && r.type.value === 'duration' && isNumber(l.type) && l.type.unit === undefined)
    return callOf('multiply', type('duration'), span, r, toFloat(l));
  if (!multiply && l.type.value === 'duration' && r.type.value === 'duration') return callOf('divide', type('float'), span, l, r);
  const left = l.type.value === 'duration' ? toFloat(l) : l;
  const right = r.type.value === 'duration' ? toFloat(r) : r;
  const [lt, rt] = [left.type, right.type];
  const bare = lt.bare && rt.bare;
  let unit: Unit | undefined;
  if (lt.unit !== undefined && rt.unit !== undefined) unit = multiply ? multiplyUnits(lt.unit, rt.unit) : divideUnits(lt.unit, rt.unit);
  else if (rt.bare) unit = lt.unit;
  else if (lt.bare && multiply) unit = rt.unit;
  // A quotient of equal dimensions is a plain number, so its factor has to be worked in.
  const factor = !multiply && lt.unit !== undefined && rt.unit !== undefined && unit === undefined ? conversion(lt.unit, rt.unit) : 1;
  const whole = multiply && lt.value === 'int' && rt.value === 'int';
  const out: Type = { value: whole ? 'int' : 'float', unit, bare };
  const result = callOf(multiply ? 'multiply' : 'divide', out, span, whole ? left : toFloat(left), whole ? right : toFloat(right));
  return factor === 1 ? result : callOf('scale', out, span, result, { op: 'literal', literal: factor, type: type('float'), span });
};

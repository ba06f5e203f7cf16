// Values of `$name` as a request brings them (JSON) made into the types that the text's uses gave them.
import type { Value } from '../core/batch/batch.ts';
import { parseTime } from '../core/time.ts';
import { timeLiteralNanos } from './1-syntax/time-literal.ts';
import { typeName } from './2-semantic/numeric.ts';
import type { ParameterUse } from './2-semantic/scope.ts';
import type { Type } from './2-semantic/type.ts';
import { PlacedError } from './3-plan/placed-error.ts';
import { parseDuration } from './functions/run/conversion.ts';

type Uses = ReadonlyMap<string, ParameterUse>;

const entriesOf = (given: unknown): ReadonlyMap<string, unknown> =>
  new Map(typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : []);

/** Durations as they were written, where they were written as text. */
export const writtenDurations = (uses: Uses, given: unknown): ReadonlyMap<string, string> =>
  new Map([...entriesOf(given)].flatMap(([name, v]) => (uses.get(name)?.type.value === 'duration' && typeof v === 'string' ? [[name, v] as const] : [])));

/**
 * `zone`: of times written without one. Parameters the text does not use are ignored; `iql.parameter-unset` and `iql.parameter-value` of
 * those it uses are told, each at its place in the text.
 */
export const readParameters = (uses: Uses, given: unknown, zone: string, tell: (mistake: PlacedError) => void): ReadonlyMap<string, Value> => {
  const out = new Map<string, Value>();
  const entries = entriesOf(given);
  for (const [name, use] of uses) {
    if (!entries.has(name)) {
      tell(new PlacedError('iql.parameter-unset', { name }, use.span));
      continue;
    }
    const value = entries.get(name);
    const wanted = use.list ? `${typeName(use.type)} or a list of them` : typeName(use.type);
    let told = false;
    const one = (v: unknown): Value => {
      const read = readValue(v, use.type, zone);
      if (read !== undefined || told) return read ?? null;
      told = true;
      tell(new PlacedError('iql.parameter-value', { name, wanted, got: JSON.stringify(v) ?? 'nothing' }, use.span));
      return null;
    };
    out.set(name, use.list && Array.isArray(value) ? value.map(one) : one(value));
  }
  return out;
};

const WHOLE = /^-?\d{1,19}$/;

const readValue = (v: unknown, type: Type, zone: string): Value | undefined => {
  if (v === null || v === undefined) return null;
  switch (type.value) {
    case 'bool':
      return typeof v === 'boolean' ? v : undefined;
    case 'int':
      // Beside a whole number any number may stand.
      if (typeof v === 'number') return Number.isSafeInteger(v) ? BigInt(v) : Number.isFinite(v) && !Number.isInteger(v) ? v : undefined;
      return typeof v === 'string' && WHOLE.test(v) && BigInt.asIntN(64, BigInt(v)) === BigInt(v) ? BigInt(v) : undefined;
    case 'float':
      return typeof v === 'number' && Number.isFinite(v) ? v : undefined;
    case 'time':
      return typeof v === 'string' ? (timeLiteralNanos(v, zone) ?? parseTime(v)) : undefined;
    case 'duration': {
      if (typeof v === 'number') return Number.isFinite(v) ? BigInt(Math.round(v * 1e9)) : undefined;
      return typeof v === 'string' ? parseDuration(v) : undefined;
    }
    case 'string':
    case 'ip':
      return typeof v === 'string' ? v : type.free === true && (typeof v === 'number' || typeof v === 'boolean') ? String(v) : undefined;
    default:
      return undefined;
  }
};

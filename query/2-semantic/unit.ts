// Units of numbers: UCUM text as OpenTelemetry writes it (`By`, `s`, `ms`, `1`, `%`, `{request}`, `By/s`, `{x}/s`) read into
// dimensions and a factor, so that the checker can tell what fits and convert literals. Never rejects a text: a unit it does not
// know is a dimension of its own.

export interface Unit {
  /** Canonical text for people and results. */
  readonly text: string;
  /** One of it in base units (seconds, bytes, ratio 1): `ms` has 0.001. */
  readonly factor: number;
  /** Exponents by base: `s`, `By`, `{}` (all counts are one), others by their own text. A ratio has none. */
  readonly dimensions: ReadonlyMap<string, number>;
}

const atom = (base: string | undefined, factor: number): { readonly base: string | undefined; readonly factor: number } => ({ base, factor });

const ATOMS: ReadonlyMap<string, ReturnType<typeof atom>> = new Map([
  ['1', atom(undefined, 1)],
  ['%', atom(undefined, 0.01)],
  ['ns', atom('s', 1e-9)],
  ['us', atom('s', 1e-6)],
  ['ms', atom('s', 1e-3)],
  ['s', atom('s', 1)],
  ['min', atom('s', 60)],
  ['h', atom('s', 3600)],
  ['d', atom('s', 86400)],
  ['bit', atom('By', 0.125)],
  ['By', atom('By', 1)],
  ['kBy', atom('By', 1e3)],
  ['MBy', atom('By', 1e6)],
  ['GBy', atom('By', 1e9)],
  ['TBy', atom('By', 1e12)],
  ['KiBy', atom('By', 2 ** 10)],
  ['MiBy', atom('By', 2 ** 20)],
  ['GiBy', atom('By', 2 ** 30)],
  ['TiBy', atom('By', 2 ** 40)],
]);

export const RATIO: Unit = { text: '1', factor: 1, dimensions: new Map() };
export const COUNT: Unit = { text: '{}', factor: 1, dimensions: new Map([['{}', 1]]) };
export const BYTES: Unit = { text: 'By', factor: 1, dimensions: new Map([['By', 1]]) };
export const SECONDS: Unit = { text: 's', factor: 1, dimensions: new Map([['s', 1]]) };

const cache = new Map<string, Unit | undefined>();

/** The unit a metadata text means; undefined (unknown) for the empty text. */
export const parseUnit = (text: string | undefined): Unit | undefined => {
  if (text === undefined || text === '' || text.length > 64) return undefined;
  const known = cache.get(text);
  if (known !== undefined) return known;
  let factor = 1;
  const dimensions = new Map<string, number>();
  let sign = 1;
  for (const part of text.split(/([./])/)) {
    if (part === '.' || part === '') continue;
    if (part === '/') {
      sign = -1;
      continue;
    }
    const count = /^(?:1)?\{[^}]*\}$/.test(part);
    const match = /^(.*?)(-?\d+)$/.exec(part);
    const [name, power] = count || match === null || match[1] === '' ? [part, 1] : [match[1] as string, Number(match[2])];
    const found = count ? atom('{}', 1) : (ATOMS.get(name) ?? atom(name, 1));
    factor *= found.factor ** (sign * power);
    if (found.base !== undefined) dimensions.set(found.base, (dimensions.get(found.base) ?? 0) + sign * power);
    sign = 1;
  }
  for (const [base, power] of dimensions) if (power === 0) dimensions.delete(base);
  const unit: Unit = { text, factor, dimensions };
  if (cache.size < 10_000) cache.set(text, unit);
  return unit;
};

export const sameDimension = (a: Unit, b: Unit): boolean =>
  a.dimensions.size === b.dimensions.size && [...a.dimensions].every(([base, power]) => b.dimensions.get(base) === power);

export const isRatio = (u: Unit): boolean => u.dimensions.size === 0;
export const isCount = (u: Unit): boolean => u.dimensions.size === 1 && u.dimensions.get('{}') === 1;

const combine = (a: Unit, b: Unit, sign: 1 | -1): Unit => {
  const dimensions = new Map(a.dimensions);
  for (const [base, power] of b.dimensions) {
    const sum = (dimensions.get(base) ?? 0) + sign * power;
    if (sum === 0) dimensions.delete(base);
    else dimensions.set(base, sum);
  }
  const factor = sign === 1 ? a.factor * b.factor : a.factor / b.factor;
  return { text: compose(a, b, sign), factor, dimensions };
};

const compose = (a: Unit, b: Unit, sign: 1 | -1): string => {
  if (isRatio(b) && b.factor === 1) return a.text;
  if (sign === 1) return isRatio(a) && a.factor === 1 ? b.text : `${a.text}.${b.text}`;
  return `${a.text}/${b.text}`;
};

export const multiplyUnits = (a: Unit, b: Unit): Unit => combine(a, b, 1);
/** undefined when the dimensions are equal: the quotient is a plain number of unknown unit. */
export const divideUnits = (a: Unit, b: Unit): Unit | undefined => (sameDimension(a, b) ? undefined : combine(a, b, -1));
export const perSecond = (u: Unit): Unit => combine(u, SECONDS, -1);
/** What one of `from` is in `to`; both of one dimension. */
export const conversion = (from: Unit, to: Unit): number => from.factor / to.factor;

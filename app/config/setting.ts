// The kinds of settings: what a value of each may be, as zod checks it, and how it is written. What settings there are is in
// `settings.ts`. Every kind reads a value of YAML, and the text of an environment variable through YAML's own rules.
import { z } from 'zod';
import { FOREVER, readDuration, readSize, writeDuration, writeSize } from './units.ts';

export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** One line of YAML. */
  readonly write: (value: T) => string;
  /** One or two sentences for people. */
  readonly summary: string;
  /** Whether SIGHUP brings it into force; else the next start does. */
  readonly live: boolean;
  /** A text is taken as it stands, without YAML's rules. */
  readonly verbatim: boolean;
  /** Where it is not `INFRAMIRROR_` and the name. */
  readonly variable?: string;
}

export interface Said {
  readonly summary: string;
  readonly live?: boolean;
  readonly variable?: string;
}

const setting = <T>(
  schema: z.ZodType<T>,
  fallback: T,
  write: (value: T) => string,
  { summary, live = false, variable }: Said,
  verbatim = false,
): Setting<T> => ({
  schema,
  fallback,
  write,
  summary,
  live,
  verbatim,
  ...(variable === undefined ? {} : { variable }),
});

/** A measure with a unit, checked after it was read. */
const measure = (
  what: string,
  example: string,
  readText: (text: string) => number | undefined,
  write: (value: number) => string,
  least: number,
  most: number,
) =>
  z.unknown().transform((value, context): number => {
    const found = typeof value === 'string' ? readText(value.trim()) : undefined;
    const problem =
      found === undefined
        ? `it must be ${what}, such as ${example}${typeof value === 'number' ? ': the unit is missing' : ''}`
        : found < least
          ? `it must be at least ${write(least)}`
          : found > most
            ? write(most) === FOREVER
              ? 'it is longer than can be counted; write forever to keep all'
              : `it must be at most ${write(most)}`
            : undefined;
    if (problem === undefined) return found as number;
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });

/** ms. */
export const duration = (fallback: number, least: number, most: number, said: Said): Setting<number> =>
  setting<number>(measure('a duration', '15d, 12h or 30s', readDuration, writeDuration, least, most), fallback, writeDuration, said);

/** Bytes. */
export const size = (fallback: number, least: number, most: number, said: Said): Setting<number> =>
  setting<number>(measure('a size', '2GiB or 512MiB', readSize, writeSize, least, most), fallback, writeSize, said);

/** A part of the whole, bytes, or what suits most. */
export type Share = 'auto' | { readonly percent: number } | { readonly bytes: number };

export const share = (fallback: Share, said: Said): Setting<Share> =>
  setting<Share>(
    z.unknown().transform((value, context): Share => {
      const text = typeof value === 'string' ? value.trim() : '';
      if (text === 'auto') return 'auto';
      const percent = /^(\d{1,2}(?:\.\d{1,3})?) ?%$/.exec(text)?.[1];
      if (percent !== undefined && Number(percent) <= 50) return { percent: Number(percent) };
      const bytes = readSize(text);
      if (bytes !== undefined) return { bytes };
      context.addIssue({ code: 'custom', message: 'it must be auto, a part of the disk up to 50%, or a size: 5%, 2GiB' });
      return z.NEVER;
    }),
    fallback,
    (value) => (value === 'auto' ? value : 'percent' in value ? `${value.percent}%` : writeSize(value.bytes)),
    said,
  );

export const count = (fallback: number, least: number, most: number, said: Said): Setting<number> =>
  setting<number>(
    z
      .number({ error: 'it must be a whole number' })
      .int({ error: 'it must be a whole number' })
      .min(least, { error: `it must be at least ${least}` })
      .max(most, { error: `it must be at most ${most}` }),
    fallback,
    String,
    said,
  );

export const flag = (fallback: boolean, said: Said): Setting<boolean> =>
  setting<boolean>(z.boolean({ error: 'it must be true or false' }), fallback, String, said);

export const choice = <const T extends string>(fallback: T, choices: readonly T[], said: Said): Setting<T> =>
  setting<T>(
    z.enum(choices as readonly [T, ...T[]], { error: `it must be one of ${choices.join(', ')}` }) as unknown as z.ZodType<T>,
    fallback,
    String,
    said,
    true,
  );

export const text = (fallback: string, said: Said): Setting<string> =>
  setting<string>(z.string({ error: 'it must be a text' }).min(1, { error: 'it must not be empty' }), fallback, (value) => JSON.stringify(value), said, true);

/** A text that may be left out: empty then. */
export const optionalText = (said: Said): Setting<string> =>
  setting<string>(z.string({ error: 'it must be a text' }), '', (value) => JSON.stringify(value), said, true);

/** A text that `fits`; `must`: what it must be. */
export const textThat = (fallback: string, fits: (value: string) => boolean, must: string, said: Said): Setting<string> =>
  setting<string>(z.string({ error: must }).refine(fits, { error: must }), fallback, (value) => JSON.stringify(value), said, true);

export const texts = (fallback: readonly string[], said: Said): Setting<readonly string[]> =>
  setting<readonly string[]>(
    z.array(z.string({ error: 'it must be a text' }), { error: 'it must be a list of texts: [first, second]' }),
    fallback,
    (value) => `[${value.map((v) => JSON.stringify(v)).join(', ')}]`,
    said,
  );

/** Texts of which none has an offence. */
export const textsThat = (fallback: readonly string[], offence: (value: string) => string | undefined, said: Said): Setting<readonly string[]> => ({
  ...texts(fallback, said),
  schema: z.array(z.string({ error: 'it must be a text' }), { error: 'it must be a list of texts: [first, second]' }).superRefine((values, context) => {
    for (const value of values) {
      const found = offence(value);
      if (found !== undefined) context.addIssue({ code: 'custom', message: `${JSON.stringify(value)}: ${found}` });
    }
  }),
});

export const pairs = (fallback: Readonly<Record<string, string>>, said: Said): Setting<Readonly<Record<string, string>>> =>
  setting<Readonly<Record<string, string>>>(
    z.record(z.string(), z.string({ error: 'it must be a text, in quotes where it is a number or true' }), {
      error: 'it must be names with texts: {role: web}',
    }),
    fallback,
    (value) =>
      `{${Object.entries(value)
        .map(([name, v]) => `${JSON.stringify(name)}: ${JSON.stringify(v)}`)
        .join(', ')}}`,
    said,
  );

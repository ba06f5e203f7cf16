// Reading of command lines, the same for all commands: options by name, suggestions on a typo, help.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CodedError, ERRORS } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { mendCode } from '../mend-code.ts';
import { VERSION } from '../version.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** Placeholder for help: `DIR`. */
  readonly value?: string;
  readonly summary: string;
}
export type Options = Readonly<Record<string, Option>>;

export interface Arguments {
  /** Last value of each option that was given. */
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/** `; did you mean "start"?`, or nothing. `prefix` stands before each choice. */
export const suggestion = (word: string, choices: readonly string[], prefix = ''): string => {
  const near = choices
    .map((c) => ({ c, d: distance(word, c) }))
    .filter(({ d }) => d <= 2)
    .sort((a, b) => a.d - b.d)[0];
  return near === undefined ? '' : `; did you mean ${JSON.stringify(prefix + near.c)}?`;
};

/** Letters to add, leave out, change, or swap with their neighbour. */
const distance = (a: string, b: string): number => {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1] as number[], [i]];
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? ((rows[i - 2]?.[j - 2] ?? Number.POSITIVE_INFINITY) as number) + 1 : changed;
      row.push(Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, changed, swapped));
    }
    rows.push(row);
  }
  return (rows[a.length] as number[])[b.length] as number;
};

/** Flags of all commands. */
const EVERYWHERE: ReadonlySet<string> = new Set(['help', 'version']);

/** A text of IQL, or the first of its words. */
const TEXT = /^(from|let)\b/;

/** Throws `command.usage`. */
export const readArguments = (args: readonly string[], options: Options, positionals: { readonly most: number }): Arguments => {
  const config: ParseArgsConfig = {
    args: [...args],
    options: {
      ...Object.fromEntries(Object.entries(options).map(([name, o]) => [name, { type: o.type, multiple: o.multiple ?? false }])),
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'V' },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  };
  const { values, positionals: rest, tokens = [] } = parseArgs(config);
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = EVERYWHERE.has(token.name) ? { type: 'boolean' as const } : Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined)
      throw new CodedError('command.usage', {
        problem: `there is no option ${token.rawName}${suggestion(token.name, [...EVERYWHERE, ...Object.keys(options)], '--')}`,
      });
    if (option.type === 'string' && (token.value === undefined || token.value === ''))
      throw new CodedError('command.usage', { problem: `${token.rawName} needs a value` });
    if (option.type === 'boolean' && token.value !== undefined) throw new CodedError('command.usage', { problem: `${token.rawName} takes no value` });
  }
  if (rest.length > positionals.most) {
    const quotes = positionals.most === 1 && TEXT.test(rest[0] ?? '') ? `; a text of several words stands in quotes: '${rest.join(' ')}'` : '';
    throw new CodedError('command.usage', { problem: `${JSON.stringify(rest[positionals.most])} is one argument too many${quotes}` });
  }
  const entries = Object.entries(values);
  return {
    values: new Map(entries.flatMap(([name, v]) => (typeof v === 'string' ? [[name, v] as const] : []))),
    flags: new Set(entries.flatMap(([name, v]) => (v === true ? [name] : []))),
    lists: new Map(entries.flatMap(([name, v]) => (Array.isArray(v) ? [[name, v.map(String)] as const] : []))),
    positionals: rest,
  };
};

export const helpText = (usage: string, summary: string, options: Options): string => {
  const rows = Object.entries(options).map(([name, o]) => [`--${name}${o.value === undefined ? '' : ` ${o.value}`}`, o.summary] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return `${summary}\n\nUsage: inframirror ${usage}\n\n${rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')}\n`;
};

/**
 * Runs a command: help on stdout, its errors on stderr with the mend, exit code 2 for wrong usage and 1 for a failure.
 */
export const command = async (
  args: readonly string[],
  usage: string,
  summary: string,
  options: Options,
  most: number,
  run: (args: Arguments) => Promise<number>,
): Promise<number> => {
  try {
    const read = readArguments(args, options, { most });
    if (read.flags.has('help')) {
      process.stdout.write(helpText(usage, summary, options));
      return 0;
    }
    if (read.flags.has('version')) {
      process.stdout.write(`${VERSION}\n`);
      return 0;
    }
    return await run(read);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const code = mendCode(error);
    const { mend } = ERRORS[code];
    process.stderr.write(`inframirror: ${plain(error.message)} [${code}]\n  ${mend}\n`);
    return error.code === 'command.usage' || error.code === 'config.wrong' ? 2 : 1;
  }
};

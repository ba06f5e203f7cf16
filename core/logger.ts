// The platform's own log: one line a record, levelled, with fields; text for people or JSON for machines.
// It never decides where lines go (`write` is handed in) and never throws on what it is given.

import { plain, plainJson } from './plain.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that puts these fields on every record. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Takes a whole line that ends with a line feed. */
  readonly write: (line: string) => void;
  readonly now?: () => number;
}

/** Longest text of one field; the rest is cut. */
const MOST_TEXT = 8192;

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text);

const simple = (value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return cut(value);
  if (value instanceof Error) {
    const code = (value as { readonly code?: unknown }).code;
    return {
      name: value.name,
      ...(code === undefined ? {} : { code: String(code) }),
      message: cut(value.message),
      ...(value.cause === undefined ? {} : { cause: String(value.cause) }),
    };
  }
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
};

const json = (value: unknown): string => {
  try {
    return JSON.stringify(value, (_, v) => simple(v)) ?? 'null';
  } catch {
    return '"(cannot be shown)"';
  }
};

const shown = (value: unknown): string => {
  const kept = value instanceof Error ? cut(value.message) : simple(value);
  const text = typeof kept === 'string' ? kept : json(kept);
  return plainJson(/^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text));
};

const textLine = (at: string, level: LogLevel, message: string, fields: LogFields): string =>
  `${at} ${level.padEnd(5)} ${plain(message.replaceAll(/\p{Cc}+/gu, ' '))}${Object.entries(fields)
    .map(([k, v]) => ` ${k}=${shown(v)}`)
    .join('')}\n`;

export const createLogger = (options: LoggerOptions, fixed: LogFields = {}): Logger => {
  const least = LOG_LEVELS.indexOf(options.level);
  const now = options.now ?? Date.now;
  const record =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < least) return;
      const at = new Date(now()).toISOString();
      const all = { ...fixed, ...fields };
      options.write(options.format === 'json' ? `${json({ time: at, level, message, ...all })}\n` : textLine(at, level, message, all));
    };
  return {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    with: (more) => createLogger(options, { ...fixed, ...more }),
  };
};

/** Takes everything and writes nothing. */
export const silentLogger: Logger = createLogger({ level: 'error', format: 'text', write: () => undefined });

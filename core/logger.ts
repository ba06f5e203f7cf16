// The platform's own log: one line a record, levelled, with fields; text for people or JSON for machines.
// Of warnings and errors that repeat one a minute is written, with how many were not, also where nothing else is said. It never decides where lines go (`write` is
// handed in) and never throws on what it is given.
import { type LogFields, LogRepeats, WINDOW_MS } from './log-repeats.ts';
import { plain, plainJson } from './plain.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type { LogFields };

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that puts these fields on every record. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  /** A function where it may change. */
  readonly level: LogLevel | (() => LogLevel);
  readonly format: 'text' | 'json';
  /** Takes a whole line that ends with a line feed. */
  readonly write: (line: string) => void;
  readonly now?: () => number;
}

/** Longest text of one field; the rest is cut. */
const MOST_TEXT = 8192;

/** Longest line of JSON; of a longer one the fields are written as one text that is cut. */
const MOST_LINE = 4 * MOST_TEXT;
/** Most entries of a list. */
const MOST_LIST = 20;

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
  if (Array.isArray(value) && value.length > MOST_LIST) return [...value.slice(0, MOST_LIST), `… and ${value.length - MOST_LIST} more`];
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
  const text = cut(typeof kept === 'string' ? kept : json(kept));
  return plainJson(/^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text));
};

const textLine = (at: string, level: LogLevel, message: string, fields: LogFields): string =>
  `${at} ${level.padEnd(5)} ${plain(message.replaceAll(/\p{Cc}+/gu, ' '))}${Object.entries(fields)
    .map(([k, v]) => ` ${k}=${shown(v)}`)
    .join('')}\n`;

const jsonLine = (at: string, level: LogLevel, message: string, fields: LogFields): string => {
  const line = json({ time: at, level, message, ...fields });
  return `${line.length <= MOST_LINE ? line : json({ time: at, level, message, cut: line })}\n`;
};

export const createLogger = (options: LoggerOptions): Logger => {
  const least = (): number => LOG_LEVELS.indexOf(typeof options.level === 'string' ? options.level : options.level());
  const { now = Date.now, write, format } = options;
  const put = (level: LogLevel, ms: number, message: string, fields: LogFields): void =>
    write((format === 'json' ? jsonLine : textLine)(new Date(ms).toISOString(), level, message, fields));
  const repeats = { warn: new LogRepeats(), error: new LogRepeats() };
  const tellLate = (at: number): void => {
    for (const kind of ['warn', 'error'] as const)
      for (const late of repeats[kind].over(at))
        put(kind, at, late.message, { ...late.fields, repeated: late.repeated, last: new Date(late.last).toISOString() });
  };
  let isTimed = false;
  const timed = (): void => {
    if (isTimed) return;
    isTimed = true;
    const timer: unknown = setTimeout(() => {
      isTimed = false;
      tellLate(now());
      if (repeats.warn.isWaiting || repeats.error.isWaiting) timed();
    }, WINDOW_MS);
    // In Node it holds up no end; browsers have no such thing.
    (timer as { readonly unref?: () => void }).unref?.();
  };
  const withFields = (fixed: LogFields): Logger => {
    const record =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (LOG_LEVELS.indexOf(level) < least()) return;
        const at = now();
        tellLate(at);
        const all = { ...fixed, ...fields };
        if ((level === 'warn' || level === 'error') && repeats[level].isRepeat(message, all, at)) {
          timed();
          return;
        }
        put(level, at, message, all);
      };
    return {
      debug: record('debug'),
      info: record('info'),
      warn: record('warn'),
      error: record('error'),
      with: (more) => withFields({ ...fixed, ...more }),
    };
  };
  return withFields({});
};

/** Takes everything and writes nothing. */
export const silentLogger: Logger = createLogger({ level: 'error', format: 'text', write: () => undefined });

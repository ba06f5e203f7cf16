// The log of a process whose records are written by another: here they are sent as they are made, there they are made again, errors and all.
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from '../../core/logger.ts';
import { errorFrom, wireError } from '../../core/node/wire-error.ts';
import type { ServerCalls, WireField } from './protocol.ts';

const fieldOf = ([name, value]: readonly [string, unknown]): WireField => (value instanceof Error ? [name, undefined, wireError(value)] : [name, value]);

export const relayedLogger = (send: ServerCalls['log'], least: () => LogLevel): Logger => {
  const withFields = (fixed: LogFields): Logger => {
    const record =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least())) send(level, message, Object.entries({ ...fixed, ...fields }).map(fieldOf));
      };
    return { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error'), with: (more) => withFields({ ...fixed, ...more }) };
  };
  return withFields({});
};

export const logRelayed = (log: Logger, ...[level, message, fields]: Parameters<ServerCalls['log']>): void =>
  log[level](message, Object.fromEntries(fields.map(([name, value, error]) => [name, error === undefined ? value : errorFrom(error)])));

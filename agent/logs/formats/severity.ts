// The severity of a line from the words and numbers that programs use for it.
import type { Severity } from '../../../schemas/catalogue.ts';

const BY_WORD: ReadonlyMap<string, Severity> = new Map(
  Object.entries({
    trace: 'trace trc trce verbose finest finer',
    debug: 'debug dbg dbug fine debug1 debug2 debug3 debug4 debug5',
    info: 'info inf information informational notice log statement detail hint context query location',
    warn: 'warn wrn warning',
    error: 'error err severe fail failure',
    fatal: 'fatal ftl critical crit alert emerg emergency panic dpanic pnc',
  }).flatMap(([severity, words]) =>
    words.split(' ').flatMap((word): [string, Severity][] => [
      [word, severity as Severity],
      [word.toUpperCase(), severity as Severity],
    ]),
  ),
);

/** Undefined for a word that names none. */
export const severityOfWord = (word: string): Severity | undefined => (word.length > 14 ? undefined : (BY_WORD.get(word) ?? BY_WORD.get(word.toLowerCase())));

const SYSLOG: readonly Severity[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];
const TENS: readonly Severity[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Syslog's 0 (emergency) to 7 (debug), or 10 (trace) to 60 (fatal) as bunyan and pino count. */
export const severityOfNumber = (value: number): Severity | undefined =>
  Number.isInteger(value) && value >= 0 && value < 8 ? SYSLOG[value] : TENS[Math.round(value / 10) - 1];

/** A level in capitals as a word of its own, or in any case within brackets or before a colon. */
const LEVEL =
  /(?:^|[\s[(<|:])(?:(TRACE|DEBUG\d?|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|FATAL|CRITICAL|CRIT|ALERT|EMERG|PANIC)(?=[\s\])>|:,]|$)|([A-Za-z]{3,13})(?=\s?[\]:]))/g;
const LOOKED_AT = 160;

/** The first level named near the beginning of a text. */
export const severityInText = (text: string): Severity | undefined => {
  for (const match of text.slice(0, LOOKED_AT).matchAll(LEVEL)) {
    const found = severityOfWord((match[1] ?? match[2]) as string);
    if (found !== undefined) return found;
  }
  return undefined;
};

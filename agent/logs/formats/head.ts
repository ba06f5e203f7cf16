// What logback, log4j, Spring, Python's logging and their like write between the time and the message: level, thread, process, logger,
// in any order and with any of the usual separators. What is not known as one of these begins the message.
import { type ParsedLine, setOwn, setText, setValue } from './parsed-line.ts';
import { severityOfWord } from './severity.ts';

const WORD = /([A-Za-z]{3,13}\d?)(?=[\s:\]|,]|$):?/y;
/** `c.e.App - `, `c.e.App : `, `c.e.App: `: a name before a colon must be a dotted one, or it is the first word of a message. */
const LOGGER = /([\w.$/@~-]{1,200}(?:\[[^\]\s]{0,40}\])?) +(?:-{1,2}|:) +|([\w$-]+(?:\.[\w$<>-]+)+): +/y;
/** Python's `name - ERROR - `. */
const NAMED_LEVEL = /([\w.$/-]{1,200}) - ([A-Z]{4,8}) - /y;
/** Spring's process before its dashes. */
const PROCESS = /(\d{1,10}) +--- +/y;
const DOTTED = /^[\w$]+(\.[\w$]+)+$/;
const MOST_TOKENS = 8;
const MOST_BRACKET = 128;

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
const isBlank = (c: number): boolean => c === 0x20 || c === 0x09;

/** The message behind the head that begins at `at`; what the head says goes into `into`. */
export const messageBehind = (text: string, at: number, into: ParsedLine): string => {
  let i = at;
  let thread = false;
  let logger = false;
  /** Its process and dashes are there: of two brackets behind them the first is the application. */
  let spring = false;
  for (let n = 0; n < MOST_TOKENS; n++) {
    while (isBlank(text.charCodeAt(i)) || separator(text, i)) i++;
    const c = text[i];
    if (c === '[') {
      const end = text.indexOf(']', i);
      if (end === -1 || end - i > MOST_BRACKET) break;
      const inner = text.slice(i + 1, end).trim();
      const severity = into.severity === undefined ? severityOfWord(inner) : undefined;
      if (severity !== undefined) into.severity = severity;
      else if (!logger && DOTTED.test(inner)) {
        setText(into, 'logger', inner);
        logger = true;
      } else if (!thread && inner !== '' && !inner.includes('=')) {
        setText(into, 'thread', inner);
        thread = true;
      } else if (spring && into.service === undefined && setOwn(into, 'service', into.attributes.get('thread') ?? '')) into.attributes.set('thread', inner);
      else break;
      i = end + 1;
      continue;
    }
    if (into.severity === undefined) {
      const blank = text.indexOf(' ', i);
      const named = text.startsWith(' - ', blank) ? matchAt(NAMED_LEVEL, text, i) : null;
      const level = named === null ? undefined : severityOfWord(named[2] as string);
      if (named !== null && level !== undefined) {
        into.severity = level;
        setText(into, 'logger', named[1]);
        return text.slice(i + named[0].length);
      }
      const word = matchAt(WORD, text, i);
      const severity = word === null ? undefined : severityOfWord(word[1] as string);
      if (word === null || severity === undefined) break;
      into.severity = severity;
      i += word[0].length;
      continue;
    }
    const pid = isDigit(text.charCodeAt(i)) ? matchAt(PROCESS, text, i) : null;
    if (pid !== null) {
      setValue(into, 'pid', pid[1] as string);
      spring = true;
      i += pid[0].length;
      continue;
    }
    const name = logger ? null : matchAt(LOGGER, text, i);
    if (name === null) break;
    setText(into, 'logger', name[1] ?? name[2]);
    return text.slice(i + name[0].length);
  }
  return text.slice(i);
};

/** A sign that stands alone between two tokens. */
const separator = (text: string, i: number): boolean => {
  const c = text[i];
  return (c === '-' || c === '|' || c === ':' || c === ']') && (isBlank(text.charCodeAt(i + 1)) || text[i + 1] === c || text[i + 1] === '[');
};

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

// Whether a line goes on with the entry before it: stack traces of Java, Python, Node, Go, Ruby, .NET, PHP and Rust, PostgreSQL's details, indented text.
// Decided on bytes, since nearly every line is told by its first ones; nothing here is kept beyond an entry.

/** What is known of the entry in hand. */
export interface EntryState {
  /** Nothing can go on with it: a whole JSON object. */
  closed: boolean;
  /** It begins with a time or a level: an exception on the next line is its own. */
  headed: boolean;
  /** What has been seen of a trace. */
  trace: '' | 'any' | 'python' | 'go';
  /** It is what apt did, of which the lines behind its time tell. */
  apt: boolean;
  /** Head of a PostgreSQL line up to its level, without the time; empty for others. */
  process: string;
  /** Its first line: looked at again only where a trace follows. */
  bytes: Buffer;
  from: number;
  to: number;
}

const NO_BYTES = Buffer.alloc(0);

export const newState = (): EntryState => ({ closed: false, headed: false, trace: '', apt: false, process: '', bytes: NO_BYTES, from: 0, to: 0 });

const BLANK = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
/** So much of a line is looked at. */
const LOOKED_AT = 256;
const HEAD_BYTES = 48;

/** Levels at the beginning of a line. */
const LEVEL = /^\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|trce|dbug|info|warn|fail|crit)\b/;
/** Go on with any entry that is open. */
const GOES_ON =
  /^(?:Caused by: |Suppressed: |Wrapped by: |\.\.\. \d+ (?:more|common frames)|goroutine \d+ \[|\[signal SIG|created by |exit status \d|Stack trace:|PHP Stack trace:|#\d+ |--- End of |stack backtrace:|note: run with |(?:from )?\S+\.rb:\d+:in [`'][^']*'$|\/\S+:\d+:in [`'][^']*'$)/;
/** `java.lang.IllegalStateException: x`, `TypeError: x`, `System.IO.IOException: x`: on with an entry that has a head. */
/** Of nobody who logged it. */
const UNCAUGHT = /^(?:Uncaught |Unhandled exception|Exception in thread ")/;
const EXCEPTION = /^(?:[\w$]+[./:\\]+)*[\w$]*(?:Error|Exception|Throwable)\b(?: \[[\w-]+\])?(?::|$| \()/;
/** A program that goes on speaking of other things: a trace of Python behind it is one that nobody caught. */
const QUIET = /(?:^|[\s[|-])(?:TRACE|DEBUG|INFO|NOTICE|info|debug)(?:[\s\]:|]|$)/;
const TRACEBACK = /^Traceback \(most recent call last\):/;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** The last line of a Python trace: the name of a class, perhaps with a text. */
const PYTHON_END = /^[A-Za-z_][\w.]*(?::|$)/;
/** `main.run(0x1, …)`, `github.com/a/b.(*T).Do`. */
const GO_CALL = /^(?:[\w.~-]+\/)*[\w.~%-]+\.[\w().*[\]{}\x80-\xff<>-]+(?:\([^\n]*\))?$/;
/** An entry behind which its logger puts the calls that led there. */
const LOUD = /(?:^|[\s[|m-])(?:WARN|WARNING|ERROR|DPANIC|PANIC|FATAL|warn|error|dpanic|panic|fatal)(?:\W|$)/;
const GO_START = /^(?:panic: |fatal error: |SIG[A-Z]+: )/;
const NODE_END = /^(?:\}|\]|Node\.js v\d)/;
const POSTGRES =
  /^\d{4}-\d{2}-\d{2} [\d:.]{8,12}( [^\n]{0,100}?)(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): {2}/;

/** Of apt's history, where only the first line of what was done tells its time, and the last when it ended. */
const APT_START = /^Start-Date: \d{4}-/;
const APT_FIRST = 0x53;
const APT_LINE = /^(?:Commandline|Requested-By|Install|Reinstall|Upgrade|Downgrade|Remove|Purge|Error|End-Date): /;

const isDigit = (c: number | undefined): boolean => c !== undefined && c >= 0x30 && c <= 0x39;

/** Whether a clock stands near the beginning: `dd:dd`. */
const dated = (bytes: Uint8Array, from: number, to: number): boolean => {
  const end = Math.min(to, from + HEAD_BYTES) - 2;
  for (let i = from + 2; i < end; i++)
    if (bytes[i] === 0x3a && isDigit(bytes[i - 1]) && isDigit(bytes[i - 2]) && isDigit(bytes[i + 1]) && isDigit(bytes[i + 2])) return true;
  return false;
};

/** `2026-…` behind blanks is a line of its own. */
const datedBehindBlanks = (bytes: Uint8Array, from: number, to: number): boolean => {
  let i = from;
  while (i < to && (bytes[i] === BLANK || bytes[i] === TAB)) i++;
  return (
    i + 5 < to && bytes[i + 4] === 0x2d && isDigit(bytes[i]) && isDigit(bytes[i + 1]) && isDigit(bytes[i + 2]) && isDigit(bytes[i + 3]) && dated(bytes, i, to)
  );
};

const textOf = (bytes: Buffer, from: number, to: number): string => bytes.toString('latin1', from, Math.min(to, from + LOOKED_AT));

/** Where an entry tells its level. */
const headOf = ({ bytes, from, to }: EntryState): string => textOf(bytes, from, Math.min(to, from + 128));

/** PostgreSQL has a blank where others have `T`, and its levels stand behind a process and before two blanks. */
const postgresHead = (bytes: Buffer, from: number, to: number): RegExpExecArray | null => {
  if (to - from <= 30 || bytes[from + 10] !== BLANK || bytes[from + 4] !== 0x2d) return null;
  const end = Math.min(to, from + LOOKED_AT) - 2;
  for (let i = from + 19; i < end; i++)
    if (bytes[i] === 0x3a && bytes[i + 1] === BLANK && bytes[i + 2] === BLANK) return POSTGRES.exec(textOf(bytes, from, to));
  return null;
};

/** An entry begins with this line. */
export const begin = (state: EntryState, bytes: Buffer, from: number, to: number): void => {
  const first = bytes[from];
  state.trace = '';
  state.process = '';
  state.bytes = bytes;
  state.from = from;
  state.to = to;
  state.closed = first === 0x7b && bytes[to - 1] === 0x7d;
  if (state.closed) return;
  state.apt = false;
  state.headed = dated(bytes, from, to);
  if (state.headed) {
    state.apt = first === APT_FIRST && APT_START.test(textOf(bytes, from, to));
    state.process = postgresHead(bytes, from, to)?.[1] ?? '';
    return;
  }
  const text = textOf(bytes, from, to);
  state.headed = LEVEL.test(text);
  if (TRACEBACK.test(text)) state.trace = 'python';
  else if (GO_START.test(text)) state.trace = 'go';
  // An object that is printed over several lines, or an exception.
  else if (text === '{' || UNCAUGHT.test(text) || EXCEPTION.test(text)) state.trace = 'any';
};

/** Whether the line goes on with the entry; then `state` knows of it. An empty line does, until another one shows whether it did. */
export const goesOn = (state: EntryState, bytes: Buffer, from: number, to: number): boolean => {
  if (state.closed) return false;
  const first = bytes[from];
  if (from === to) return true;
  if (first === BLANK || first === TAB) {
    if (datedBehindBlanks(bytes, from, to)) return false;
    if (state.trace === '' && first === TAB) state.trace = 'any';
    return true;
  }
  if (state.apt && APT_LINE.test(textOf(bytes, from, to))) return true;
  if (dated(bytes, from, to)) {
    if (state.process === '') return false;
    const head = postgresHead(bytes, from, to);
    return head !== null && head[1] === state.process && /^[DHCSQ]/.test(head[2] as string) && !(head[2] as string).startsWith('DEBUG');
  }
  if (first === 0x7b) return false;
  const text = textOf(bytes, from, to);
  if (GOES_ON.test(text)) {
    state.trace = text.startsWith('goroutine ') || text.startsWith('created by ') ? 'go' : state.trace === '' ? 'any' : state.trace;
    return true;
  }
  if (state.trace === 'python') {
    if (TRACEBACK.test(text) || CHAINED.test(text)) return true;
    if (!PYTHON_END.test(text)) return false;
    // What comes after it is of another entry, unless it is chained.
    state.trace = 'any';
    return true;
  }
  if (state.trace === 'any' && CHAINED.test(text)) {
    state.trace = 'python';
    return true;
  }
  if (state.trace !== '' && NODE_END.test(text)) return true;
  if (state.trace === 'go' && GO_CALL.test(text)) return true;
  if (!state.headed) return false;
  // That it is a trace shows at the next line, a place behind a tab: `www.example.com` looks like a call too.
  if (GO_CALL.test(text) && LOUD.test(headOf(state))) return true;
  if (TRACEBACK.test(text) && !QUIET.test(headOf(state))) state.trace = 'python';
  else if (EXCEPTION.test(text)) state.trace = 'any';
  else return false;
  return true;
};

/** Whether all of it, whose last line is ended, is one entry. */
export const isOneEntry = (bytes: Buffer): boolean => {
  const state = newState();
  let from = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
    if (from === 0) begin(state, bytes, 0, at);
    else if (!goesOn(state, bytes, from, at)) return false;
    from = at + 1;
  }
  return true;
};

/** Whether a line goes on with an entry. */
export const goesOnWith = (entry: Buffer, line: Buffer): boolean => line.length > 0 && isOneEntry(Buffer.concat([entry, line, Buffer.from([NEWLINE])]));

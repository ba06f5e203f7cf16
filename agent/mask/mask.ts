// Masks secrets in what leaves the host: values of names that mean one, credentials of HTTP, passwords in addresses, well-known forms of
// keys and tokens, blocks of private keys. A text without any comes back as it is. It tells a secret by its name or its form only, works in
// time linear in the text, and changes nothing else of it.
import { withoutForms, withoutPasswords } from './forms.ts';
import { withoutOptions } from './options.ts';
import type { OwnRule } from './own-rule.ts';
import type { ValueRange } from './quotes.ts';
import { HARMLESS, valueRange } from './value.ts';

/** Stands in place of a secret. */
export const MASKED = '***';

/** What the lines before tell of the next one of the same source. */
export interface MaskState {
  /** Lines of a private key that may still come. */
  keyLines: number;
}

export const newMaskState = (): MaskState => ({ keyLines: 0 });

/** Before the short names there is no other letter, as there is in `compass`. */
const NAMES =
  'passw(?:or)?d|pass(?:phrase|code)|(?<![a-z])pass|(?<![a-z])pwd|secret|token|credentials?|authorization|api[-_. ]?key|(?:access|private|signing|encryption|account|shared)[-_. ]?key|(?<![a-z])cookie|identified[ \\t]{1,4}(?:with[ \\t]{1,4}[^\\s]{1,64}[ \\t]{1,4})?(?:by|as)';
const NAMED = new RegExp(NAMES, 'gi');
const SCHEME = /(?<![a-z0-9])(bearer|basic)( {1,4})([\w.~+/=-]{8,8192})/gi;
const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const KEY_BLOCK = /(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)([\s\S]*?)(-----END |$)/g;
/** Of a block of a private key. */
const KEY_LINE = /^(?:[A-Za-z0-9+/=]{1,80}|(?:Proc-Type|DEK-Info|Version|Comment): .*)?$/;
/** A full one, before which there may be what a logger puts there. */
const KEY_LINE_END = /[\s|>"'][A-Za-z0-9+/=]{40,80}["']?$/;
const LOGGED = /^.{0,200}$/;
/** Lines of the largest key there is. */
const MOST_KEY_LINES = 200;

export class Mask {
  readonly #defaults: boolean;
  readonly #own: readonly OwnRule[];

  constructor(defaults: boolean, own: readonly OwnRule[]) {
    this.#defaults = defaults;
    this.#own = own;
  }

  /** A line, or an entry of several. `isClean`: by `Suspects` it is known that there is nothing in it. */
  line(text: string, state: MaskState, isClean = false): string {
    if (!this.#defaults) return this.#withoutOwn(text);
    if (state.keyLines > 0 && isOfKey(text, state)) return MASKED;
    if (isClean) return this.#withoutOwn(text);
    const begin = text.lastIndexOf('-----BEGIN ');
    if (begin !== -1 && text.indexOf('-----END ', begin) === -1) {
      KEY_BEGIN.lastIndex = begin;
      if (KEY_BEGIN.test(text)) state.keyLines = MOST_KEY_LINES;
    }
    return this.#withoutOwn(withoutSecrets(text));
  }

  /** The arguments of a process, parted by blanks. */
  command(args: readonly string[]): string {
    const shown = this.#defaults ? withoutArguments(args) : args;
    const text = shown.join(' ');
    return this.#withoutOwn(this.#defaults ? withoutSecrets(text) : text);
  }

  #withoutOwn(text: string): string {
    let out = text;
    for (const rule of this.#own) out = rule.mask(out, MASKED);
    return out;
  }
}

/** Whether all of it is of the key whose block began in a line before. */
const isOfKey = (text: string, state: MaskState): boolean => {
  const isKey = !text.includes('-----END ') && text.split('\n').every((line) => isKeyLine(line.trim()));
  state.keyLines = isKey ? state.keyLines - 1 : 0;
  return isKey && text.trim() !== '';
};

const isKeyLine = (line: string): boolean => {
  if (KEY_LINE.test(line)) return true;
  const end = line.search(KEY_LINE_END);
  return end !== -1 && LOGGED.test(line.slice(0, end));
};

const withoutSecrets = (text: string): string => {
  let out = text;
  if (out.includes('-----BEGIN '))
    out = out.replace(KEY_BLOCK, (whole, begin: string, key: string, end: string) => (key.trim() === '' ? whole : begin + MASKED + end));
  out = withoutForms(withoutPasswords(out, MASKED), MASKED);
  out = out.replace(SCHEME, (whole, scheme: string, blank: string, value: string) => (isCredential(value) ? scheme + blank + MASKED : whole));
  return withoutNamed(withoutOptions(out, MASKED));
};

/** Not a word of a sentence, as in "basic authentication". */
const isCredential = (value: string): boolean => /\d|[^A-Z][A-Z]|=/.test(value);

const withoutNamed = (text: string): string => {
  const ranges: ValueRange[] = [];
  const several: ValueRange[] = [];
  let from = 0;
  let passed = 0;
  NAMED.lastIndex = 0;
  for (let found = NAMED.exec(text); found !== null; found = NAMED.exec(text)) {
    while ((several[passed]?.to ?? Number.POSITIVE_INFINITY) <= found.index) passed++;
    // It is of a secret itself.
    if ((several[passed]?.from ?? Number.POSITIVE_INFINITY) <= found.index) continue;
    const range = valueRange(text, found.index, NAMED.lastIndex, several);
    if (range === undefined || range.from < from) continue;
    ranges.push(range);
    from = range.to;
    // It may stand before the name.
    NAMED.lastIndex = Math.max(NAMED.lastIndex, range.to);
  }
  return withoutRanges(text, several.length === 0 ? ranges : [...ranges, ...several].sort((a, b) => a.from - b.from));
};

const withoutRanges = (text: string, ranges: readonly ValueRange[]): string => {
  let out = '';
  let from = 0;
  for (const range of ranges) {
    if (range.from >= from) out += text.slice(from, range.from) + range.quote + MASKED + range.quote;
    from = Math.max(from, range.to);
  }
  return from === 0 ? text : out + text.slice(from);
};

const OPTION = new RegExp(`^--?[\\w.-]{0,100}(?:${NAMES})([\\w.-]{0,20})$`, 'i');
const ASSIGNED = new RegExp(`^-{0,2}[\\w.-]{0,100}(?:${NAMES})[\\w.-]{0,20}=`, 'i');
const SHORT_OPTIONS: readonly (readonly [program: RegExp, option: RegExp])[] = [
  [/(?:^|\/)sshpass$/, /^-p$/],
  [/(?:^|\/)redis-cli$/, /^-a$/],
  [/(?:^|\/)(?:curl|wget)$/, /^(?:-u|--user|-U|--proxy-user)$/],
  [/(?:^|\/)ldap\w+$/, /^-w$/],
];
/** The password stands behind `-p`, in the same argument. */
const ATTACHED = /(?:^|\/)(?:mysql|mariadb)[\w-]*$/;

const withoutArguments = (args: readonly string[]): readonly string[] => {
  const program = args[0] ?? '';
  const options = SHORT_OPTIONS.filter(([of]) => of.test(program)).map(([, option]) => option);
  const isAttached = ATTACHED.test(program);
  return args.map((arg, i) => (i < 1 || arg === '' ? arg : maskedArgument(arg, i > 1 ? args[i - 1] : undefined, options, isAttached)));
};

/** `before`: the argument before it, where that is not the program. */
const maskedArgument = (arg: string, before: string | undefined, options: readonly RegExp[], isAttached: boolean): string => {
  if (isAttached && /^-p./.test(arg)) return `-p${MASKED}`;
  if (before !== undefined && options.some((option) => option.test(before))) return MASKED;
  const rest = before !== undefined && !arg.startsWith('-') ? OPTION.exec(before)?.[1] : undefined;
  if (rest !== undefined && !HARMLESS.test(rest)) return MASKED;
  const assigned = ASSIGNED.exec(arg)?.[0];
  // Blanks are of the value here; where it is a file, an address or nothing the rules of lines know.
  return assigned !== undefined && arg.includes(' ') && valueRange(arg, 0, assigned.length - 1) !== undefined ? assigned + MASKED : arg;
};

// Masks secrets in what leaves the host: values of names that mean one, credentials of HTTP, passwords in addresses, well-known forms of
// keys and tokens, blocks of private keys. A text without any comes back as it is. It tells a secret by its name or its form only, works in
// time linear in the text, and changes nothing else of it.
import { PROGRAM_NAMES, withoutOptions } from './options.ts';
import type { OwnRule } from './own-rule.ts';
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
/** Forms that say themselves what they are: keys of AWS, Google, Stripe, tokens of GitHub, GitLab, Slack, npm, our own join tokens, signed tokens of JSON. */
const FORMS = [
  '(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])',
  'gh[pousr]_[A-Za-z0-9]{30,255}',
  'github_pat_[A-Za-z0-9_]{30,255}',
  'glpat-[A-Za-z0-9_-]{18,255}',
  'xox[abeoprs]-[A-Za-z0-9-]{10,255}',
  '(?:sk|rk|pk)_live_[A-Za-z0-9]{16,255}',
  'AIza[A-Za-z0-9_-]{35}',
  'npm_[A-Za-z0-9]{36}',
  'ij1\\.[A-Za-z0-9_-]{20,255}',
  'eyJ[A-Za-z0-9_-]{8,1024}\\.[A-Za-z0-9_-]{8,8192}(?:\\.[A-Za-z0-9_-]{0,4096})?',
].join('|');
/** What a text must hold for any of it to be in it; a part of each is in the list of `suspects.ts`. */
const ANY = new RegExp(
  `(?:${NAMES})|bearer |basic |://[^\\s/]|-----BEGIN |AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|_live_|AIza|npm_|ij1\\.|eyJ|${PROGRAM_NAMES}`,
  'i',
);
const NAMED = new RegExp(`(?:${NAMES})`, 'gi');
const FORMED = new RegExp(`(?<![A-Za-z0-9_])(?:${FORMS})`, 'g');
const SCHEME = /(?<![a-z0-9])(bearer|basic)( {1,4})([\w.~+/=-]{8,8192})/gi;
/** `//user:password@`; a password may hold a slash where it cannot be a port. */
const ADDRESS = /(:\/\/[^\s/:@"'<>]{0,256}:)(?:[^\s/"'<>]{1,1024}@|(?!\d{0,5}\/)[^\s"'<>]{1,1024}?@)/g;
const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const KEY_BLOCK = /(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)([\s\S]*?)(-----END |$)/g;
/** Of a block of a private key; before a full one there may be what a logger puts there. */
const KEY_LINE = /^(?:[A-Za-z0-9+/=]{1,80}|(?:Proc-Type|DEK-Info|Version|Comment): .*)?$|^.{0,200}[\s|>"'][A-Za-z0-9+/=]{40,80}["']?$/;
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
    if (isClean || !ANY.test(text)) return this.#withoutOwn(text);
    const begin = text.lastIndexOf('-----BEGIN ');
    if (begin !== -1 && text.indexOf('-----END ', begin) === -1) {
      KEY_BEGIN.lastIndex = begin;
      if (KEY_BEGIN.test(text)) state.keyLines = MOST_KEY_LINES;
    }
    return this.#withoutOwn(withoutSecrets(text));
  }

  /** The arguments of a process, parted by blanks. */
  command(args: readonly string[]): string {
    const shown = this.#defaults ? args.map((arg, i) => maskedArgument(args, arg, i)) : args;
    const text = shown.join(' ');
    return this.#withoutOwn(this.#defaults && ANY.test(text) ? withoutSecrets(text) : text);
  }

  #withoutOwn(text: string): string {
    let out = text;
    for (const rule of this.#own) out = rule.mask(out, MASKED);
    return out;
  }
}

/** Whether all of it is of the key whose block began in a line before. */
const isOfKey = (text: string, state: MaskState): boolean => {
  const isKey = !text.includes('-----END ') && text.split('\n').every((line) => KEY_LINE.test(line.trim()));
  state.keyLines = isKey ? state.keyLines - 1 : 0;
  return isKey && text.trim() !== '';
};

const withoutSecrets = (text: string): string => {
  let out = text;
  if (out.includes('-----BEGIN '))
    out = out.replace(KEY_BLOCK, (whole, begin: string, key: string, end: string) => (key.trim() === '' ? whole : begin + MASKED + end));
  if (out.includes('://')) out = out.replace(ADDRESS, `$1${MASKED}@`);
  out = out.replace(FORMED, MASKED);
  out = out.replace(SCHEME, (whole, scheme: string, blank: string, value: string) => (isCredential(value) ? scheme + blank + MASKED : whole));
  return withoutNamed(withoutOptions(out, MASKED));
};

/** Not a word of a sentence, as in "basic authentication". */
const isCredential = (value: string): boolean => /\d|[^A-Z][A-Z]|=/.test(value);

const withoutNamed = (text: string): string => {
  let out = '';
  let from = 0;
  NAMED.lastIndex = 0;
  for (let found = NAMED.exec(text); found !== null; found = NAMED.exec(text)) {
    const range = valueRange(text, found.index, NAMED.lastIndex);
    if (range === undefined || range.from < from) continue;
    out += text.slice(from, range.from) + range.quote + MASKED + range.quote;
    from = range.to;
    // It may stand before the name.
    NAMED.lastIndex = Math.max(NAMED.lastIndex, range.to);
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

const maskedArgument = (args: readonly string[], arg: string, i: number): string => {
  const program = args[0] ?? '';
  const before = args[i - 1] ?? '';
  if (i < 1 || arg === '') return arg;
  if (ATTACHED.test(program) && /^-p./.test(arg)) return `-p${MASKED}`;
  if (i > 1 && SHORT_OPTIONS.some(([of, option]) => of.test(program) && option.test(before))) return MASKED;
  const rest = i > 1 && !arg.startsWith('-') ? OPTION.exec(before)?.[1] : undefined;
  if (rest !== undefined && !HARMLESS.test(rest)) return MASKED;
  const assigned = ASSIGNED.exec(arg)?.[0];
  // Blanks are of the value here; where it is a file, an address or nothing the rules of lines know.
  return assigned !== undefined && arg.includes(' ') && valueRange(arg, 0, assigned.length - 1) !== undefined ? assigned + MASKED : arg;
};

// Whether a regular expression can be read by every store and by the runner, and where it cannot: RE2's syntax, the part that all of them
// share (https://github.com/google/re2/wiki/Syntax), with bounds below theirs. Reads without matching anything; never throws.
import { UNICODE_CLASSES } from './unicode-classes.ts';

/** A place in the expression, in UTF-16 units, and what is wrong there. */
export interface RegexMistake {
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** Of one `{n,m}`, and of those within each other multiplied. */
const MOST_REPEATS = 1000;
/** Groups within each other. */
const MOST_DEPTH = 200;
/** Steps of the program that the expression becomes, estimated from above; the stores refuse some 80,000. */
const MOST_STEPS = 20_000;

class Mistake extends Error {
  readonly found: RegexMistake;
  constructor(found: RegexMistake) {
    super(found.reason);
    this.found = found;
  }
}

/** The first mistake; undefined when the expression is right. */
export const regexMistake = (pattern: string): RegexMistake | undefined => {
  try {
    new Reader(pattern).whole();
    return undefined;
  } catch (error) {
    if (error instanceof Mistake) return error.found;
    throw error;
  }
};

/** What a part costs: steps of its program, and how often its repetitions multiply. */
interface Part {
  readonly steps: number;
  readonly repeats: number;
}

const POSIX = new Set(['alnum', 'alpha', 'ascii', 'blank', 'cntrl', 'digit', 'graph', 'lower', 'print', 'punct', 'space', 'upper', 'word', 'xdigit']);
/** Steps of a class: the stores match bytes, so one of all Unicode is hundreds. */
const CLASS_STEPS = { perl: 8, any: 12, unicode: 500 } as const;
/** Steps of a character, or of an end of a range, in either case. */
const characterSteps = (code: number): number => (code < 0x80 ? 2 : 8);

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  readonly #groups = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  whole(): void {
    const { steps } = this.#alternatives();
    if (this.#at < this.#text.length) this.#fail(this.#at, this.#at + 1, '`)` closes no group');
    if (steps > MOST_STEPS) this.#fail(0, this.#text.length, `it is too large: ${steps} steps, ${MOST_STEPS} are allowed`);
  }

  #fail(start: number, end: number, reason: string): never {
    throw new Mistake({ start, end: Math.min(Math.max(end, start + 1), Math.max(this.#text.length, start)), reason });
  }

  #alternatives(): Part {
    let { steps, repeats } = this.#sequence();
    while (this.#text[this.#at] === '|') {
      this.#at += 1;
      const next = this.#sequence();
      steps += next.steps + 1;
      repeats = Math.max(repeats, next.repeats);
    }
    return { steps, repeats };
  }

  #sequence(): Part {
    let steps = 0;
    let repeats = 1;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const start = this.#at;
      const part = this.#repeated(start, this.#atom());
      steps += part.steps;
      repeats = Math.max(repeats, part.repeats);
    }
    return { steps, repeats };
  }

  /** The sign of a repetition here, and how often at most; undefined: there is none. */
  #repetition(): { readonly end: number; readonly most: number } | undefined {
    const c = this.#text[this.#at];
    if (c === '*' || c === '+' || c === '?') return { end: this.#lazy(this.#at + 1), most: 1 };
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 40));
    if (counted === null) return undefined;
    const [whole, low = '', , high = ''] = counted;
    const [from, to] = [Number(low), high === '' ? Number(low) : Number(high)];
    const end = this.#at + whole.length;
    if (from > MOST_REPEATS || to > MOST_REPEATS) this.#fail(this.#at, end, `\`${whole}\` repeats more than ${MOST_REPEATS} times`);
    if (to < from) this.#fail(this.#at, end, `\`${whole}\` ends before it begins`);
    return { end: this.#lazy(end), most: counted[2] === ',' ? to + 1 : to };
  }

  #lazy(at: number): number {
    return this.#text[at] === '?' ? at + 1 : at;
  }

  #repeated(start: number, part: Part | undefined): Part {
    const sign = this.#at;
    const repetition = this.#repetition();
    if (repetition === undefined) return part ?? { steps: 0, repeats: 1 };
    if (part === undefined) this.#fail(sign, repetition.end, `\`${this.#text.slice(sign, repetition.end)}\` has nothing to repeat`);
    this.#at = repetition.end;
    const second = this.#repetition();
    if (second !== undefined)
      this.#fail(sign, second.end, `\`${this.#text.slice(sign, second.end)}\` repeats a repetition; put the first into a group: \`(?:…)\``);
    const repeats = part.repeats * Math.max(1, repetition.most);
    if (repeats > MOST_REPEATS) this.#fail(start, this.#at, `repetitions within each other come to ${repeats} times, ${MOST_REPEATS} are allowed`);
    return { steps: (part.steps + 1) * Math.max(1, repetition.most) + 1, repeats };
  }

  /** undefined: something that nothing can repeat, as `(?i)`. */
  #atom(): Part | undefined {
    const c = this.#text[this.#at] as string;
    if (c === '(') return this.#group();
    if (c === '[') return this.#bracket();
    if (c === '\\') return this.#escape();
    if (this.#repetition() !== undefined) return undefined;
    const code = this.#text.codePointAt(this.#at) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return { steps: c === '.' ? CLASS_STEPS.any : characterSteps(code), repeats: 1 };
  }

  #group(): Part | undefined {
    const open = this.#at;
    const head = this.#head(open);
    if (head === 'flags') return undefined;
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) this.#fail(open, open + 1, `groups stand more than ${MOST_DEPTH} within each other`);
    const inner = this.#alternatives();
    this.#depth -= 1;
    if (this.#text[this.#at] !== ')') this.#fail(open, open + 1, '`(` is not closed');
    this.#at += 1;
    return { steps: inner.steps + 2, repeats: inner.repeats };
  }

  #head(open: number): 'group' | 'flags' {
    if (this.#text[open + 1] !== '?') {
      this.#at = open + 1;
      return 'group';
    }
    const rest = this.#text.slice(open);
    const look = /^\(\?<?[=!]/.exec(rest);
    if (look !== null) this.#fail(open, open + look[0].length, `\`${look[0]}\` looks around, which RE2 cannot`);
    const named = /^\(\?P?<([^>)]*)(>?)/.exec(rest);
    if (named !== null) return this.#named(open, named[0], named[1] ?? '', named[2] === '>');
    const flags = /^\(\?([imsU]+(?:-[imsU]+)?|-[imsU]+)?([:)])/.exec(rest);
    if (flags === null || flags[0] === '(?)') {
      const begun = rest.slice(0, 3);
      return this.#fail(open, open + begun.length, `there is no group that begins with \`${begun}\`; RE2 has \`(?:…)\`, \`(?P<name>…)\` and \`(?i)\``);
    }
    this.#at = open + flags[0].length;
    return flags[2] === ':' ? 'group' : 'flags';
  }

  #named(open: number, written: string, name: string, closed: boolean): 'group' {
    if (!closed || !/^\w+$/.test(name)) this.#fail(open, open + written.length, 'the name of a group is letters, digits and `_`: `(?P<name>…)`');
    if (this.#groups.has(name)) this.#fail(open, open + written.length, `two groups are called ${name}`);
    this.#groups.add(name);
    // The short form is read by newer stores only.
    if (!written.startsWith('(?P')) this.#fail(open, open + written.length, `a named group is written \`(?P<${name}>…)\``);
    this.#at = open + written.length;
    return 'group';
  }

  #escape(): Part {
    const { steps } = this.#escaped(false);
    return { steps, repeats: 1 };
  }

  /** Reads what begins with `\`; `code`: the character it stands for, where it is one. */
  #escaped(inBrackets: boolean): { readonly steps: number; readonly code: number | undefined } {
    const start = this.#at;
    const letter = this.#text[start + 1];
    if (letter === undefined) return this.#fail(start, start + 1, 'a `\\` stands at the end');
    if (!inBrackets && letter === 'Q') return this.#quoted(start);
    if (/[dDsSwW]/.test(letter)) return this.#class(2, CLASS_STEPS.perl * (letter < 'a' ? 2 : 1));
    if (!inBrackets && /[Azb]/.test(letter)) return this.#class(2, 1);
    // A store that goes by bytes finds one within a character.
    if (letter === 'B') this.#fail(start, start + 2, '`\\B` means different things in different stores');
    if (letter === 'p' || letter === 'P') return this.#unicode(start);
    const rest = this.#text.slice(start, start + 14);
    const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    if (octal !== null) return this.#take(octal[0].length, Number.parseInt(octal[0].slice(1), 8));
    if (/[1-9]/.test(letter)) this.#fail(start, start + 2, `\`\\${letter}\` looks back at a group, which RE2 cannot`);
    const hex = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/.exec(rest);
    const code = hex === null ? Number.NaN : Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    if (hex !== null && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)) return this.#take(hex[0].length, code);
    if (letter === 'x') this.#fail(start, start + (hex?.[0].length ?? 2), 'a character by its number is written `\\x41` or `\\x{1F600}`');
    const plain = 'afnrtv'.indexOf(letter);
    if (plain >= 0) return this.#take(2, [7, 12, 10, 13, 9, 11][plain] as number);
    if (/[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/.test(letter)) return this.#take(2, letter.charCodeAt(0));
    return this.#fail(start, start + 2, `there is no escape \`\\${letter}\``);
  }

  #take(length: number, code: number): { readonly steps: number; readonly code: number } {
    this.#at += length;
    return { steps: characterSteps(code), code };
  }

  #class(length: number, steps: number): { readonly steps: number; readonly code: undefined } {
    this.#at += length;
    return { steps, code: undefined };
  }

  #quoted(start: number): { readonly steps: number; readonly code: undefined } {
    const end = this.#text.indexOf('\\E', start + 2);
    const stop = end < 0 ? this.#text.length : end;
    if (stop === start + 2) this.#fail(start, Math.min(stop + 2, this.#text.length), '`\\Q` quotes nothing');
    this.#at = end < 0 ? stop : stop + 2;
    return { steps: (stop - start) * 8, code: undefined };
  }

  #unicode(start: number): { readonly steps: number; readonly code: undefined } {
    const found = /^\\[pP](?:\{\^?([^}]*)\}|([A-Za-z]))/.exec(this.#text.slice(start, start + 60));
    const written = found?.[0] ?? this.#text.slice(start, start + 3);
    const name = found?.[1] ?? found?.[2] ?? '';
    if (!UNICODE_CLASSES.has(name)) this.#fail(start, start + written.length, `there is no class of characters \`${written}\``);
    this.#at = start + written.length;
    return { steps: CLASS_STEPS.unicode, code: undefined };
  }

  #bracket(): Part {
    const open = this.#at;
    const negated = this.#text[open + 1] === '^';
    this.#at += negated ? 2 : 1;
    let steps = negated ? CLASS_STEPS.any : 1;
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#text.length) this.#fail(open, open + 1, '`[` is not closed');
      steps += this.#item(open);
    }
    this.#at += 1;
    return { steps, repeats: 1 };
  }

  /** A character, range or class in brackets. */
  #item(open: number): number {
    const start = this.#at;
    const posix = /^\[:(\^?)([^\]:]*):\]/.exec(this.#text.slice(start, start + 40));
    if (posix !== null) {
      if (!POSIX.has(posix[2] ?? '')) this.#fail(start, start + posix[0].length, `there is no class of characters \`${posix[0]}\``);
      this.#at += posix[0].length;
      return CLASS_STEPS.perl * 2;
    }
    const low = this.#character(open);
    if (low.code === undefined || this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']' || this.#at + 1 >= this.#text.length) return low.steps;
    this.#at += 1;
    const high = this.#character(open);
    const range = this.#text.slice(start, this.#at);
    if (high.code === undefined) this.#fail(start, this.#at, `\`${range}\` is no range: its end is a class`);
    if (high.code < low.code) this.#fail(start, this.#at, `the range \`${range}\` goes backwards`);
    return characterSteps(high.code) * 2;
  }

  #character(open: number): { readonly steps: number; readonly code: number | undefined } {
    if (this.#text[this.#at] === '\\') return this.#escaped(true);
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) return this.#fail(open, open + 1, '`[` is not closed');
    return this.#take(code > 0xffff ? 2 : 1, code);
  }
}

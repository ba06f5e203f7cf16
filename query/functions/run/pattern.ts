// Patterns over text: `like` (whole value, wildcards) and RE2 regular expressions.
//
// Exactly:
// - like: `*` any run, `?` one code point, `\` makes the next character plain (at the end: itself); heeds case; newlines are characters.
// - matches, replace_regex: RE2 syntax (1-syntax/regex.ts), found anywhere; `.` matches a newline too (as in ClickHouse), `(?-s)` switches
//   that off. A pattern that is not valid comes no further than the checker or the binding of parameters; here it gives false, and missing in
//   replace_regex. What text and pattern could cost together has a limit: an error that names it, as nobody else has a turn meanwhile.
// - replace_regex: all matches from left to right. `\0` … `\9` in the replacement are groups, `\\` a backslash. An empty match is
//   replaced too, also right after another match (`replace_regex("baac", "a*", "-")` is `-b--c-`); an absent group is empty text.
import { RE2JS } from 're2js';
import { CodedError } from '../../../core/coded-error.ts';
import { makePredicate, makeText, mustFit, presentInAll, type ScalarRun, textReader, type Vector } from '../../run/vector.ts';

type Piece = string | typeof ANY | typeof ONE;
const ANY = Symbol('any run');
const ONE = Symbol('one code point');

const likePieces = (pattern: string): readonly Piece[] => {
  const out: Piece[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i] as string;
    if (c === '*') out.push(ANY);
    else if (c === '?') out.push(ONE);
    else if (c === '\\' && i + 1 < characters.length) out.push(characters[++i] as string);
    else out.push(c);
  }
  return out;
};

/** Without `?`: the plain parts one after the other, the first at the beginning and the last at the end. */
const partsTest = (pieces: readonly Piece[]): ((text: string) => boolean) => {
  const parts = [''];
  for (const p of pieces) {
    if (typeof p === 'string') parts.push((parts.pop() ?? '') + p);
    else parts.push('');
  }
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
};

/** A test for `pattern`; linear in the text for each `*`, never exponential. */
export const likeTest = (pattern: string): ((text: string) => boolean) => {
  const pieces = likePieces(pattern);
  if (!pieces.includes(ONE)) return partsTest(pieces);
  return (text) => {
    const characters = [...text];
    let at = 0;
    let piece = 0;
    let star = -1;
    let starAt = 0;
    while (at < characters.length) {
      const p = pieces[piece];
      if (p === ANY) {
        star = piece++;
        starAt = at;
      } else if (p === ONE || (p !== undefined && p === characters[at])) {
        piece++;
        at++;
      } else if (star >= 0) {
        piece = star + 1;
        at = ++starAt;
      } else return false;
    }
    while (pieces[piece] === ANY) piece++;
    return piece === pieces.length;
  };
};

const compiled = new Map<string, RE2JS | undefined>();
const COMPILED_MAX = 64;

/** The expression, compiled; undefined when it is not valid RE2. */
export const compileRegex = (pattern: string): RE2JS | undefined => {
  if (compiled.has(pattern)) return compiled.get(pattern);
  let regex: RE2JS | undefined;
  try {
    regex = RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch {
    regex = undefined;
  }
  if (compiled.size >= COMPILED_MAX) compiled.delete(compiled.keys().next().value as string);
  compiled.set(pattern, regex);
  return regex;
};

const LITERAL = /^[^\\.+*?()|[\]{}^$]*$/;

/** RE2 here is many times slower than `includes`, so an expression without operators is looked for as it is. */
export const regexTest = (pattern: string): ((text: string) => boolean) => {
  if (LITERAL.test(pattern)) return (text) => text.includes(pattern);
  const regex = compileRegex(pattern);
  if (regex === undefined) return () => false;
  const size = regex.programSize();
  return (text) => {
    mustBeAffordable('matches', text, size);
    return regex.test(text);
  };
};

/** Steps of a pattern's program times characters: a second or two where the engine must try them all. */
const MOST_STEPS = 1 << 24;

const mustBeAffordable = (name: string, text: string, size: number, limit = MOST_STEPS): void => {
  const amount = text.length * size;
  if (amount > limit) throw new CodedError('iql.regex-too-costly', { function: name, limit, amount, length: text.length });
};

const GROUP = /\\([0-9\\])/g;

const replaceAll = (regex: RE2JS, text: string, replacement: string): string => {
  // Finding where a match lies takes every step, and each match begins anew.
  mustBeAffordable('replace_regex', text, regex.programSize(), MOST_STEPS / 4);
  let out = '';
  let copied = 0;
  let at = 0;
  const matcher = regex.matcher(text);
  while (at <= text.length && matcher.find(at)) {
    const start = matcher.start();
    const end = matcher.end();
    out += text.slice(copied, start);
    out += replacement.replace(GROUP, (_, g: string) => (g === '\\' ? '\\' : Number(g) > matcher.groupCount() ? '' : (matcher.group(Number(g)) ?? '')));
    mustFit('replace_regex', out.length);
    copied = end;
    if (end > start) at = end;
    else {
      const size = (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
      out += text.slice(end, end + size);
      copied = at = end + size;
    }
  }
  return out + text.slice(copied);
};

/** A predicate of a text and a pattern, whose test is made once for a constant pattern. */
const patternPredicate =
  (testOf: (pattern: string) => (text: string) => boolean): ScalarRun =>
  (args, { rows }) => {
    const [x, pattern] = args as [Vector, Vector];
    const text = textReader(x);
    const other = textReader(pattern);
    let test: ((text: string) => boolean) | undefined;
    return makePredicate(rows, presentInAll(args, rows), (i) => {
      if (!pattern.constant) return testOf(other(i))(text(i));
      test ??= testOf(other(0));
      return test(text(i));
    });
  };

const replaceRegex: ScalarRun = (args, { rows }) => {
  const [x, pattern, replacement] = args as [Vector, Vector, Vector];
  const [text, regexOf, withText] = [textReader(x), textReader(pattern), textReader(replacement)];
  return makeText(rows, presentInAll(args, rows), (i) => {
    const regex = compileRegex(regexOf(i));
    return regex === undefined ? undefined : replaceAll(regex, text(i), withText(i));
  });
};

export const PATTERN = { like: patternPredicate(likeTest), matches: patternPredicate(regexTest), replace_regex: replaceRegex };

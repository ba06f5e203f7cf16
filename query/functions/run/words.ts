// contains, has and the words of search, as `core/tokens.ts` says what a word is.
import { type Column, isPresent, type Value, valueAt } from '../../../core/batch/batch.ts';
import { fold, TOKEN, tokensOf } from '../../../core/tokens.ts';
import { makePredicate, maskOf, presentInAll, type ScalarRun, textReader, type Vector } from '../../run/vector.ts';

/** Tokens with a space before and after each: one text in which side-by-side is `includes`. */
const spaced = (tokens: readonly string[]): string => ` ${tokens.join(' ')} `;

/** A test for tokens that stand side by side; no tokens at all are found in every text. `prefix`: the last one may go on. */
export const tokenTest = (tokens: readonly string[], prefix: boolean): ((text: string) => boolean) => {
  if (tokens.length === 0) return () => true;
  const wanted = prefix ? ` ${tokens.join(' ')}` : spaced(tokens);
  const first = tokens[0] as string;
  return (text) => {
    const folded = fold(text);
    // Most texts lack the token altogether, which is cheaper to see than to cut.
    return folded.includes(first) && spaced(folded.match(TOKEN) ?? []).includes(wanted);
  };
};

const contains: ScalarRun = (args, { rows }) => {
  const [x, part] = args as [Vector, Vector];
  const text = textReader(x);
  const other = textReader(part);
  const present = presentInAll(args, rows);
  if (!part.constant) return makePredicate(rows, present, (i) => fold(text(i)).includes(fold(other(i))));
  const wanted = isPresent(part.column, 0) ? fold(other(0)) : '';
  return makePredicate(rows, present, (i) => fold(text(i)).includes(wanted));
};

const has: ScalarRun = (args, { rows }) => {
  const [x, part] = args as [Vector, Vector];
  const text = textReader(x);
  const other = textReader(part);
  const present = presentInAll(args, rows);
  let test: ((text: string) => boolean) | undefined;
  return makePredicate(rows, present, (i) => {
    if (!part.constant) return tokenTest(tokensOf(other(i)), false)(text(i));
    test ??= tokenTest(tokensOf(other(0)), false);
    return test(text(i));
  });
};

const tokenList = (column: Column, row: number): readonly string[] => ((valueAt(column, row) ?? []) as readonly Value[]).flatMap((t) => tokensOf(String(t)));

/** Tokens given as a list, `search`'s own: each item is folded, and cut where it holds more than one. One of several texts is enough. */
const searchFor =
  (prefix: boolean): ScalarRun =>
  (args, { rows }) => {
    const list = args.at(-1) as Vector;
    const texts = args.slice(0, -1).map((x) => ({ read: textReader(x), ...x, mask: maskOf(x) }));
    const mask = maskOf(list);
    const constant = list.constant ? tokenTest(tokenList(list.column, 0), prefix) : undefined;
    return makePredicate(rows, presentInAll([list], rows), (i) => {
      const test = constant ?? tokenTest(tokenList(list.column, i & mask), prefix);
      return texts.some(({ read, column, mask }) => isPresent(column, i & mask) && test(read(i)));
    });
  };

export const WORDS = { contains, has, search_tokens: searchFor(false), search_prefix: searchFor(true) };

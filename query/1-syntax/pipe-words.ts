// Finds a pipe by the words after `|`, and the words that open its clauses. Made once for each registry; never decides what a pipe means.
import { nearest } from './nearest.ts';
import type { PipeSyntax, PipeSyntaxes } from './signature.ts';

export interface PipeWords {
  /** The longest phrase that `words` begin with, and its number of words. */
  readonly find: (words: readonly string[]) => { readonly syntax: PipeSyntax; readonly length: number } | undefined;
  /** Whether a phrase of several words begins with `word`. */
  readonly begins: (word: string) => boolean;
  /** What an unknown name most likely means. */
  readonly guess: (word: string) => PipeSyntax | undefined;
  readonly names: readonly string[];
}

/** Words of other languages for what a pipe does here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  filter: 'where',
  having: 'where',
  grep: 'search',
  match: 'search',
  group: 'summarize',
  'group by': 'count',
  stats: 'summarize',
  aggregate: 'summarize',
  agg: 'summarize',
  summarise: 'summarize',
  order: 'sort',
  orderby: 'sort',
  head: 'limit',
  take: 'limit',
  first: 'limit',
  tail: 'limit',
  eval: 'set',
  extend: 'set',
  derive: 'set',
  let: 'set',
  math: 'set',
  project: 'select',
  keep: 'select',
  fields: 'select',
  columns: 'select',
  table: 'select',
  remove: 'drop',
  delete: 'drop',
  'project-away': 'drop',
  uniq: 'distinct',
  unique: 'distinct',
  dedup: 'distinct',
  bin: 'every',
  timechart: 'every',
  bucket: 'every',
  window: 'every',
  resample: 'every',
  mean: 'avg',
  average: 'avg',
  total: 'sum',
  length: 'count',
};

const build = (pipes: PipeSyntaxes): PipeWords => {
  const phrases = new Map<string, { readonly words: readonly string[]; readonly syntax: PipeSyntax }[]>();
  const patterns: PipeSyntax[] = [];
  for (const [name, syntax] of pipes) {
    const words = name.split(' ');
    const first = words[0] as string;
    const list = phrases.get(first) ?? [];
    list.push({ words, syntax });
    list.sort((a, b) => b.words.length - a.words.length);
    phrases.set(first, list);
    if (syntax.pattern !== undefined) patterns.push(syntax);
  }
  const names = [...pipes.keys()];
  return {
    names,
    find: (words) => {
      const first = words[0];
      if (first === undefined) return undefined;
      const phrase = phrases.get(first)?.find((p) => p.words.every((w, i) => w === words[i]));
      if (phrase !== undefined) return { syntax: phrase.syntax, length: phrase.words.length };
      const syntax = patterns.find((p) => p.pattern?.test(first));
      return syntax && { syntax, length: 1 };
    },
    begins: (word) => phrases.has(word),
    guess: (word) => {
      const synonym = Object.hasOwn(SYNONYMS, word) ? pipes.get(SYNONYMS[word] as string) : undefined;
      if (synonym !== undefined) return synonym;
      const near = nearest(word, names);
      return near === undefined ? undefined : pipes.get(near);
    },
  };
};

const made = new WeakMap<PipeSyntaxes, PipeWords>();

/** The words of a registry. The registry must not change afterwards. */
export const pipeWords = (pipes: PipeSyntaxes): PipeWords => {
  const known = made.get(pipes);
  if (known !== undefined) return known;
  const words = build(pipes);
  made.set(pipes, words);
  return words;
};

/** The longest phrase of `phrases` that `words` begin with. */
export const longestPhrase = (phrases: readonly string[], words: readonly string[]): string | undefined => {
  let best: string | undefined;
  for (const phrase of phrases) {
    if (best !== undefined && phrase.length <= best.length) continue;
    if (phrase.split(' ').every((w, i) => w === words[i])) best = phrase;
  }
  return best;
};

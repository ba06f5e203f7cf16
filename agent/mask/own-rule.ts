// A rule of masking from the agent's configuration: a text in which each `*` stands for what is masked, as in `ticket=*` or `PIN * for`.
// Looks at each character of a line a few times at most, whatever the rule and the line.
import { Next } from './next.ts';

const MOST_PATTERN = 200;
/** What a `*` stands for ends at a blank, a quote or a sign that parts values. */
const ENDS = '\\s"\'`,;&<>\\\\';
const ENDING = new RegExp(`\\*[^*${ENDS}]`);

/** Why it is none; undefined: it is one. */
export const ownRuleOffence = (pattern: string): string | undefined => {
  if (pattern.length > MOST_PATTERN) return `it is longer than ${MOST_PATTERN} characters`;
  if (!pattern.includes('*')) return 'it holds no * for what is to be masked';
  if (!/^[^*\s][^*]/.test(pattern)) return 'it must begin with two characters that are no *';
  if (ENDING.test(pattern)) return 'behind a * there must be a blank, a quote, one of ,;&<> or nothing: it ends what is masked';
  return undefined;
};

/** One literal between two stars; letters in either case. */
const literal = (piece: string, flags: string): RegExp => new RegExp(piece.replaceAll(/[\\^$.+?()[\]{}|/]/g, '\\$&'), flags);

export class OwnRule {
  readonly #first: RegExp;
  readonly #rest: readonly { readonly ends: Next; readonly literal: RegExp }[];

  /** Of a pattern without offence. */
  constructor(pattern: string) {
    const [first = '', ...rest] = pattern.split(/\*+/);
    this.#first = literal(first, 'gi');
    this.#rest = rest.map((piece) => ({ ends: new Next(new RegExp(`[${ENDS}]`, 'g')), literal: literal(piece, 'yi') }));
  }

  /** The text with `masked` in place of each secret. */
  mask(text: string, masked: string): string {
    const first = this.#first;
    let out = '';
    let from = 0;
    first.lastIndex = 0;
    for (let begin = first.exec(text); begin !== null; begin = first.exec(text)) {
      const secrets = begin.index + begin[0].length;
      const rest = this.#restAt(text, secrets, masked);
      // Another one may begin within what was taken for its beginning.
      if (rest === undefined) first.lastIndex = begin.index + 1;
      else {
        out += text.slice(from, secrets) + rest.text;
        from = rest.end;
        first.lastIndex = rest.end;
      }
    }
    return from === 0 ? text : out + text.slice(from);
  }

  #restAt(text: string, begin: number, masked: string): { readonly text: string; readonly end: number } | undefined {
    let out = '';
    let at = begin;
    for (const { ends, literal: next } of this.#rest) {
      const end = ends.at(text, at);
      next.lastIndex = end;
      if (end === at || !next.test(text)) return undefined;
      out += masked + text.slice(end, next.lastIndex);
      at = next.lastIndex;
    }
    return { text: out, end: at };
  }
}

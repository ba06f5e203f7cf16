// A rule of masking from the agent's configuration: a text in which each `*` stands for what is masked, as in `ticket=*` or `PIN * for`.
// No regular expression, so that no line can make it slow.

/** What a `*` stands for: a word or the value of a text of JSON, bounded. */
const VALUE = '[^\\s"\'`,;&<>\\\\]{1,4096}';
const MOST_PATTERN = 200;

/** Why it is none; undefined: it is one. */
export const ownRuleOffence = (pattern: string): string | undefined => {
  if (pattern.length > MOST_PATTERN) return `it is longer than ${MOST_PATTERN} characters`;
  if (!pattern.includes('*')) return 'it holds no * for what is to be masked';
  if (!/^[^*\s][^*]/.test(pattern)) return 'it must begin with two characters that are no *';
  if (/\*[^*\s"'`,;&<>\\]/.test(pattern)) return 'behind a * there must be a blank, a quote, one of ,;&<> or nothing: it ends what is masked';
  return undefined;
};

/** Of a pattern without offence; letters in either case. */
export const ownRule = (pattern: string): RegExp => {
  const literal = (piece: string): string => piece.replaceAll(/[\\^$.+?()[\]{}|/]/g, '\\$&');
  return new RegExp(
    pattern
      .split(/\*+/)
      .map((piece) => `(${literal(piece)})`)
      .join(VALUE),
    'gi',
  );
};

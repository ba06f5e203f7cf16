// A regular expression as ClickHouse is given it: the same meaning, written so that its search for literal parts does not go wrong.
// That search drops the last byte before `*`, `?` and `{`, not the last character
// (https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/OptimizedRegularExpression.cpp), and then misses lines that match.

/** Expects what `regexMistake` finds nothing wrong with. */
export const storePattern = (pattern: string): string => {
  const characters = [...pattern];
  let out = '';
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i] as string;
    if (c === '\\') {
      const quoted = characters[i + 1] === 'Q' ? endOfQuoted(characters, i + 2) : i + 1;
      out += characters.slice(i, quoted + 1).join('');
      i = quoted;
    } else if (c === '[') {
      const end = endOfClass(characters, i);
      out += characters.slice(i, end + 1).join('');
      i = end;
    } else out += c > '\x7f' && /^[*?{]$/.test(characters[i + 1] ?? '') ? `(?:${c})` : c;
  }
  return out;
};

/** Of `\Q…\E`, or of the text. */
const endOfQuoted = (characters: readonly string[], from: number): number => {
  for (let i = from; i < characters.length; i++) if (characters[i] === '\\' && characters[i + 1] === 'E') return i + 1;
  return characters.length - 1;
};

const endOfClass = (characters: readonly string[], from: number): number => {
  // A `]` that comes first stands for itself.
  let i = from + (characters[from + 1] === '^' ? 2 : 1);
  for (let first = true; i < characters.length; i++, first = false) {
    if (characters[i] === '\\') i++;
    else if (characters[i] === '[' && characters[i + 1] === ':') {
      const end = characters.indexOf(']', i + 2);
      if (end !== -1 && characters[end - 1] === ':') i = end;
    } else if (characters[i] === ']' && !first) return i;
  }
  return characters.length - 1;
};

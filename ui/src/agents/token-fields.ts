// What is written into the fields of a join token, as it is sent. The server judges it; here only what can be said while one writes.

/** Lines `NAME=VALUE`; what comes after the first `=` is the value. Empty lines are none. */
const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export const labelsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );

/** The first line that is no label, in words. */
export const labelsProblem = (text: string): string | undefined => {
  const wrong = linesOf(text).find((line) => !/^[\p{L}_][\p{L}\p{N}_.-]*\s*=\s*\S/u.test(line));
  return wrong === undefined ? undefined : `${wrong.slice(0, 80)} is no label: write NAME=VALUE`;
};

/** Between blanks or commas. */
export const patternsOf = (text: string): readonly string[] => text.split(/[\s,]+/).filter((one) => one !== '');

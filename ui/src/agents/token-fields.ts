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

/** Lines as `labelsOf` reads them. */
export const labelLines = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');

/** What becomes of the labels that the host has; undefined where it has none, or gets the same. `given` null: it keeps them. */
export const labelChange = (
  assigned: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>> | null,
): { readonly text: string; readonly isLoss: boolean } | undefined => {
  const [before, after] = [labelTexts(assigned), labelTexts(given ?? assigned)];
  if (before === '' || (given !== null && before === after)) return undefined;
  return given === null
    ? { text: `It keeps its labels: ${before}.`, isLoss: false }
    : { text: `It will have ${after === '' ? 'no labels' : after} instead of ${before}.`, isLoss: true };
};

const labelTexts = (labels: Readonly<Record<string, string>>): string => labelLines(labels).split('\n').toSorted().join(' ');

/** The first line that is no label, in words. */
export const labelsProblem = (text: string): string | undefined => {
  const wrong = linesOf(text).find((line) => !/^[\p{L}_][\p{L}\p{N}_.-]*\s*=\s*\S/u.test(line));
  return wrong === undefined ? undefined : `${wrong.slice(0, 80)} is no label: write NAME=VALUE`;
};

/** Between blanks or commas. */
export const patternsOf = (text: string): readonly string[] => text.split(/[\s,]+/).filter((one) => one !== '');

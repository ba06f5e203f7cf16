// What a saved query is: its name, by which other texts will read it as `views.NAME`, its texts by version, and the limits of both.
// Knows neither where it is kept nor how it is shown.

/** One text as it was saved; the newest is what the name means. */
export interface SavedVersion {
  /** From 1 on. */
  readonly version: number;
  readonly text: string;
  readonly description: string;
  /** The time range it opens with: `6h`, `today`, two ISO times with a slash between them; undefined: the one chosen on the page. */
  readonly range: string | undefined;
  /** ns. */
  readonly savedAt: bigint;
  readonly who: string;
}

export interface SavedQuery extends SavedVersion {
  /** A dotted name of IQL; dots are folders. */
  readonly name: string;
}

export interface SavedGiven {
  readonly name: string;
  readonly text: string;
  readonly description: string;
  readonly range: string | undefined;
  /** The version that was changed; undefined: a new one. */
  readonly base: number | undefined;
}

export const MOST_NAME = 200;
const MOST_PARTS = 8;
export const MOST_SAVED_TEXT = 65_536;
export const MOST_DESCRIPTION = 2000;

/** A name as the language writes it without backticks. */
const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_]*(?:\.[\p{L}\p{M}\p{N}_]+)*$/u;

/** What is wrong with a name, as the end of a sentence; undefined: nothing. */
export const savedNameProblem = (name: string): string | undefined => {
  if (name.length > MOST_NAME) return `it has ${name.length} characters, the limit is ${MOST_NAME}`;
  if (!NAME.test(name)) return 'it is made of letters, digits and _, begins with a letter, and has dots between folders, as in team.errors';
  if (name !== name.normalize('NFC')) return 'its letters are not in the composed form (NFC), so that two names could look the same';
  const parts = name.split('.').length;
  return parts > MOST_PARTS ? `it has ${parts} parts, the limit is ${MOST_PARTS}` : undefined;
};

/** What keeps a text from coming back as it was given, as the end of a sentence. */
export const keptTextProblem = (text: string, limit: number): string | undefined => {
  if (text.length > limit) return `it has ${text.length} characters, the limit is ${limit}`;
  return text.includes('\0') || !text.isWellFormed() ? 'it has a character that is none (NUL or half a pair)' : undefined;
};

const SPAN = /^(?:\d{1,6}(?:s|m|h|d|w)){1,5}$|^(?:today|yesterday)$/;
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

export const savedRangeProblem = (range: string): string | undefined => {
  if (SPAN.test(range)) return undefined;
  const ends = range.split('/', 3);
  const [from, to] = ends.map((end) => (ISO_TIME.test(end) ? Date.parse(end) : Number.NaN));
  return ends.length === 2 && from !== undefined && to !== undefined && from < to
    ? undefined
    : 'it is a span (6h), today, yesterday, or two ISO times with a slash between them, the earlier first';
};

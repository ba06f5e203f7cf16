// Text of others for a terminal, which shows it and does not obey it: control characters (C0, DEL, C1), marks that change the direction
// of what follows, and separators that break a line. What goes into files and pipes stays as it is.

const ACTING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const ACTING_IN_LINES = /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** A value as one line of text: what a terminal would obey is `·`, missing is `–`. */
export const plain = (value: unknown): string => {
  if (value === null || value === undefined) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(ACTING, '·');
};

/** The same for a text whose lines stay. */
export const plainLines = (text: string): string => text.replace(ACTING_IN_LINES, '·');

/** JSON of the same value, in which only escapes stand for what a terminal would obey. */
export const plainJson = (json: string): string => json.replace(ACTING_IN_LINES, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

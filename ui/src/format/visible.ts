// Text of others as it can be shown: what a terminal or a page would act on (control characters, changes of direction, colours of a
// terminal) is seen as a sign or left out, never acted on. For showing only: what is copied or filtered by stays as it is.

/** Colours of a terminal, which stand in many lines and mean nothing here. */
const COLOURS = new RegExp(`${String.fromCharCode(0x1b)}\\[[\\d;:]*m`, 'g');
/** Control characters but tab and newline; marks that change the direction of what follows; separators that break a line; zero width. */
const ACTING = /(?![\t\n])[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

const sign = (char: string): string => {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `\\u${code.toString(16).padStart(4, '0')}`;
};

export const visibleText = (text: string): string => text.replace(COLOURS, '').replaceAll('\r\n', '\n').replace(ACTING, sign).toWellFormed();

/** On one line: newlines are signs too. At most that many characters, with a mark that there are more. */
export const visibleLine = (text: string, most: number): string => {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return visibleText(cut).replaceAll('\n', '⏎').replaceAll('\t', ' ');
};

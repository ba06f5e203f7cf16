// A comment of a text, with whether it stands alone on its line: the printer puts it back by that.
import type { Text } from './ast.ts';

export type Comment = Text['comments'][number];

/** The comment from `start` to the end of its line. */
export const commentAt = (text: string, start: number): Comment => {
  let end = start;
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end += 1;
  const trimmed = text.slice(start, end).trimEnd();
  let line = start;
  while (line > 0 && /[^\S\r\n]/.test(text[line - 1] as string)) line -= 1;
  return { text: trimmed, span: { start, end: start + trimmed.length }, own: line === 0 || text[line - 1] === '\n' || text[line - 1] === '\r' };
};

// Keeps what a fix writes apart from its neighbours: a word, a number or a quote beside another one would be read as one with it.
// Knows signs only, no grammar.
import type { Diagnostic, Edit } from './diagnostic.ts';

const BEHIND_WORD = /[\p{L}\p{M}\p{N}_]$/u;
const BEFORE_WORD = /^[\p{L}\p{M}\p{N}_]/u;
/** Ends that read on into such a beginning, each beside it. */
const JOINING: readonly (readonly [RegExp, RegExp])[] = [
  [BEHIND_WORD, BEFORE_WORD],
  [/`$/, /^`/],
  [/%$/, /^[\p{L}\p{M}\p{N}_(`]/u],
  // Of a time: its zone, its fraction.
  [/@[\w:.+-]+$/, /^[\w:.+[-]/],
];
/** The longest sign, and the longest time. */
const NEAR = 40;

const join = (left: string, right: string): boolean => JOINING.some(([end, begin]) => end.test(left) && begin.test(right));

const keptApart = (text: string, edit: Edit): Edit => {
  const { span, text: put } = edit;
  const left = text.slice(Math.max(0, span.start - NEAR), span.start);
  const right = text.slice(span.end, span.end + NEAR);
  // Where only blanks go, joining is what is meant: `5 m`.
  if (put === '') return join(left, right) && text.slice(span.start, span.end).trim() !== '' ? { span, text: ' ' } : edit;
  return { span, text: `${join(left, put) ? ' ' : ''}${put}${join(put, right) ? ' ' : ''}` };
};

/** The diagnostic, with a fix that leaves its neighbours in `text` as they are. */
export const apart = (text: string, diagnostic: Diagnostic): Diagnostic => {
  const { fix } = diagnostic;
  return fix === undefined ? diagnostic : { ...diagnostic, fix: { ...fix, edits: fix.edits.map((edit) => keptApart(text, edit)) } };
};

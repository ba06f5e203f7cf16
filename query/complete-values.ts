// Values of a field at the cursor: which text to ask for them. Asking is the service's part; the browser only sees that it must.
import { printName } from './1-syntax/print-expression.ts';
import { lastBar } from './complete.ts';

export interface ValueQuestion {
  /** A text of IQL whose first column is the values, most frequent first. */
  readonly text: string;
  /** What stands there of the value already, without quotes. */
  readonly begun: string;
  /** Replaces the text from `from` up to the cursor. */
  readonly from: number;
}

const LONGEST = 512;
/** A field, a comparison, and the beginning of a value, in quotes or not yet. */
const COMPARING =
  /(?<field>`[^`]+`|(?<index>[\p{L}_][\p{L}\p{N}_]*\s*\[\s*"(?:[^"\\\n]|\\.)*"\s*\])|[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}\p{N}_]+)*)\s*(?:[=!<>]=|[=<>]|\blike\b|\bcontains\b|\bhas\b|\bstarts\s+with\b|\b(?:not\s+)?in\s*\((?:[^()|]*,)?)\s*(?<value>"[^"\n]*|[\p{L}\p{N}_.-]*)$/iu;
const MOST = 50;

/** undefined where the cursor is not at the value of a comparison. */
export const valueQuestion = (text: string, offset: number): ValueQuestion | undefined => {
  const head = text.slice(0, offset);
  const bar = lastBar(head);
  if (bar < 0 || !/^\s*where\b/i.test(head.slice(bar + 1))) return undefined;
  const groups = COMPARING.exec(head.slice(Math.max(bar + 1, offset - LONGEST)))?.groups;
  if (groups === undefined) return undefined;
  const { field = '', index, value = '' } = groups;
  const name = index !== undefined ? 'value' : field.startsWith('`') ? field : printName(field);
  const key = index === undefined ? name : `value = ${index}`;
  return {
    text: `${head.slice(0, bar)}| count by ${key} | where exists ${name} | top ${MOST} by count`,
    begun: value.replace(/^"/, ''),
    from: offset - value.length,
  };
};

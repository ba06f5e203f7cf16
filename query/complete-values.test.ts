// The cursor at the value of a comparison, and the text that asks for what may stand there.
import { describe, expect, it } from 'vitest';
import { valueQuestion } from './complete-values.ts';

const at = (text: string) => valueQuestion(text.replace('¦', ''), text.indexOf('¦'));
const asked = (text: string) => at(text)?.text;

describe('the text that asks for values', () => {
  it.each([
    ['from processes | where user == "ro¦', 'from processes | count by user | where exists user | top 50 by count', 'ro'],
    ['from processes | where user == ¦', 'from processes | count by user | where exists user | top 50 by count', ''],
    ['from a | where x in ("a", "b¦', 'from a | count by x | where exists x | top 50 by count', 'b'],
    ['from logs | where severity >= "¦"', 'from logs | count by severity | where exists severity | top 50 by count', ''],
    ['from a | where `odd name` != "x¦', 'from a | count by `odd name` | where exists `odd name` | top 50 by count', 'x'],
    ['from a | where b > 1 | where c.d like "w¦', 'from a | where b > 1 | count by c.d | where exists c.d | top 50 by count', 'w'],
    ['from a | where b["c d"] == "x¦', 'from a | count by value = b["c d"] | where exists value | top 50 by count', 'x'],
    ['from a | where b == "x" and c starts with "y¦', 'from a | count by c | where exists c | top 50 by count', 'y'],
  ])('%s', (text, question, begun) => {
    expect(at(text)).toMatchObject({ text: question, begun });
    expect(text.slice(at(text)?.from, text.indexOf('¦')).replace(/^"/, '')).toBe(begun);
  });

  it.each(['from a | set x == "¦', 'from a | where ¦', 'from a¦', 'from a | where x == "done" ¦', '¦', 'from a | search x:"y¦'])('none at %s', (text) => {
    expect(asked(text)).toBeUndefined();
  });
});

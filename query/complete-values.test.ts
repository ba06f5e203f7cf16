// The cursor at the value of a comparison, and the text that asks for what may stand there.
import { describe, expect, it } from 'vitest';
import { valueQuestion, valuesFound } from './complete-values.ts';

const at = (text: string) => valueQuestion(text.replace('¦', ''), text.indexOf('¦'));
const asked = (text: string) => at(text)?.text;

describe('the text that asks for values', () => {
  it.each([
    ['from processes | where user == "ro¦', 'from processes\n| summarize n = count() by value = user | where exists value | top 50 by n', 'ro'],
    ['from logs | where count == ¦', 'from logs\n| summarize n = count() by value = count | where exists value | top 50 by n', ''],
    ['from processes | where user == ¦', 'from processes\n| summarize n = count() by value = user | where exists value | top 50 by n', ''],
    ['from a | where x in ("a", "b¦', 'from a\n| summarize n = count() by value = x | where exists value | top 50 by n', 'b'],
    ['from logs | where severity >= "¦"', 'from logs\n| summarize n = count() by value = severity | where exists value | top 50 by n', ''],
    ['from a | where `odd name` != "x¦', 'from a\n| summarize n = count() by value = `odd name` | where exists value | top 50 by n', 'x'],
    ['from a | where b > 1 | where c.d like "w¦', 'from a | where b > 1\n| summarize n = count() by value = c.d | where exists value | top 50 by n', 'w'],
    ['from a | where b["c d"] == "x¦', 'from a\n| summarize n = count() by value = b["c d"] | where exists value | top 50 by n', 'x'],
    ['from a | where b == "x" and c starts with "y¦', 'from a\n| summarize n = count() by value = c | where exists value | top 50 by n', 'y'],
    ['from a | where s == 5¦', 'from a\n| summarize n = count() by value = s | where exists value | top 50 by n', '5'],
    ['from a | where s in (1, 2¦', 'from a\n| summarize n = count() by value = s | where exists value | top 50 by n', '2'],
    ['from a | where b == "| x" and c == "y | ¦', 'from a\n| summarize n = count() by value = c | where exists value | top 50 by n', 'y | '],
    ['from a // | where x\n| where c == "¦', 'from a // | where x\n| summarize n = count() by value = c | where exists value | top 50 by n', ''],
    ['from a | summarize count(where c == "¦', 'from a\n| summarize n = count() by value = c | where exists value | top 50 by n', ''],
    ['from a | where (b == 1 or c == "¦")', 'from a\n| summarize n = count() by value = c | where exists value | top 50 by n', ''],
    ['from a | where host in (from b last 5m | where c == "¦', 'from b last 5m\n| summarize n = count() by value = c | where exists value | top 50 by n', ''],
    ['let w = (from b)\nfrom w | where c == "¦', 'let w = (from b)\nfrom w\n| summarize n = count() by value = c | where exists value | top 50 by n', ''],
    ['let w = (from b | where c == "¦', 'from b\n| summarize n = count() by value = c | where exists value | top 50 by n', ''],
  ])('%s', (text, question, begun) => {
    expect(at(text)).toMatchObject({ text: question, begun });
    expect(text.slice(at(text)?.from, text.indexOf('¦')).replace(/^"/, '')).toBe(begun);
  });

  it.each([
    'from a | set x == "¦',
    'from a | where ¦',
    'from a¦',
    'from a | where x == "done" ¦',
    '¦',
    'from a | search x:"y¦',
    'from a // where x == "¦',
    'from a | where x matches r"¦',
    'from a | where x + 1 == "¦',
    'from a | where x == `b¦',
  ])('none at %s', (text) => {
    expect(asked(text)).toBeUndefined();
  });
});

describe('what is offered of an answer', () => {
  const question = (text: string) => at(text) as NonNullable<ReturnType<typeof at>>;
  const inserts = (text: string, type: string, values: readonly unknown[], unit?: string) =>
    valuesFound(question(text), [{ type, unit, values }], 'rows', 0).map(({ insert }) => insert);

  it('texts in quotes, numbers bare', () => {
    expect(inserts('from a | where x == ¦', 'string', ['a"b', 'c\nd', ''])).toEqual(['"a\\"b"', '"c\\nd"', '""']);
    expect(inserts('from a | where x == 4¦', 'int', [200, 404, '9007199254740994'])).toEqual(['404', '9007199254740994']);
    expect(inserts('from a | where x == ¦', 'float', [200, 0.5])).toEqual(['200']);
  });

  it('no numbers in quotes, none that are measured, none where there are many', () => {
    expect(inserts('from a | where x == "¦', 'int', [200])).toEqual([]);
    expect(inserts('from a | where x == ¦', 'int', [200], 'By')).toEqual([]);
    expect(
      inserts(
        'from a | where x == ¦',
        'int',
        Array.from({ length: 50 }, (_, i) => i),
      ),
    ).toEqual([]);
  });
});

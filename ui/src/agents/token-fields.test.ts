// What is written into the fields of a token and what is sent of it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelsOf, labelsProblem, patternsOf } from './token-fields.ts';

test('labels come back as they are written, lines without one are told', () => {
  const label = fc.tuple(fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,10}$/), fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/));
  fc.assert(
    fc.property(fc.uniqueArray(label, { selector: ([name]) => name }), (labels) => {
      const text = labels.map(([name, value]) => `  ${name} = ${value} `).join('\n\n');
      expect(labelsProblem(text)).toBeUndefined();
      expect(labelsOf(text)).toEqual(Object.fromEntries(labels));
    }),
  );
  for (const wrong of ['env', 'env=', '=prod', '1x=2', 'a b=c']) expect(labelsProblem(`ok=1\n${wrong}`)).toContain(wrong);
});

test('patterns stand between blanks or commas', () => {
  expect(patternsOf(' switch-*, router-? ,gw\n')).toEqual(['switch-*', 'router-?', 'gw']);
  expect(patternsOf(' , ')).toEqual([]);
});

// What is written into the fields of a token and what is sent of it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelChange, labelLines, labelsOf, labelsProblem, patternsOf } from './token-fields.ts';

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

test('what becomes of the labels that a host has is told where there is something to tell', () => {
  const prod = { env: 'prod', rack: '7' };
  expect(labelChange(prod, null)).toEqual({ text: 'It keeps its labels: env=prod rack=7.', isLoss: false });
  expect(labelChange(prod, { env: 'dev' })).toEqual({ text: 'It will have env=dev instead of env=prod rack=7.', isLoss: true });
  expect(labelChange(prod, {})).toEqual({ text: 'It will have no labels instead of env=prod rack=7.', isLoss: true });
  expect(labelChange(prod, labelsOf(labelLines({ rack: '7', env: 'prod' })))).toBeUndefined();
  for (const given of [null, {}, prod]) expect(labelChange({}, given)).toBeUndefined();
});

// The page of lessons is made from them, and their texts are in the form that the printer gives.
import { expect, test } from 'vitest';
import { format } from '../query/language.ts';
import { LESSONS, RECIPES } from '../ui/src/learn/lessons.ts';
import { learnPage } from './support/learn-page.ts';

test('docs/learn.md is made from the lessons', async () => {
  await expect(learnPage()).toMatchFileSnapshot('../docs/learn.md');
});

test.each([...LESSONS, ...RECIPES])('$title: can be read, and ends in words', ({ text, says }) => {
  expect(format(text)).toBeDefined();
  expect(says).toMatch(/\.$/);
});

test('ten lessons, each with a title of its own', () => {
  expect(LESSONS).toHaveLength(10);
  const titles = [...LESSONS, ...RECIPES].map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
});

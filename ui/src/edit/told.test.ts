// Holds that nothing is said twice, and nothing is left unsaid.
import { expect, it } from 'vitest';
import type { Diagnostic } from '../data/types.ts';
import { untold } from './told.ts';

const at = (column: number, code = 'x'): Diagnostic => ({
  code,
  severity: 'error',
  message: code,
  span: { start: { line: 1, column }, end: { line: 1, column: column + 1 } },
  fix: null,
});

it('leaves out what stands beside the same text at the same place', () => {
  const all = [at(1), at(2), at(2, 'y'), { ...at(1), span: null }];
  expect(untold(all, 'a', { text: 'a', diagnostics: [at(2), { ...at(1), span: null }] })).toEqual([at(1), at(2, 'y'), { ...at(1), span: null }]);
  expect(untold(all, 'a', { text: 'b', diagnostics: all })).toEqual(all);
  expect(untold(all, 'a', undefined)).toEqual(all);
});

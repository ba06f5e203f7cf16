// Each reason of the door has its words, and what has none says itself what it is.
import { expect, test } from 'vitest';
import { REASONS } from '../../../ingest/times.ts';
import { reasonWords, storeWords } from './words.ts';

test('reasons of the door and names of stores have words', () => {
  expect(REASONS.filter((reason) => reasonWords(reason) === '')).toEqual([]);
  expect(reasonWords('host-limit')).toContain('of hosts beyond those');
  for (const unknown of ['trimmed', 'constructor']) expect(reasonWords(unknown)).toBe('');
  expect(['columns', 'records', 'stream', 'toString'].map(storeWords)).toEqual(['column store', 'record store', 'stream', 'toString']);
});

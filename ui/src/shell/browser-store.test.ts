// A browser may refuse to keep anything: then nothing is kept, and nothing fails.
import { afterEach, expect, test, vi } from 'vitest';
import { keep, readKept } from './browser-store.ts';

afterEach(() => vi.unstubAllGlobals());

test('what is kept is read again, what is forgotten is not', () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  keep('a', '1');
  expect(readKept('a')).toBe('1');
  keep('a', undefined);
  expect(readKept('a')).toBe(null);
});

test('a browser that refuses, or has no store at all, is as one that keeps nothing', () => {
  const refuse = (): never => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  for (const store of [{ getItem: refuse, setItem: refuse, removeItem: refuse }, undefined]) {
    vi.stubGlobal('localStorage', store);
    keep('a', '1');
    keep('a', undefined);
    expect(readKept('a')).toBe(null);
  }
});

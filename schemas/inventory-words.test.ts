// What changed of a host, as people read it.
import { expect, test } from 'vitest';
import { changeTitle } from './inventory-words.ts';

const title = (...changes: readonly (readonly [string, string])[]): string => changeTitle('web-1', new Map(changes));

test.each([
  [[['kernel', '6.1 → 6.2']], 'web-1 changed: kernel 6.1 → 6.2'],
  [[['labels.agent.left_out', '(none) → io of other users’ processes']], 'web-1 changed: what its agent may not read (none) → io of other users’ processes'],
  [
    [
      ['labels.env', 'test → prod'],
      ['cores', '4 → 8'],
    ],
    'web-1 changed: label env test → prod; processors 4 → 8',
  ],
] as const)('%j', (changes, expected) => expect(title(...changes)).toBe(expected));

test('many and long ones are cut', () => {
  const said = title(...Array.from({ length: 9 }, (_, i) => [`labels.l${i}`, `${'a'.repeat(500)} → ${'😀'.repeat(500)}`] as const));
  expect(said).toMatch(/; and 6 more$/);
  expect(said.length).toBeLessThan(1024);
  expect(said.isWellFormed()).toBe(true);
});

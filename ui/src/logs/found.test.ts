// Holds which piece of a text is shown where a word that was searched for lies beyond what there is room for.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ofSeveralLines } from './fields.ts';
import { finder, fromHit, piecesOf } from './found.ts';

const find = finder([{ field: undefined, as: 'tokens', words: ['deadlock'] }], undefined);
const found = (text: string, room: number): boolean => piecesOf(text.slice(0, room), find).some((piece) => piece.found);

describe('fromHit', () => {
  it('leaves out what is between its beginning and the first hit that would be cut off', () => {
    const text = `${'word '.repeat(40)}while locking rows: deadlock detected`;
    expect(fromHit(text, find, 100)).toBe(`${'word '.repeat(6)}wor…while locking rows: deadlock detected`);
    expect(fromHit(text, undefined, 100)).toBe(text);
  });

  it('leaves a text as it is whose hit is seen, or that has none', () => {
    const near = `deadlock ${'x'.repeat(500)} deadlock`;
    expect(fromHit(near, find, 100)).toBe(near);
    expect(fromHit('x'.repeat(500), find, 100)).toBe('x'.repeat(500));
  });

  it('the hit is seen wherever it is', () => {
    const filler = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '😀', '\n', '.'), maxLength: 400 });
    fc.assert(
      fc.property(filler, filler, fc.integer({ min: 40, max: 200 }), (before, after, room) => {
        expect(found(fromHit(`${before} deadlock ${after}`, find, room), room)).toBe(true);
      }),
    );
  });
});

it('the trace of an error is of several lines, a text that only ends in a newline is not', () => {
  expect(ofSeveralLines('Error: no\n    at f (a.js:1:2)')).toBe(true);
  expect(ofSeveralLines('Error: no\r\n    at f')).toBe(true);
  expect(ofSeveralLines('done\n')).toBe(false);
});

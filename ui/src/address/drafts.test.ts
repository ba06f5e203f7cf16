// Holds that drafts go with their text and no other, and that whatever a step of the history keeps can be read.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { carried, readDrafts, withDraft } from './drafts.ts';

it('a draft stays with its text and goes with another', () => {
  const drafts = withDraft([], 1, 'b edited');
  expect(drafts).toEqual([null, 'b edited']);
  expect(withDraft(drafts, 0, 'a edited')).toEqual(['a edited', 'b edited']);
  expect(carried(['a edited', 'b edited'], ['a', 'b'], ['a', 'c', 'd'])).toEqual(['a edited', null, null]);
  expect(carried(['a edited', 'b edited'], ['a', 'b'], ['a'])).toEqual(['a edited']);
});

it('reads whatever a step keeps', () => {
  fc.assert(
    fc.property(fc.anything(), (state) => {
      expect(readDrafts(state) ?? []).toSatisfy((drafts: readonly unknown[]) => drafts.every((draft) => draft === null || typeof draft === 'string'));
      expect(readDrafts({ drafts: state }) ?? []).toSatisfy((drafts: readonly unknown[]) =>
        drafts.every((draft) => draft === null || typeof draft === 'string'),
      );
    }),
  );
  expect(readDrafts(null)).toBeUndefined();
  expect(readDrafts({ drafts: ['a', 3, null] })).toEqual(['a', null, null]);
});

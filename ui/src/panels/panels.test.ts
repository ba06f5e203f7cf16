// Holds what adding, removing, exchanging and changing a query do to an address, and that they leave the others alone.
import { expect, it } from 'vitest';
import { type Address, FIRST_PAGE } from '../address/address.ts';
import { added, changed, exchanged, panelsOf, removed, swapped } from './panels.ts';

const texts = (address: Address): readonly string[] => panelsOf(address).map(({ text }) => text);
const saved = { name: 'team.a', version: 2 };
const three: Address = {
  ...FIRST_PAGE,
  text: 'a',
  saved,
  view: 'table',
  on: 'web-1',
  more: ['b', 'c'].map((text) => ({ text, view: undefined, draw: undefined, log: false, columns: undefined, saved: undefined })),
};

it('queries are added at the end, removed, and change places with all that is theirs', () => {
  expect(texts({ ...three, ...added(three) })).toEqual(['a', 'b', 'c', '']);
  const without = { ...three, ...removed(three, 0) };
  expect(texts(without)).toEqual(['b', 'c']);
  expect(without).toMatchObject({ saved: undefined, view: undefined, on: 'web-1' });
  expect(exchanged([null, 'edited', null], 1, 2)).toEqual([null, null, 'edited']);
  const moved = { ...three, ...swapped(three, 0, 1) };
  expect(texts(moved)).toEqual(['b', 'a', 'c']);
  expect(panelsOf(moved)[1]).toMatchObject({ saved, view: 'table' });
  expect(texts({ ...FIRST_PAGE, ...removed(FIRST_PAGE, 0) })).toEqual(['']);
});

it('a change is of one query; an empty text is no saved one', () => {
  const next = { ...three, ...changed(three, 2, { text: 'd', view: 'chart' }) };
  expect(texts(next)).toEqual(['a', 'b', 'd']);
  expect(panelsOf(next)[0]).toEqual(panelsOf(three)[0]);
  expect({ ...three, ...changed(three, 0, { text: '' }) }).toMatchObject({ text: '', saved: undefined });
});

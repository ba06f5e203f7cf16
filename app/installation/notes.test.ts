// What is noted of the stores is read whole, or told as unreadable; only a file that is not there is none.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStoreNotes, writeStoreNotes } from './notes.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inframirror-notes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was written is read; a file that is not there is none', () => {
  expect(readStoreNotes(folder)).toBeUndefined();
  const notes = { instance: 'me', accepted: [{ store: 'stream' as const, who: 'ada', at: '2026-11-30T00:00:00Z' }] };
  writeStoreNotes(folder, notes);
  expect(readStoreNotes(folder)).toEqual(notes);
});

const write = (text: string) => (file: string) => writeFileSync(file, text);
test.each([
  ['that is empty', write(''), /JSON/],
  ['that was cut', write('{"instance":"me","accepted":['), /JSON/],
  ['of a newer version that knows another store', write('{"instance":"me","accepted":[{"store":"search","who":"a","at":"b"}]}'), /accepted\.0\.store: /],
  ['without a name', write('{}'), /instance: /],
  ['that cannot be read', (file: string) => mkdirSync(file), /EISDIR/],
])('a file %s is told with its name and the reason', (_, make, reason) => {
  const file = join(folder, 'stores.json');
  make(file);
  expect(() => readStoreNotes(folder)).toThrow(expect.objectContaining({ code: 'store.notes', parameters: { file, reason: expect.stringMatching(reason) } }));
});

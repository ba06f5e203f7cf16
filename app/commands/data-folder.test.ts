// Where a command looks for the server of this machine: in the order in which a start does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dataFolderOf } from './data-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'data-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('by the option, the variable, the settings file, or ./data', () => {
  const file = join(folder, 'settings.yaml');
  writeFileSync(file, `data: ${join(folder, 'elsewhere')}\n`);
  const none = new Map<string, string>();
  const both = { INFRAMIRROR_DATA: '/of/variable', INFRAMIRROR_CONFIG: file };
  expect(dataFolderOf({ values: new Map([['data', '/of/option']]) }, both)).toBe('/of/option');
  expect(dataFolderOf({ values: none }, both)).toBe('/of/variable');
  expect(dataFolderOf({ values: none }, { INFRAMIRROR_CONFIG: file })).toBe(join(folder, 'elsewhere'));
  expect(dataFolderOf({ values: none }, {})).toBe('data');
  // The start says what is wrong with a file.
  expect(dataFolderOf({ values: none }, { INFRAMIRROR_CONFIG: join(folder, 'none') })).toBe('data');
  writeFileSync(file, 'data: [1]\n');
  expect(dataFolderOf({ values: none }, { INFRAMIRROR_CONFIG: file })).toBe('data');
});

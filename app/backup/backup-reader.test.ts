// Of a backup that somebody else may have written to, only its own files are read, and its manifest names nothing outside of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { streamOfBackup, textOfBackup } from './backup-reader.ts';
import { FORMAT, MANIFEST, MANIFEST_SUM, readManifest, sumOf } from './manifest.ts';
import { restore } from './restore.ts';

let top = '';
let dir = '';
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'inframirror-reader-'));
  dir = join(top, 'backup');
  mkdirSync(join(dir, 'columns/store'), { recursive: true });
  writeFileSync(join(top, 'secret'), 'of another');
  writeFileSync(join(dir, 'columns/store/a'), 'ours');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const refused = (file: string, kind: string, wanted: string) =>
  expect.objectContaining({ code: 'backup.damaged', parameters: { file: join(dir, file), reason: `it is ${kind}, and a backup has ${wanted} there` } });

test('links, devices, pipes and folders are refused in words, at the end of a name and within it', async () => {
  symlinkSync('../secret', join(dir, 'link'));
  symlinkSync('columns', join(dir, 'other'));
  symlinkSync('store/a', join(dir, 'columns/inner'));
  execFileSync('/usr/bin/mkfifo', [join(dir, 'pipe')]);
  for (const [path, at, kind, wanted] of [
    ['link', 'link', 'a symbolic link', 'a file'],
    ['columns/inner', 'columns/inner', 'a symbolic link', 'a file'],
    ['other/store/a', 'other', 'a symbolic link', 'a folder'],
    ['pipe', 'pipe', 'a device or a pipe', 'a file'],
    ['columns/store', 'columns/store', 'a folder', 'a file'],
    ['columns/store/a/b', 'columns/store/a', 'a file', 'a folder'],
  ] as const) {
    expect(() => textOfBackup(dir, path), path).toThrow(refused(at, kind, wanted));
    expect(() => streamOfBackup(dir, path), path).toThrow(refused(at, kind, wanted));
  }
  expect(() => textOfBackup(dir, 'none')).toThrow('ENOENT');
  expect(textOfBackup(dir, 'columns/store/a')).toBe('ours');
  expect(await streamOfBackup(dir, 'columns/store/a').toArray()).toEqual([Buffer.from('ours')]);
});

const manifest = (more: object): void => {
  const text = JSON.stringify({
    format: FORMAT,
    inframirror: '0',
    instance: 'me',
    point: '2026-11-30T00:00:00Z',
    versions: { columns: 1, records: 1, stream: 1, clickhouse: '1' },
    links: [],
    files: [],
    ...more,
  });
  writeFileSync(join(dir, MANIFEST), text);
  writeFileSync(join(dir, MANIFEST_SUM), sumOf(text));
};
const fileNamed = (path: string) => ({ path, bytes: 4, sha256: sumOf('ours') });

test.each(['../secret', 'columns/../../secret', '/etc/passwd', 'columns//store', './a', ''])('a manifest that names %j is refused in words', (path) => {
  manifest({ files: [fileNamed(path)] });
  expect(() => readManifest(dir)).toThrow(`it names what lies outside of it: ${JSON.stringify(path)}`);
});

test('nor may a link of the column store lead out of it, and the manifest itself is no link', () => {
  for (const links of [
    [{ path: 'metadata/x', target: '../../../etc' }],
    [{ path: 'metadata/x', target: '/etc' }],
    [
      { path: 'metadata/x', target: '../store' },
      { path: 'metadata/x/y', target: '../store' },
    ],
  ]) {
    manifest({ links });
    expect(() => readManifest(dir)).toThrow('it names what lies outside of it');
  }
  manifest({ links: [{ path: 'metadata/x', target: '../store/a' }] });
  expect(readManifest(dir).links).toHaveLength(1);
  manifest({});
  expect(readManifest(dir).instance).toBe('me');
  rmSync(join(dir, MANIFEST));
  symlinkSync('../secret', join(dir, MANIFEST));
  expect(() => readManifest(dir)).toThrow(refused(MANIFEST, 'a symbolic link', 'a file'));
});

test('a restore of a backup with a link leaves nothing of it', async () => {
  symlinkSync('../../../secret', join(dir, 'columns/store/b'));
  manifest({ files: [fileNamed('columns/store/a'), fileNamed('columns/store/b')] });
  const folder = join(top, 'data');
  await expect(restore({ dir, folder })).rejects.toThrow(refused('columns/store/b', 'a symbolic link', 'a file'));
  expect(() => textOfBackup(folder, 'columns/store/a')).toThrow('ENOENT');
});

// deploy/Containerfile, read and not built: what it copies is all that the program loads, with packages that are there without those for building.
import { existsSync, statSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../test/end-to-end/support/product.ts';
import { importsOf } from '../test/support/imports.ts';
import { expectCommand, textOf } from './testing/read.ts';

const last = textOf('deploy/Containerfile')
  .replaceAll('\\\n', ' ')
  .split(/^FROM /m)
  .at(-1) as string;
const copied = [...last.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) => (from as string).split(' '));

/** Files and packages that a start may load, whatever it is asked to do: also those of its own processes and threads. */
const loaded = (): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } => {
  const files = new Set<string>();
  const packages = new Set<string>();
  const ways = ['bin/inframirror.js', 'app/main.ts', 'app/pipeline/child.ts', 'engines/columns/embedded/child.ts'];
  for (let path = ways.pop(); path !== undefined; path = ways.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const { to, relative, typeOnly } of importsOf(path, textOf(path))) {
      if (typeOnly) continue;
      if (relative) ways.push(to);
      else if (!to.startsWith('node:')) packages.add(to);
    }
  }
  return { files, packages };
};

test('it holds all that the program loads', () => {
  const { files, packages } = loaded();
  expect(copied.length).toBeGreaterThan(10);
  for (const path of copied) expect(existsSync(join(ROOT, path)), path).toBe(true);
  const isCopied = (path: string): boolean => copied.some((one) => path === one || (statSync(join(ROOT, one)).isDirectory() && path.startsWith(`${one}/`)));
  expect([...files].filter((path) => !isCopied(path))).toEqual([]);
  const ignored = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect([...files, ...copied].filter((path) => ignored.some((glob) => matchesGlob(path, glob) || matchesGlob(path, `${glob}/**`)))).toEqual([]);
  const { dependencies } = JSON.parse(textOf('package.json')) as { readonly dependencies: object };
  expect([...packages].filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
});

test('it starts a command that exists, not as root', async () => {
  expect(last).toMatch(/^USER \d+$/m);
  expect(last).toMatch(/^ENTRYPOINT \["inframirror"\]$/m);
  await expectCommand(JSON.parse(/^CMD (.+)$/m.exec(last)?.[1] ?? '') as readonly string[]);
});

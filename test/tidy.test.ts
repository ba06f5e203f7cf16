// Keeps the tree as CONTRIBUTING.md promises it: headers, names, lengths, no marks of unfinished work, nothing of one machine.
// It reads the sources as text; what they import is judged in `layers.test.ts`.
import { existsSync, globSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSource, ourFiles, ROOT, textOf } from './support/sources.ts';

const sources = ourFiles.filter(isSource);
const texts = ourFiles.filter((path) => !/\.(png|svg|woff2?|ico|arrow|bin|gz|zst|frame)$/.test(path));
const here = 'test/tidy.test.ts';

/** `file:line: text` of each line that a pattern fits. */
const linesWith = (paths: readonly string[], pattern: RegExp): readonly string[] =>
  paths
    .filter((path) => path !== here)
    .flatMap((path) =>
      textOf(path)
        .split('\n')
        .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 160)}`] : [])),
    );

describe('every source', () => {
  test('opens with two to five lines on what it is; an empty comment line parts them from an exact definition', () => {
    const opening = (path: string): number => {
      const lines = textOf(path).split('\n');
      const first = /^(#!|<script)/.test(lines[0] as string) ? 1 : 0;
      const ends = lines[first]?.startsWith('<!--') ? (line: string) => line.includes('-->') : (_: string, i: number) => !/^\/\/ \S/.test(lines[i + 1] ?? '');
      return /^(\/\/ |<!--)/.test(lines[first] ?? '') ? lines.slice(first).findIndex((line, i) => ends(line, i + first)) + 1 : 0;
    };
    expect(sources.filter((path) => opening(path) === 0)).toEqual([]);
    expect(sources.filter((path) => opening(path) > 5).map((path) => `${path}: ${opening(path)} lines`)).toEqual([]);
  });

  test('is short: at most 600 lines', () => {
    const lengths = sources.map((path) => ({ path, lines: textOf(path).split('\n').length - 1 })).sort((a, b) => b.lines - a.lines);
    const median = lengths[lengths.length >> 1]?.lines ?? 0;
    const ninth = lengths[Math.floor(lengths.length / 10)]?.lines ?? 0;
    const longest = lengths.slice(0, 10).map(({ path, lines }) => `${String(lines).padStart(6)} ${path}`);
    console.log(`${lengths.length} sources, median ${median} lines, nine in ten under ${ninth}; the longest:\n${longest.join('\n')}`);
    expect(lengths.filter(({ lines }) => lines > 600)).toEqual([]);
    expect(median).toBeLessThan(150);
  });

  test('bears no mark of unfinished or forced work', () => {
    expect(linesWith(sources, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
    expect(linesWith(sources, /\bas any\b|@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable|svelte-ignore/)).toEqual([]);
    expect(linesWith(sources, /\b(test|it|describe|suite)\.(skip|only|todo|fails)\b/)).toEqual([]);
  });

  test('has a name in kebab case that says something', () => {
    const inKebab = (path: string): boolean =>
      path.split('/').every((part) => /^(\.?[a-z0-9]+([-.][a-z0-9]+)*)$/.test(part) || (part.endsWith('.svelte') && /^[A-Z]/.test(part)));
    expect(sources.filter((path) => !inKebab(path))).toEqual([]);
    expect(ourFiles.filter((path) => /(^|[/-])(utils?|helpers?|common|misc|shared|stuff)(\.\w+|\/|$)/i.test(path))).toEqual([]);
  });
});

describe('no tracked file', () => {
  test('names a path of one machine', () => {
    const escaped = (path: string): string => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    // Where the clone stands in a folder that every machine has, naming that folder gives nothing away.
    const everywhere = /^\/(tmp|srv|opt|var|usr|etc|home|mnt|media|run|data|app|src)?(\/(lib|tmp|src|local|www))?$/;
    const folders = [ROOT, dirname(ROOT), homedir()].filter((path) => !everywhere.test(path) && path !== tmpdir());
    expect(linesWith(texts, new RegExp(`(^|[\\s"'\`(=:])(${folders.map(escaped).join('|')})/[\\w.]`))).toEqual([]);
    expect(linesWith(texts, /\/(home|Users)\/(?!user\b|me\b|x\b|app\b|\$|\*|<)[a-z][\w-]*\/|[A-Z]:\\Users\\/)).toEqual([]);
  });

  test('names a package registry', () => {
    expect(linesWith(texts, /"resolved": *"|\bregistry *= *h|_authToken|https?:\/\/[\w.-]*(registry|artifactory|nexus|verdaccio)[\w.-]*/)).toEqual([]);
  });

  test('is larger than a megabyte', () => {
    expect(texts.filter((path) => textOf(path).length > 1_000_000)).toEqual([]);
  });
});

test('every path named in ARCHITECTURE.md exists', () => {
  const named = [...textOf('ARCHITECTURE.md').matchAll(/`([^`\s]+)`/g)].map(([, path]) => path as string);
  const paths = named.filter((path) => /^[\w.*{},-]+(\/[\w.*{},-]*)+$|^[\w-]+\.(ts|js|md|json|svelte|graphql)$/.test(path) && !path.startsWith('im.'));
  const missing = paths.filter((path) => (/[*{]/.test(path) ? globSync(path, { cwd: ROOT }).length === 0 : !existsSync(join(ROOT, path))));
  expect(missing).toEqual([]);
  expect(paths.length).toBeGreaterThan(20);
});

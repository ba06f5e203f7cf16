// Shows that the lock's completion finds what npm would miss, and knows platforms as npm's own entries name them.
// It changes no file.
import { expect, test } from 'vitest';
import { completed, type Lock, missingFrom, platformOf } from './lock.ts';
import { textOf } from './sources.ts';

const lock = (JSON.parse(textOf('package-lock.json')) as { packages: Lock }).packages;

test('the lock has a version for everything that its packages want, so that `npm ci` takes it', () => {
  expect(missingFrom(lock), 'run `npm run lock`').toEqual([]);
  expect(Object.entries(lock).filter(([path, { version }]) => path !== '' && version === undefined)).toEqual([]);
});

test('a missing optional package is added where npm looks for it', () => {
  const packages: Lock = {
    '': {},
    'node_modules/a': { version: '1.0.0', dev: true, optionalDependencies: { '@a/b-darwin-arm64': '1.0.0', c: '2.0.0' } },
    'node_modules/a/node_modules/c': { version: '2.0.0' },
  };
  expect(missingFrom(packages)).toEqual([{ name: '@a/b-darwin-arm64', version: '1.0.0', dev: true }]);
  expect(completed(packages)['node_modules/@a/b-darwin-arm64']).toEqual({ version: '1.0.0', cpu: ['arm64'], os: ['darwin'], dev: true, optional: true });
});

test('platforms read from names are those that npm recorded', () => {
  const recorded = Object.entries(lock as Readonly<Record<string, { integrity?: string; os?: string[]; cpu?: string[]; libc?: string[] }>>).filter(
    ([path, { integrity, os, cpu }]) => integrity !== undefined && os !== undefined && cpu !== undefined && /(arm|x64|riscv64|ppc64|s390x|ia32)/.test(path),
  );
  expect(recorded.length).toBeGreaterThan(20);
  for (const [path, { os, cpu, libc }] of recorded) {
    if (path.includes('windows')) continue;
    const platform = platformOf(path);
    expect({ path, os: platform?.os, cpu: platform?.cpu }).toEqual({ path, os, cpu });
    if (/-(gnu|musl|gnueabihf|musleabihf)$/.test(path)) expect({ path, libc: platform?.libc }).toEqual({ path, libc });
  }
});

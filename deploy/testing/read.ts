// What the tests of this folder have in common: its files as text and data, and the product's own word on command lines and settings in them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Configuration } from '../../app/config/configuration.ts';
import type { Settings } from '../../app/config/settings.ts';
import { command, ROOT } from '../../test/end-to-end/support/product.ts';

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The command's own parser has read all options before it prints its help. */
export const expectCommand = async (args: readonly string[]): Promise<void> => {
  const { code, stderr } = await command([...args, '--help']);
  expect({ args, code, stderr }).toMatchObject({ code: 0, stderr: '' });
};

/** Throws what is wrong with it. */
export const settingsOf = (file: string, roles: string): Settings => {
  const configuration = new Configuration({ options: new Map([['roles', { value: roles.split(','), place: '--roles' }]]), environment: {}, file });
  expect(configuration.warnings).toEqual([]);
  return configuration.settings;
};

/** What stands behind an option, such as `--roles`. */
export const optionIn = (args: readonly string[], name: string): string => {
  expect(args).toContain(name);
  return args[args.indexOf(name) + 1] ?? '';
};

// `inframirror config` as a process: what it prints can be read again, mistakes are told one a line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { command } from '../../test/end-to-end/support/product.ts';
import { readSettingsText } from '../config/file.ts';
import { SETTING_NAMES, SETTINGS } from '../config/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'inframirror-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'inframirror.yaml');

test('`example` names all settings, and is right as it is and with every key', async () => {
  const { stdout, code } = await command(['config', 'example']);
  expect(code).toBe(0);
  expect(readSettingsText(stdout, 'f')).toEqual({ values: new Map(), problems: [] });
  // Keys are the comments that have a colon behind one word.
  const { values, problems } = readSettingsText(stdout.replaceAll(/^( *)# ([a-z0-9_]+: )/gm, '$1$2'), '/f');
  expect(problems).toEqual([]);
  expect([...values.keys()]).toEqual(SETTING_NAMES);
  for (const [name, { value }] of values) if (name !== 'data') expect([name, value]).toEqual([name, SETTINGS[name].fallback]);
});

test('`print` says where each value comes from, and can be read again', async () => {
  writeFileSync(file, 'retention:\n  logs: 60d\n');
  const { stdout, code } = await command(['config', 'print', '--config', file], { env: { INFRAMIRROR_LISTEN: ':9' } });
  expect(code).toBe(0);
  expect(stdout).toContain(`  logs: 60d  # ${file}:2\n`);
  expect(stdout).toContain('listen: ":9"  # INFRAMIRROR_LISTEN\n');
  expect(stdout).toContain('  samples: 15d  # default\n');
  const { values, problems } = readSettingsText(stdout, '/f');
  expect([problems, [...values.keys()]]).toEqual([[], SETTING_NAMES]);
});

test('`check` tells each mistake on its line, a start refuses them all', async () => {
  writeFileSync(file, 'retention:\n  logs: 60\n  evnts: 3d\n');
  const checked = await command(['config', 'check'], { env: { INFRAMIRROR_CONFIG: file } });
  expect([checked.code, checked.stdout]).toEqual([3, '']);
  expect(checked.stderr.split('\n').slice(0, 2)).toEqual([
    `${file}:2: retention.logs: it must be a duration, such as 15d, 12h or 30s: the unit is missing`,
    `${file}:3: there is no setting retention.evnts; did you mean events?`,
  ]);
  const started = await command(['start', '--config', file]);
  expect(started.code).toBe(2);
  expect(started.stderr).toMatch(/inframirror\.yaml:2: .*inframirror\.yaml:3: .*\[config\.wrong\]/);
  writeFileSync(file, 'retention:\n  logs: 60d\n');
  expect(await command(['config', 'check', '--config', file])).toMatchObject({ code: 0, stdout: `${file} is right\n` });
});

test('`check` and `print` tell a variable that sets nothing', async () => {
  writeFileSync(file, 'retention:\n  logs: 60d\n');
  for (const action of ['check', 'print'])
    expect(await command(['config', action, '--config', file], { env: { INFRAMIRROR_RETENTION_LOG: '3d' } })).toMatchObject({
      code: 0,
      stderr: 'INFRAMIRROR_RETENTION_LOG: warning: there is no such setting; did you mean INFRAMIRROR_RETENTION_LOGS?\n',
    });
});

test('`check` warns of a bound at which every clock is wrong', async () => {
  writeFileSync(file, 'limits:\n  intake:\n    future: 0s\n');
  expect(await command(['config', 'check', '--config', file])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`${file}:3: warning: limits.intake.future is 0ms`),
  });
});

test('wrong usage is told', async () => {
  expect((await command(['config'])).code).toBe(2);
  expect((await command(['config', 'chek'])).stderr).toContain('did you mean "check"?');
  expect((await command(['config', 'check'])).stderr).toContain('--config FILE');
});

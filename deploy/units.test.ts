// The units of systemd: its own check of them, and the product's of their command lines.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../test/end-to-end/support/product.ts';
import { describeWith } from '../test/support/need.ts';
import { expectCommand, textOf } from './testing/read.ts';

const UNITS = readdirSync(join(ROOT, 'deploy/systemd'));
const folder = mkdtempSync(join(tmpdir(), 'inframirror-units-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const found = ((): string | undefined => {
  try {
    return execFileSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
})();

const programOf = (unit: string): readonly string[] =>
  (/^ExecStart=(.+)$/m.exec(textOf(`deploy/systemd/${unit}`))?.[1] ?? '').replace(/\$\{ROLES\}/, 'worker,keeper').split(' ');

test('there are three', () => {
  expect(UNITS).toEqual(['inframirror-agent.service', 'inframirror.service', 'inframirror@.service']);
});

test.each(UNITS)('the command of %s is one', async (unit) => {
  const [program, ...args] = programOf(unit);
  if (program?.endsWith('/inframirror-agent')) await expectCommand(['agent', ...args]);
  else {
    expect([program, args[0]]).toEqual(['/opt/inframirror/node_modules/node/bin/node', '/opt/inframirror/bin/inframirror.js']);
    await expectCommand(args.slice(1));
  }
});

test.each(UNITS)('%s tells systemd how it is, and gains no rights', (unit) => {
  expect(textOf(`deploy/systemd/${unit}`).split('\n')).toEqual(
    expect.arrayContaining(['Type=notify', 'NotifyAccess=all', 'WatchdogSec=120', 'NoNewPrivileges=true', 'CapabilityBoundingSet=', 'UMask=0077']),
  );
});

describeWith('systemd', found, 'systemd-analyze is missing', () => {
  test.each(UNITS)('%s is right', (unit) => {
    // Its check wants the program to be there.
    writeFileSync(join(folder, unit), textOf(`deploy/systemd/${unit}`).replace(`ExecStart=${programOf(unit)[0]}`, `ExecStart=${process.execPath}`));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, unit)], { encoding: 'utf8' });
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes(unit.replace('@.service', '')));
    expect({ status, said }).toEqual({ status: 0, said: [] });
  });
});

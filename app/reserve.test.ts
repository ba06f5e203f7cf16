// The file that only takes room: made once, whatever an earlier start left.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepReserve } from './reserve.ts';

test('is made although a start was killed while it made it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'reserve-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'reserve.new'), 'half');
  keepReserve(dir);
  expect(statSync(join(dir, 'reserve')).size).toBe(48 << 20);
  expect(existsSync(join(dir, 'reserve.new'))).toBe(false);
  const { ino } = statSync(join(dir, 'reserve'));
  keepReserve(dir);
  expect(statSync(join(dir, 'reserve')).ino).toBe(ino);
});

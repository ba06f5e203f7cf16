// The file by which commands find the server: on a full disk it is left out, and written when there is room.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { AddressFile } from './address-file.ts';

test('stops nothing on a full disk, and is made later', (context) => {
  const disk = mkdtempSync(join(tmpdir(), 'address-'));
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return context.skip('a small disk cannot be mounted here');
  }
  try {
    writeFileSync(join(disk, 'address'), 'http://127.0.0.1:1/\n');
    const fill = join(disk, 'fill');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(fill, new Uint8Array(bavail * bsize));
    const same = new AddressFile(disk, 'http://127.0.0.1:1/', silentLogger);
    same.keep();
    expect(readFileSync(join(disk, 'address'), 'utf8')).toBe('http://127.0.0.1:1/\n');
    const other = new AddressFile(disk, 'http://127.0.0.1:2/', silentLogger);
    other.keep();
    expect(readdirSync(disk)).toEqual(['fill']);
    rmSync(fill);
    other.keep();
    expect(readFileSync(join(disk, 'address'), 'utf8')).toBe('http://127.0.0.1:2/\n');
    other.remove();
    expect(existsSync(join(disk, 'address'))).toBe(false);
  } finally {
    execFileSync('/bin/umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  }
});

// The file by which commands find the server: on a full disk it is left out, and written when there is room.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { clearDisk, fillDisk, smallDisk } from '../test/support/small-disk.ts';
import { AddressFile } from './address-file.ts';

test('stops nothing on a full disk, and is made later', (context) => {
  const disk = smallDisk(context, '1m');
  writeFileSync(join(disk, 'address'), 'http://127.0.0.1:1/\n');
  fillDisk(disk);
  const same = new AddressFile(disk, 'http://127.0.0.1:1/', silentLogger);
  same.keep();
  expect(readFileSync(join(disk, 'address'), 'utf8')).toBe('http://127.0.0.1:1/\n');
  const other = new AddressFile(disk, 'http://127.0.0.1:2/', silentLogger);
  other.keep();
  expect(readdirSync(disk)).toEqual([expect.stringMatching(/^fill-/)]);
  clearDisk(disk);
  other.keep();
  expect(readFileSync(join(disk, 'address'), 'utf8')).toBe('http://127.0.0.1:2/\n');
  other.remove();
  expect(existsSync(join(disk, 'address'))).toBe(false);
});

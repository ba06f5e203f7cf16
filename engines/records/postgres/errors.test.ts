// What a server's error is told as: damage only where files are damaged, which a real server is asked where it can be brought to say so.
import { expect, test } from 'vitest';
import type { CodedError } from '../../../core/errors.ts';
import { openTemporaryRecords } from '../testing/temporary-records.ts';
import { recordsError } from './errors.ts';

const told = (code: string, message: string): string => recordsError(Object.assign(new Error(message), { code, severity: 'ERROR' })).code;

test.each([
  ['XX000', 'tuple concurrently updated', 'records.unavailable'],
  ['XX000', 'cache lookup failed for type 16385', 'records.rejected'],
  ['XX000', 'could not open file "base/5/2703": Permission denied', 'records.rejected'],
  ['XX000', 'could not read blocks 0..0 in file "base/5/2703": read only 0 of 8192 bytes', 'records.damaged'],
  ['XX001', 'invalid page in block 0 of relation "base/5/2703"', 'records.damaged'],
  ['XX002', 'index "hosts_pkey" lacks a main fork', 'records.damaged'],
  ['58P01', 'could not open file "base/5/2703": No such file or directory', 'records.damaged'],
  ['58P01', 'could not access file "$libdir/missing": No such file or directory', 'records.rejected'],
])('%s %s: %s', (code, message, expected) => {
  expect(told(code, message)).toBe(expected);
});

test('changes of the catalogue at the same time, and a library that is not there, are no damage', async () => {
  const { records, close } = await openTemporaryRecords({ migrated: false });
  try {
    await records.query('CREATE TABLE t (a int)');
    await records.query('CREATE ROLE other');
    const codes = new Set<string>();
    const change = async (): Promise<void> => {
      for (let i = 0; i < 40; i++)
        await records.query(i % 2 === 0 ? 'GRANT SELECT ON t TO other' : 'REVOKE SELECT ON t FROM other').catch((error: CodedError) => codes.add(error.code));
    };
    await Promise.all(Array.from({ length: 8 }, change));
    // Eight that change one row without a pause may outlast the attempts.
    expect([...codes].filter((code) => code !== 'records.unavailable')).toEqual([]);
    await expect(records.query("CREATE FUNCTION f() RETURNS int AS '$libdir/missing' LANGUAGE c")).rejects.toMatchObject({
      code: 'records.rejected',
      parameters: { code: '58P01' },
    });
  } finally {
    await close();
  }
}, 60_000);

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
  ['22021', 'invalid byte sequence for encoding "UTF8": 0x00', 'records.refused-rows'],
  ['22P05', 'unsupported Unicode escape sequence', 'records.refused-rows'],
  ['54000', 'index row size 2832 exceeds btree version 4 maximum 2704 for index "hosts_pkey"', 'records.refused-rows'],
  ['23502', 'null value in column "host" of relation "hosts" violates not-null constraint', 'records.conflict'],
  ['42501', 'permission denied for table hosts', 'records.rejected'],
  ['42P01', 'relation "hosts" does not exist', 'records.rejected'],
  ['25006', 'cannot execute INSERT in a read-only transaction', 'records.rejected'],
  ['55P03', 'could not obtain lock on relation "hosts"', 'records.rejected'],
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

// The note of a refused start: of any kind, taken back by one that is ready, and never in the way of either.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CodedError, ERRORS } from '../core/errors.ts';
import { forgetRefusedStart, noteRefusedStart, readRefusedStart } from './refused-start.ts';

const folder = mkdtempSync(join(tmpdir(), 'refused-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('says why and what to do, until a start is ready; only in the folder of a server, and not of one that runs there', () => {
  const error = new CodedError('start.address', { address: '127.0.0.1:80', reason: 'it is taken' });
  noteRefusedStart(folder, error);
  expect(readRefusedStart(folder)).toBe(undefined);
  writeFileSync(join(folder, 'instance'), 'abc\n');
  noteRefusedStart(folder, error);
  expect(readRefusedStart(folder)).toEqual({ at: expect.stringMatching(/^20/), message: error.message, mend: ERRORS['start.address'].mend });
  noteRefusedStart(folder, new CodedError('data.in-use', { path: folder, holder: 'process 7' }));
  expect(readRefusedStart(folder)?.message).toBe(error.message);
  noteRefusedStart(folder, new CodedError('start.part', { part: 'the record store', reason: 'x' }, { cause: error }));
  expect(readRefusedStart(folder)?.mend).toBe(ERRORS['start.address'].mend);
  noteRefusedStart(folder, new Error('boom'));
  expect(readRefusedStart(folder)?.message).toBe('boom');
  forgetRefusedStart(folder);
  forgetRefusedStart(folder);
  expect(readRefusedStart(folder)).toBe(undefined);
  writeFileSync(join(folder, 'refused-start.json'), '{');
  expect(readRefusedStart(folder)).toBe(undefined);
});

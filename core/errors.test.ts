// Holds the catalogue of errors to its own promises, and the page made from it equal to it.
// `npm run errors` writes the page anew.
import { describe, expect, test } from 'vitest';
import { errorsPage } from '../test/support/errors-page.ts';
import { CodedError, ERRORS, type ErrorCode, errorMessage, hasCode } from './errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

test('docs/errors.md is made from the catalogue', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../docs/errors.md');
});

describe.each(codes)('%s', (code) => {
  test('has an area and a name in kebab case', () => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z0-9]+([-.][a-z0-9]+)*$/);
  });

  test('says all of its parameters in a sentence without an end stop, and how to mend it with one', () => {
    const { example, mend } = ERRORS[code];
    const message = errorMessage(code, example);
    for (const [name, value] of Object.entries(example)) expect(message, `the message leaves out ${name}`).toContain(String(value));
    expect(message).not.toMatch(/undefined|\[object|\.$|^\s|\s$/);
    expect(mend).toMatch(/^[\p{Lu}`“"].*[.?!)]$/su);
  });
});

test('a coded error carries code, parameters, sentence and cause, and is told by its code', () => {
  const cause = new Error('connect ECONNREFUSED');
  const error: unknown = new CodedError('columns.unavailable', { reason: 'it is restarting' }, { cause });
  expect(hasCode(error, 'columns.unavailable') && error.parameters.reason).toBe('it is restarting');
  expect(hasCode(error, 'search.unavailable')).toBe(false);
  expect(hasCode(cause, 'columns.unavailable')).toBe(false);
  expect(error).toMatchObject({ name: 'CodedError', message: 'the column store does not answer: it is restarting', cause });
});

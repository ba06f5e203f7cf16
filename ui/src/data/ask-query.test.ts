// What draws an answer may rely on its form, whatever was sent.
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { askQuery, isResult } from './ask-query.ts';
import type { Answer } from './client.ts';
import type { Result } from './types.ts';

const { fetch } = globalThis;
afterEach(() => {
  globalThis.fetch = fetch;
});

const RESULT = {
  columns: [{ name: 'n', type: 'int', unit: null, values: [1] }],
  lines: null,
  rowCount: 1,
  truncated: null,
  completeUpTo: null,
  partial: [],
  diagnostics: [],
  stats: { elapsedMs: 1, rowsRead: 1, bytesRead: 1 },
};
const answerTo = (query: unknown): Promise<Answer<Result>> => {
  globalThis.fetch = async () => Response.json({ data: { query } });
  return new Promise((resolve) => askQuery({ text: `from logs | limit ${Math.random()}` }, resolve));
};

it('an answer of the form is handed on as it came, whatever its values are', async () => {
  expect((await answerTo(RESULT)).data).toEqual(RESULT);
  fc.assert(fc.property(fc.array(fc.jsonValue()), (values) => isResult({ ...RESULT, columns: [{ name: 'n', type: 'x', unit: null, values }] })));
});

it.each([
  ['no columns', { ...RESULT, columns: null }],
  ['a column that is none', { ...RESULT, columns: [null] }],
  ['a column without values', { ...RESULT, columns: [{ name: 'n', type: 'int', unit: null, values: null }] }],
  ['a column without a name', { ...RESULT, columns: [{ type: 'int', unit: null, values: [] }] }],
  ['no count of rows', { ...RESULT, rowCount: null }],
  ['lines left out', { ...RESULT, lines: undefined }],
  ['lines without an axis', { ...RESULT, lines: { keys: [], values: [], total: 0 } }],
  ['a line that is none', { ...RESULT, lines: { times: [], keys: [], values: [{ name: 'n', type: 'int', unit: null, values: [1], other: null }], total: 1 } }],
  ['no figures', { ...RESULT, stats: null }],
  ['no diagnostics', { ...RESULT, diagnostics: undefined }],
  ['a text', 'nothing'],
])('%s is a failure that says what to do', async (_, query) => {
  const { data, failure } = await answerTo(query);
  expect(data).toBeUndefined();
  expect(failure).toMatchObject({ kind: 'refused', message: expect.stringContaining('Load the page anew') });
});

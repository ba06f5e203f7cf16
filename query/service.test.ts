// What the service says where a store fails: its own words and an id, never the store's.
import { expect, test } from 'vitest';
import { CodedError } from '../core/errors.ts';
import { createLogger } from '../core/logger.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import type { StorePorts } from './ask/ask.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { unlimited } from './caller.ts';
import { type CallerQueries, QueryService } from './service.ts';

const failing = (error: unknown, saved?: () => Promise<ReadonlyMap<string, string>>): { readonly service: CallerQueries; readonly log: readonly string[] } => {
  const fails = (): Promise<never> => Promise.reject(error);
  const store = { query: fails } as unknown as StorePorts['columns'] & StorePorts['records'] & StorePorts['search'];
  const log: string[] = [];
  const service = new QueryService({
    ports: { columns: store, search: store, records: store },
    catalogue: new LearnedCatalogue(DATASETS, store, store),
    completeUpTo: () => undefined,
    ...(saved === undefined ? {} : { saved }),
    log: createLogger({ level: 'error', format: 'text', write: (line) => void log.push(line) }),
  }).for(unlimited('test'));
  return { service, log };
};

test.each([
  ['a refused statement', new CodedError('columns.rejected', { code: 47, reason: 'Unknown identifier in scope SELECT #secret FROM logs' })],
  ['a refused statement of the records', new CodedError('records.rejected', { code: '42P01', reason: 'SELECT #secret' })],
  ['a refused value of the records', new CodedError('records.refused-rows', { code: '22021', reason: 'SELECT #secret' })],
  ['anything else', new TypeError('SELECT #secret')],
])('%s is our own error, with an id that the log has', async (_, error) => {
  const { service, log } = failing(error);
  const { diagnostics, rowCount } = await service.query('from logs | count');
  expect(rowCount).toBe(0);
  expect(diagnostics.map((d) => [d.code, d.severity])).toEqual([['iql.failed', 'error']]);
  const { message } = diagnostics[0] as (typeof diagnostics)[0];
  expect(message).not.toContain('SELECT');
  const id = /\b[0-9a-f]{8}\b/.exec(message)?.[0] ?? '';
  const told = log.find((line) => line.includes(id)) ?? '';
  expect(told).toContain('SELECT #secret');
  expect(told).toContain('from logs | count');
});

test('a store that does not answer stays a failure with its code', async () => {
  const { service } = failing(new CodedError('columns.unavailable', { reason: 'it is restarting' }));
  await expect(service.query('from logs | count')).rejects.toThrow('the column store does not answer');
});

test('all that a request lacks or has wrong is told at once, each at its place, in the order of the text', async () => {
  const { service } = failing(new Error('not asked'));
  const text = 'data [{v: 1}] | where v < $b and v > $a | limit $n';
  const { diagnostics } = await service.query(text, { params: { b: 'x', n: 1 } });
  const told = diagnostics.map((d) => `${d.code} ${text.slice(d.span.start, d.span.end)}`);
  expect(told).toEqual(['iql.parameter-value $b', 'iql.parameter-unset $a']);
});

test('too many buckets are mended by the next width that fits', async () => {
  const { service } = failing(new CodedError('columns.unavailable', { reason: 'the plan is all that is wanted' }));
  const mended = async (text: string): Promise<string | undefined> => {
    const [told] = (await service.query(text)).diagnostics.filter((d) => d.severity === 'error');
    expect(told?.code).toBe('iql.too-many-buckets');
    const [edit] = told?.fix?.edits ?? [];
    return edit && text.slice(0, edit.span.start) + edit.text + text.slice(edit.span.end);
  };
  expect(await mended('from logs last 30d | every 1s count')).toBe('from logs last 30d | every 5m count');
  expect(await mended('from logs last 11001s | every (1s)count')).toBe('from logs last 11001s | every (2s)count');
  expect(await mended('let w = 1s from logs last 1d | every w count by host')).toBe('let w = 1s from logs last 1d | every 10s count by host');
  expect(await mended('from logs between @1600-01-01 and @2026-01-01 | every 1d count')).toBe('from logs between @1600-01-01 and @2026-01-01 | every 2w count');
  for (const [range, width] of [
    ['30d', '5m'],
    ['11001s', '2s'],
    ['1d', '10s'],
  ] as const)
    await expect(service.query(`from logs last ${range} | every ${width} count`)).rejects.toThrow('the column store does not answer');
});

test('an answer of more values than one text can carry is refused, one below it is whole', async () => {
  const { service } = failing(new Error('not asked'));
  const [from, to] = ['@2026-11-20T10:00:00Z', '@2026-11-21T12:00:00Z'];
  const rows = Array.from({ length: 10 }, (_, i) => `{time: ${from}, host: "h${i}"}`).join(', ');
  const buckets = `data [${rows}] between ${from} and ${to} | every 10s count by host`;
  const wide = Array.from({ length: 110 }, (_, i) => ` | set c${i} = count`).join('');
  const { diagnostics, rowCount } = await service.query(`${buckets}${wide}`, { limit: 100_000 });
  expect(diagnostics.map(({ code }) => code)).toEqual(['iql.answer-too-large']);
  expect(diagnostics[0]?.message).toContain('10576800 values');
  expect(rowCount).toBe(0);
  expect((await service.query(`${buckets} | set a = count`, { limit: 100_000 })).rowCount).toBe(93_600);
  const lines = async (text: string) => (await service.query(text, { lines: 10 })).diagnostics.map(({ code }) => code);
  expect(await lines(`${buckets}${wide}`)).toEqual(['iql.answer-too-large']);
  expect(await lines(`${buckets} | set a = count`)).toEqual([]);
});

test('a saved text is read as it stands when a text that reads it is asked', async () => {
  let texts = new Map([['one', 'data [{a: 1}]']]);
  let asked = 0;
  const { service } = failing(new Error('not asked'), async () => {
    asked += 1;
    return texts;
  });
  expect((await service.query('from views.one')).columns[0]?.values).toEqual([1]);
  texts = new Map([['one', 'data [{a: 2}]']]);
  expect((await service.query('from views.one')).columns[0]?.values).toEqual([2]);
  expect((await service.complete('from views.', 11)).map(({ insert }) => insert)).toEqual(['views.one']);
  const before = asked;
  await service.query('data [{a: 1}]');
  expect(asked).toBe(before);
});

test('what a request makes wrong in a saved text is told there', async () => {
  const { service } = failing(new Error('not asked'), async () => new Map([['one', 'data [{a: 1}]\n| where a > $least | limit $n']]));
  const { diagnostics } = await service.query('from views.one', { params: { least: 'x' } });
  expect(diagnostics.map((d) => [d.code, d.span.view?.name, d.span.view?.text.slice(d.span.start, d.span.end)])).toEqual([
    ['iql.parameter-value', 'views.one', '$least'],
    ['iql.parameter-unset', 'views.one', '$n'],
  ]);
});

test('without the store of saved texts only texts that read one fail', async () => {
  const { service } = failing(new Error('not asked'), () => Promise.reject(new CodedError('records.unavailable', { reason: 'it is restarting' })));
  expect((await service.query('data [{a: 1}]')).rowCount).toBe(1);
  await expect(service.query('from views.one')).rejects.toThrow('the record store does not answer');
  expect((await service.complete('from views | ', 13)).length).toBeGreaterThan(0);
});

test('a text of an alert answers what it judges, with a note', async () => {
  const { service } = failing(new Error('not asked'));
  const { columns, diagnostics } = await service.query('alert full when (data [{host: "a", used: 95%}, {host: "b", used: 5%}] | where used > 90%) for 5m');
  expect(columns.map(({ name, values }) => [name, values])).toEqual([
    ['host', ['a']],
    ['used', [0.95]],
  ]);
  expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([['info', 'iql.not-yet']]);
});

test('who says how old an answer may be has that of the same question; any other request asks the store', async () => {
  let asked = 0;
  const query = async (sql: string) => {
    if (sql.includes('FROM logs')) asked++;
    return { batches: [], stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } };
  };
  const store = { query } as unknown as StorePorts['columns'] & StorePorts['records'] & StorePorts['search'];
  const catalogue = new LearnedCatalogue(DATASETS, store, store);
  const service = new QueryService({ ports: { columns: store, search: store, records: store }, catalogue, completeUpTo: () => undefined }).for(
    unlimited('test'),
  );
  const text = 'from logs | limit 5';
  const at = 1_795_176_000_000_000_000n;
  for (const request of [
    { at },
    { at },
    { at, maxAgeMs: 60_000 },
    { at, maxAgeMs: 60_000 },
    { at, maxAgeMs: 30_000, zone: 'UTC' },
    { at: at + 1n, maxAgeMs: 60_000 },
  ])
    await service.query(text, request);
  // Twice without, once for the two that are the same, once for each other zone and moment.
  expect(asked).toBe(5);
  await Promise.all(Array.from({ length: 50 }, () => service.query(`${text} | where severity >= "error"`, { at, maxAgeMs: 60_000 })));
  expect(asked).toBe(6);
});

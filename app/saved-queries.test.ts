// Saved queries on a real record store: versions, conflicts, names, limits, what comes back after a deletion, and what the audit table holds.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Records } from '../engines/records/port.ts';
import { openTemporaryRecords, type TemporaryRecords } from '../engines/records/testing/temporary-records.ts';
import { check, staticCatalogue } from '../query/language.ts';
import type { CallerQueries } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { type SavedGiven, savedNameProblem, savedRangeProblem } from '../schemas/saved-query.ts';
import { SavedQueryStore, SavedTexts } from './saved-queries.ts';

const catalogue = staticCatalogue(DATASETS);
const queries = { check: async (text: string) => check(text, catalogue) } as CallerQueries;
let store: TemporaryRecords;
let records: Records;
let saved: SavedQueryStore;
beforeAll(async () => {
  store = await openTemporaryRecords();
  records = store.records;
  saved = new SavedQueryStore(records);
}, 120_000);
afterAll(async () => {
  await store?.close();
}, 60_000);

const given = (name: string, more: Partial<SavedGiven> = {}): SavedGiven => ({
  name,
  text: 'from logs',
  description: '',
  range: undefined,
  base: undefined,
  ...more,
});
const save = (name: string, more: Partial<SavedGiven> = {}) => saved.save('admin', queries, given(name, more));
const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    ({ code }: { code?: string }) => code,
  );

test('each save is a version, the same once more is none, and every version can be read', async () => {
  const hostile = `'; DROP TABLE saved_queries; -- "\\ 😀 \n | where body == "<script>"`;
  const first = await save('team.errors', { text: `from logs // ${hostile}`, description: hostile, range: '6h' });
  expect(first.saved).toMatchObject({ name: 'team.errors', version: 1, text: `from logs // ${hostile}`, description: hostile, range: '6h', who: 'admin' });
  const second = await save('team.errors', { text: 'from logs | limit 5', base: 1 });
  expect(second.saved?.version).toBe(2);
  expect((await save('team.errors', { text: 'from logs | limit 5', base: 1 })).saved?.version).toBe(2);
  expect(await saved.read('team.errors')).toEqual(second.saved);
  expect((await saved.versions('team.errors')).map(({ version, text }) => [version, text])).toEqual([
    [2, 'from logs | limit 5'],
    [1, `from logs // ${hostile}`],
  ]);
  expect(await saved.parameters(queries, 'from logs | where host == $host and service in $services')).toEqual(['host', 'services']);
});

test('a save that is based on another version than stands changes nothing and tells what stands', async () => {
  await save('conflict.one', { text: 'from logs | limit 1' });
  await save('conflict.one', { text: 'from logs | limit 2', base: 1 });
  for (const base of [undefined, 1, 3, 0, -1]) {
    const answer = await save('conflict.one', { text: 'from logs | limit 3', base });
    expect(answer).toMatchObject({ saved: undefined, stands: { version: 2, text: 'from logs | limit 2' } });
  }
  expect(await saved.versions('conflict.one')).toHaveLength(2);
  expect(await refused(save('conflict.none', { base: 1 }))).toBe('saved.unknown');
  expect((await save('conflict.one', { text: 'from logs | limit 3', base: 2 })).saved?.version).toBe(3);
});

test('of many who save at once one wins and the others are told, new or changed', async () => {
  for (const base of [undefined, 1]) {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => save('race.one', { text: `from logs | limit ${i + (base ?? 100)}`, base })));
    const won = answers.filter((answer) => answer.saved !== undefined);
    expect(won).toHaveLength(1);
    for (const { stands } of answers.filter((answer) => answer.saved === undefined)) expect(stands).toEqual(won[0]?.saved);
  }
}, 60_000);

test('a wrong text is told and not saved, a doubtful one is saved', async () => {
  const wrong = await save('wrong.one', { text: 'from hosts | where hots == "a"' });
  expect(wrong.saved).toBeUndefined();
  expect(wrong.diagnostics.map(({ code }) => code)).toEqual(['iql.unknown-field']);
  expect(await saved.read('wrong.one')).toBeUndefined();
  expect((await save('wrong.empty', { text: '' })).saved).toBeUndefined();
  expect((await save('right.one', { text: 'from logs | where host == $host' })).saved?.version).toBe(1);
});

test('names are names of the language and nothing else', async () => {
  const bad = [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '1a',
    'a b',
    'a-b',
    '`a`',
    'a/b',
    '#a',
    'a\0',
    '\ud800',
    'u\u0308ber',
    'x'.repeat(201),
    'a.b.c.d.e.f.g.h.i',
    "a'; --",
  ];
  for (const name of bad) {
    expect(await refused(save(name))).toBe('saved.value');
    expect(await refused(saved.rename('admin', 'team.errors', name))).toBe('saved.value');
    expect(await saved.read(name)).toBeUndefined();
    expect(await refused(saved.delete('admin', name))).toBe('saved.unknown');
    expect(await refused(saved.undelete('admin', name))).toBe('saved.unknown');
    expect(await saved.versions(name).catch(() => [])).toEqual([]);
  }
  for (const name of ['a', '_a', 'größe.fehler_1', 'team.2026.errors', 'end.by', '日志.错误']) expect((await save(name)).saved?.name).toBe(name);
});

test('any name that is let through is read by the language as one name', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[\p{L}_][\p{L}\p{N}_.]{0,12}$/u)), (name) => {
      if (savedNameProblem(name) !== undefined) return;
      const { diagnostics } = check(`from views.${name}`, catalogue);
      expect(diagnostics.map(({ code }) => code)).toEqual(['iql.unknown-source']);
    }),
  );
});

test('what is too long, or could not come back as it was, is refused', async () => {
  for (const more of [
    { text: `from logs // ${'x'.repeat(70_000)}` },
    { text: 'from logs // \0' },
    { text: 'from logs // \ud800' },
    { description: 'x'.repeat(2001) },
    { description: '\0' },
    ...[
      '',
      '6',
      '6y',
      '-1h',
      '2026-01-02T00:00:00Z/2026-01-01T00:00:00Z',
      'a/b',
      '/',
      '2026-01-01T00:00:00Z',
      '1h'.repeat(9),
      '1/2',
      `2026-01-01/2026-01-02 (${'x'.repeat(1000)}`,
      '2026-01-01/2026-01-02/2026-01-03',
      '2026-01-01/2026-01-02\0',
    ].map((range) => ({ range })),
  ])
    expect(await refused(save('long.one', more))).toBe('saved.value');
  expect(await saved.read('long.one')).toBeUndefined();
  for (const range of ['6h', '1h30m', 'today', '2026-01-01/2026-01-02', '2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z'])
    expect(savedRangeProblem(range)).toBeUndefined();
});

test('a renamed one keeps its versions, a taken name is told', async () => {
  await save('old.name', { text: 'from logs | limit 1' });
  await save('old.name', { text: 'from logs | limit 2', base: 1 });
  expect(await refused(saved.rename('admin', 'old.name', 'team.errors'))).toBe('saved.taken');
  expect(await refused(saved.rename('admin', 'no.name', 'new.name'))).toBe('saved.unknown');
  expect((await saved.rename('session', 'old.name', 'new.name')).name).toBe('new.name');
  expect(await saved.read('old.name')).toBeUndefined();
  expect(await saved.versions('new.name')).toHaveLength(2);
  expect((await saved.rename('session', 'new.name', 'new.name')).version).toBe(2);
});

test('a deleted one comes back with its versions, unless its name is taken', async () => {
  await save('gone.one', { text: 'from logs | limit 1' });
  await save('gone.one', { text: 'from logs | limit 2', base: 1 });
  expect((await saved.delete('session', 'gone.one')).version).toBe(2);
  expect(await refused(saved.delete('session', 'gone.one'))).toBe('saved.unknown');
  expect((await saved.list()).map(({ name }) => name)).not.toContain('gone.one');
  await save('gone.one', { text: 'from logs | limit 3' });
  expect(await refused(saved.undelete('session', 'gone.one'))).toBe('saved.taken');
  await saved.rename('session', 'gone.one', 'gone.other');
  expect((await saved.undelete('session', 'gone.one')).text).toBe('from logs | limit 2');
  expect(await saved.versions('gone.one')).toHaveLength(2);
  expect(await refused(saved.undelete('session', 'gone.one'))).toBe('saved.taken');
});

test('numbers are bounded: queries, versions of one, deleted ones', async () => {
  const before = (await saved.list()).length;
  const small = new SavedQueryStore(records, { queries: before + 2, versions: 3, deleted: 2 });
  const put = (name: string, limit: number, base?: number) => small.save('admin', queries, given(name, { text: `from logs | limit ${limit}`, base }));
  await put('few.one', 1);
  await put('few.two', 1);
  expect(await refused(put('few.three', 1))).toBe('saved.too-many');
  for (let base = 1; base < 6; base++) await put('few.one', base + 1, base);
  expect((await small.versions('few.one')).map(({ version }) => version)).toEqual([6, 5, 4]);
  for (const name of ['few.one', 'few.two']) await small.delete('admin', name);
  await put('few.three', 1);
  await put('few.four', 1);
  expect(await refused(small.undelete('admin', 'few.two'))).toBe('saved.too-many');
  await small.delete('admin', 'few.three');
  expect(await refused(small.undelete('admin', 'few.one'))).toBe('saved.unknown');
  expect((await small.undelete('admin', 'few.two')).name).toBe('few.two');
  const [orphans] = await records.query('SELECT count(*) n FROM saved_query_versions v WHERE NOT EXISTS (SELECT FROM saved_queries q WHERE q.id = v.query)');
  expect(orphans?.n).toBe(0n);
});

test('every change stands in the audit table with who made it; what was refused does not', async () => {
  const since = (await records.query('SELECT coalesce(max(id), 0) AS id FROM audit'))[0]?.id as bigint;
  await saved.save('session', queries, given('audit.one', { text: 'from logs | limit 1' }));
  await saved.save('session', queries, given('audit.one', { text: 'from logs | limit 2' }));
  await refused(saved.rename('session', 'audit.none', 'audit.two'));
  await saved.rename('admin', 'audit.one', 'audit.two');
  await saved.delete('session', 'audit.two');
  await saved.undelete('admin', 'audit.two');
  expect(await records.query('SELECT who, what, detail FROM audit WHERE id > $1 ORDER BY id', [since])).toEqual([
    { who: 'session', what: 'saved-query.save', detail: { name: 'audit.one', version: 1 } },
    { who: 'admin', what: 'saved-query.rename', detail: { name: 'audit.one', to: 'audit.two' } },
    { who: 'session', what: 'saved-query.delete', detail: { name: 'audit.two', version: 1 } },
    { who: 'admin', what: 'saved-query.undelete', detail: { name: 'audit.two' } },
  ]);
});

test('texts for those that read them are the same map until one changes, and read anew after a second or a change made here', async () => {
  let now = 0;
  let asked = 0;
  let away = false;
  const watched = {
    query: (...args: Parameters<Records['query']>) => {
      asked += 1;
      return away ? Promise.reject(new Error('away')) : records.query(...args);
    },
  };
  const texts = new SavedTexts(watched, () => now);
  const own = new SavedQueryStore(records, undefined, () => texts.changed());
  away = true;
  await expect(texts.texts()).rejects.toThrow('away');
  away = false;
  await save('views.seen', { text: 'from logs | limit 7' });
  const [first, same] = await Promise.all([texts.texts(), texts.texts()]);
  expect(first.get('views.seen')).toBe('from logs | limit 7');
  expect(same).toBe(first);
  const before = asked;
  expect(await texts.texts()).toBe(first);
  expect(asked).toBe(before);
  // Another process saves: seen a second later, and one question tells that nothing changed.
  await save('views.seen', { text: 'from logs | limit 8', base: 1 });
  expect(await texts.texts()).toBe(first);
  now += 1000;
  const second = await texts.texts();
  expect(second.get('views.seen')).toBe('from logs | limit 8');
  now += 1000;
  const unchanged = asked;
  expect(await texts.texts()).toBe(second);
  expect(asked).toBe(unchanged + 1);
  await own.rename('admin', 'views.seen', 'views.found');
  expect([...(await texts.texts()).keys()].filter((name) => name.startsWith('views.'))).toEqual(['views.found']);
  now += 1000;
  away = true;
  expect((await texts.texts()).get('views.found')).toBe('from logs | limit 8');
  away = false;
  await own.delete('admin', 'views.found');
  expect((await texts.texts()).has('views.found')).toBe(false);
});

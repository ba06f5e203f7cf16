// All rows of a real record store to lines and back into another: each value as it was, sequences go on, changes beside it are not seen, and
// what is cut or of another schema is refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasCode } from '../../core/errors.ts';
import { copyIn, copyOut, recordsVersion } from './copy.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/embedded.ts';
import { MIGRATIONS } from './migrations/list.ts';
import type { Records } from './port.ts';
import { openPostgres } from './postgres/postgres.ts';

const servers: { readonly server: EmbeddedPostgres; readonly records: Records; readonly dir: string }[] = [];
const newStore = async (): Promise<Records> => {
  const dir = await mkdtemp(join(tmpdir(), 'copy-'));
  const server = await startEmbeddedPostgres({ dataDir: dir });
  const records = openPostgres(server.connection);
  servers.push({ server, records, dir });
  await records.migrate();
  return records;
};
let from: Records;
let lines: string[];
afterAll(async () => {
  for (const { server, records, dir } of servers) {
    await records.close();
    await server.stop();
    await rm(dir, { recursive: true });
  }
});

const HOSTILE = `'; DROP TABLE t; -- "\\ (a,b) {c} \u{1f600}\n\r\t,`;
const COUNTS = `SELECT (SELECT count(*) FROM audit) AS audit, (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM saved_query_versions) AS versions`;
const all = async function* (texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) yield text.replace(/\n$/, '');
};

beforeAll(async () => {
  from = await newStore();
  await from.query('CREATE TABLE kinds (a int8, b text, c text[], d jsonb, e bytea, f bool, g float8, h numeric(20), i timestamptz)');
  const value = [
    '9223372036854775807',
    HOSTILE,
    [HOSTILE, '', 'NULL'],
    JSON.stringify({ k: [HOSTILE, null, 1e300] }),
    Uint8Array.of(0, 92, 255),
    true,
    'NaN',
    '18446744073709551615',
    '2026-11-29 00:00:00.123456+00',
  ];
  await from.query('INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', value);
  await from.query("INSERT INTO kinds (d, b) VALUES ('null', ''), (NULL, NULL)");
  await from.query("INSERT INTO saved_queries (name, version) VALUES ('q', 2)");
  for (const version of [1, 2]) await from.query("INSERT INTO saved_query_versions SELECT id, $1, 'text', '', NULL, 5, 'me' FROM saved_queries", [version]);
  await from.query(`INSERT INTO audit (time, who, what, detail) SELECT n, 'w', 'x', '{"n": 1}' FROM generate_series(1, 2500) n`);
  const snapshot = await from.snapshot();
  await from.query('DELETE FROM saved_query_versions WHERE version = 2');
  await from.query("INSERT INTO audit (time, who, what) VALUES (1, 'late', 'late')");
  lines = await Array.fromAsync(copyOut(snapshot));
  expect(await recordsVersion(snapshot)).toBe(MIGRATIONS.length);
  await expect(snapshot.query("INSERT INTO audit (time, who, what) VALUES (1, 'a', 'b')")).rejects.toSatisfy((error) => hasCode(error, 'records.rejected'));
  await snapshot.release();
  await snapshot.release();
});

test('comes back as it was at the moment of the snapshot', async () => {
  const to = await newStore();
  await to.query('CREATE TABLE kinds (a int8, b text, c text[], d jsonb, e bytea, f bool, g float8, h numeric(20), i timestamptz)');
  await to.query("INSERT INTO audit (time, who, what) VALUES (1, 'of a migration', 'x')");
  await copyIn(to, all(lines), 'copy');
  expect(await to.query(COUNTS)).toEqual([{ audit: 2500n, events: 0n, versions: 2n }]);
  const kinds = 'SELECT k::text AS row, d IS NULL AS missing FROM kinds k ORDER BY 1';
  expect(await to.query(kinds)).toEqual(await from.query(kinds));
  expect(await to.query("SELECT 1 AS late FROM audit WHERE who <> 'w'")).toEqual([]);
  // Numbers are not given twice.
  await to.query("INSERT INTO audit (time, who, what) VALUES (1, 'next', 'x')");
  expect(await to.query('SELECT count(*) AS n, count(DISTINCT id) AS ids FROM audit')).toEqual([{ n: 2501n, ids: 2501n }]);
  await expect(to.query("INSERT INTO saved_query_versions VALUES (99, 1, '', '', NULL, 1, '')")).rejects.toSatisfy((error) =>
    hasCode(error, 'records.conflict'),
  );
});

test('what is cut, added to, or of another schema is refused', async () => {
  const to = await newStore();
  await to.query('CREATE TABLE kinds (a int8, b text, c text[], d jsonb, e bytea, f bool, g float8, h numeric(20), i timestamptz)');
  const wrong = [
    lines.slice(0, -1),
    [...lines, lines.at(-1) ?? ''],
    lines.filter((text) => !text.includes('"late"') && !text.startsWith('{"rows"')),
    ['{'],
    ['{"rows":["(1)"]}'],
    [lines[0]?.replace('"columns":["', '"columns":["other","') ?? ''],
  ];
  for (const texts of wrong) await expect(copyIn(to, all(texts), 'copy')).rejects.toSatisfy((error) => hasCode(error, 'records.damaged-copy'));
});

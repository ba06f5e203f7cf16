// Every statement that only a cluster takes, checked by the engine's parser: it can run none of them here, as it has no Keeper and no second server.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rowsOf } from '../conformance-support.ts';
import type { ColumnStore } from '../port.ts';
import { openTemporaryStore, type TemporaryStore } from '../testing/temporary-store.ts';
import { migrateColumns } from './migrate.ts';
import { ONCE, onCluster, QUEUED, READING, readingStatements, TWICE } from './on-cluster.ts';

let store: TemporaryStore;
const said: string[] = [];
beforeAll(async () => {
  store = await openTemporaryStore({ migrated: false });
  const { columns } = store;
  const recording: Pick<ColumnStore, 'query' | 'command'> = {
    query: (sql, options) => columns.query(sql, options),
    command: (sql, options) => {
      said.push(sql);
      return columns.command(sql, options);
    },
  };
  await migrateColumns(recording);
}, 120_000);
afterAll(() => store?.close());

const formatted = async (sql: string): Promise<string> =>
  String(rowsOf(await store.columns.query('SELECT formatQuery({sql:String}) AS sql', { params: { sql } }))[0]?.[0]);

/** Of what retention and deletion say, which is no migration. */
const LATER = [
  "ALTER TABLE samples DROP PARTITION ID '20261120'",
  "DELETE FROM series WHERE name = 'x'",
  "KILL MUTATION WHERE database = currentDatabase() AND table = 'series'",
  'RENAME TABLE samples_next TO samples',
  'DROP TABLE IF EXISTS samples_before SYNC',
  'TRUNCATE TABLE IF EXISTS marks',
  'OPTIMIZE TABLE samples FINAL',
  'CREATE TABLE x AS samples',
];

it('each statement of the migrations has a form for a cluster, which says the same but for it', async () => {
  expect(said.length).toBeGreaterThan(40);
  let created = 0;
  for (const sql of [...said, ...LATER]) {
    const whole = onCluster(sql, "it's");
    if (whole === undefined) {
      expect(sql).toMatch(/^INSERT INTO /);
      continue;
    }
    const text = await formatted(whole);
    expect(text).toContain("ON CLUSTER `it's`");
    if (/^CREATE TABLE[\s\S]*MergeTree/.test(sql)) {
      created++;
      expect(text).toMatch(/ENGINE = Replicated\w*MergeTree\('\/clickhouse\/tables\/\{uuid\}\/\{shard\}', '\{replica\}'/);
    }
    const single = text
      .replace(" ON CLUSTER `it's`", '')
      .replace(/Replicated(\w*MergeTree)\('\/clickhouse\/tables\/\{uuid\}\/\{shard\}', '\{replica\}'(?:, )?/, '$1(')
      .replace(/MergeTree\(\)/, 'MergeTree');
    expect(single).toBe(await formatted(sql));
  }
  expect(created).toBeGreaterThan(12);
});

it('the tables that read all shards are made after them', async () => {
  const tables = rowsOf(await store.columns.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'")).map(
    String,
  );
  const statements = readingStatements('infra`mirror', tables, 'all').map((sql) => onCluster(sql, 'all') as string);
  expect(statements).toHaveLength(tables.length + 1);
  for (const sql of statements) expect(await formatted(sql)).toMatch(/^CREATE /);
  expect(await formatted(statements.find((sql) => sql.includes('`samples`')) as string)).toBe(
    "CREATE OR REPLACE TABLE `infra\\`mirror_all`.samples ON CLUSTER `all` AS `infra\\`mirror`.samples\nENGINE = Distributed('all', 'infra`mirror', 'samples')",
  );
});

it('what is inserted for a cluster has settings that the engine knows', async () => {
  for (const settings of [ONCE('a'), TWICE, READING, QUEUED]) expect(rowsOf(await store.columns.query('SELECT 1 AS one', { settings }))).toEqual([[1]]);
});

it('a statement of no known form is refused', () => {
  expect(() => onCluster('DETACH TABLE samples', 'all')).toThrow(TypeError);
});

// Our statements as a cluster of ClickHouse servers takes them. Tables are written down once, in the migrations, as one server has them; here
// the same text is turned into what makes them on every server, each shard's replicated between its servers, and into the tables that read all
// shards. What rests in it are the forms of our own statements: one that is none of them is a mistake in the program.
import { quoteName, quoteText } from '../quote.ts';
import type { Settings } from './settings.ts';

const PART = String.raw`(?:\x60(?:[^\x60\\]|\\.)+\x60|\w+)`;
const NAME = `${PART}(?:\\.${PART})?`;
/** Own forms of DDL up to the place of ON CLUSTER; what follows stands behind it. */
const FORMS: readonly RegExp[] = [
  'CREATE DATABASE IF NOT EXISTS NAME',
  'CREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?NAME',
  'ALTER TABLE NAME',
  'DROP TABLE (?:IF EXISTS )?NAME',
  'RENAME TABLE NAME TO NAME',
  'DELETE FROM NAME',
  'TRUNCATE TABLE (?:IF EXISTS )?NAME',
  'OPTIMIZE TABLE NAME',
  'KILL MUTATION',
].map((form) => new RegExp(`^(${form.replaceAll('NAME', () => NAME)})((?:\\s[\\s\\S]*)?)$`));
/** Of these each shard has rows of its own, so it is asked by itself. */
export const OF_EACH_SHARD = /^(INSERT INTO|SELECT|SYSTEM) /;

const ENGINE = /\bENGINE = (\w*)MergeTree\b(?:\(([^)]*)\))?/;
/** By the table's own number, which stays through RENAME; `{shard}` and `{replica}` are macros of each server's configuration. */
const PLACE = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'";

/** undefined: it is no statement of the whole cluster. @throws TypeError */
export const onCluster = (sql: string, cluster: string): string | undefined => {
  for (const form of FORMS) {
    const [, before, after] = form.exec(sql) ?? [];
    if (before === undefined) continue;
    const whole = `${before} ON CLUSTER ${quoteText(cluster)}${after}`;
    return before.startsWith('CREATE') ? replicated(whole) : whole;
  }
  if (OF_EACH_SHARD.test(sql)) return undefined;
  throw new TypeError(`no form of a statement for a cluster: ${sql.slice(0, 80)}`);
};

const replicated = (sql: string): string =>
  sql.replace(ENGINE, (_, kind: string, parameters: string | undefined) => {
    const all = parameters === undefined || parameters === '' ? PLACE : `${PLACE}, ${parameters}`;
    return `ENGINE = Replicated${kind}MergeTree(${all})`;
  });

/** Where tables of the same names read all shards; questions are asked there. */
export const readingDatabase = (database: string): string => `${database}_all`;

/** Made anew after each migration: it holds no rows, and has the columns that the table has then. As `onCluster` takes them. */
export const readingStatements = (database: string, tables: readonly string[], cluster: string): readonly string[] => {
  const [all, own] = [readingDatabase(database), database].map(quoteName);
  return [
    `CREATE DATABASE IF NOT EXISTS ${all}`,
    ...tables.map(
      (table) =>
        `CREATE OR REPLACE TABLE ${all}.${quoteName(table)} AS ${own}.${quoteName(table)} ENGINE = Distributed(${[cluster, database, table].map(quoteText).join(', ')})`,
    ),
  ];
};

/** Of questions to tables that read all shards: what a sub-query finds, it finds on all of them too. */
export const READING: Settings = { distributed_product_mode: 'global', prefer_localhost_replica: 1, skip_unavailable_shards: 0 };

/** Of statements that go to all servers by the cluster's queue: answered when all have done it. */
export const QUEUED: Settings = { distributed_ddl_output_mode: 'throw', distributed_ddl_task_timeout: 600 };

/** Of inserts with a name: the cluster's Keeper remembers it, so that the same one that comes to another server as well is written once. */
export const ONCE = (name: string): Settings => ({
  insert_deduplication_token: name,
  insert_deduplicate: 1,
  deduplicate_insert: 'enable',
  deduplicate_insert_select: 'enable_even_for_bad_queries',
});

/** Of other inserts: rows like those that were removed before are written. */
export const TWICE: Settings = { insert_deduplicate: 0, deduplicate_insert: 'disable', deduplicate_insert_select: 'disable' };

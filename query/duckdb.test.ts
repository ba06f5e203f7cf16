// What DuckDB gives for the same rows: groups, aggregates, quantiles, order with missing values, buckets with zeros, membership. Another hand wrote
// it; that stores give what this process gives is the differential test's.
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import { seeded } from './testing/random.ts';
import { sameRows } from './testing/spec-rows.ts';
import { rowsOf } from './testing/spec-run.ts';

interface Row {
  readonly time: number;
  readonly k: string | null;
  readonly g: number | null;
  readonly x: number | null;
}

const BEGIN = Date.UTC(2026, 10, 20, 10);
const MINUTES = 8;
const KEYS = [null, '', 'a', 'B', 'b', 'ä', 'ß', '日本', '😀', '\u{ffee}', 'a b', "it's"];

const random = seeded(SEED);
const below = (n: number): number => Math.floor(random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const makeRows = (): readonly Row[] => {
  const keys = Array.from({ length: 1 + below(5) }, () => pick(KEYS));
  return Array.from({ length: below(40) }, () => ({
    time: BEGIN + below(MINUTES * 60_000),
    k: pick(keys),
    g: random() < 0.2 ? null : below(4) - 1,
    x: random() < 0.2 ? null : random() < 0.3 ? below(5) : Math.round((random() - 0.5) * 1e6) / 8 ** below(4),
  }));
};

const iqlRows = (rows: readonly Row[]): string => {
  const cells = ({ time, k, g, x }: Row): string =>
    `time: @${new Date(time).toISOString()}, k: ${k === null ? 'missing' : JSON.stringify(k)}, g: ${g ?? 'missing'}, x: ${x === null ? 'missing' : Number.isInteger(x) ? `${x}.0` : x}`;
  // The last one lies outside of the range: it says what the columns are.
  const all = [...rows.map(cells), 'time: @2026-11-20T12:00Z, k: "a", g: 1, x: 0.5'];
  return `data [${all.map((row) => `{${row}}`).join(', ')}] between @2026-11-20T10:00Z and @2026-11-20T10:0${MINUTES}Z`;
};

const sqlRows = (rows: readonly Row[]): string => {
  const text = (s: string | null): string => (s === null ? 'NULL' : `'${s.replaceAll("'", "''")}'`);
  const values = rows.map(({ time, k, g, x }, i) => `(${i}, ${time}, ${text(k)}, ${g ?? 'NULL'}, ${x ?? 'NULL'})`);
  return `CREATE OR REPLACE TABLE t (row INTEGER, time BIGINT, k VARCHAR, g BIGINT, x DOUBLE)${values.length === 0 ? '' : `; INSERT INTO t VALUES ${values.join(', ')}`}`;
};

/** What an aggregate is in both. */
const AGGREGATES: readonly (readonly [iql: string, sql: string])[] = [
  ['count()', 'count(*)'],
  ['count(x)', 'count(x)'],
  ['count(where x > 1)', 'count(*) FILTER (x > 1)'],
  ['sum(x)', 'coalesce(sum(x), 0)'],
  ['sum(g)', 'coalesce(sum(g), 0)::BIGINT'],
  ['sum(x where g != 1)', 'coalesce(sum(x) FILTER (g IS DISTINCT FROM 1), 0)'],
  ['avg(x)', 'avg(x)'],
  ['avg(g)', 'avg(g)'],
  ['min(x)', 'min(x)'],
  ['max(g)', 'max(g)'],
  ['min(k)', 'min(k)'],
  ['max(k)', 'max(k)'],
  ['stddev(x)', 'stddev_pop(x)'],
  ['variance(g)', 'var_pop(g)'],
  ['p50(x)', 'quantile_cont(x, 0.5)'],
  ['p99.9(x)', 'quantile_cont(x, 0.999)'],
  ['quantile(0.3, x where x < 3)', 'quantile_cont(x, 0.3) FILTER (x < 3)'],
  ['quantile(0.75, g)', 'quantile_cont(g::DOUBLE, 0.75)'],
  ['distinct_count(x)', 'count(DISTINCT x)'],
  ['distinct_count(k)', 'count(DISTINCT k)'],
  ['first(x)', 'first(x ORDER BY time, row) FILTER (x IS NOT NULL)'],
  ['last(k)', 'last(k ORDER BY time, row) FILTER (k IS NOT NULL)'],
  ['values(g)', 'coalesce(list(DISTINCT g ORDER BY g) FILTER (g IS NOT NULL), [])'],
  ['values(k)', 'coalesce(list(DISTINCT k ORDER BY k) FILTER (k IS NOT NULL), [])'],
  ['max(x) - min(x)', 'max(x) - min(x)'],
];
const KEY_LISTS = [[], ['k'], ['g'], ['k', 'g'], ['x']] as const;

interface Pair {
  readonly iql: string;
  readonly sql: string;
}
const ascending = (keys: readonly string[]): string => keys.map((k) => `${k} NULLS LAST`).join(', ');

const grouped = (): Pair => {
  const keys = pick(KEY_LISTS);
  const calls = Array.from({ length: 1 + below(3) }, () => pick(AGGREGATES));
  const by = keys.length === 0 ? '' : ` by ${keys.join(', ')}`;
  const list = calls.map(([, sql], i) => `${sql} AS a${i}`).join(', ');
  return {
    iql: `summarize ${calls.map(([iql], i) => `a${i} = ${iql}`).join(', ')}${by}`,
    sql: `SELECT ${[...keys, list].join(', ')} FROM t${keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')} ORDER BY ${ascending(keys)}`}`,
  };
};

const ordered = (): Pair => {
  const keys = Array.from({ length: 1 + below(2) }, () => [pick(['k', 'g', 'x']), random() < 0.5] as const).filter(
    ([k], i, all) => all.findIndex(([other]) => other === k) === i,
  );
  const count = 1 + below(20);
  return {
    iql: `sort ${keys.map(([k, down]) => `${k}${down ? ' desc' : ''}`).join(', ')} | limit ${count} | select k, g, x`,
    sql: `SELECT k, g, x FROM t ORDER BY ${keys.map(([k, down]) => `${k} ${down ? 'DESC' : 'ASC'} NULLS LAST`).join(', ')}, row LIMIT ${count}`,
  };
};

const best = (): Pair => {
  const [down, per, count] = [random() < 0.5, pick(['', 'k', 'g']), 1 + below(3)];
  const order = `x ${down ? 'DESC' : 'ASC'} NULLS LAST, row`;
  return {
    iql: `${down ? 'top' : 'bottom'} ${count} by x${per === '' ? '' : ` per ${per}`} | select k, g, x`,
    sql: `SELECT k, g, x FROM t QUALIFY row_number() OVER (${per === '' ? '' : `PARTITION BY ${per} `}ORDER BY ${order}) <= ${count} ORDER BY ${order}`,
  };
};

/** Each group that is in the range has a row in each bucket. */
const bucketed = (): Pair => {
  const [minutes, key] = [1 + below(3), pick(['k', 'g'])];
  const [iql, sql] = pick(AGGREGATES.filter(([call]) => !call.startsWith('values')));
  const width = minutes * 60_000;
  const buckets = `SELECT unnest(range(${BEGIN}, ${BEGIN + MINUTES * 60_000}, ${width})) AS begin`;
  const isZero = /^(count|sum|distinct_count)/.test(iql);
  return {
    iql: `every ${minutes}m a = ${iql} by ${key} | select minute = (int(float(time - @2026-11-20T10:00Z)) / 60), ${key}, a`,
    sql: `SELECT (begin - ${BEGIN}) / 60000.0, k0, ${isZero ? 'coalesce(a, 0)' : 'a'}
      FROM (${buckets}) CROSS JOIN (SELECT DISTINCT ${key} AS k0 FROM t)
      LEFT JOIN (SELECT time // ${width} * ${width} AS b, ${key} AS k1, ${sql} AS a FROM t GROUP BY ALL) ON b = begin AND k1 IS NOT DISTINCT FROM k0
      ORDER BY begin, k0 NULLS LAST`,
  };
};

const member = (): Pair => {
  const [not, column] = [random() < 0.5, pick(['k', 'g', 'x'])];
  const found = `coalesce(${column} IN (SELECT ${column} FROM t WHERE ${column} IS NOT NULL AND g = 1), false)`;
  return {
    iql: `where ${column} ${not ? 'not ' : ''}in (SOURCE | where g == 1 | select ${column}) | select k, g, x`,
    sql: `SELECT k, g, x FROM t WHERE ${not ? 'NOT ' : ''}${found} ORDER BY row`,
  };
};

/** Integers come as bigint. */
const asNumber = (v: unknown): unknown => (typeof v === 'bigint' ? Number(v) : Array.isArray(v) ? v.map(asNumber) : v);

test('DuckDB gives the same', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const duck = await instance.connect();
  try {
    for (let round = 0; round < sized(250, 5000); round++) {
      const rows = makeRows();
      const { iql, sql } = pick([grouped, grouped, ordered, best, bucketed, member])();
      await duck.run(sqlRows(rows));
      const wanted = (await duck.runAndReadAll(sql)).getRowsJS().map((row) => row.map(asNumber));
      const source = iqlRows(rows);
      const text = `${source} | ${iql.replace('SOURCE', () => `from ${source}`.replace('from data', 'data'))}`;
      const found = (await rowsOf({ text, request: new Map([['at', '2026-11-20T11:00:00Z']]) })).rows;
      if (!sameRows(found, wanted)) expect(found, `${text}\n${sql}`).toEqual(wanted);
    }
  } finally {
    duck.closeSync();
    instance.closeSync();
  }
}, 600_000);

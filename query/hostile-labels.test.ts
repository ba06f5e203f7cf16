// Labels are chosen by senders: whatever they are called, every query of their metric answers, and every label can be read and asked for.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import type { Search } from '../engines/search/port.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { columnOfLabel, labelOfColumn } from '../schemas/label-column.ts';
import { metricHash } from '../schemas/series-id.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import type { StorePorts } from './ask/ask.ts';
import { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { unlimited } from './caller.ts';
import { QueryService } from './service.ts';

const AT_MS = Date.UTC(2026, 10, 20, 12);

let store: TemporaryStore;
let columns: ColumnStore;
let search: Search;
beforeAll(async () => {
  store = await openTemporaryStore();
  columns = store.columns;
  search = openColumnSearch(columns);
  await search.migrate();
}, 120_000);
afterAll(() => store?.close());

/** Names that the language, the emitter, the tables or the run use for themselves. */
const NAMES = [
  ...['time', 'value', 'name', 'id', 'metric', 'labels', 'enrichment', 'seen', 'since', 'interval', 'insert', 'mantissa', 'exponent', 'float', 'kind', 'unit'],
  ...[
    '#series',
    '#insert',
    '#id',
    '#rows',
    '#bucket',
    '#changed',
    '#changes',
    '#first',
    '#later',
    '#state',
    '#stale',
    '#start',
    '#row',
    '#aggregate.0',
    '#key',
    '#value',
  ],
  ...[
    's',
    'r',
    'p',
    'x',
    'c',
    'b',
    'e',
    'labels.time',
    'labels.labels.time',
    'labels.',
    'labels.#series',
    'a.b',
    'count',
    'value.count',
    'time.last',
    'bucket',
  ],
  ...[
    'region',
    'env',
    'host',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'from',
    'where',
    'by',
    'end',
    'let',
    'missing',
    'true',
    'NULL',
    'SELECT',
  ],
  ...['`', '``', "'", '"', '\\', 'a b', 'a\nb', 'ü', '😀', '{x:String}', '/* */', '--', ';', '%', '$x', '@t', '5m', '1', '-', '|', '(', 'x\u0007', '\u202e'],
];

const write = (name: string, series: readonly ReadonlyMap<string, string>[]): Promise<unknown> =>
  Promise.all(
    series.map(async (labels, i) => {
      const id = BigInt(metricHash(name)) * 1000n + BigInt(i);
      const params = { metric: metricHash(name), name, id, at: BigInt(AT_MS), keys: [...labels.keys()], values: [...labels.values()], value: BigInt(i + 1) };
      await columns.command(
        `INSERT INTO series SELECT {metric:UInt32}, {name:String}, {id:UInt64}, fromUnixTimestamp64Milli({at:Int64} - 3600000, 'UTC'), fromUnixTimestamp64Milli({at:Int64}, 'UTC'),
  'gauge', 'cumulative', NULL, NULL, 10000, mapFromArrays({keys:Array(String)}, {values:Array(String)}), map('region', 'eu')`,
        { params },
      );
      await columns.command(
        `INSERT INTO series_days SELECT {metric:UInt32}, {id:UInt64}, toYYYYMM(d), toUInt32(bitShiftLeft(toUInt32(1), toDayOfMonth(d) - 1)) FROM (SELECT fromUnixTimestamp64Milli({at:Int64} - 120000, 'UTC') AS d)`,
        { params },
      );
      await columns.command(
        `INSERT INTO samples (metric, id, time, mantissa, exponent, float, insert) SELECT {metric:UInt32}, {id:UInt64}, fromUnixTimestamp64Milli({at:Int64} - 60000 * number, 'UTC'), {value:Int64}, 0, 0, number + 1 FROM numbers(3)`,
        { params },
      );
    }),
  );

const written = (column: string): string => `\`${column.replaceAll('`', '``')}\``;

let metrics = 0;

test('any names of labels', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NAMES) }, { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      async (names) => {
        const name = `hostile.m${metrics++}`;
        await write(name, [new Map(names.map((n) => [n, `${n} a`])), new Map(names.slice(0, 2).map((n) => [n, `${n} b`])), new Map([['host', 'plain']])]);
        const catalogue = new LearnedCatalogue(DATASETS, columns, search);
        await catalogue.refresh(AT_MS);
        const nothing = { query: () => Promise.resolve([]) } as unknown as StorePorts['records'];
        const failures: string[] = [];
        const service = new QueryService({
          ports: { columns, search, records: nothing },
          catalogue,
          completeUpTo: () => undefined,
          log: {
            error: (message, fields) => void failures.push(`${message} ${JSON.stringify(fields, (_, v: unknown) => (v instanceof Error ? v.message : v))}`),
          },
        }).for(unlimited('test'));
        const ask = async (pipes: string) => {
          const text = `from metrics.${name} last 10m${pipes}`;
          const result = await service.query(text, { at: BigInt(AT_MS + 1) * 1_000_000n });
          expect(
            result.diagnostics.filter((d) => d.severity === 'error'),
            `${text}\n${failures.join('\n')}`,
          ).toEqual([]);
          return new Map(result.columns.map((c) => [c.name, c.values]));
        };
        const all = await ask('');
        expect(all.get('value')).toHaveLength(9);
        expect([...all.keys()].filter((c) => c.startsWith('#'))).toEqual([]);
        expect(await ask(' | every 1m avg')).toBeDefined();
        expect((await ask(' | every all sum')).get('value')?.toSorted()).toEqual([3, 6, 9]);
        expect(await ask(' | every 1m avg | max by host')).toBeDefined();
        expect(await ask(' | latest | sort value desc')).toBeDefined();
        for (const label of names) {
          const column = columnOfLabel(label);
          // A name that cannot be written (a line break in backticks) is still in the answer.
          expect(all.get(column)?.includes(`${label} a`), JSON.stringify(label)).toBe(true);
          if (/[`\n\r\0]/.test(column)) continue;
          const by = await ask(` | where ${written(column)} == ${JSON.stringify(`${label} a`)} | count by ${written(column)}`);
          expect([...by.values()].flat(), JSON.stringify(label)).toContain(`${label} a`);
          await ask(` | every 1m avg | avg by ${written(column)} | where exists ${written(column)}`);
        }
      },
    ),
    { numRuns: Number(process.env.INFRAMIRROR_LABELS ?? sized(4, 16)), seed: SEED },
  );
}, 300_000);

test('a label and its column', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...NAMES, ''), fc.string()), (label) => {
      expect(labelOfColumn(columnOfLabel(label))).toBe(label);
      expect(['time', 'value', ''].includes(columnOfLabel(label)) || columnOfLabel(label).startsWith('#')).toBe(false);
    }),
  );
});

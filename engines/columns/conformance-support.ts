// What the parts of the contract suite of the port `ColumnStore` share: the store under test, rows to insert, ways to ask and to wait.
import type { Socket } from 'node:net';
import {
  type Batch,
  FLOAT,
  INT8,
  INT32,
  INT64,
  list,
  map,
  type TextColumn,
  TIME_MS,
  TIME_NS,
  UINT32,
  UINT64,
  UTF8,
  type Value,
  valueAt,
} from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { ColumnStore, QueryAnswer, QueryOptions } from './port.ts';

/** The store that the tests of one suite share. */
export interface UnderContract {
  readonly columns: ColumnStore;
  /** First row of the answer. */
  one(sql: string, options?: QueryOptions): Promise<readonly Value[]>;
  /** Rows of a table that one insert wrote. */
  countOf(table: string, insert: bigint): Promise<bigint>;
  /** Whether the store knows of a query as running. */
  running(queryId: string): Promise<boolean>;
  crash(): void;
  /** See `ColumnsUnderTest`. */
  connect(): Socket;
  openThrough(socketPath: string, requestTimeoutMs?: number): ColumnStore;
}

/** Rows as arrays, in the order of the answer. */
export const rowsOf = ({ batches }: QueryAnswer): readonly (readonly Value[])[] =>
  batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))));

export const codeOf = async (call: Promise<unknown>): Promise<ErrorCode | 'resolved'> =>
  call.then(
    () => 'resolved' as const,
    (error: { code: ErrorCode }) => error.code,
  );

/** Runs until it is ended: far more work than any test waits for. */
export const ENDLESS = 'SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)';
export const UNBOUNDED = { max_rows_to_read: 0, max_execution_time: 600 };

export const DAY = 1_795_219_200_000n;

/** Rows of `samples` of one day. */
export const samples = (rows: number, insert: bigint, from = DAY): Batch =>
  batchOf(
    TABLE_FIELDS.samples.map(({ name, type }) => {
      const value = (row: number): Value =>
        name === 'metric'
          ? 7
          : name === 'id'
            ? BigInt(row % 100)
            : name === 'time'
              ? from + BigInt(Math.floor(row / 100)) * 15n
              : name === 'mantissa'
                ? BigInt(row)
                : name === 'exponent'
                  ? 1
                  : name === 'float'
                    ? 0
                    : insert;
      return [
        name,
        columnFrom(
          type,
          Array.from({ length: rows }, (_, row) => value(row)),
        ),
      ] as const;
    }),
  );

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until `done`; the test's own time-out is the bound. */
export const until = async (done: () => Promise<boolean>): Promise<void> => {
  while (!(await done())) await sleep(10);
};

/** Columns of a table, one of each type; `l` numbers the rows. */
export const KINDS =
  "a Int64, b UInt64, c Nullable(Float64), d DateTime64(9, 'UTC'), e DateTime64(3, 'UTC'), f Nullable(String), g LowCardinality(Nullable(String)), h Map(LowCardinality(String), String), i Map(LowCardinality(String), Float64), j Array(String), k Int8, l UInt32, m LowCardinality(String), `n.o` Nullable(Int32)";

/** Rows of such a table, as a batch and as an answer has them. */
export const kindsBatch = (): { readonly batch: Batch; readonly rows: readonly (readonly Value[])[] } => {
  const kinds = {
    a: INT64,
    b: UINT64,
    c: FLOAT,
    d: TIME_NS,
    e: TIME_MS,
    f: UTF8,
    g: UTF8,
    h: map(UTF8),
    i: map(FLOAT),
    j: list(UTF8),
    k: INT8,
    l: UINT32,
    m: UTF8,
    'n.o': INT32,
  };
  const strange = new Map([
    ['__proto__', 'x'],
    ['', ''],
  ]);
  const rows: readonly (readonly Value[])[] = [
    [
      2n ** 63n - 1n,
      2n ** 64n - 1n,
      1e308,
      7_258_118_400_123_456_789n,
      7_258_118_400_123n,
      'a\0b\u{1F600}',
      '',
      strange,
      new Map([['n', -0.5]]),
      ['', 'ü'],
      127,
      0,
      'same',
      null,
    ],
    [-(2n ** 63n), 0n, null, 0n, 0n, null, null, new Map(), new Map(), [], -128, 1, 'same', 1],
    [0n, 1n, Number.NaN, 1n, 1n, '', 'word', new Map([['a', 'b']]), new Map([['a', Number.POSITIVE_INFINITY]]), ['\\', "'"], 0, 2, 'same', -1],
  ];
  const columns = Object.entries(kinds).map(([name, type], at) => {
    const column = columnFrom(
      type,
      rows.map((row) => row[at] as Value),
    );
    // As agents send what repeats.
    const dictionary = columnFrom(UTF8, ['same']) as TextColumn;
    return [
      name,
      name === 'm'
        ? ({ layout: 'dictionary', type, length: rows.length, validity: undefined, indices: new Int32Array(rows.length), dictionary } as const)
        : column,
    ] as const;
  });
  return { batch: batchOf(columns), rows };
};

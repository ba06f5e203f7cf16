// What the parts of the contract suite of the port `Columns` share: the store under test, rows to insert, ways to ask and to wait.
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Columns, QueryAnswer, QueryOptions } from './port.ts';

/** The store that the tests of one suite share. */
export interface UnderContract {
  readonly columns: Columns;
  /** First row of the answer. */
  one(sql: string, options?: QueryOptions): Promise<readonly Value[]>;
  /** Rows of a table that one insert wrote. */
  countOf(table: string, insert: bigint): Promise<bigint>;
  /** Whether the store knows of a query as running. */
  running(queryId: string): Promise<boolean>;
  crash(): void;
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

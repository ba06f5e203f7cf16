// The contract of the port `ColumnStore` as tests: call it from a `*.test.ts` of each implementation.
// It speaks to the store only through the port, and to the process behind it only through `crash`.
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import { concurrencyContract } from './conformance-concurrency.ts';
import { deadlineContract } from './conformance-deadline.ts';
import { insertContract } from './conformance-insert.ts';
import { queryContract } from './conformance-query.ts';
import { rowsOf, type UnderContract } from './conformance-support.ts';
import type { ColumnStore } from './port.ts';

export interface ColumnsUnderTest {
  readonly columns: ColumnStore;
  /** Kills what is behind the port with SIGKILL; it must come back by itself. */
  crash(): void;
  /** A connection to what is behind the port. */
  connect(): Socket;
  /** The same store by another way: what listens on the Unix socket hands on to such a connection. `requestTimeoutMs`: as of the driver. */
  openThrough(socketPath: string, requestTimeoutMs?: number): ColumnStore;
  dispose(): Promise<void>;
}

export const columnsConformance = (name: string, open: () => Promise<ColumnsUnderTest>): void => {
  describe(`the contract of columns: ${name}`, { timeout: 60_000 }, () => {
    let store: ColumnsUnderTest;
    beforeAll(async () => {
      store = await open();
      await store.columns.migrate();
    }, 60_000);
    afterAll(() => store?.dispose());

    const one: UnderContract['one'] = async (sql, options) => rowsOf(await store.columns.query(sql, options))[0] ?? [];
    const at: UnderContract = {
      get columns() {
        return store.columns;
      },
      one,
      countOf: async (table, insert) => (await one(`SELECT count() FROM ${table} WHERE insert = {insert:UInt64}`, { params: { insert } }))[0] as bigint,
      running: async (queryId) =>
        (
          await one("SELECT count() FROM system.processes WHERE query_id = {id:String} OR Settings['log_comment'] = {id:String}", { params: { id: queryId } })
        )[0] !== 0n,
      crash: () => store.crash(),
      connect: () => store.connect(),
      openThrough: (socketPath, requestTimeoutMs) => store.openThrough(socketPath, requestTimeoutMs),
    };
    queryContract(at);
    concurrencyContract(at);
    insertContract(at);
    deadlineContract(at);
  });
};

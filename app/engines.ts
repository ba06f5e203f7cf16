// The one file that decides between real and embedded engines. Today all four are embedded; what is behind the ports is known here alone.
import { join } from 'node:path';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { columnsInstallation } from '../engines/columns/clickhouse/installation.ts';
import { DEFINITIONS } from '../engines/columns/clickhouse/migrate.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { PostgresConnection } from '../engines/records/connection.ts';
import { startEmbeddedPostgres } from '../engines/records/embedded/embedded.ts';
import { recordsInstallation } from '../engines/records/installation.ts';
import type { Records } from '../engines/records/port.ts';
import { openPostgres } from '../engines/records/postgres/postgres.ts';
import { openColumnSearch } from '../engines/search/embedded/open.ts';
import type { Search } from '../engines/search/port.ts';
import type { Problem } from '../graphql/service.ts';
import { brokenParts } from './broken-parts.ts';
import type { Installation } from './installation/installation.ts';
import { PIPELINE_FOLDER, PIPELINE_STATEMENTS } from './pipeline/folder.ts';
import { HeardRows } from './pipeline/heard-rows.ts';
import type { ColumnsAddress } from './pipeline/protocol.ts';
import { isFull } from './reserve.ts';
import { type KeptStream, startStream } from './stream/kept-stream.ts';

/** A child process of ours that keeps a store, as it is now. */
export interface StoreProcess {
  readonly pid: number | undefined;
  readonly restarts: number;
}

export interface Engines {
  readonly columns: ColumnStore;
  readonly search: Search;
  readonly records: Records;
  /** What the pipeline writes into these tables, which no one else does. */
  readonly told: HeardRows;
  /** How the pipeline's process reaches the stores. */
  readonly addresses: { readonly columns: ColumnsAddress; readonly records: PostgresConnection };
  /** What was found wrong at the start. */
  readonly problems: readonly Problem[];
  readonly processes: { readonly columns: StoreProcess; readonly records: StoreProcess };
  /** Ends what was started. */
  stop(): Promise<void>;
}

/** Until the next start, which finds them no more. */
const putAside = ({ aside }: Pick<EmbeddedColumns, 'aside'>): readonly Problem[] =>
  aside.length === 0
    ? []
    : [
        {
          part: 'column store',
          message: `a removal of rows was only half written when the disk was full or the machine went down, and was put aside: ${aside.join(', ')}`,
          mend: 'Nothing is lost: what it was to remove is removed by the next look. Make room where the disk is nearly full. The file is of no use any more.',
        },
      ];

const part = async <T>(name: string, start: () => Promise<T>): Promise<T> => {
  try {
    return await start();
  } catch (error) {
    throw new CodedError('start.part', { part: name, reason: (error as Error).message }, { cause: error });
  }
};

/** Before the other stores, whose folder must be ours already. Rejects with `start.part`. */
export const openStream = (
  dataDir: string,
  maxBytes: number,
  telemetry: Telemetry,
  installation: Pick<Installation, 'check' | 'isGivenUp' | 'putAside'>,
): Promise<KeptStream> =>
  part('the stream', async () => {
    const open = (): Promise<KeptStream> => startStream({ dir: join(dataDir, 'stream'), maxBytes, socketFolder: join(dataDir, PIPELINE_FOLDER), telemetry });
    let stream = await open();
    try {
      if (installation.isGivenUp('stream', stream.identity())) {
        await stream.close();
        installation.putAside('stream');
        stream = await open();
      }
      installation.check('stream', stream.identity());
      return stream;
    } catch (error) {
      await stream.close();
      throw error;
    }
  });

/** What all gave; where one failed, rejects with the first of them after all have ended. */
const together = async <A, B>(a: Promise<A>, b: Promise<B>): Promise<readonly [A, B]> => {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
};

/** Starts the stores, looks whose they are, and migrates them; rejects with `start.part`, which names the one that failed, after ending the others. */
export const startEngines = async (
  dataDir: string,
  log: Logger,
  telemetry: Telemetry,
  installation: Pick<Installation, 'check' | 'checkTogether'>,
): Promise<Engines> => {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end().catch((error: unknown) => log.error('a store did not end cleanly', { error }));
  };
  const told = new HeardRows(join(dataDir, PIPELINE_FOLDER));
  const openColumns = async () => {
    const child = await startEmbeddedColumns({ dataDir: join(dataDir, 'columns'), log, definitions: DEFINITIONS });
    undo.push(() => child.stop());
    const { url, socketPath, incoming } = child;
    const columns = told.before(openClickHouse({ url, socketPath, incoming, concurrency: child.statements - PIPELINE_STATEMENTS, telemetry }));
    undo.push(() => columns.close());
    installation.check('columns', await columnsInstallation(columns));
    return { columns, child, address: { url, socketPath, incoming } };
  };
  const openRecords = async () => {
    const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'records'), log });
    undo.push(() => server.stop());
    const records = openPostgres(server.connection, { log });
    undo.push(() => records.close());
    installation.check('records', await recordsInstallation(records));
    return { records, server };
  };
  try {
    const [{ columns, child, address }, { records, server }] = await together(part('the column store', openColumns), part('the record store', openRecords));
    installation.checkTogether();
    const search = openColumnSearch(columns);
    const [problems] = await together(
      part('the column store', async () => {
        await columns.migrate(() => !isFull(join(dataDir, 'columns')));
        await search.migrate();
        return [...putAside(child), ...(await brokenParts(columns))];
      }),
      part('the record store', () => records.migrate()),
    );
    for (const { part: name, message } of problems) log.error(message, { part: name });
    return {
      columns,
      search,
      records,
      told,
      addresses: { columns: address, records: server.connection },
      processes: { columns: child, records: server },
      problems,
      stop: async () => {
        told.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

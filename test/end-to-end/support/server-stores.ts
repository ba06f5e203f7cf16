// The same stores as `pipeline/testing/stores.ts` opens, but at servers: for the process that is killed, and for the oracle.
// It starts none of them.
import type { Logger } from '../../../core/logger.ts';
import { openClickHouse } from '../../../engines/columns/clickhouse/open.ts';
import type { ColumnStore } from '../../../engines/columns/port.ts';
import type { PostgresConnection } from '../../../engines/records/connection.ts';
import type { Records } from '../../../engines/records/port.ts';
import { openPostgres } from '../../../engines/records/postgres/postgres.ts';
import { type KafkaStreamOptions, openKafkaStream } from '../../../engines/stream/kafka/open.ts';
import type { Stream } from '../../../engines/stream/port.ts';

/** Goes through JSON to the process that opens them. */
export interface ServerAddresses {
  readonly kafka: Pick<KafkaStreamOptions, 'brokers' | 'client' | 'sessionMs'>;
  readonly clickhouse: { readonly url: string; readonly username: string; readonly password: string };
  readonly postgres: PostgresConnection;
}

export interface ServerStores {
  readonly stream: Stream;
  readonly columns: ColumnStore;
  readonly records: Records;
  readonly columnsPid: undefined;
  readonly recordsPid: undefined;
  close(): Promise<void>;
}

export const openServerStores = async ({ kafka, clickhouse, postgres }: ServerAddresses, logger: Logger): Promise<ServerStores> => {
  const stream = await openKafkaStream({ ...kafka, logger });
  const columns = openClickHouse(clickhouse);
  const records = openPostgres(postgres, { log: logger });
  await columns.migrate();
  await records.migrate();
  return {
    stream,
    columns,
    records,
    columnsPid: undefined,
    recordsPid: undefined,
    close: async () => {
      await stream.close();
      await columns.close();
      await records.close();
    },
  };
};

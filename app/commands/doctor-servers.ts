// What `inframirror doctor` finds of the servers that the settings name: each is asked once, with a cause and a mend where it does not do. Changes nothing.
import { CodedError, ERRORS, type ErrorCode } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { noTelemetry } from '../../core/telemetry.ts';
import { columnsInstallation } from '../../engines/columns/clickhouse/installation.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import { prepareClickHouse } from '../../engines/columns/clickhouse/prepare.ts';
import { recordsInstallation } from '../../engines/records/installation.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import { ConfigError } from '../config/problem.ts';
import type { Settings } from '../config/settings.ts';
import { columnsAddress, placesOf, searchPlaceOf } from '../engines.ts';
import { type Servers, serversOf } from '../servers.ts';
import type { Finding } from './finding.ts';

/** A server that does not answer within that is told so. */
const PATIENCE_MS = 5000;

const told = (error: unknown): string => {
  if (!(error instanceof CodedError)) return (error as Error).message;
  const mend = ERRORS[error.code as ErrorCode].mend;
  return `${error.message}. ${mend}`;
};

/** `ask` gives what there is to say of it. */
const asked = async (what: string, at: string | undefined, ask: () => Promise<string>): Promise<Finding> => {
  try {
    return { what, ok: true, detail: `${at}: answers${await ask()}` };
  } catch (error) {
    return { what, ok: false, detail: `${at}: ${told(error)}` };
  }
};

const usedBy = (installation: string | undefined): string =>
  installation === undefined ? '; no installation uses it yet' : `; used by the installation ${installation}`;

const kafkaOwner = async ({ kafka }: NonNullable<Servers['stream']>): Promise<string> => {
  const { openKafkaStream } = await import('../../engines/stream/kafka/open.ts');
  const stream = await openKafkaStream({ ...kafka, patienceMs: PATIENCE_MS });
  try {
    return usedBy(await stream.owner());
  } finally {
    await stream.close();
  }
};

export const askServers = async (settings: Settings): Promise<readonly Finding[]> => {
  let servers: Servers;
  try {
    servers = serversOf(settings);
  } catch (error) {
    if (error instanceof ConfigError) return [{ what: 'settings', ok: false, detail: told(error) }];
    throw error;
  }
  const places = placesOf(servers);
  const { stream, columns, search, records } = servers;
  const all: Promise<Finding>[] = [];
  if (stream !== undefined) all.push(asked('stream', places.stream, () => kafkaOwner(stream)));
  if (columns !== undefined)
    all.push(
      asked('column store', places.columns, async () => {
        await prepareClickHouse(columnsAddress(columns));
        const store = openClickHouse({ ...columnsAddress(columns), requestTimeoutMs: PATIENCE_MS, telemetry: noTelemetry });
        return usedBy((await columnsInstallation(store).finally(() => store.close())).installation);
      }),
    );
  if (search !== undefined)
    all.push(
      asked('search store', searchPlaceOf(servers), async () => {
        const { openElasticsearch } = await import('../../engines/search/elasticsearch/open.ts');
        const opened = openElasticsearch({ ...search, requestMs: PATIENCE_MS });
        await opened
          .check()
          .then(() => opened.search.ping())
          .finally(() => opened.search.close());
        return '';
      }),
    );
  if (records !== undefined)
    all.push(
      asked('record store', places.records, async () => {
        const store = openPostgres(records, { log: silentLogger, patienceMs: PATIENCE_MS, poolSize: 1 });
        return usedBy((await recordsInstallation(store).finally(() => store.close())).installation);
      }),
    );
  return Promise.all(all);
};

// A server for the kill test to kill: door and pipeline over the embedded stores, or over servers of their own. Arguments: folder, port, and as JSON what the pipeline
// switches off and at which moment of which insert this process kills itself. Nothing of that is in the product: the port is wrapped here.
import { appendFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { EmbeddedColumns } from '../../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openDoor } from '../../ingest/door.ts';
import { startPipeline } from '../../pipeline/start.ts';
import { openStores } from '../../pipeline/testing/stores.ts';
import { PARTITIONS } from '../../pipeline/topology.ts';
import { openServerStores, type ServerAddresses } from './support/server-stores.ts';

export interface ServerMode {
  readonly readBack?: boolean;
  readonly seqCheck?: boolean;
  readonly fence?: boolean;
  readonly merges?: boolean;
  /** A column store that outlives this process, and the way to it. */
  readonly columnsAt?: Pick<EmbeddedColumns, 'url' | 'socketPath' | 'incoming' | 'statements'>;
  /** Stores that are servers of their own, in place of embedded ones. */
  readonly servers?: ServerAddresses;
  /**
   * Kills this process around the n-th planned insert: when it is about to begin, or when it has just ended. `held`: it tells its parent
   * instead, and waits for its word before it begins.
   */
  readonly fault?: { readonly moment: 'before' | 'after' | 'held'; readonly insert: number };
}

/** What it says of itself to its parent. */
export interface ServerState {
  readonly columnsPid: number | undefined;
  readonly recordsPid: number | undefined;
  readonly lag: number;
  /** By partition: the offset up to which it is in the stores, and the one that the next message gets. */
  readonly done: Readonly<Record<string, number>>;
  readonly there: Readonly<Record<string, number>>;
}

const [dir = '', port = '0', modeText = '{}'] = process.argv.slice(2);
const mode = JSON.parse(modeText) as ServerMode;
const log = createLogger({ level: 'warn', format: 'text', write: (line) => process.stderr.write(line) });
const telemetry = new TelemetryRegistry();
mkdirSync(dir, { recursive: true });
const stores = mode.servers === undefined ? await openStores(dir, log, undefined, mode.columnsAt) : await openServerStores(mode.servers, log);
// A merge would make one row of two with the same key, and hide what the test looks for.
for (const table of mode.merges === true ? [] : ['samples', 'processes'])
  await stores.columns.command(
    `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, parts_to_delay_insert = 100000, parts_to_throw_insert = 100000`,
  );

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
const told = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve());
    process.send?.('about to insert');
  });
let inserts = 0;
const insert: ColumnStore['insert'] = async (table, batch, options) => {
  const isPlanned = table === 'samples' || table === 'processes' || table === 'logs';
  const isIt = isPlanned && mode.fault !== undefined && ++inserts === mode.fault.insert;
  if (isIt && mode.fault?.moment === 'before') die();
  if (isIt && mode.fault?.moment === 'held') await told();
  await stores.columns.insert(table, batch, options);
  if (isIt && mode.fault?.moment === 'after') die();
};
const columns: ColumnStore = {
  migrate: () => stores.columns.migrate(),
  query: async (sql, options) => {
    const answer = await stores.columns.query(sql, options);
    // How many inserts were found standing: the test wants to see that it met its faults.
    if (sql.includes('DISTINCT insert')) appendFileSync(join(dir, 'read-back'), `${answer.batches.reduce((sum, batch) => sum + batch.length, 0)}\n`);
    return answer;
  },
  command: (sql, options) => stores.columns.command(sql, options),
  insert,
  kill: (ids) => stores.columns.kill(ids),
  now: () => stores.columns.now(),
  ping: () => stores.columns.ping(),
  close: () => stores.columns.close(),
};
const pipeline = await startPipeline({
  stream: stores.stream,
  columns,
  records: stores.records,
  telemetry,
  logger: log,
  partitions: mode.servers === undefined ? PARTITIONS : 4,
  switches: { readBack: mode.readBack ?? true, seqCheck: mode.seqCheck ?? true, fence: mode.fence ?? true },
});
const door = openDoor({
  stream: stores.stream,
  telemetry,
  log,
  known: (sender) => pipeline.lastOf(sender),
  isKnownWhole: (topic) => pipeline.isCaughtUp(topic),
});

const server = createServer((request, response) => {
  const answer = async (): Promise<void> => {
    if (request.method === 'POST') {
      const { status, headers, body } = await door.receiveFrames({ headers: request.headers, body: request, rights: { post: true } });
      response.writeHead(status, headers).end(body);
      return;
    }
    const { partitions } = await pipeline.status();
    const lag = partitions.reduce((sum, partition) => sum + Number(partition.lag), 0);
    const [done, there]: [Record<string, number>, Record<string, number>] = [{}, {}];
    for (const { group, topic, partition, lag: behind } of partitions) {
      const name = `${group} ${topic}/${partition}`;
      there[name] = Number((await stores.stream.partitions(topic)).find((one) => one.partition === partition)?.next);
      done[name] = (there[name] as number) - Number(behind);
    }
    const { columnsPid, recordsPid } = stores;
    response.end(JSON.stringify({ columnsPid, recordsPid, lag, done, there } satisfies ServerState));
  };
  answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pipeline
    .stop()
    .then(() => stores.close())
    .then(() => process.exit(0));
});

// A process that wants to keep, for the tests to kill and to stop: arguments are the record store's connection as JSON and a name. While
// it keeps it writes the name down again and again. No part of the product.
import { silentLogger } from '../../core/logger.ts';
import type { PostgresConnection } from '../../engines/records/connection.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import { Keeper, type KeeperTask } from '../keeper.ts';

const [connection, name = ''] = process.argv.slice(2) as [string, string];
const records = openPostgres(JSON.parse(connection) as PostgresConnection, { lockIdleMs: 3000 });

class Writing implements KeeperTask {
  #timer: NodeJS.Timeout | undefined;
  start(): void {
    this.#timer = setInterval(() => void records.query('INSERT INTO kept (name) VALUES ($1)', [name]).catch(() => undefined), 20);
  }
  stop(): Promise<void> {
    clearInterval(this.#timer);
    return Promise.resolve();
  }
}

const keeper = new Keeper({ records, log: silentLogger, tasks: [() => new Writing()], everyMs: 100 });
keeper.start();
process.stdout.write('started\n');
process.once('SIGTERM', () => void keeper.stop().then(() => records.close()));

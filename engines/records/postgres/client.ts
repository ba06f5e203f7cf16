// One connection to PostgreSQL as we want each: times in UTC and dates as ISO, said as parameters of its start by name, which a PgBouncer takes
// and keeps for each of its clients, where it refuses `options`. Also how what runs on a connection is stopped: by the protocol's own request,
// which a PgBouncer hands on, as the process that the server tells of is then none of the server's.
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import type { PostgresConnection } from '../connection.ts';

const START = { TimeZone: 'UTC', DateStyle: 'ISO' };

export class PostgresClient extends pg.Client {
  getStartupConf(): Record<string, string> {
    const { getStartupConf } = pg.Client.prototype as unknown as { getStartupConf(this: pg.Client): Record<string, string> };
    return { ...getStartupConf.call(this), ...START };
  }
}

/** Checked against the address that was asked for, be that a name or a number. */
export const tlsOf = ({ host, tls }: PostgresConnection): pg.ClientConfig['ssl'] => (tls === undefined ? false : { ...tls, host });

const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;
const YES = 'S'.charCodeAt(0);
const CANCEL_MS = 5000;

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeInt32BE(value, at * 4);
  return bytes;
};

/** Resolves when the server has it, and rejects where that is not known. It tells nothing of what became of it. */
export const cancelRunning = (connection: PostgresConnection, client: pg.ClientBase): Promise<void> => {
  const { host, port, tls } = connection;
  const { processID, secretKey } = client as unknown as { readonly processID: number; readonly secretKey: number };
  const request = words(16, CANCEL_REQUEST, processID, secretKey);
  return new Promise((resolve, reject) => {
    const socket: Socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    // The other side hangs up when it is done: a PgBouncer forgets what is cut before.
    const sent = (way: Socket): void => {
      way.once('error', reject).once('close', () => resolve());
      way.resume().write(request);
    };
    socket.setTimeout(CANCEL_MS, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    if (tls === undefined) {
      socket.once('connect', () => sent(socket));
      return;
    }
    socket.once('connect', () => socket.write(words(8, SSL_REQUEST)));
    socket.once('data', (answer: Buffer) => {
      if (answer[0] !== YES) return socket.destroy(new Error('it speaks no TLS'));
      const way = connectTls({ ...tls, socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) }, () => sent(way));
      way.once('error', reject);
      return undefined;
    });
  });
};

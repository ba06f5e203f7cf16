// A PostgreSQL by its address, over TLS, with a role whose profile has other times and dates: held to the whole contract, by itself and through a
// PgBouncer that hands its few connections from transaction to transaction; and what is told where it cannot be used.
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CERTIFICATE, EXPIRED_CERTIFICATE, EXPIRED_KEY, KEY } from '../../../test/end-to-end/support/certificate.ts';
import { describeWith } from '../../../test/support/need.ts';
import { recordsConformance } from '../conformance.ts';
import type { PostgresConnection } from '../connection.ts';
import { startTestPostgres, type TestPostgres } from '../testing/server.ts';
import { openPostgres } from './postgres.ts';

const TLS = { cert: CERTIFICATE, key: KEY };
const to = ({ user, password, database }: TestPostgres, port: number): PostgresConnection => ({
  host: 'localhost',
  port,
  user,
  password,
  database,
  tls: { ca: CERTIFICATE },
});

recordsConformance('PostgreSQL by address', async () => {
  const server = await startTestPostgres(TLS);
  return { open: (options) => openPostgres(to(server, server.port), options), crash: () => server.crash(), close: () => server.stop() };
});

const bouncer = (process.env.PATH ?? '').split(delimiter).find((folder) => existsSync(join(folder, 'pgbouncer')));
describeWith('through a PgBouncer', bouncer, 'it needs PgBouncer: `apt-get install pgbouncer`', () => {
  recordsConformance('PgBouncer in transaction mode', async () => {
    const server = await startTestPostgres(TLS);
    const port = await server.startPgBouncer(TLS);
    return { open: (options) => openPostgres(to(server, port), options), crash: () => server.crash(), close: () => server.stop() };
  });
});

describe('what is told of a server that cannot be used', { timeout: 60_000 }, () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startTestPostgres(TLS);
  }, 60_000);
  afterAll(() => server?.stop());

  const told = async (change: Partial<PostgresConnection>): Promise<string> => {
    const records = openPostgres({ ...to(server, server.port), ...change }, { patienceMs: 1500 });
    const said = await records.migrate().then(
      () => 'migrated',
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
    await records.close();
    return said;
  };

  it.each([
    ['a wrong password', { password: 'guessed' }, /^records\.refused-user: .*password authentication failed/],
    ['an unknown role', { user: 'nobody' }, /^records\.refused-user: .*nobody/],
    ['another database', { database: 'elsewhere' }, /^records\.no-database: .*elsewhere/],
    ['an authority that we do not know', { tls: {} }, /^records\.certificate: .*signed by itself/],
    ['a certificate for another name', { host: '127.0.0.2' }, /^records\.(certificate|unavailable): /],
    ['nobody at the address', { port: 1 }, /^records\.unavailable: .*ECONNREFUSED/],
  ])('%s', async (_, change, words) => {
    const said = await told(change);
    expect(said).toMatch(words);
    expect(said).not.toContain('guessed');
  });

  it('nothing where all is well, by number too', async () => {
    expect(await told({})).toBe('migrated');
    expect(await told({ host: '127.0.0.1' })).toBe('migrated');
  });

  it('no TLS where it is due', async () => {
    const plain = createServer((socket) => void socket.once('data', () => socket.end('N')).on('error', () => undefined));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    expect(await told({ port: (plain.address() as { port: number }).port })).toMatch(/^records\.certificate: .*no TLS/);
    plain.close();
  });

  it('an expired certificate', async () => {
    const expired = await startTestPostgres({ cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY });
    const records = openPostgres({ ...to(expired, expired.port), tls: { ca: EXPIRED_CERTIFICATE } });
    await expect(records.ping()).rejects.toMatchObject({ code: 'records.certificate', parameters: { reason: 'its certificate has expired' } });
    await records.close();
    await expired.stop();
  });
});

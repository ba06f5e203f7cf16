// A ClickHouse by its address: held to the whole contract over TLS, with a user, a database of its own, another time zone and a profile that
// changes what statements mean; and what is told where it cannot be used.
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CERTIFICATE, EXPIRED_CERTIFICATE, EXPIRED_KEY, KEY } from '../../../test/end-to-end/support/certificate.ts';
import { columnsConformance } from '../conformance.ts';
import { codeOf, rowsOf } from '../conformance-support.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { openClickHouse } from './open.ts';
import { prepareClickHouse } from './prepare.ts';

const TLS = { cert: CERTIFICATE, key: KEY };
const LOGIN = { username: 'inframirror', password: 'pä:ss' };

/** What an administrator may have set for all users. */
const STRANGE = {
  join_use_nulls: '1',
  transform_null_in: '1',
  aggregate_functions_null_for_empty: '1',
  group_by_use_nulls: '1',
  data_type_default_nullable: '1',
  timeout_overflow_mode: 'break',
  read_overflow_mode: 'break',
  result_overflow_mode: 'break',
  async_insert: '1',
  max_insert_threads: '4',
  max_block_size: '1000',
  final: '1',
};

columnsConformance('a server by address', async () => {
  const server = await startTestServer({ users: { inframirror: { password: LOGIN.password, profile: STRANGE } }, tls: TLS, timeZone: 'Asia/Kathmandu' });
  const options = { url: server.url, tls: { ca: CERTIFICATE }, database: 'infra-mirror', ...LOGIN };
  await prepareClickHouse(options);
  const columns = openClickHouse(options);
  return {
    columns,
    crash: () => {
      if (server.engine.pid !== undefined) process.kill(server.engine.pid, 'SIGKILL');
    },
    connect: () => createConnection({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }),
    openThrough: (socketPath, requestTimeoutMs) => openClickHouse({ ...options, socketPath, ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }) }),
    dispose: async () => {
      await columns.close();
      await server.stop();
    },
  };
});

describe('what is told of a server before it is used', { timeout: 60_000 }, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      users: {
        writer: { password: 'secret' },
        reader: { password: 'secret', profile: { readonly: '1' } },
        looker: { password: 'secret', profile: { readonly: '2' } },
        bounded: { password: 'secret', pinned: ['max_memory_usage'] },
      },
      tls: TLS,
    });
  });
  afterAll(() => server?.stop());

  const told = (change: Partial<Parameters<typeof prepareClickHouse>[0]>) =>
    prepareClickHouse({ url: server.url, tls: { ca: CERTIFICATE }, username: 'writer', password: 'secret', ...change }).then(
      (servers) => servers.map(({ version }) => version?.split('.').length),
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );

  it('is its version where all is well, and the database is made', async () => {
    expect(await told({ database: 'made' })).toEqual([4]);
    expect(await told({ database: 'made' })).toEqual([4]);
    await expect(prepareClickHouse({ url: server.url, database: 'a`b' })).rejects.toThrow(RangeError);
  });

  it.each([
    ['a wrong password', { password: 'guessed' }, /^columns\.refused-user: .*writer: Authentication failed/],
    ['an unknown user', { username: 'nobody' }, /^columns\.refused-user: .*nobody/],
    ['a user that may only read', { username: 'reader' }, /^columns\.missing-right: .*reader says readonly = 1/],
    ['a user that may only read and set', { username: 'looker' }, /^columns\.missing-right: .*looker says readonly = 2/],
    ['a profile that pins a setting', { username: 'bounded' }, /^columns\.pinned-setting: .*max_memory_usage/],
    ['an authority that we do not know', { tls: {} }, /^columns\.certificate: .*signed by itself/],
  ])('%s', async (_, change, words) => {
    const said = await told(change);
    expect(said).toMatch(words);
    expect(said).not.toContain('guessed');
  });

  it('a certificate for another name, and plain HTTP where TLS is due', async () => {
    expect(await told({ url: server.url.replace('localhost', '127.0.0.2') })).toMatch(/^columns\.(certificate|unavailable): /);
    expect(await told({ url: server.url.replace('https:', 'http:') })).toMatch(/^columns\.unavailable: /);
  });

  it('an expired certificate, at the start and later', async () => {
    const expired = await startTestServer({ tls: { cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY } });
    const options = { url: expired.url, tls: { ca: EXPIRED_CERTIFICATE } };
    await expect(prepareClickHouse(options)).rejects.toMatchObject({ code: 'columns.certificate', parameters: { reason: 'its certificate has expired' } });
    const columns = openClickHouse(options);
    expect(await codeOf(columns.query('SELECT 1'))).toBe('columns.certificate');
    await columns.close();
    await expired.stop();
  });

  it('a server that asks for our certificate', async () => {
    const strict = await startTestServer({ tls: { ...TLS, clientCa: CERTIFICATE } });
    await expect(prepareClickHouse({ url: strict.url, tls: { ca: CERTIFICATE } })).rejects.toMatchObject({ code: 'columns.certificate' });
    expect(await prepareClickHouse({ url: strict.url, tls: { ca: CERTIFICATE, ...TLS } })).toHaveLength(1);
    await strict.stop();
  });

  it.each([
    ['a page in its place', 200, '<html><head><title>Sign in</title></head></html>', 'columns.foreign-answer'],
    ['another service', 404, 'Not Found', 'columns.foreign-answer'],
    ['a proxy that reaches nobody', 502, '<html><h1>Bad Gateway</h1></html>', 'columns.unavailable'],
  ])('%s, of which no insert takes a word', async (_, status, text, code) => {
    const page = createServer((request, response) => {
      request.resume();
      request.on('end', () => response.writeHead(status, { 'content-type': 'text/html' }).end(text));
    });
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const error = await prepareClickHouse({ url }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text.replaceAll(/<[^>]*>/g, '')) });
    const columns = openClickHouse({ url });
    const calls = [columns.query('SELECT 1'), columns.command('DROP TABLE x'), columns.ping(), columns.kill(['x']), columns.now()];
    for (const call of calls) expect(await codeOf(call)).toBe(code);
    await columns.close();
    page.close();
  });

  it('a version that is too old', async () => {
    const old = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'x-clickhouse-query-id': '1' }).end('25.8.1.3\t0\n');
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(old.address() as AddressInfo).port}`;
    await expect(prepareClickHouse({ url })).rejects.toMatchObject({ code: 'columns.old-server', parameters: { found: '25.8.1.3', needed: '26.2' } });
    old.close();
  });

  it('nothing of one that is away beside one that answers, and calls go to that', async () => {
    const away = 'https://localhost:1';
    expect(await told({ url: [away, server.url] })).toEqual([undefined, 4]);
    expect(await told({ url: [away] })).toMatch(/^columns\.unavailable: .*localhost:1/);
    const columns = openClickHouse({ url: [away, server.url], tls: { ca: CERTIFICATE }, username: 'writer', password: 'secret' });
    expect(rowsOf(await columns.query('SELECT 1 AS one'))).toEqual([[1]]);
    await columns.kill(['none']);
    server.cut();
    expect(await codeOf(columns.query('SELECT 1'))).toBe('columns.unavailable');
    await server.back();
    expect(await codeOf(columns.query('SELECT 1'))).toBe('resolved');
    await columns.close();
  });
});

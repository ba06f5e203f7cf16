// The HTTP protocol as the client of ClickHouse’s own makers uses it beyond what the port needs: formats, errors, large statements, hanging up.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../core/logger.ts';
import { ANSWER_HEADER, DATA_HEADER, writeIncoming } from '../incoming.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from './start.ts';

const silent = createLogger({ level: 'error', format: 'text', write: () => {} });

describe('ClickHouse’s protocol in front of the library', { timeout: 60_000 }, () => {
  let folder: string;
  let engine: EmbeddedColumns;
  let client: ClickHouseClient;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inframirror-http-'));
    engine = await startEmbeddedColumns({ dataDir: folder, log: silent });
    const agent = new Agent({ keepAlive: true });
    agent.createConnection = () => createConnection(engine.socketPath);
    client = createClient({ url: engine.url, http_agent: agent, use_multipart_params_auto: true, log: { level: ClickHouseLogLevel.OFF } });
  }, 60_000);
  afterAll(async () => {
    await client?.close();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One raw request; `end` false leaves the body open. */
  const raw = (
    path: string,
    body: string,
    end = true,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly headers: Record<string, unknown>; readonly text: string }> =>
    new Promise((resolve, reject) => {
      const call = request({ socketPath: engine.socketPath, path, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      call.on('error', reject);
      call.write(body);
      if (end) call.end();
      else setTimeout(() => call.destroy(), 200);
    });

  it('answers ping', async () => {
    expect(await client.ping()).toEqual({ success: true });
  });

  it('writes an answer into the file that is named, and leaves none behind of a caller who has gone', async () => {
    const ask = (sql: string, name = `${randomUUID()}.data`) => raw('/', sql, true, { [ANSWER_HEADER]: name });
    const { status, headers, text } = await ask('SELECT number FROM numbers(3)\nFORMAT CSV');
    expect([status, text]).toEqual([200, '']);
    const file = join(engine.incoming, String(headers[ANSWER_HEADER]));
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o077]).toEqual(['0\n1\n2\n', 0]);
    rmSync(file);
    // Into no other place, and only where it is known in which form.
    for (const answer of [await ask('SELECT 1 FORMAT CSV', '../x.data'), await ask('SELECT 1')])
      expect([answer.text, answer.headers[ANSWER_HEADER]]).toEqual(['1\n', undefined]);
    expect((await ask('SELECT throwIf(number = 200000) FROM numbers(300000) FORMAT CSV')).status).toBe(500);
    await expect.poll(() => readdirSync(engine.incoming), { timeout: 20_000 }).toEqual([]);
    const call = request({ socketPath: engine.socketPath, path: '/', method: 'POST', headers: { [ANSWER_HEADER]: `${randomUUID()}.data` } });
    call.on('error', () => {});
    call.end('SELECT sleepEachRow(0.1), number FROM numbers(100000) SETTINGS max_block_size = 1 FORMAT CSV');
    await expect.poll(() => readdirSync(engine.incoming).length, { timeout: 20_000 }).toBe(1);
    call.destroy();
    await expect.poll(() => readdirSync(engine.incoming), { timeout: 20_000 }).toEqual([]);
  });

  it('answers the client’s own formats', async () => {
    const result = await client.query({ query: 'SELECT {n:UInt32} AS n, {s:String} AS s', query_params: { n: 5, s: "it's" }, format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ n: 5, s: "it's" }]);
    expect((await (await client.query({ query: 'SELECT 1 AS a', format: 'JSON' })).json<{ a: number }>()).data).toEqual([{ a: 1 }]);
    expect(await (await client.query({ query: "SELECT 'a\\tb' AS a", format: 'CSVWithNames' })).text()).toBe('"a"\n"a\tb"\n');
  });

  it('takes inserts as rows, as text and as a stream of the client', async () => {
    await client.command({ query: 'CREATE TABLE rows (a UInt32, b String) ENGINE = MergeTree ORDER BY a' });
    await client.insert({
      table: 'rows',
      values: [
        { a: 1, b: 'x' },
        { a: 2, b: "y'\n" },
      ],
      format: 'JSONEachRow',
    });
    await client.insert({ table: 'rows', values: [[3, 'z']], columns: ['a', 'b'] });
    await client.command({ query: "INSERT INTO rows VALUES (4, 'w')" });
    const rows = await client.query({ query: 'SELECT a, b FROM rows ORDER BY a', format: 'JSONCompactEachRow' });
    expect(await rows.json()).toEqual([
      [1, 'x'],
      [2, "y'\n"],
      [3, 'z'],
      [4, 'w'],
    ]);
  });

  it('takes large parameters as a form', async () => {
    const result = await client.query({
      query: 'SELECT length({x:String}) AS l, {y:Array(String)} AS y',
      query_params: { x: 'ü\r\n'.repeat(50_000), y: ["a'", '\r\n--'] },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ l: 200_000, y: ["a'", '\r\n--'] }]);
  });

  it('takes a statement of megabytes', async () => {
    const answer = await raw('/', `SELECT length('${'x'.repeat(5_000_000)}')`);
    expect([answer.status, answer.text]).toEqual([200, '5000000\n']);
  });

  it('tells errors by number, in header and body', async () => {
    const answer = await raw('/?query_id=abc', 'SELECT * FROM no_such_table');
    expect([answer.status, answer.headers['x-clickhouse-exception-code'], answer.headers['x-clickhouse-query-id']]).toEqual([500, '60', 'abc']);
    expect(answer.text).toMatch(/^Code: 60\. DB::Exception: .*no_such_table.*\(UNKNOWN_TABLE\)/);
    await expect(client.query({ query: 'SELECT {x:UInt8}', query_params: { x: 'nonsense' } })).rejects.toMatchObject({ code: '457' });
  });

  it('tells what a statement cost', async () => {
    const answer = await raw('/', 'SELECT number FROM numbers(10)');
    expect(JSON.parse(String(answer.headers['x-clickhouse-summary']))).toMatchObject({ read_rows: '10', elapsed_ns: expect.stringMatching(/^\d+$/) });
  });

  it('keeps nothing of a question for the next one', async () => {
    const ask = async (query: string, sql: string): Promise<string> => (await raw(`/?${query}`, `${sql} FORMAT TSV`)).text;
    const settings = "SELECT getSetting('max_block_size'), getSetting('log_comment')";
    expect(await ask('query_id=one&max_block_size=7', settings)).toMatch(/^7\tone\n$/);
    expect(await ask('query_id=two', settings)).toMatch(/^\d{5}\ttwo\n$/);
    // Its own go before those of the request, as with a server.
    expect(await ask('query_id=three&max_block_size=7', `${settings} SETTINGS max_block_size = 9`)).toBe('9\tthree\n');
    expect(await ask('param_a=1&param_b=2', 'SELECT {a:UInt8} + {b:UInt8}')).toBe('3\n');
    expect(await ask('param_a=5', 'SELECT {a:UInt8}')).toBe('5\n');
    expect(await ask('param_a=5', 'SELECT {a:UInt8} + {b:UInt8}')).toContain('UNKNOWN_QUERY_PARAMETER');
    expect(await ask('', 'SELECT number, throwIf(number = 3) FROM numbers(5) SETTINGS max_block_size = 1')).toContain('Code: 395');
    expect(await ask('', 'SELECT 1')).toBe('1\n');
    // Nor of its answer, where that went into a file.
    const name = `${randomUUID()}.data`;
    expect((await raw('/', 'SELECT 2 FORMAT TSV', true, { [ANSWER_HEADER]: name })).text).toBe('');
    expect(await ask('', 'SELECT 3')).toBe('3\n');
    rmSync(join(engine.incoming, name));
  });

  it('refuses a query id that runs already', async () => {
    const first = raw('/?query_id=twice', 'SELECT sleep(1)');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await raw('/?query_id=twice', 'SELECT 1')).headers['x-clickhouse-exception-code']).toBe('216');
    expect((await first).status).toBe(200);
    expect((await raw('/?query_id=twice', 'SELECT 1')).text).toBe('1\n');
  });

  it('refuses names of settings that are none', async () => {
    for (const name of ["a'b", 'a; DROP TABLE x', 'a = 1, b', ''])
      expect((await raw(`/?${encodeURIComponent(name)}=1`, 'SELECT 1')).headers['x-clickhouse-exception-code'], name).toBe('36');
  });

  it('ends a statement whose caller hangs up', async () => {
    const call = request({ socketPath: engine.socketPath, path: '/?query_id=gone', method: 'POST' });
    call.on('error', () => {});
    call.end('SELECT sum(sipHash64(number)) FROM numbers(1000000000000)');
    const runs = async (): Promise<boolean> => (await raw('/', "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'gone'")).text === '1\n';
    while (!(await runs())) await new Promise((resolve) => setTimeout(resolve, 10));
    call.destroy();
    while (await runs()) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('runs nothing of an insert whose body was cut', async () => {
    await client.command({ query: 'CREATE TABLE cut (a UInt32) ENGINE = MergeTree ORDER BY a' });
    await expect(raw(`/?query=${encodeURIComponent('INSERT INTO cut FORMAT TSV')}`, '1\n2\n3\n', false)).rejects.toThrow();
    expect((await raw('/', 'SELECT count() FROM cut')).text).toBe('0\n');
  });

  it('takes the data of an insert from a file of the folder for that, and from no other', async () => {
    await client.command({ query: 'CREATE TABLE handed (a UInt32) ENGINE = MergeTree ORDER BY a' });
    const outside = join(folder, `${randomUUID()}.data`);
    writeFileSync(outside, '7\n');
    const { name, remove } = await writeIncoming(engine.incoming, [Buffer.from('1\n2'), Buffer.from('\n3\n')]);
    const insert = (data: string, sql = 'INSERT INTO handed FORMAT TSV') => raw('/', sql, true, { [DATA_HEADER]: data });
    expect((await insert(name)).status).toBe(200);
    for (const wrong of [`../${basename(outside)}`, outside, '', 'x', `${name}\\0`]) expect((await insert(wrong)).status, wrong).toBe(500);
    expect((await insert(name, 'SELECT 1')).text).toContain('stands at no insert');
    expect((await raw('/', 'SELECT groupArray(a) FROM (SELECT a FROM handed ORDER BY a)')).text).toBe('[1,2,3]\n');
    await remove();
    expect(readdirSync(engine.incoming)).toEqual([]);
  });

  it('answers nonsense with an error and goes on', async () => {
    for (const path of ['/nonsense', '/?query=', '/?param_=1', '/?query=%00', '/?query=INSERT+INTO+x+FORMAT+Nope'])
      expect((await raw(path, '')).status, path).toBeGreaterThanOrEqual(200);
    expect((await raw('/', 'SELECT 1')).text).toBe('1\n');
  });
});

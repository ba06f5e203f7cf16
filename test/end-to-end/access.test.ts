// Who gets in where: every address with no, a wrong, the agent's and the admin's token and with a browser's session; static files; what stays shut.
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEASURES } from '../../app/metrics/measures.ts';
import { readExposition } from '../../app/metrics/testing/exposition.ts';
import { eventually, type Product, startProduct } from './support/product.ts';
import { type RawAnswer, type RawRequest, raw } from './support/raw.ts';

let product: Product;
let cookie: string;
let cookieName: string;

const send = (request: RawRequest): Promise<RawAnswer> => raw(product.origin, request);
const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
const JSON_TYPE = { 'content-type': 'application/json' };
const QUESTION = JSON.stringify({ query: '{ __typename }' });

beforeAll(async () => {
  product = await startProduct();
  const { headers } = await send({ path: `/?token=${product.token}` });
  cookie = String(headers['set-cookie']?.[0]).split(';', 1)[0] as string;
  cookieName = cookie.split('=', 1)[0] as string;
});
afterAll(() => product?.stop());

interface Case {
  readonly name: string;
  readonly request: RawRequest;
  /** Expected status without a token, with a wrong one, the agent's, the admin's, and a session from our own page. */
  readonly none: number;
  readonly agent: number;
  readonly admin: number;
  readonly session: number;
}

const CASES: readonly Case[] = [
  { name: 'healthy', request: { path: '/-/healthy' }, none: 200, agent: 200, admin: 200, session: 200 },
  { name: 'ready', request: { path: '/-/ready' }, none: 200, agent: 200, admin: 200, session: 200 },
  { name: 'the explorer', request: { path: '/' }, none: 200, agent: 200, admin: 200, session: 200 },
  { name: 'a page of the explorer', request: { path: '/status' }, none: 200, agent: 200, admin: 200, session: 200 },
  { name: 'metrics', request: { path: '/metrics' }, none: 401, agent: 403, admin: 200, session: 200 },
  { name: 'graphql', request: { method: 'POST', path: '/graphql', headers: JSON_TYPE, body: QUESTION }, none: 401, agent: 403, admin: 200, session: 200 },
  // A frame that is none: let in as far as to be refused for what it is.
  { name: 'frames', request: { method: 'POST', path: '/ingest/frames', body: 'no frame' }, none: 401, agent: 400, admin: 400, session: 403 },
];

describe.each(CASES)('$name', ({ request, none, agent, admin, session }) => {
  const status = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await send({ ...request, headers: { ...request.headers, ...headers } })).status;

  test('without a token, with wrong ones', async () => {
    expect(await status({})).toBe(none);
    for (const token of ['wrong', `${product.token}x`, product.token.slice(1), '']) expect(await status({ authorization: `Bearer ${token}` })).toBe(none);
    for (const authorization of [product.token, `Basic ${product.token}`, 'Bearer', `Bearer ${product.token} ${product.token}`])
      expect(await status({ authorization })).toBe(none);
  });
  test('with the agent’s', async () => expect(await status(bearer(product.agentToken))).toBe(agent));
  test('with the admin’s', async () => expect(await status(bearer(product.token))).toBe(admin));
  test('with a session from our own page', async () => expect(await status({ cookie, origin: product.origin })).toBe(session));
  test('with a session that is none', async () => {
    for (const wrong of [`${cookieName}=`, `${cookieName}=${'A'.repeat(43)}`, `${cookieName}=x'; DROP TABLE sessions; --`, 'session=1', ';;=;'])
      expect(await status({ cookie: wrong, origin: product.origin })).toBe(none);
  });
  test('a wrong token is not made good by a session', async () =>
    expect(await status({ cookie, origin: product.origin, authorization: 'Bearer wrong' })).toBe(none));
});

test('the link of the ready line becomes a session and leaves the address', async () => {
  const answer = await send({ path: `/explore?iql=from%20logs&token=${product.token}&x=1` });
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/explore?iql=from+logs&x=1');
  expect(answer.headers['cache-control']).toBe('no-store');
  const [set, ...more] = answer.headers['set-cookie'] ?? [];
  expect(more).toEqual([]);
  const { data } = await product.graphql<{ readonly status: { readonly instance: string } }>('{ status { instance } }');
  expect(cookieName).toContain(data?.status.instance.replace(/[^A-Za-z0-9]/g, ''));
  expect(set).toMatch(new RegExp(`^${cookieName}=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Lax; Path=/; Max-Age=\\d+$`));
  expect(set).not.toContain(product.token);
});

test('a wrong token in the link makes no session, and never leads to another host', async () => {
  for (const path of [
    '/?token=wrong',
    '/?token=',
    `//evil.example/?token=${product.token}`,
    `/\\evil.example/?token=${product.token}`,
    `/%5cevil.example?token=${product.token}`,
  ]) {
    const { status, headers } = await send({ path });
    expect(status).toBe(303);
    expect(headers.location).toMatch(/^\/(?![/\\])/);
    const isRight = path.includes(product.token);
    expect({ path, session: headers['set-cookie'] !== undefined }).toEqual({ path, session: isRight });
    expect({ path, refused: String(headers.location).includes('refused=') }).toEqual({ path, refused: !isRight });
  }
});

test('a POST with the cookie needs our own Origin', async () => {
  const ask = (headers: Readonly<Record<string, string>>): Promise<RawAnswer> =>
    send({ method: 'POST', path: '/graphql', headers: { ...JSON_TYPE, cookie, ...headers }, body: QUESTION });
  expect((await ask({ origin: product.origin })).status).toBe(200);
  const foreign = ['http://evil.example', 'null', '', 'http://127.0.0.1', product.origin.replace('127.0.0.1', 'localhost'), `${product.origin}.evil.example`];
  for (const headers of [{}, ...foreign.map((origin) => ({ origin }))]) {
    const { status, body } = await ask(headers);
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 403, code: 'access.origin' });
  }
  expect((await send({ path: '/metrics', headers: { cookie } })).status).toBe(200);
});

test('forms of other pages are not questions', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', undefined]) {
    const { status } = await send({
      method: 'POST',
      path: '/graphql',
      headers: { ...bearer(product.token), ...(type === undefined ? {} : { 'content-type': type }) },
      body: QUESTION,
    });
    expect(status).toBe(415);
  }
});

test('methods and addresses that are not there', async () => {
  const admin = bearer(product.token);
  for (const [method, path, allow] of [
    ['GET', '/graphql', 'POST'],
    ['GET', '/ingest/frames', 'POST'],
    ['DELETE', '/graphql', 'POST'],
    ['POST', '/metrics', 'GET'],
    ['POST', '/-/ready', 'GET'],
  ] as const) {
    const { status, headers } = await send({ method, path, headers: admin });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow });
  }
  for (const method of ['POST', 'PUT', 'OPTIONS', 'PATCH']) expect((await send({ method, path: '/nowhere', headers: admin })).status).toBe(404);
  const head = await send({ method: 'HEAD', path: '/-/healthy' });
  expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: '' });
  expect((await send({ method: 'HEAD', path: '/metrics' })).status).toBe(401);
});

test('strange Hosts and targets are answered and do no harm', async () => {
  for (const host of ['evil.example', '[', 'a b', '::::', 'x'.repeat(5000)]) {
    expect((await send({ path: '/', headers: { host } })).status).toBe(200);
    expect((await send({ method: 'POST', path: '/graphql', headers: { ...JSON_TYPE, ...bearer(product.token), host }, body: QUESTION })).status).toBe(200);
  }
  for (const path of ['//', '/%', '/%00', '/%ff', '*', 'http://evil.example/', '/?token=%', `/?${'a'.repeat(10_000)}`])
    expect((await send({ path, headers: bearer(product.token) })).status).toBeLessThan(500);
  expect((await send({ path: `/${'a'.repeat(20_000)}` })).status).toBe(431);
});

/** What the server says to bytes as they are. */
const bytes = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(product.origin).port), '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });

test('what is no HTTP is refused', async () => {
  expect(await bytes('\u0016\u0003\u0001\u0000 no http\r\n\r\n')).toContain('400 Bad Request');
  expect(await bytes('GET / HTTP/1.1\r\n\r\n')).toContain('400 Bad Request');
  expect(await bytes('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')).toContain('400 Bad Request');
});

test('nothing leads out of the explorer’s folder', async () => {
  const page = (await send({ path: '/' })).body;
  for (const path of [
    '/../package.json',
    '/../../package.json',
    '/assets/../../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/%2e%2e%2f%2e%2e%2f%2e%2e%2fpackage.json',
    '/..\\..\\package.json',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/%2fetc%2fpasswd',
    '/index.html%00.js',
    '/.git/config',
  ]) {
    const { status, body } = await send({ path });
    expect(body).not.toContain('"dependencies"');
    expect(body).not.toContain('root:');
    expect({ path, status, page: body === page }).toEqual({ path, status: 200, page: true });
  }
});

test('the explorer’s files come with headers that let nothing else in', async () => {
  const page = await send({ path: '/' });
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['cache-control']).toBe('no-store');
  expect(policy).toContain("style-src 'self';");
  const assets = [...page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path as string);
  expect(assets.length).toBeGreaterThan(1);
  expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  for (const path of assets) {
    const { status, headers } = await send({ path });
    expect(status).toBe(200);
    expect(headers['x-content-type-options']).toBe('nosniff');
    if (path.startsWith('/assets/')) expect(headers['cache-control']).toContain('immutable');
    if (path.endsWith('.js')) expect(headers['content-type']).toContain('text/javascript');
  }
  for (const { headers } of [page, await send({ path: '/-/healthy' }), await send({ path: '/metrics' })]) {
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['referrer-policy']).toBe('no-referrer');
  }
});

test('/metrics reads by the strict grammars, each measure with its help; its own token reads it and nothing else', async () => {
  const token = readFileSync(join(product.folder, 'metrics-token'), 'utf8').trim();
  expect(statSync(join(product.folder, 'metrics-token')).mode & 0o077).toBe(0);
  const { status, headers, body } = await eventually('something of the metrics was read', async () => {
    const answer = await send({ path: '/metrics', headers: bearer(token) });
    return answer.body.includes('inframirror_pipeline_newest_timestamp_seconds{topic="im.metrics"}') ? answer : undefined;
  });
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const families = readExposition(body, 'prometheus');
  for (const name of families.keys()) expect(MEASURES, name).toHaveProperty(name);
  for (const name of [
    'inframirror_build_info',
    'inframirror_ingest_rows_total',
    'inframirror_stream_flush_seconds',
    'inframirror_columns_insert_seconds',
    'inframirror_pipeline_round_seconds',
    'inframirror_stream_group_lag_seconds',
    'inframirror_pipeline_newest_timestamp_seconds',
    'inframirror_event_loop_delay_p99_seconds',
    'inframirror_disk_free_bytes',
    'inframirror_part_ok',
    'inframirror_hosts',
    'inframirror_agents_standing_still',
  ])
    expect([...families.keys()]).toContain(name);
  const newest = families.get('inframirror_pipeline_newest_timestamp_seconds')?.samples.find(({ labels }) => labels.topic === 'im.metrics')?.value ?? 0;
  expect(Math.abs(Date.now() / 1000 - newest)).toBeLessThan(600);
  const open = await send({ path: '/metrics', headers: { ...bearer(token), accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' } });
  expect(open.headers['content-type']).toContain('application/openmetrics-text');
  expect(readExposition(open.body, 'openmetrics').size).toBeGreaterThan(20);
  expect((await send({ method: 'POST', path: '/graphql', headers: { ...JSON_TYPE, ...bearer(token) }, body: QUESTION })).status).toBe(403);
  expect((await send({ method: 'POST', path: '/ingest/frames', headers: bearer(token), body: 'x' })).status).toBe(403);
  expect((await send({ path: `/?token=${token}` })).headers['set-cookie']).toBeUndefined();
});

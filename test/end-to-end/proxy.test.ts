// Behind a TLS proxy, as `docs/guide/beyond-localhost.md` says it: a real agent, the command and a browser's session through it, and what they
// make of the pages that a proxy answers by itself. The proxy is a small one of Node's, with a certificate that nobody signed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CERTIFICATE, KEY } from './support/certificate.ts';
import { command, eventually, newFolder, type Outcome, type Product, ROOT, startProduct } from './support/product.ts';

let folder: string;
let product: Product;
let origin: string;
let agent: ChildProcess | undefined;
/** Status of a page of the proxy's own, instead of the server's answer. */
let own: number | undefined;
let handsHostOn = true;
let asked = 0;

const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
  asked++;
  if (own !== undefined) {
    incoming.resume();
    outgoing.writeHead(own, { 'content-type': 'text/html' }).end(`<html><head><title>${own}</title></head></html>`);
    return;
  }
  const { host } = new URL(product.origin);
  const headers = { ...incoming.headers, 'x-forwarded-proto': 'https', ...(handsHostOn ? {} : { host }) };
  const through = request(product.origin, { method: incoming.method, path: incoming.url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
    answer.pipe(outgoing);
  });
  through.on('error', () => outgoing.destroy());
  incoming.pipe(through);
};
const proxy = createServer({ key: KEY, cert: CERTIFICATE }, forward);
const trusted = { NODE_EXTRA_CA_CERTS: '' };

beforeAll(async () => {
  folder = await newFolder();
  trusted.NODE_EXTRA_CA_CERTS = join(folder, 'mirror.crt');
  writeFileSync(trusted.NODE_EXTRA_CA_CERTS, CERTIFICATE);
  product = await startProduct({ folder: join(folder, 'data'), args: ['--no-agent'] });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  origin = `https://localhost:${(proxy.address() as AddressInfo).port}`;
});
afterAll(async () => {
  if (agent?.exitCode === null) {
    agent.kill('SIGKILL');
    await once(agent, 'exit');
  }
  proxy.close();
  proxy.closeAllConnections();
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
});

const query = (text: string, env: NodeJS.ProcessEnv = trusted): Promise<Outcome> =>
  command(['query', text, '--server', origin, '--token-file', join(product.folder, 'token'), '--format', 'csv'], { env });

interface Answered {
  readonly status: number | undefined;
  readonly cookie: string;
  readonly body: string;
}
const browse = (path: string, method: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const asking = secureRequest(`${origin}${path}`, { method, ca: CERTIFICATE, headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
      resolve({ status: answer.statusCode, cookie: String(answer.headers['set-cookie'] ?? ''), body: text });
    });
    asking.on('error', reject).end(body);
  });

test('an agent sends through it; what the proxy answers by itself loses nothing', async () => {
  own = 413;
  const where = ['--server', origin, '--token-file', join(product.folder, 'agent-token'), '--data', join(folder, 'agent')];
  agent = spawn(process.execPath, [join(ROOT, 'app/main.ts'), 'agent', ...where, '--host', 'web-1', '--logs', join(folder, 'none/*.log'), '--no-journal'], {
    env: { PATH: process.env.PATH, ...trusted },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await eventually('the agent says what answers', async () => said.includes('something that is not InfraMirror answers') && said.includes('(413'));
  const first = Date.now();
  own = 502;
  const before = asked;
  await eventually('it asks again', async () => asked > before);
  own = undefined;
  const times = await eventually('what was sampled meanwhile', async () => {
    const found = await product.values('from metrics.system.uptime last 10m | where host == "web-1" | sort time', 'time');
    return found.length > 0 && found;
  });
  expect(Date.parse(String(times[0]))).toBeLessThan(first);
});

test('the command asks through it, and says what stands between', async () => {
  expect(await query('data [{a: 1}]')).toMatchObject({ code: 0, stdout: 'a\n1\n', stderr: '' });
  const distrusting = await query('data [{a: 1}]', {});
  expect(distrusting).toMatchObject({ code: 1, stdout: '' });
  expect(distrusting.stderr).toContain(`the certificate of ${origin} is not trusted: self-signed certificate [command.certificate]\n`);
  expect(distrusting.stderr).toContain('NODE_EXTRA_CA_CERTS=');
  own = 502;
  const away = await query('data [{a: 1}]');
  own = undefined;
  expect(away).toMatchObject({ code: 1, stdout: '' });
  expect(away.stderr).toContain(`something that is not InfraMirror answers at ${origin}, with status 502`);
});

test('--follow waits while the proxy answers for a server that is away', async () => {
  const args = ['query', 'from metrics.system.uptime | select time, value', '--follow', '--server', origin, '--token-file', join(product.folder, 'token')];
  const following = spawn(process.execPath, [join(ROOT, 'app/main.ts'), ...args], {
    env: { PATH: process.env.PATH, ...trusted },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(following, 'exit');
  const heard = { rows: '', said: '' };
  following.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard.rows += text;
  });
  following.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard.said += text;
  });
  await eventually('rows', async () => heard.rows !== '', 60_000);
  own = 502;
  await eventually('it says what answers', async () => heard.said.includes('with status 502; waiting for it'), 60_000);
  own = undefined;
  await eventually('it goes on', async () => heard.said.includes('the server answers again'), 60_000);
  following.kill('SIGINT');
  expect((await ended)[0]).toBe(0);
});

test('a session has a cookie for TLS alone, and asks only where the proxy hands the host on', async () => {
  const { status, cookie } = await browse(`/?token=${product.token}`, 'GET', {});
  expect(status).toBe(303);
  expect(cookie).toContain('; Secure');
  const headers = { cookie: cookie.split(';', 1)[0] ?? '', origin, 'content-type': 'application/json' };
  const ask = (): Promise<Answered> => browse('/graphql', 'POST', headers, '{"query":"{ status { version } }"}');
  expect(await ask()).toMatchObject({ status: 200 });
  handsHostOn = false;
  const refused = await ask();
  handsHostOn = true;
  expect(refused.status).toBe(403);
  expect(refused.body).toContain('access.origin');
});

// The explorer's files, as built into ui/dist, with headers that let nothing else in: only our own scripts, styles and addresses.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../ui/dist', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/** On every answer of the product. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Everything from this address, nothing inline, nothing else: the explorer makes its further styles as constructed style sheets. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Forms of a file that stand beside it, the smallest first. Browsers take `br` over TLS and from this machine. */
const ENCODINGS = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;

/** Answers a GET of the explorer: a file, or the page for any other path. */
export const sendExplorer = (path: string, response: ServerResponse, acceptEncoding = ''): void => {
  const file = fileOf(path);
  if (file === undefined) {
    sendPage(response);
    return;
  }
  const immutable = path.startsWith('/assets/');
  const encoding = ENCODINGS.find(({ name, ending }) => new RegExp(`\\b${name}\\b`).test(acceptEncoding) && existsSync(file + ending));
  const sent = encoding === undefined ? file : file + encoding.ending;
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': statSync(sent).size,
    vary: 'accept-encoding',
    ...(encoding === undefined ? {} : { 'content-encoding': encoding.name }),
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  createReadStream(sent).pipe(response);
};

/** A file below the folder; nothing that leads out of it. */
const fileOf = (path: string): string | undefined => {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0') || decoded === '/' || decoded === '/index.html') return undefined;
  const file = normalize(join(DIST, decoded));
  if (!file.startsWith(DIST + sep) || !existsSync(file) || !statSync(file).isFile()) return undefined;
  return file;
};

const sendPage = (response: ServerResponse): void => {
  const index = join(DIST, 'index.html');
  if (!existsSync(index)) {
    response.writeHead(503, { ...SAFE_HEADERS, 'content-type': 'text/plain; charset=utf-8' });
    response.end('The explorer is not built yet: `npm start` builds it. GraphQL answers at /graphql.\n');
    return;
  }
  response.writeHead(200, { ...SAFE_HEADERS, 'content-type': TYPES['.html'] as string, 'cache-control': 'no-store', 'content-security-policy': POLICY });
  response.end(readFileSync(index));
};

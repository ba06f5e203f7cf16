// Every form of log line that is promised, each without and with the traces of six languages behind it, through the reader that reads it:
// one row an entry, with its body, severity, time, service and attributes, and the entry as it was written.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { Mask } from '../mask/mask.ts';
import { Followed } from '../testing/followed.ts';
import { recorded, standInJournal } from '../testing/journalctl.ts';
import { kept } from '../testing/kept.ts';
import { TRACES } from '../testing/traces.ts';
import { LogFailures } from './failures.ts';
import { Journal } from './journal.ts';
import { LogBatch } from './log-batch.ts';

/** A whole minute ago, so that none is of another day's clock than it says. */
const AT = new Date(Date.now() - 60_000);
const MS = BigInt(AT.getTime()) * 1_000_000n;
const SECOND = (MS / 1_000_000_000n) * 1_000_000_000n;
const two = (n: number): string => String(n).padStart(2, '0');
const MONTH = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const [DATE, CLOCK] = [
  [AT.getFullYear(), AT.getMonth() + 1, AT.getDate()].map(two).join('-'),
  [AT.getHours(), AT.getMinutes(), AT.getSeconds()].map(two).join(':'),
];
const FRACTION = String(AT.getMilliseconds()).padStart(3, '0');
const ISO = AT.toISOString();
const NANOS = ISO.replace('Z', '456789Z');
const ACCESS = `${two(AT.getUTCDate())}/${MONTH[AT.getUTCMonth()]}/${AT.getUTCFullYear()}:${ISO.slice(11, 19)} +0000`;

interface Row {
  readonly body: string;
  readonly severity: string | null;
  readonly time: bigint;
  readonly service: string | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly numbers?: Readonly<Record<string, number>>;
}
interface Form {
  readonly file?: string;
  /** The lines of one entry: `message` may have several. */
  readonly entry: (message: string) => string;
  readonly row: (message: string) => Row;
  /** It can hold no trace. */
  readonly bare?: true;
  /** What of the entry is the log's own: what a container runtime put around it is not. */
  readonly inner?: (message: string) => string;
}

const error = { severity: 'error', service: null, time: MS } as const;
const json = (object: (message: string) => Readonly<Record<string, unknown>>, row: Omit<Row, 'body'>): Form => ({
  entry: (message) => JSON.stringify(object(message)),
  row: (body) => ({ body, ...row }),
});
const lines = (head: string, row: Omit<Row, 'body'>): Form => ({ entry: (message) => `${head}${message}`, row: (body) => ({ body, ...row }) });
const ID = 'ab'.repeat(32);
const wrapped = (file: string, around: (line: string) => string, attributes: Readonly<Record<string, string>>, service: string): Form => ({
  file,
  entry: (message) => `ERROR in cart: ${message}`.split('\n').map(around).join('\n'),
  inner: (message) => `ERROR in cart: ${message}`,
  row: (message) => ({ body: `ERROR in cart: ${message}`, severity: 'error', service, time: MS + 456_789n, attributes }),
});

const FORMS: Readonly<Record<string, Form>> = {
  logback: lines(`${DATE} ${CLOCK}.${FRACTION} [main] ERROR c.e.App - `, { ...error, attributes: { thread: 'main', logger: 'c.e.App' } }),
  'logback, only a clock': lines(`${CLOCK}.${FRACTION} [main] ERROR c.e.App -- `, { ...error, attributes: { thread: 'main', logger: 'c.e.App' } }),
  log4j: lines(`${DATE} ${CLOCK},${FRACTION} ERROR [main] c.e.App - `, { ...error, attributes: { thread: 'main', logger: 'c.e.App' } }),
  'zap, console': lines(`${ISO}\tERROR\tshop\tcart/cart.go:12\t`, { ...error, attributes: { logger: 'shop', caller: 'cart/cart.go:12' } }),
  'log4j, JSON': json(
    (message) => ({ instant: { epochSecond: Number(SECOND / 1_000_000_000n), nanoOfSecond: 123_456_789 }, level: 'ERROR', loggerName: 'a.B', message }),
    {
      ...error,
      time: SECOND + 123_456_789n,
      attributes: { loggerName: 'a.B' },
      numbers: { 'instant.epochSecond': Number(SECOND / 1_000_000_000n), 'instant.nanoOfSecond': 123_456_789 },
    },
  ),
  'zap, JSON': json((msg) => ({ level: 'error', ts: AT.getTime() / 1000, caller: 'a.go:1', msg, n: 1 }), {
    ...error,
    attributes: { caller: 'a.go:1' },
    numbers: { n: 1 },
  }),
  zerolog: json((message) => ({ level: 'error', service: 'shop', user: 'a', time: ISO, message }), { ...error, service: 'shop', attributes: { user: 'a' } }),
  bunyan: json((msg) => ({ name: 'shop', hostname: 'web-1', pid: 7, level: 50, msg, time: ISO, v: 0 }), {
    ...error,
    service: 'shop',
    attributes: { hostname: 'web-1' },
    numbers: { pid: 7, v: 0 },
  }),
  pino: json((msg) => ({ level: 50, time: AT.getTime(), pid: 7, hostname: 'web-1', req: { id: 'x', method: 'GET' }, msg }), {
    ...error,
    attributes: { hostname: 'web-1', 'req.id': 'x', 'req.method': 'GET' },
    numbers: { pid: 7 },
  }),
  'nginx error': lines(`${DATE.replaceAll('-', '/')} ${CLOCK} [error] 31#32: *7 `, {
    ...error,
    time: SECOND,
    attributes: {},
    numbers: { pid: 31, connection: 7 },
  }),
  PostgreSQL: lines(`${DATE} ${CLOCK}.${FRACTION} [77] joe@shop ERROR:  `, {
    ...error,
    attributes: { user: 'joe', database: 'shop' },
    numbers: { pid: 77 },
  }),
  'syslog, RFC 3164': lines(`<11>${MONTH[AT.getMonth()]} ${String(AT.getDate()).padStart(2)} ${CLOCK} web-1 shop[7]: `, {
    severity: 'error',
    service: 'shop',
    time: SECOND,
    attributes: { 'syslog.host': 'web-1' },
    numbers: { pid: 7 },
  }),
  'syslog, RFC 5424': lines(`<11>1 ${NANOS} web-1 shop 7 ID1 [a@1 b="c"] `, {
    severity: 'error',
    service: 'shop',
    time: MS + 456_789n,
    attributes: { 'syslog.host': 'web-1', message_id: 'ID1', b: 'c' },
    numbers: { pid: 7 },
  }),
  CRI: wrapped(
    `containers/web-1_shop_cart-${ID}.log`,
    (line) => `${NANOS} stderr F ${line}`,
    { 'log.iostream': 'stderr', 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'web-1', 'k8s.container.name': 'cart', 'container.id': ID },
    'cart',
  ),
  'Docker json-file': wrapped(
    `containers/${ID}/${ID}-json.log`,
    (line) => JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: NANOS }),
    { 'log.iostream': 'stdout', 'container.id': ID },
    '',
  ),
  'access log, common': {
    entry: () => `10.0.0.1 - joe [${ACCESS}] "GET /a?b=c HTTP/1.1" 503 2326`,
    row: () => ({
      body: `10.0.0.1 - joe [${ACCESS}] "GET /a?b=c HTTP/1.1" 503 2326`,
      ...error,
      time: SECOND,
      attributes: { client: '10.0.0.1', user: 'joe', method: 'GET', path: '/a?b=c', protocol: 'HTTP/1.1' },
      numbers: { status: 503, bytes: 2326 },
    }),
    bare: true,
  },
  'access log, combined': {
    entry: () => `::1 - - [${ACCESS}] "POST /x HTTP/2.0" 404 - "https://a/" "curl/8 \\"x\\""`,
    row: () => ({
      body: `::1 - - [${ACCESS}] "POST /x HTTP/2.0" 404 - "https://a/" "curl/8 \\"x\\""`,
      severity: 'warn',
      service: null,
      time: SECOND,
      attributes: { client: '::1', method: 'POST', path: '/x', protocol: 'HTTP/2.0', referrer: 'https://a/', user_agent: 'curl/8 \\"x\\"' },
      numbers: { status: 404 },
    }),
    bare: true,
  },
};

/** The message alone, then with each trace. */
const MESSAGES = ['boom', ...[...TRACES.values()].map((trace) => ['boom', ...trace].join('\n'))];

let logs: Followed;
beforeEach(() => {
  logs = new Followed();
});
afterEach(() => logs.close());

const rowsOf = (column: (name: string) => readonly unknown[]): Row[] =>
  column('body').map((body, i) => {
    const numbers = Object.fromEntries(column('numbers')[i] as Map<string, number>);
    return {
      body: body as string,
      severity: column('severity')[i] as string | null,
      time: column('time')[i] as bigint,
      service: column('service')[i] as string | null,
      attributes: Object.fromEntries(column('attributes')[i] as Map<string, string>),
      ...(Object.keys(numbers).length === 0 ? {} : { numbers }),
    };
  });

test.each(Object.entries(FORMS))('%s', async (_, { file = 'a.log', entry, row, bare, inner = entry }) => {
  const messages = bare === true ? MESSAGES.slice(0, 1) : MESSAGES;
  mkdirSync(dirname(logs.path(file)), { recursive: true });
  logs.write(file, ...messages.map(entry));
  logs.start();
  await logs.round();
  expect(rowsOf((name) => logs.column(name))).toEqual(messages.map((message) => ({ ...row(message), service: row(message).service || null })));
  expect(logs.whole).toEqual(messages.map(inner));
  expect(logs.failures.all).toEqual([]);
});

test('systemd’s journal, as journalctl -o json prints it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'every-format-'));
  const write = standInJournal(folder);
  const batches: Batch[] = [];
  const failures = new LogFailures(silentLogger, () => undefined);
  const options = { root: folder, joinMs: 200, failures, leftOut: () => undefined, command: join(folder, 'journalctl') };
  const journal = new Journal(options, new LogBatch('h', failures, new Mask(true, [])), (batch) => void batches.push(kept(batch.take().batch)), []);
  const column = (name: string): unknown[] => batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => valueAt(columnOf(batch, name), i)));
  let n = 0;
  const time = String(MS / 1000n);
  const entry = (pid: number, MESSAGE: string): string => recorded(n++, { MESSAGE, PRIORITY: '3', _PID: String(pid), __REALTIME_TIMESTAMP: time });
  try {
    // A line an entry, as a program's output becomes them, and all lines in one.
    write(
      ...MESSAGES.flatMap((message, i) =>
        `ERROR in cart: ${message}`
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => entry(i, line)),
      ),
    );
    write(...MESSAGES.map((message, i) => entry(100 + i, `ERROR in cart: ${message}`)));
    journal.start();
    for (let i = 0; i < 1000 && column('body').length < 2 * MESSAGES.length; i++) {
      journal.poll(Date.now(), () => false);
      await sleep(20);
    }
    const row = (body: string, pid: number): Row => ({
      body,
      severity: 'error',
      time: MS,
      service: 'shop',
      attributes: { 'systemd.unit': 'shop.service', 'journal.transport': 'stdout' },
      numbers: { pid },
    });
    expect(rowsOf(column)).toEqual([
      ...MESSAGES.map((message, i) => row(`ERROR in cart: ${message.replaceAll(/\n+/g, '\n')}`, i)),
      ...MESSAGES.map((message, i) => row(`ERROR in cart: ${message}`, 100 + i)),
    ]);
    expect(failures.all).toEqual([]);
  } finally {
    await journal.stop();
    rmSync(folder, { recursive: true });
  }
});

// Lines as real programs write them: what is found in each, and that no line whatever makes a format fail.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTime, millisFromNanos } from '../../../core/time.ts';
import { parseEntry } from './list.ts';
import { newLine, type ParsedLine } from './parsed-line.ts';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);
/** No format may throw. */
const failed = (format: string, error: unknown): never => {
  throw new Error(`${format} failed`, { cause: error });
};
const parseLine = (line: string): ParsedLine => {
  const into = newLine();
  parseEntry(line, into, NOW, failed);
  return into;
};
const found = (line: string): Record<string, unknown> => {
  const { time, attributes, numbers, headed: _, message: __, dropped, ...rest } = parseLine(line);
  return {
    ...rest,
    ...(dropped === 0 ? {} : { dropped }),
    ...(time === undefined ? {} : { time: formatTime(time) }),
    ...Object.fromEntries(attributes),
    ...Object.fromEntries(numbers),
  };
};
/** The time of a line written in this machine's zone. */
const local = (...at: [number, number, number, number, number, number]): string => new Date(...at).toISOString();

test.each<[name: string, line: string, expected: Record<string, unknown>]>([
  [
    'syslog 3164',
    '<34>Nov 20 22:14:15 mymachine su[17]: failed for lonvick on /dev/pts/8',
    { time: local(2026, 10, 20, 22, 14, 15), severity: 'fatal', service: 'su', pid: 17, 'syslog.host': 'mymachine' },
  ],
  [
    'syslog 3164 in a file',
    'Nov  2 01:02:03 web-1 CRON[123]: (root) CMD (x)',
    { time: local(2026, 10, 2, 1, 2, 3), service: 'CRON', pid: 123, 'syslog.host': 'web-1' },
  ],
  [
    'syslog of last December',
    'Dec 31 23:59:59 web-1 kernel: error: bad page',
    { time: local(2025, 11, 31, 23, 59, 59), service: 'kernel', severity: 'error', 'syslog.host': 'web-1' },
  ],
  [
    'syslog 5424',
    '<165>1 2026-10-11T22:14:15.003456789+02:00 web-1 app 88 ID47 [ex@32473 iut="3" note="a \\"b\\" \\]"][x y="z"] hello',
    {
      time: '2026-10-11T20:14:15.003456789Z',
      severity: 'info',
      service: 'app',
      pid: 88,
      message_id: 'ID47',
      iut: 3,
      note: 'a "b" ]',
      y: 'z',
      'syslog.host': 'web-1',
    },
  ],
  ['syslog 5424 of nothing', '<11>1 - - - - - - text', { severity: 'error', 'syslog.host': '-' }],
  [
    'rsyslog with an ISO time',
    '2026-11-20T10:00:00.123456+00:00 web-1 sshd[42]: error: no key',
    { time: '2026-11-20T10:00:00.123456Z', service: 'sshd', pid: 42, severity: 'error', 'syslog.host': 'web-1' },
  ],
  [
    'syslog with JSON in it',
    '2026-11-20T10:00:00Z web-1 app: {"level":"warn","user_id":7}',
    { time: '2026-11-20T10:00:00.000Z', service: 'app', severity: 'warn', user_id: 7, 'syslog.host': 'web-1' },
  ],
  [
    'JSON',
    '{"time":"2026-11-20T10:00:00.5Z","level":"ERROR","msg":"no","service":"shop","trace_id":"ab","span_id":"cd","http":{"status":503,"path":"/x"},"ok":false,"tags":["a"],"__proto__":{"x":1},"nothing":null}',
    {
      time: '2026-11-20T10:00:00.500Z',
      severity: 'error',
      service: 'shop',
      traceId: 'ab',
      spanId: 'cd',
      'http.status': 503,
      'http.path': '/x',
      ok: 'false',
      tags: '["a"]',
      '__proto__.x': 1,
    },
  ],
  ['JSON of pino', '{"level":40,"time":1790000000123,"pid":1,"msg":"x"}', { time: '2026-09-21T14:13:20.123Z', severity: 'warn', pid: 1 }],
  ['JSON of zap', '{"level":"info","ts":1790000000.25,"caller":"a.go:1"}', { time: '2026-09-21T14:13:20.250Z', severity: 'info', caller: 'a.go:1' }],
  [
    'logfmt',
    'time=2026-11-20T10:00:00Z level=warn msg="slow query" duration=1.5 id=007 rows=12 empty= caller=a/b.go:3',
    { time: '2026-11-20T10:00:00.000Z', severity: 'warn', duration: 1.5, id: '007', rows: 12, caller: 'a/b.go:3' },
  ],
  [
    'logfmt with quotes in quotes',
    'ts=1790000000 level=info q="a \\"b\\" c" user="12"',
    { time: '2026-09-21T14:13:20.000Z', severity: 'info', q: 'a "b" c', user: '12' },
  ],
  [
    'common log',
    '10.0.0.1 - frank [20/Nov/2026:13:55:36 +0100] "GET /a?b=c HTTP/1.1" 200 2326',
    {
      time: '2026-11-20T12:55:36.000Z',
      severity: 'info',
      client: '10.0.0.1',
      user: 'frank',
      method: 'GET',
      path: '/a?b=c',
      protocol: 'HTTP/1.1',
      status: 200,
      bytes: 2326,
    },
  ],
  [
    'combined log of an error',
    '::1 - - [20/Nov/2026:13:55:36 +0000] "POST /x HTTP/2.0" 502 - "https://a/" "curl/8 \\"x\\""',
    {
      time: '2026-11-20T13:55:36.000Z',
      severity: 'error',
      client: '::1',
      method: 'POST',
      path: '/x',
      protocol: 'HTTP/2.0',
      status: 502,
      referrer: 'https://a/',
      user_agent: 'curl/8 \\"x\\"',
    },
  ],
  [
    'log4j',
    '2026-11-20 10:00:00,123 WARN  [main] c.e.App - slow',
    { time: new Date(2026, 10, 20, 10, 0, 0, 123).toISOString(), severity: 'warn', logger: 'c.e.App', thread: 'main' },
  ],
  ['log4j with a word and a colon', '2026-11-20 10:00:00,123 ERROR db: lost', { time: new Date(2026, 10, 20, 10, 0, 0, 123).toISOString(), severity: 'error' }],
  ['PostgreSQL', '2026-11-20 10:00:00.123 UTC [123] LOG:  checkpoint starting', { time: '2026-11-20T10:00:00.123Z', severity: 'info', pid: 123 }],
  ['nginx error', '2026/11/20 10:00:00 [error] 12#0: *1 open() failed', { time: local(2026, 10, 20, 10, 0, 0), severity: 'error', pid: 12, connection: 1 }],
  [
    'Apache error',
    '[Fri Nov 20 10:00:00.123456 2026] [core:error] [pid 1] x',
    { time: new Date(2026, 10, 20, 10, 0, 0, 123).toISOString().replace('123Z', '123456Z'), severity: 'error', module: 'core', pid: 1 },
  ],
  [
    'klog',
    'E1120 10:00:00.123456   77 file.go:12] it broke',
    { time: new Date(2026, 10, 20, 10, 0, 0, 123).toISOString().replace('123Z', '123456Z'), severity: 'error', thread: 77, caller: 'file.go:12' },
  ],
  ['dpkg', '2026-11-20 10:00:00 status installed libc6:amd64 2.41', { time: local(2026, 10, 20, 10, 0, 0) }],
  ['the beginning of what apt did', 'Start-Date: 2026-08-28  16:05:02', { time: local(2026, 7, 28, 16, 5, 2) }],
  [
    'what apt did',
    'Start-Date: 2026-08-28  16:05:02\nCommandline: apt-get -y upgrade\nUpgrade: a:amd64 (1, 2)\nEnd-Date: 2026-08-28  16:06:00',
    { time: local(2026, 7, 28, 16, 5, 2) },
  ],
  ['apt’s terminal', 'Log started: 2026-08-28  16:05:02', { time: local(2026, 7, 28, 16, 5, 2) }],
  ['update-alternatives', 'update-alternatives 2026-08-28 16:05:02: run with --install a b 10', { time: local(2026, 7, 28, 16, 5, 2) }],
  ['a level before the time', 'WARN 2026-11-20T10:00:00Z slow', { time: '2026-11-20T10:00:00.000Z', severity: 'warn' }],
  [
    'a thread and a program before the time',
    '[main] web.app: 2026-11-20T10:00:00Z ERROR lost a=1 b=2',
    { time: '2026-11-20T10:00:00.000Z', severity: 'error' },
  ],
  ['a sentence that speaks of a time', 'restored the copy of 2026-11-19 10:00:00 to disk', {}],
  ['a time to come behind a word', 'until 2026-12-24 10:00:00 it waits', {}],
  ['a time far behind a word', `x${' '.repeat(64)}2026-11-19 10:00:00`, {}],
  ['logfmt with an id that is none', `a=1 trace_id=${'x'.repeat(300)} span_id=ok`, { a: 1, trace_id: 'x'.repeat(300), spanId: 'ok' }],
  ['JSON with names that are no text', '{"\\ud800a":1,"\\ud801a":2,"b":"\\ud800","trace_id":"\\udc00"}', { b: '\ufffd', trace_id: '\ufffd' }],
  ['bracketed ISO', '[2026-11-20T10:00:00Z] INFO ready', { time: '2026-11-20T10:00:00.000Z', severity: 'info' }],
  ['ISO with pairs', '2026-11-20T10:00:00Z level=debug a=1', { time: '2026-11-20T10:00:00.000Z', severity: 'debug', a: 1 }],
  ['words only', 'Warning: disk is nearly full', { severity: 'warn' }],
  ['a line without anything', 'hello world', {}],
  ['a level in the middle of a sentence', 'all errors were information about debug builds', {}],
  ['a time that does not exist', '2026-13-45 10:00:00 x', {}],
  ['a time in 2200, kept as text', '{"time":"2200-01-01T00:00:00Z","a":1}', { time: '2200-01-01T00:00:00Z', a: 1 }],
  ['JSON that is cut', '{"level":"error","x":', {}],
])('%s', (_, line, expected) => {
  expect(found(line)).toEqual(expected);
});

test('numbers that no reading can be are left in the line', () => {
  expect(found('{"level":"info","a":1e999,"b":-1e300,"c":1e140,"d":7}')).toEqual({ severity: 'info', c: 1e140, d: 7 });
  expect(found('level=warn a=1e200 b=2')).toEqual({ severity: 'warn', b: 2 });
});

test('no line makes a format fail, take long or bring a time out of range', () => {
  const pieces = fc.constantFrom(
    '<34>',
    '<165>1 ',
    'Nov 20 22:14:15 ',
    '2026-11-20T10:00:00Z ',
    'host ',
    'a[1]: ',
    '{"a":',
    '"',
    '\\',
    '}',
    'x=',
    ' [',
    '] ',
    ' - ',
    '"GET / HTTP/1.1" 200 5',
    '[20/Nov/2026:13:55:36 +0000] ',
    '\u0000',
    'ERROR',
    '9999999999999999999',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 30 }), (parts) => {
      const { time, attributes, numbers } = parseLine(parts.join(''));
      if (time !== undefined) expect(millisFromNanos(time)).toBeLessThan(Date.UTC(2200, 0, 1));
      expect(attributes.size + numbers.size).toBeLessThanOrEqual(64);
    }),
    { numRuns: 2000 },
  );
});

test('lines made to be slow are not', () => {
  const hostile = [
    'x='.repeat(30_000),
    `a="${'\\"'.repeat(30_000)}`,
    `<1>1 - - - - - ${'[a b="c"]'.repeat(8000)}`,
    `1 - - [20/Nov/2026:13:55:36 +0000] "${'\\'.repeat(60_000)}`,
    `{"a":${'['.repeat(60_000)}`,
    ' '.repeat(60_000),
    '[ERR'.repeat(15_000),
  ];
  const began = process.cpuUsage();
  for (const line of hostile) parseLine(line);
  expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
});

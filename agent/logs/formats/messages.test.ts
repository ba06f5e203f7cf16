// The message of an entry, its level and what stands around it, in the forms that programs of many languages write; none is parsed twice into one field.
import { expect, test } from 'vitest';
import { parseEntry } from './list.ts';
import { newLine } from './parsed-line.ts';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);
const read = (entry: string): Record<string, unknown> => {
  const into = newLine();
  parseEntry(entry, into, NOW, (format, error) => {
    throw new Error(`${format} failed`, { cause: error });
  });
  const { attributes, numbers, severity, service, message } = into;
  return { message: message ?? '(the whole)', severity, service, ...Object.fromEntries(attributes), ...Object.fromEntries(numbers) };
};
const none = { severity: undefined, service: undefined };

test.each<[name: string, entry: string, expected: Record<string, unknown>]>([
  [
    'zap, JSON',
    '{"level":"dpanic","ts":1790000000.25,"caller":"a.go:1","msg":"it broke","n":1}',
    { message: 'it broke', severity: 'fatal', caller: 'a.go:1', n: 1 },
  ],
  [
    'zap, console',
    '2026-11-20T10:00:00.123Z\tERROR\tshop.cart\tcart/cart.go:12\tno room\t{"items": 7}',
    { message: 'no room', severity: 'error', logger: 'shop.cart', caller: 'cart/cart.go:12', items: 7 },
  ],
  [
    'zap, console, without a place, in colours',
    '2026-11-20T10:00:00.123+0100\t\u001b[34mINFO\u001b[0m\tready\t{"port": 80}\nmain.main\n\t/app/main.go:7',
    { message: 'ready\nmain.main\n\t/app/main.go:7', severity: 'info', port: 80 },
  ],
  ['zerolog', '{"level":"warn","user":"a","time":"2026-11-20T10:00:00Z","message":"slow"}', { message: 'slow', severity: 'warn', user: 'a' }],
  [
    'bunyan',
    '{"name":"shop","hostname":"h","pid":7,"level":50,"msg":"no","time":"2026-11-20T10:00:00.1Z","v":0}',
    { message: 'no', severity: 'error', service: 'shop', hostname: 'h', pid: 7, v: 0 },
  ],
  ['pino', '{"level":60,"time":1790000000123,"pid":7,"hostname":"h","msg":"gone"}', { message: 'gone', severity: 'fatal', pid: 7, hostname: 'h' }],
  [
    'logback, JSON with its trace',
    `{"@timestamp":"2026-11-20T10:00:00Z","message":"no","logger_name":"c.e.App","level":"ERROR","level_value":40000,"stack_trace":"${'at x\\n'.repeat(1000)}"}`,
    { message: 'no', severity: 'error', logger_name: 'c.e.App', level_value: 40000, stack_trace: 'at x\n'.repeat(1000) },
  ],
  [
    'log4j, JSON',
    '{"instant":{"epochSecond":1790000000,"nanoOfSecond":5000000},"thread":"main","level":"INFO","loggerName":"a.B","message":"up"}',
    { message: 'up', severity: 'info', thread: 'main', loggerName: 'a.B', 'instant.epochSecond': 1790000000, 'instant.nanoOfSecond': 5000000 },
  ],
  ['JSON behind a byte order mark', '\ufeff{"msg":"up","level":"info"}', { message: 'up', severity: 'info' }],
  ['structlog', '{"event":"signed in","level":"info","user":"a"}', { message: 'signed in', severity: 'info', user: 'a' }],
  ['GELF', '{"version":"1.1","host":"h","short_message":"bad","level":3}', { message: 'bad', severity: 'error', version: '1.1', host: 'h' }],
  [
    'names for one thing with values of their own',
    '{"msg":"m","service":"checkout","application":"shop","container_name":"c1","app":"checkout","name":"n","v":0,"hostname":"h"}',
    { ...none, message: 'm', service: 'checkout', application: 'shop', container_name: 'c1', name: 'n', v: 0, hostname: 'h' },
  ],
  ['logfmt with two services', 'msg=m service=a app=b', { ...none, message: 'm', service: 'a', app: 'b' }],
  ['an event that is no message', '{"event":"click","msg":"m"}', { ...none, message: 'm', event: 'click' }],
  ['two messages', '{"msg":"first","@message":"second"}', { ...none, message: 'first', '@message': 'second' }],
  ['a message that is empty', '{"msg":" ","a":1}', { ...none, message: '(the whole)', msg: ' ', a: 1 }],
  ['an object over lines', '{\n  "level": "error",\n  "msg": "no"\n}', { message: 'no', severity: 'error' }],
  ['logfmt', 'level=warn msg="slow query" rows=12', { message: 'slow query', severity: 'warn', rows: 12 }],
  ['logfmt without a message', 'level=warn rows=12', { message: '(the whole)', severity: 'warn', rows: 12 }],
  [
    'logback by default',
    '10:00:00.123 [main] WARN  com.example.App -- low on room',
    { message: 'low on room', severity: 'warn', thread: 'main', logger: 'com.example.App' },
  ],
  [
    'log4j 2 with a trace',
    '2026-11-20 10:00:00,123 [pool-1] ERROR c.e.App - boom\njava.lang.Error: x\n\tat a.B(C.java:1)',
    { message: 'boom\njava.lang.Error: x\n\tat a.B(C.java:1)', severity: 'error', thread: 'pool-1', logger: 'c.e.App' },
  ],
  [
    'Spring Boot',
    '2026-11-20T10:00:00.123Z  INFO 4711 --- [shop] [           main] c.e.shop.Application              : Started in 2 s',
    { message: 'Started in 2 s', severity: 'info', service: 'shop', pid: 4711, thread: 'main', logger: 'c.e.shop.Application' },
  ],
  [
    'Kafka',
    '[2026-11-20 10:00:00,123] WARN [Broker id=1] Stopped (kafka.server.Broker)',
    { message: '[Broker id=1] Stopped (kafka.server.Broker)', severity: 'warn' },
  ],
  ['Hadoop', '2026-11-20 10:00:00,123 INFO org.apache.hadoop.Node: up', { message: 'up', severity: 'info', logger: 'org.apache.hadoop.Node' }],
  [
    'Elasticsearch',
    '[2026-11-20T10:00:00,123][WARN ][o.e.c.Service    ] [node-1] red',
    { message: 'red', severity: 'warn', logger: 'o.e.c.Service', thread: 'node-1' },
  ],
  ['Python with a format', '2026-11-20 10:00:00,123 - app.db - ERROR - no - really', { message: 'no - really', severity: 'error', logger: 'app.db' }],
  [
    'Python without one',
    'ERROR:root:boom\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: x',
    { message: 'boom\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: x', severity: 'error', logger: 'root' },
  ],
  ['.NET, console', 'fail: Shop.Cart[7]\n      no room', { message: 'no room', severity: 'error', logger: 'Shop.Cart' }],
  ['Ruby', 'E, [2026-11-20T10:00:00.123456 #77] ERROR -- web: no', { message: 'no', severity: 'error', service: 'web', pid: 77 }],
  [
    'PHP',
    '[20-Nov-2026 10:00:00 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 {main}',
    { message: 'PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 {main}', severity: 'error' },
  ],
  [
    'Apache error',
    '[Fri Nov 20 10:00:00.123456 2026] [core:error] [pid 1:tid 2] [client 10.0.0.1:80] no',
    { message: 'no', severity: 'error', module: 'core', pid: 1, client: '10.0.0.1:80' },
  ],
  [
    'nginx error',
    '2026/11/20 10:00:00 [crit] 31#32: *7 connect() failed, client: 10.0.0.1, server: a.b, request: "GET /x, y HTTP/1.1", host: "a.b"',
    {
      message: 'connect() failed, client: 10.0.0.1, server: a.b, request: "GET /x, y HTTP/1.1", host: "a.b"',
      severity: 'fatal',
      pid: 31,
      connection: 7,
      client: '10.0.0.1',
      server: 'a.b',
      request: 'GET /x, y HTTP/1.1',
      host: 'a.b',
    },
  ],
  [
    'PostgreSQL with details',
    '2026-11-20 10:00:00.123 UTC [123] ERROR:  no table\n2026-11-20 10:00:00.123 UTC [123] HINT:  make one\n2026-11-20 10:00:00.123 UTC [123] STATEMENT:  select 1\n\tfrom x',
    { message: 'no table\nHINT:  make one\nSTATEMENT:  select 1\n\tfrom x', severity: 'error', pid: 123 },
  ],
  [
    'PostgreSQL of Debian',
    '2026-11-20 10:00:00.123 CET [123] joe@shop FATAL:  no',
    { message: 'no', severity: 'fatal', pid: 123, user: 'joe', database: 'shop' },
  ],
  [
    'PostgreSQL of RDS',
    '2026-11-20 10:00:00 UTC:10.0.0.1(5432):joe@shop:[123]:LOG:  ok',
    { message: 'ok', severity: 'info', client: '10.0.0.1(5432)', user: 'joe', database: 'shop', pid: 123 },
  ],
  ['syslog', '<11>Nov 20 22:14:15 web-1 app[7]: it broke', { message: 'it broke', severity: 'error', service: 'app', pid: 7, 'syslog.host': 'web-1' }],
  [
    'syslog with JSON in it',
    '2026-11-20T10:00:00+00:00 web-1 app: {"level":"warn","msg":"slow","n":1}',
    { message: 'slow', severity: 'warn', service: 'app', 'syslog.host': 'web-1', n: 1 },
  ],
  [
    'dpkg: a package is no service',
    '2026-11-20 10:00:00 install libgtk-3-0:amd64 <none> 3.24.49',
    { ...none, message: 'install libgtk-3-0:amd64 <none> 3.24.49' },
  ],
  ['dpkg, another', '2026-11-20 10:00:00 status installed libc6:amd64 2.41', { ...none, message: 'status installed libc6:amd64 2.41' }],
  ['words before a colon stay', '2026-11-20T10:00:00Z ERROR connection: refused', { message: 'connection: refused', severity: 'error', service: undefined }],
  ['a head without a message', '2026-11-20T10:00:00Z ERROR', { message: '(the whole)', severity: 'error', service: undefined }],
  ['colours in a text without a head', '\u001b[31mred\u001b[0m', { ...none, message: '(the whole)' }],
])('%s', (_, entry, expected) => {
  expect(read(entry)).toMatchObject(expected);
});

test('a long text is looked into near its beginning, and kept whole', () => {
  const text = 'x'.repeat(40_000);
  expect(read(`2026-11-20T10:00:00Z ERROR ${text}`).message).toBe(text);
});

test('attributes beyond 64 are counted, whatever their names', () => {
  const into = newLine();
  const names = ['time', 'severity', 'body', 'raw', 'service', 'host', 'source', 'trace_id', 'span_id', 'attributes', 'numbers', 'region', 'insert'];
  const all = [...names, ...Array.from({ length: 10_000 }, (_, i) => `a${i}`)];
  for (const line of [JSON.stringify(Object.fromEntries(all.map((name, i) => [name, `v${i}`]))), all.map((name, i) => `${name}=v${i}`).join(' ')]) {
    parseEntry(line, into, NOW, () => undefined);
    expect(into.attributes.size + into.numbers.size).toBe(64);
    expect(into.attributes.get('body')).toBe('v2');
    expect(into.attributes.get('region')).toBe('v11');
    expect(into.dropped).toBeGreaterThan(line.startsWith('{') ? 9900 : 1000);
  }
});

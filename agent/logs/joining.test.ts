// Stack traces and other continuations become one entry with their line: of each language, across reads, rotation, kills, in bounded pieces.
// Real files and the real tailer; the record of positions is the test's own.
import { copyFileSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Followed, laterByFiles } from '../testing/followed.ts';
import { YESTERDAY_OF_PHP } from '../testing/yesterday.ts';

let logs: Followed;
/** Reads at once, before the time to wait is over. */
const glance = (): Promise<void> => logs.round(10);
beforeEach(() => {
  logs = new Followed();
});
afterEach(() => logs.close());

const stamp = (): string => new Date(logs.at).toISOString().replace('T', ' ').replace('Z', '').replace('.', ',');
const iso = (): string => new Date(logs.at).toISOString();
const TRACES: readonly (readonly [name: string, entry: () => string])[] = [
  [
    'Java',
    () =>
      `${stamp()} ERROR [main] c.e.App - boom\njava.lang.IllegalStateException: no\n\tat c.e.App.run(App.java:7)\n\tSuppressed: java.io.IOException: a\n\t\tat c.e.B.close(B.java:1)\nCaused by: java.lang.NullPointerException\n\tat c.e.C.d(C.java:3)\n\t... 5 more`,
  ],
  ['Java without a head', () => 'Exception in thread "main" java.lang.Error: x\n\tat a.B.c(D.java:1)\nCaused by: java.lang.Error: y\n\t... 1 more'],
  [
    'Python',
    () =>
      `${stamp()} ERROR app: failed\nTraceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    g()\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "/app/a.py", line 5, in <module>\n    f()\napp.errors.Failed: no`,
  ],
  [
    'Python without a head',
    () => 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in <module>\n    1/0\n    ~^~\nZeroDivisionError: division by zero',
  ],
  [
    'Node',
    () =>
      `${iso()} error: failed\nTypeError: x is not a function\n    at f (/app/a.js:1:2)\n    at node:internal/main:1:1 {\n  code: 'E',\n  [cause]: Error: b\n      at g (/app/b.js:2:3)\n}`,
  ],
  [
    'Go',
    () =>
      'panic: runtime error: index out of range [recovered]\n\tpanic: again\n\ngoroutine 1 [running]:\nmain.(*T).run(0xc000012345, {0x1, 0x2})\n\t/app/main.go:12 +0x1d\nmain.main()\n\t/app/main.go:7 +0x20\ncreated by main.start in goroutine 1\n\t/app/main.go:9 +0x33\nexit status 2',
  ],
  [
    'Go behind a line',
    () =>
      `${iso().slice(0, 19).replaceAll('-', '/').replace('T', ' ')} http: panic serving 10.0.0.1:1: no\ngoroutine 7 [running]:\nnet/http.(*conn).serve.func1()\n\t/go/server.go:1 +0x1`,
  ],
  ['zap', () => `${iso()}\terror\ta/b.go:3\tno\t{"n": 1}\ngithub.com/a/b.(*T).Do\n\t/app/b.go:3\nmain.main\n\t/app/main.go:7`],
  ['Ruby', () => `E, [${iso().slice(0, 23)} #7] ERROR -- : no (RuntimeError)\n/app/a.rb:5:in 'f'\n/app/b.rb:7:in 'block in <main>'`],
  ['Ruby without a head', () => "a.rb:1:in 'f': no (RuntimeError)\n\tfrom a.rb:2:in '<main>'"],
  [
    '.NET',
    () =>
      'fail: Shop.Cart[0]\n      no room\n      System.InvalidOperationException: a\n       ---> System.Exception: b\n         at A.B() in /app/a.cs:line 3\n         --- End of inner exception stack trace ---\n         at A.C() in /app/a.cs:line 4',
  ],
  [
    '.NET without a head',
    () => 'Unhandled exception. System.Exception: no\n   at A.B() in /app/a.cs:line 3\n--- End of stack trace from previous location ---\n   at A.C()',
  ],
  [
    'PHP',
    () =>
      `[${YESTERDAY_OF_PHP} 10:00:00 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 /a.php(7): f()\n#1 {main}\n  thrown in /a.php on line 3`,
  ],
  [
    'Rust',
    () =>
      "thread 'main' panicked at src/main.rs:2:5:\n  no\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/library/std/src/panicking.rs:1:1\nnote: run with `RUST_BACKTRACE=1`",
  ],
  [
    'PostgreSQL',
    () =>
      `${stamp().replace(',', '.')} UTC [77] joe@shop ERROR:  no table\n${stamp().replace(',', '.')} UTC [77] joe@shop DETAIL:  none\n${stamp().replace(',', '.')} UTC [77] joe@shop STATEMENT:  select 1\n\tfrom x`,
  ],
  ['an object over lines', () => `{\n  "level": "error",\n  "msg": "no",\n  "list": [\n    1\n  ]\n}`],
  ['indented text', () => `${iso()} INFO settings:\n  a: 1\n    b: 2\n\n  c: 3`],
];

describe('continuation lines', () => {
  test.each(TRACES)('of %s are one entry, whatever stands around it', async (_, entry) => {
    const [text, before, after] = [entry(), `${iso()} INFO before`, `${iso()} INFO after`];
    logs.append('a.log', `${before}\n${text}\n${after}\n${text}\n`);
    logs.start({ joinMs: 500 });
    await glance();
    await logs.round();
    expect(logs.whole).toEqual([before, text, after, text]);
    expect(logs.bodies[1]?.split('\n').length).toBe(
      text.startsWith('{') || text.startsWith('fail:') ? logs.bodies[1]?.split('\n').length : text.split('\n').length,
    );
    expect(logs.column('severity')[1]).toMatch(text.includes('settings') ? /info/ : /error|fatal/);
  });

  test.each([
    ['Loading...', 'www.example.com', 'server.started', 'done.(1)'],
    ['main.run()', 'x.y'],
  ])('are none that only look like a call: %s', async (...lines) => {
    logs.append('a.log', `${[`${stamp()} starting up`, ...lines].join('\n')}\n`);
    logs.start({ joinMs: 500 });
    await glance();
    await logs.round();
    expect(logs.whole.slice(1)).toEqual(lines);
    expect(logs.column('severity').filter((severity) => severity !== null)).toEqual([]);
  });

  test('of a Go logger have calls without brackets', async () => {
    const entry = `${iso()}\tERROR\tcart/cart.go:12\tno room\nmain.(*Cart).add\n\t/app/cart.go:12\nnet/http.HandlerFunc.ServeHTTP\n\t/go/server.go:2`;
    logs.append('a.log', `${entry}\n${iso()} INFO after\n`);
    logs.start({ joinMs: 500 });
    await glance();
    await logs.round();
    expect(logs.whole[0]).toBe(entry);
  });

  test('of apt’s history are what it did, at the time that the first of them tells', async () => {
    const done = (ago: number): { readonly ms: number; readonly lines: readonly string[] } => {
      const ms = Math.floor(logs.at / 1000) * 1000 - ago;
      const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', '  ');
      return { ms, lines: [`Start-Date: ${local}`, 'Commandline: apt-get -y upgrade', 'Upgrade: a:amd64 (1, 2)', `End-Date: ${local}`] };
    };
    const [first, second] = [done(7_200_000), done(3_600_000)];
    logs.append('history.log', `\n${first.lines.join('\n')}\n\n${second.lines.join('\n')}\n`);
    logs.start({ joinMs: 500 });
    await glance();
    await logs.round();
    await logs.round();
    expect(logs.bodies.map((body) => body.trimEnd())).toEqual([first, second].map(({ lines }) => lines.join('\n')));
    expect(logs.column('time').map(Number)).toEqual([first, second].map(({ ms }) => ms * 1e6));
  });

  test('come in pieces: the entry waits for them in its file, and is delivered when the file is still', async () => {
    const [name, entry] = TRACES[0] as (typeof TRACES)[number];
    expect(name).toBe('Java');
    const text = `${entry()}\n`;
    logs.start({ joinMs: 500 });
    for (const part of text.match(/[\s\S]{1,17}/g) ?? []) {
      logs.append('a.log', part);
      await glance();
      expect(logs.bodies).toEqual([]);
    }
    await logs.round();
    expect(logs.whole).toEqual([text.trimEnd()]);
  });

  test('are in no position that is passed: killed at any moment, each entry comes once', async () => {
    const entries = Array.from(
      { length: 40 },
      (_, i) => `${iso()} ERROR no ${i}\njava.lang.Error: ${i}\n${`\tat a.B${i}.c(D.java:1)\n`.repeat(i % 5)}\tat last`,
    );
    logs.start({ joinMs: 500 });
    for (const [i, entry] of entries.entries()) {
      const lines = `${entry}\n`.match(/[^\n]*\n/g) ?? [];
      for (const line of lines) {
        logs.append('a.log', line);
        if (i % 3 === 0) logs.start({ joinMs: 500 });
        await glance();
      }
      if (i % 8 === 7) renameSync(logs.path('a.log'), logs.path(`a.log.${i}`));
      if (i % 8 === 3) {
        await logs.round();
        await laterByFiles();
        copyFileSync(logs.path('a.log'), logs.path(`a.log.c${i}`));
        await laterByFiles();
        truncateSync(logs.path('a.log'));
      }
    }
    for (let i = 0; i < 4; i++) await logs.round(3000);
    expect(logs.whole.sort()).toEqual(entries.sort());
  });

  test.each([
    ['renamed', (): void => renameSync(logs.path('a.log'), logs.path('a.log.1'))],
    [
      'copied and cut',
      (): void => {
        copyFileSync(logs.path('a.log'), logs.path('a.log.1'));
        truncateSync(logs.path('a.log'));
      },
    ],
  ])('are joined over a rotation: %s', async (_, rotate) => {
    const head = Array.from({ length: 10 }, (_, i) => `${iso()} INFO line ${i} ${'x'.repeat(60)}`);
    const after = `${iso()} INFO after`;
    logs.append('a.log', `${head.join('\n')}\n`);
    logs.start({ joinMs: 500 });
    await logs.round();
    logs.append('a.log', `${iso()} ERROR no\n\tat a\n`);
    await glance();
    rotate();
    logs.append('a.log', `\tat b\nCaused by: c\n${after}\n`);
    await glance();
    logs.start({ joinMs: 500 });
    await glance();
    for (let i = 0; i < 3; i++) await logs.round();
    const joined = logs.whole.filter((e) => e.includes('ERROR') || e.includes('\tat'));
    expect(joined).toHaveLength(1);
    expect(joined[0]).toMatch(/ERROR no\n\tat a\n\tat b\nCaused by: c$/);
    expect(logs.whole).toHaveLength(12);
  });

  test('of ten megabytes are pieces in order, each as long as a line may be, nothing lost', { timeout: 60_000 }, async () => {
    const head = `${iso()} ERROR no`;
    const frames = Array.from({ length: 160_000 }, (_, i) => `\tat com.example.Deep.recursion${i}(Deep.java:${i}) ~[deep.jar]`);
    logs.append('a.log', `${[head, ...frames].join('\n')}\n${iso()} INFO after\n`);
    logs.start({ joinMs: 500 });
    for (let i = 0; i < 30; i++) await logs.round();
    const all = logs.whole;
    expect(all.join('\n').replace(/\n[^\n]*INFO after$/, '')).toBe([head, ...frames].join('\n'));
    expect(Math.max(...all.map((e) => e.length))).toBeLessThanOrEqual(66_000);
    expect(new Set(logs.column('severity').slice(0, -1))).toEqual(new Set(['error']));
    expect(new Set(logs.column('time').slice(0, -1)).size).toBe(1);
    expect(logs.column('numbers').map((n) => (n as Map<string, number>).get('log.part'))).toEqual([undefined, ...all.slice(2).map((_, i) => i + 2), undefined]);
  });

  test('of containers are joined a stream each, with the parts that the runtime made of a line', async () => {
    mkdirSync(logs.path('containers'));
    const name = `containers/web-1_shop_app-${'ab'.repeat(32)}.log`;
    const cri = (stream: string, tag: string, text: string): string => `${iso()} ${stream} ${tag} ${text}\n`;
    logs.append(
      name,
      [
        cri('stdout', 'F', '{"level":"warn","msg":"one","n":1}'),
        cri('stdout', 'P', 'a long '),
        cri('stderr', 'F', 'java.lang.Error: x'),
        cri('stdout', 'F', 'line'),
        cri('stderr', 'F', '\tat a.B'),
        cri('stdout', 'F', 'last'),
        cri('stderr', 'F', '\tat c.D'),
      ].join(''),
    );
    logs.start({ joinMs: 500 });
    await glance();
    await logs.round(3000);
    // In the order in which they became whole.
    expect(logs.bodies).toEqual(['one', 'a long line', 'last', 'java.lang.Error: x\n\tat a.B\n\tat c.D']);
    expect(logs.column('service')).toEqual(['app', 'app', 'app', 'app']);
    expect(logs.column('severity')).toEqual(['warn', null, null, 'error']);
    const attributes = logs.column('attributes')[3] as Map<string, string>;
    expect(Object.fromEntries(attributes)).toMatchObject({ 'log.iostream': 'stderr', 'k8s.pod.name': 'web-1', 'k8s.namespace.name': 'shop' });
  });

  test('of a file that is wrapped here and there hold nothing of another', async () => {
    logs.append('a.log', `${iso()} ERROR no\n${iso()} stderr F whole\n\n\tat a.B\n${iso()} stdout F last\n`);
    logs.start({ joinMs: 500 });
    await logs.round(3000);
    await logs.round(3000);
    expect(logs.bodies).toEqual(['no', 'whole', '\tat a.B', 'last']);
  });

  test('of Docker are joined too, named as the container is', async () => {
    const id = 'cd'.repeat(32);
    mkdirSync(logs.path(`containers/${id}`), { recursive: true });
    writeFileSync(logs.path(`containers/${id}/config.v2.json`), '{"ID":"x","Name":"/cart","Config":{}}');
    const docker = (log: string): string => `${JSON.stringify({ log, stream: 'stdout', time: iso() })}\n`;
    logs.append(
      `containers/${id}/${id}-json.log`,
      docker('ERROR:root:no\n') +
        docker('Traceback (most recent call last):\n') +
        docker('  File "€"\n') +
        docker('ValueError: x\n') +
        docker('half ') +
        docker('and half\n'),
    );
    logs.start({ joinMs: 500 });
    await glance();
    await logs.round(3000);
    expect(logs.bodies).toEqual(['no\nTraceback (most recent call last):\n  File "€"\nValueError: x', 'half and half']);
    expect(logs.column('service')).toEqual(['cart', 'cart']);
    expect((logs.column('attributes')[0] as Map<string, string>).get('container.id')).toBe(id);
  });
});

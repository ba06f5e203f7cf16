// Stack traces and other continuations become one entry with their line: of each language, across reads, rotation, kills, in bounded pieces.
// Real files and the real tailer; the record of positions is the test's own.
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { kept } from '../testing/kept.ts';
import { LogFailures } from './failures.ts';
import { LogBatch } from './log-batch.ts';
import type { Position } from './position.ts';
import { Tailer } from './tailer.ts';

const JOIN_MS = 500;
let folder = '';
let at = Date.now();
let tailer: Tailer | undefined;
let records: { readonly batch: Batch; readonly positions: readonly Position[] }[] = [];
const leftOut = new Set<string>();

const positions = (): Position[] => {
  const out = new Map<string, Position>();
  for (const record of records) for (const p of record.positions) p.gone ? out.delete(p.key) : out.set(p.key, p);
  return [...out.values()];
};
/** As after a kill. */
const start = (glob = '/**/*.log'): void => {
  tailer?.close();
  const failures = new LogFailures(silentLogger, (what) => leftOut.add(what));
  tailer = new Tailer(
    {
      globs: [glob],
      root: folder,
      backlogBytes: 1 << 30,
      quietMs: 5000,
      joinMs: JOIN_MS,
      log: silentLogger,
      failures,
      leftOut: (what) => leftOut.add(what),
    },
    new LogBatch('h', failures),
    (batch, p) => {
      records.push({ batch: kept(batch.take().batch), positions: p });
    },
    positions(),
  );
};
const round = async (ms = 1000): Promise<void> => {
  at += ms;
  tailer?.discover(at);
  await tailer?.poll(at, () => false);
};
/** Reads at once, before the time to wait is over. */
const glance = (): Promise<void> => round(10);
const column = (name: string): unknown[] => records.flatMap(({ batch }) => Array.from({ length: batch.length }, (_, i) => valueAt(columnOf(batch, name), i)));
const bodies = (): string[] => column('body') as string[];
/** Entries as they were written. */
const whole = (): string[] => column('raw').map((raw, i) => (raw ?? bodies()[i]) as string);
const path = (name: string): string => join(folder, name);
/** Written now by the clock of the test, not that of the machine. */
const write = (name: string, text: string): void => {
  appendFileSync(path(name), text);
  utimesSync(path(name), at / 1000, at / 1000);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'joining-'));
  records = [];
  leftOut.clear();
  at = Date.now();
});
afterEach(() => {
  tailer?.close();
  tailer = undefined;
  rmSync(folder, { recursive: true });
});

const stamp = (): string => new Date(at).toISOString().replace('T', ' ').replace('Z', '').replace('.', ',');
const iso = (): string => new Date(at).toISOString();
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
      `[${iso().slice(8, 10)}-Nov-2026 10:00:00 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 /a.php(7): f()\n#1 {main}\n  thrown in /a.php on line 3`,
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
    write('a.log', `${before}\n${text}\n${after}\n${text}\n`);
    start();
    await glance();
    await round();
    expect(whole()).toEqual([before, text, after, text]);
    expect(bodies()[1]?.split('\n').length).toBe(text.startsWith('{') || text.startsWith('fail:') ? bodies()[1]?.split('\n').length : text.split('\n').length);
    expect(column('severity')[1]).toMatch(text.includes('settings') ? /info/ : /error|fatal/);
  });

  test('come in pieces: the entry waits for them in its file, and is delivered when the file is still', async () => {
    const [name, entry] = TRACES[0] as (typeof TRACES)[number];
    expect(name).toBe('Java');
    const text = `${entry()}\n`;
    start();
    for (const part of text.match(/[\s\S]{1,17}/g) ?? []) {
      write('a.log', part);
      await glance();
      expect(bodies()).toEqual([]);
    }
    await round();
    expect(whole()).toEqual([text.trimEnd()]);
  });

  test('are in no position that is passed: killed at any moment, each entry comes once', async () => {
    const entries = Array.from(
      { length: 40 },
      (_, i) => `${iso()} ERROR no ${i}\njava.lang.Error: ${i}\n${`\tat a.B${i}.c(D.java:1)\n`.repeat(i % 5)}\tat last`,
    );
    start();
    for (const [i, entry] of entries.entries()) {
      const lines = `${entry}\n`.match(/[^\n]*\n/g) ?? [];
      for (const line of lines) {
        write('a.log', line);
        if (i % 3 === 0) start();
        await glance();
      }
      if (i % 8 === 7) renameSync(path('a.log'), path(`a.log.${i}`));
      if (i % 8 === 3) {
        await round();
        copyFileSync(path('a.log'), path(`a.log.c${i}`));
        truncateSync(path('a.log'));
      }
    }
    for (let i = 0; i < 4; i++) await round(3000);
    expect(whole().sort()).toEqual(entries.sort());
  });

  test.each([
    ['renamed', (): void => renameSync(path('a.log'), path('a.log.1'))],
    [
      'copied and cut',
      (): void => {
        copyFileSync(path('a.log'), path('a.log.1'));
        truncateSync(path('a.log'));
      },
    ],
  ])('are joined over a rotation: %s', async (_, rotate) => {
    const head = Array.from({ length: 10 }, (_, i) => `${iso()} INFO line ${i} ${'x'.repeat(60)}`);
    const after = `${iso()} INFO after`;
    write('a.log', `${head.join('\n')}\n`);
    start();
    await round();
    write('a.log', `${iso()} ERROR no\n\tat a\n`);
    await glance();
    rotate();
    write('a.log', `\tat b\nCaused by: c\n${after}\n`);
    await glance();
    start();
    await glance();
    for (let i = 0; i < 3; i++) await round();
    const joined = whole().filter((e) => e.includes('ERROR') || e.includes('\tat'));
    expect(joined).toHaveLength(1);
    expect(joined[0]).toMatch(/ERROR no\n\tat a\n\tat b\nCaused by: c$/);
    expect(whole()).toHaveLength(12);
  });

  test('of ten megabytes are pieces in order, each as long as a line may be, nothing lost', { timeout: 60_000 }, async () => {
    const head = `${iso()} ERROR no`;
    const frames = Array.from({ length: 160_000 }, (_, i) => `\tat com.example.Deep.recursion${i}(Deep.java:${i}) ~[deep.jar]`);
    write('a.log', `${[head, ...frames].join('\n')}\n${iso()} INFO after\n`);
    start();
    for (let i = 0; i < 30; i++) await round();
    const all = whole();
    expect(all.join('\n').replace(/\n[^\n]*INFO after$/, '')).toBe([head, ...frames].join('\n'));
    expect(Math.max(...all.map((e) => e.length))).toBeLessThanOrEqual(66_000);
    expect(new Set(column('severity').slice(0, -1))).toEqual(new Set(['error']));
    expect(new Set(column('time').slice(0, -1)).size).toBe(1);
    expect(column('numbers').map((n) => (n as Map<string, number>).get('log.part'))).toEqual([undefined, ...all.slice(2).map((_, i) => i + 2), undefined]);
  });

  test('of containers are joined a stream each, with the parts that the runtime made of a line', async () => {
    mkdirSync(path('containers'));
    const name = `containers/web-1_shop_app-${'ab'.repeat(32)}.log`;
    const cri = (stream: string, tag: string, text: string): string => `${iso()} ${stream} ${tag} ${text}\n`;
    write(
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
    start();
    await glance();
    await round(3000);
    // In the order in which they became whole.
    expect(bodies()).toEqual(['one', 'a long line', 'last', 'java.lang.Error: x\n\tat a.B\n\tat c.D']);
    expect(column('service')).toEqual(['app', 'app', 'app', 'app']);
    expect(column('severity')).toEqual(['warn', null, null, 'error']);
    const attributes = column('attributes')[3] as Map<string, string>;
    expect(Object.fromEntries(attributes)).toMatchObject({ 'log.iostream': 'stderr', 'k8s.pod.name': 'web-1', 'k8s.namespace.name': 'shop' });
  });

  test('of a file that is wrapped here and there hold nothing of another', async () => {
    write('a.log', `${iso()} ERROR no\n${iso()} stderr F whole\n\n\tat a.B\n${iso()} stdout F last\n`);
    start();
    await round(3000);
    await round(3000);
    expect(bodies()).toEqual(['no', 'whole', '\tat a.B', 'last']);
  });

  test('of Docker are joined too, named as the container is', async () => {
    const id = 'cd'.repeat(32);
    mkdirSync(path(`containers/${id}`), { recursive: true });
    writeFileSync(path(`containers/${id}/config.v2.json`), '{"ID":"x","Name":"/cart","Config":{}}');
    const docker = (log: string): string => `${JSON.stringify({ log, stream: 'stdout', time: iso() })}\n`;
    write(
      `containers/${id}/${id}-json.log`,
      docker('ERROR:root:no\n') +
        docker('Traceback (most recent call last):\n') +
        docker('  File "€"\n') +
        docker('ValueError: x\n') +
        docker('half ') +
        docker('and half\n'),
    );
    start();
    await glance();
    await round(3000);
    expect(bodies()).toEqual(['no\nTraceback (most recent call last):\n  File "€"\nValueError: x', 'half and half']);
    expect(column('service')).toEqual(['cart', 'cart']);
    expect((column('attributes')[0] as Map<string, string>).get('container.id')).toBe(id);
  });

  test('whatever is written, in whatever pieces, over rotations and kills: every line is told once', async () => {
    const line = fc.oneof(
      fc.constantFrom(...TRACES.flatMap(([, entry]) => entry().split('\n'))),
      fc.constantFrom(
        '',
        ' ',
        '\t',
        '\r',
        '{',
        '}',
        'x',
        '2026-11-20T10:00:00Z stdout P half',
        '2026-11-20T10:00:00Z stderr F whole',
        '{"log":"a\\n","stream":"stdout","time":"2026-11-20T10:00:00Z"}',
      ),
      fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\n\r\0]/g, '.')),
      fc.integer({ min: 0, max: 9999 }).map((year) => `${String(year).padStart(4, '0')}-02-30T23:59:60.123456789Z ERROR ${year}`),
      fc.integer({ min: -9e15, max: 9e15 }).map((ts) => `{"ts":${ts},"msg":"m"}`),
      fc.constantFrom(
        'Feb 29 23:59:60 h p[1]: leap',
        'Nov 31 10:00:00 h p: none',
        '<34>Mar 29 02:30:00.5 h p: gap',
        '0001-01-01T00:00:00Z x',
        '9999-12-31T23:59:59+14:00 x',
      ),
      fc.integer({ min: 65_000, max: 66_000 }).map((n) => `${'y'.repeat(n)}`),
    );
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), line }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('glance' as const, 'round' as const, 'kill' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rename' as const, 'copy' as const) }) },
    );
    const seed = Date.now() & 0x7fffffff;
    console.log(`seed ${seed}`);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), async (steps, fraction) => {
        for (const file of ['a.log', ...Array.from({ length: 60 }, (_, i) => `a.log.${i}`)]) rmSync(path(file), { force: true });
        records = [];
        tailer?.close();
        tailer = undefined;
        const written: string[] = [];
        // A file is known again by its beginning: nothing else has this one.
        write('a.log', `first ${at} ${'z'.repeat(300)}\n`);
        written.push(`first ${at} ${'z'.repeat(300)}`);
        start('/a.log');
        await round();
        for (const [i, next] of steps.entries()) {
          if (next.do === 'write') {
            // Each line is another one, so that none stands for another.
            const text = next.line.trim() === '' || next.line.startsWith('{') ? next.line : `${next.line} #${i}`;
            appendFileSync(path('a.log'), `${text}\n`);
            utimesSync(path('a.log'), at / 1000, at / 1000 + fraction);
            written.push(text);
          } else if (next.do === 'glance') await glance();
          else if (next.do === 'round') await round();
          else if (next.do === 'kill') start('/a.log');
          else {
            // What a rotation takes away before it is seen stands in the copy.
            await glance();
            if (next.do === 'rename') renameSync(path('a.log'), path(`a.log.${i}`));
            else {
              copyFileSync(path('a.log'), path(`a.log.${i}`));
              truncateSync(path('a.log'));
            }
            appendFileSync(path('a.log'), `after ${i} ${at} ${'z'.repeat(300)}\n`);
            written.push(`after ${i} ${at} ${'z'.repeat(300)}`);
            await glance();
          }
        }
        for (let i = 0; i < 4; i++) await round(3000);
        const unwrapped = (text: string): string => {
          const docker = /^\{"log":"(.*)\\n","stream"/.exec(text);
          return docker?.[1] ?? text.replace(/^\S+Z std(?:out|err) [PF] ?/, '');
        };
        const cut = (text: string): string => text.slice(0, 65_536);
        const expected = written.map((text) => cut(unwrapped(text).replace(/\r$/, '')).trimEnd()).filter((text) => text !== '');
        const told = whole()
          .flatMap((entry) => entry.split('\n'))
          .map((text) => text.trimEnd());
        expect(joinedParts(told).sort()).toEqual(joinedParts(expected).sort());
      }),
      { numRuns: 60, seed },
    );
  }, 120_000);
});

/** Parts that a runtime made of a line are put together by the tailer; here all of them are put together as bytes. */
const joinedParts = (lines: readonly string[]): string[] => {
  const halves = lines.filter((text) => text.startsWith('half') || text.startsWith('whole'));
  return [...lines.filter((text) => !(text.startsWith('half') || text.startsWith('whole')) && text !== ''), halves.length > 0 ? 'with halves' : 'without'];
};

// Lines in are lines out, whatever is written: every form of line with times that cannot be, traces and noise between them, cut at any byte while
// it is read, wrapped by container runtimes, rotated, the agent killed at any moment. What no reader understands is kept as it stands.

import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { Mask } from '../mask/mask.ts';
import { Followed, laterByFiles } from '../testing/followed.ts';
import { recorded, standInJournal } from '../testing/journalctl.ts';
import { kept } from '../testing/kept.ts';
import { TRACES } from '../testing/traces.ts';
import { LogFailures } from './failures.ts';
import { Journal } from './journal.ts';
import { LogBatch } from './log-batch.ts';
import type { Position } from './position.ts';
import { AHEAD_MS, KEPT_MS } from './tailer.ts';

const seed = Date.now() & 0x7fffffff;
const number = (least: number, most: number, digits = 2): fc.Arbitrary<string> =>
  fc.integer({ min: least, max: most }).map((n) => String(n).padStart(digits, '0'));
/** Days and clocks that are none among those that are. */
const date = fc.tuple(fc.oneof(number(0, 9999, 4), number(2020, 2030)), number(0, 14), number(0, 33)).map((parts) => parts.join('-'));
const clock = fc.tuple(number(0, 25), number(0, 61), number(0, 62)).map((parts) => parts.join(':'));
const fraction = fc.oneof(fc.constant(''), fc.stringMatching(/^[.,]\d{0,12}$/));
const zone = fc.constantFrom('', 'Z', ' UTC', '+02:00', '-1130', '+99:99', ' CET');
const month = fc.constantFrom('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'Foo');
const stamp = fc.tuple(date, fc.constantFrom(' ', 'T'), clock, fraction, zone).map((parts) => parts.join(''));
const epoch = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -9e15, max: 9e15 }),
  fc.constantFrom(1.79e9, 1.79e9 + 0.1234567, 1790000000123, 1790000000123.5, 1.79e18, -0, 4e18),
);
const words = fc.oneof(
  fc.constantFrom('boom', 'a=1 b="two"', 'user=x failed', '{"a":1}', '[x] y', '', '"', '\\', '%s', '<b>', '\u001b[31mred\u001b[0m'),
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '.')),
);
const level = fc.constantFrom('ERROR', 'WARN', 'INFO', 'error', 'LOG', 'crit', 'nonsense');

/** One line of every form. */
const FORMS: readonly fc.Arbitrary<string>[] = [
  fc.tuple(stamp, level, words).map(([at, l, text]) => `${at} [main] ${l} c.e.App - ${text}`),
  fc.tuple(clock, fraction, level, words).map(([at, part, l, text]) => `${at}${part} [main] ${l}  c.e.App -- ${text}`),
  fc.tuple(stamp, level, words).map(([at, l, text]) => `${at}\t${l}\tshop\ta/b.go:3\t${text}\t{"n": 1}`),
  fc.tuple(epoch, level, words).map(([ts, l, msg]) => JSON.stringify({ level: l, ts, caller: 'a.go:1', msg })),
  fc.tuple(stamp, level, words).map(([time, l, message]) => JSON.stringify({ level: l, time, message, service: message })),
  fc.tuple(stamp, words).map(([time, msg]) => JSON.stringify({ name: 'shop', hostname: 'h', pid: 7, level: 50, msg, time, v: 0 })),
  fc.tuple(epoch, words).map(([time, msg]) => JSON.stringify({ level: 40, time, pid: 7, hostname: 'h', req: { id: msg, list: [msg] }, msg })),
  fc
    .tuple(epoch, fc.integer(), words)
    .map(([epochSecond, nanoOfSecond, message]) => JSON.stringify({ instant: { epochSecond, nanoOfSecond }, level: 'WARN', message })),
  fc.tuple(date, clock, level, words).map(([day, at, l, text]) => `${day.replaceAll('-', '/')} ${at} [${l}] 31#32: *7 ${text}, client: 10.0.0.1, host: "a"`),
  fc.tuple(stamp, level, words).map(([at, l, text]) => `${at} [77] joe@shop ${l}:  ${text}`),
  fc.tuple(stamp, words).map(([at, text]) => `${at} [77] joe@shop DETAIL:  ${text}`),
  fc.tuple(fc.nat(250), month, fc.nat(33), clock, words).map(([p, m, d, at, text]) => `<${p}>${m} ${String(d).padStart(2)} ${at} web-1 shop[7]: ${text}`),
  fc.tuple(month, fc.nat(33), clock, fraction, words).map(([m, d, at, part, text]) => `${m} ${String(d).padStart(2)} ${at}${part} web-1 cron: ${text}`),
  fc.tuple(fc.nat(250), stamp, words).map(([p, at, text]) => `<${p}>1 ${at} web-1 shop 7 ID1 [a@1 b="c\\"" d="${text.replaceAll('"', '')}"] ${text}`),
  fc
    .tuple(fc.nat(40), month, number(0, 9999, 4), clock, words)
    .map(([d, m, y, at, text]) => `10.0.0.1 - joe [${String(d).padStart(2, '0')}/${m}/${y}:${at} +0100] "GET /${text} HTTP/1.1" 503 7 "-" "${text}"`),
  fc.tuple(stamp, words).map(([at, text]) => `time=${at} level=warn msg="${text}" n=1e999 at=${at}`),
  fc.tuple(stamp, words).map(([at, text]) => `E, [${at} #77] ERROR -- web: ${text}`),
  fc.tuple(month, fc.nat(33), clock, words).map(([m, d, at, text]) => `[Fri ${m} ${String(d).padStart(2)} ${at}.5 2026] [core:error] [pid 1] ${text}`),
  fc.tuple(stamp, words).map(([at, text]) => `${at} stdout X ${text}`),
  fc.tuple(words).map(([text]) => `{"log":"${text}`),
];
const TRACE_LINES = [...TRACES.values()].flat();
const entry: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...FORMS).map((line) => [line]) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.oneof(...FORMS), fc.constantFrom(...TRACES.values())).map(([line, trace]) => [line, ...trace]),
  },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...TRACE_LINES, '', ' ', '\t', '}', '{'), { maxLength: 6 }) },
  { weight: 1, arbitrary: fc.integer({ min: 65_000, max: 66_000 }).map((n) => ['y'.repeat(n)]) },
);

const ID = 'ab'.repeat(32);
const FILES = ['a.log', `containers/web_shop_cart-${ID}.log`, `containers/${ID}/${ID}-json.log`] as const;
const WRAP: readonly ((line: string, at: string, stream: string, ended: boolean) => string)[] = [
  (line) => line,
  (line, at, stream, ended) => `${at} ${stream} ${ended ? 'F' : 'P'} ${line}`,
  (line, time, stream, ended) => JSON.stringify({ log: ended ? `${line}\n` : line, stream, time }),
];
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      file: fc.nat(2),
      lines: entry,
      /** Where the bytes are cut, and whether the agent is killed there; where a runtime parts the lines. */
      cuts: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 3 }),
      parted: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      stream: fc.constantFrom('stdout', 'stderr'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('glance' as const, 'round' as const, 'kill' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rename' as const, 'copy' as const), file: fc.nat(2) }) },
);

/** What is kept of a line: its end of line and blanks before it are not, nor what is beyond 64 KiB. */
const asKept = (lines: readonly string[]): string[] =>
  lines
    .flatMap((text) => text.split('\n'))
    .map((text) => text.slice(0, 65_536).trimEnd())
    .filter((text) => text !== '')
    .sort();

/** Those of `lines` that are not among the others as often, cut for a message that can be read. */
const without = (lines: readonly string[], others: readonly string[]): string[] => {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines
    .filter((line) => {
      const count = counts.get(line) ?? 0;
      counts.set(line, count - 1);
      return count <= 0;
    })
    .map((line) => `${line.slice(0, 200)} (${line.length})`);
};

test('of files, wrapped or not', { timeout: 240_000 }, async () => {
  console.log(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), async (steps, part) => {
      const logs = new Followed();
      const glance = (): Promise<void> => logs.round(10);
      try {
        const written: string[] = [];
        const write = (file: number, line: string, stream = 'stdout'): void => {
          written.push(line);
          logs.append(FILES[file] as string, `${(WRAP[file] as (typeof WRAP)[number])(line, new Date(logs.at).toISOString(), stream, true)}\n`, part);
        };
        mkdirSync(dirname(logs.path(FILES[2])), { recursive: true });
        // A file is known again by its beginning: nothing else has this one.
        for (const file of [0, 1, 2]) write(file, `first of ${file} ${'z'.repeat(300)}`);
        logs.start({ globs: FILES.map((file) => `/${file}`), joinMs: 500 });
        // Its first line is in a record: of what was never in one the agent knows nothing after a kill.
        await logs.round(2000);
        for (const [i, next] of steps.entries()) {
          if (next.do === 'write') {
            const at = new Date(logs.at).toISOString();
            const around = WRAP[next.file] as (typeof WRAP)[number];
            const parts = next.lines.flatMap((line) => {
              written.push(line);
              const cut = next.parted === undefined || next.file === 0 || line.length > 16_000 ? 0 : Math.floor(line.length * next.parted);
              // A runtime parts bytes: halves of characters are not what is tried here.
              return cut === 0 || !line.slice(0, cut).isWellFormed()
                ? [around(line, at, next.stream, true)]
                : [around(line.slice(0, cut), at, next.stream, false), around(line.slice(cut), at, next.stream, true)];
            });
            const bytes = Buffer.from(parts.map((line) => `${line}\n`).join(''));
            let from = 0;
            for (const [where, killed] of next.cuts.toSorted(([a], [b]) => a - b)) {
              const to = Math.floor(bytes.length * where);
              logs.append(FILES[next.file] as string, bytes.subarray(from, to), part);
              from = to;
              await glance();
              if (killed) logs.start();
            }
            logs.append(FILES[next.file] as string, bytes.subarray(from), part);
          } else if (next.do === 'glance') await glance();
          else if (next.do === 'round') await logs.round();
          else if (next.do === 'kill') logs.start();
          else if (next.do === 'rename' || next.do === 'copy') {
            const path = logs.path(FILES[next.file] as string);
            // What a copy takes away before it is seen stands in the copy only.
            await glance();
            await laterByFiles();
            if (next.do === 'rename') renameSync(path, `${path}.${i}`);
            else {
              copyFileSync(path, `${path}.${i}`);
              await laterByFiles();
              truncateSync(path);
            }
            write(next.file, `after ${i} ${'z'.repeat(300)}`);
            // A file that was made and goes away again before a line of it is in a record is known by nothing.
            await logs.round(2000);
          }
        }
        // Empty lines at the end are in no record, and none is made for them.
        for (const file of [0, 1, 2]) write(file, 'the last');
        for (let i = 0; i < 4; i++) await logs.round(3000);
        const [told, expected] = [asKept(logs.whole), asKept(written)];
        expect({ lost: without(expected, told), added: without(told, expected) }).toEqual({ lost: [], added: [] });
        // Nothing threw, nothing is unread, every time is one that the door takes, and one that was not told is of whole milliseconds.
        expect(logs.failures.all.filter(({ reason }) => reason !== 'old' && reason !== 'future')).toEqual([]);
        for (const { dev, ino, size } of FILES.map((file) => statSync(logs.path(file))))
          expect(logs.positions.find(({ key }) => key === `${dev}:${ino}`)?.offset).toBe(size);
        const [oldest, newest] = [BigInt(Math.floor(logs.at - KEPT_MS - 60_000)) * 1_000_000n, BigInt(Math.ceil(logs.at + AHEAD_MS + 60_000)) * 1_000_000n];
        for (const [i, time] of (logs.column('time') as bigint[]).entries()) {
          expect(time >= oldest && time <= newest).toBe(true);
          if (logs.bodies[i]?.startsWith('first of 0') || logs.bodies[i]?.startsWith('after ')) expect(time % 1_000_000n).toBe(0n);
        }
      } finally {
        logs.close();
      }
    }),
    { numRuns: 40, seed },
  );
});

test('of the journal', { timeout: 240_000 }, async () => {
  const message = fc.oneof(
    { weight: 4, arbitrary: entry.map((lines) => lines.join('\n').slice(0, 4000)) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => [...bytes]) },
  );
  const fields = fc.record({
    MESSAGE: message,
    PRIORITY: fc.constantFrom('0', '3', '6', '7', '9', '', null, 4),
    __REALTIME_TIMESTAMP: fc.option(fc.constantFrom('0', '1', '9999999999999999', '1790000000000000', '-1', 'x', '17900000000000001')),
    _PID: fc.constantFrom('7', '8', null),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 3 }), async (entries, kills) => {
      const folder = mkdtempSync(join(tmpdir(), 'every-reader-'));
      const write = standInJournal(folder);
      const records: { readonly batch: Batch; readonly positions: readonly Position[] }[] = [];
      const failures = new LogFailures(silentLogger, () => undefined);
      const options = { root: folder, joinMs: 50, failures, leftOut: () => undefined, command: join(folder, 'journalctl') };
      const column = (name: string): unknown[] =>
        records.flatMap(({ batch }) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, name), row)));
      const whole = (): string[] => column('raw').map((raw, i) => (raw ?? column('body')[i]) as string);
      const start = (): Journal => {
        const last = records.flatMap(({ positions }) => positions).at(-1);
        const journal = new Journal(
          options,
          new LogBatch('h', failures, new Mask(true, [])),
          (batch, positions) => void records.push({ batch: kept(batch.take().batch), positions }),
          last === undefined ? [] : [last],
        );
        journal.start();
        return journal;
      };
      write(recorded(0, { MESSAGE: 'the first' }));
      let journal = start();
      try {
        const poll = async (): Promise<void> => {
          journal.poll(Date.now(), () => false);
          await sleep(10);
        };
        for (let i = 0; i < 1000 && whole().length < 1; i++) await poll();
        for (const [i, { _PID, ...rest }] of entries.entries()) {
          write(recorded(i + 1, { ...rest, _PID: _PID ?? undefined }));
          if (!kills.includes(i)) continue;
          await poll();
          await journal.stop();
          journal = start();
        }
        write(recorded(entries.length + 1, { MESSAGE: 'the last', _PID: '99' }));
        for (let i = 0; i < 1500 && whole().at(-1) !== 'the last'; i++) await poll();
        const texts = entries.flatMap(({ MESSAGE }) => (typeof MESSAGE === 'string' ? [MESSAGE] : []));
        // Bytes that are no text are kept in a form of their own, each as an entry.
        const told = asKept(whole());
        expect(told.filter((text) => asKept(texts).includes(text) || text.startsWith('the '))).toEqual(asKept([...texts, 'the first', 'the last']));
        expect(failures.all.filter(({ reason }) => reason !== 'old' && reason !== 'future')).toEqual([]);
      } finally {
        await journal.stop();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 6, seed },
  );
});

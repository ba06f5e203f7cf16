// A file that no name leads to any more, rotated away or removed, is read to its end, however long that takes: while nothing may be read, while
// its turns are spent in a hole, while its disk does not answer. And how far behind the agent is counts what such files hold. Real files.
import { appendFileSync, closeSync, ftruncateSync, openSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Mask } from '../mask/mask.ts';
import { Followed, laterByFiles, long, range } from '../testing/followed.ts';
import type { Entry } from './assembler.ts';
import { type Added, type LinePlace, LogBatch, type LogSource, type TimeBounds } from './log-batch.ts';

const MIB = 1 << 20;
/** More than a file without a name must be still to be given up. */
const LONG_MS = 6000;

let logs: Followed;
beforeEach(() => {
  logs = new Followed();
});
afterEach(() => logs.close());

const rotate = (): void => renameSync(logs.path('a.log'), logs.path('a.log.1'));
/** Until nothing is followed but what has a name. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 6; i++) await logs.round(LONG_MS);
};

test('of a removed file the last line without its end is read when the agent stops; of a rotated one the next run reads it whole', async () => {
  for (const name of ['gone.log', 'kept.log']) logs.write(name, `${name} one`);
  logs.start();
  await logs.round();
  for (const name of ['gone.log', 'kept.log']) appendFileSync(logs.path(name), `${name} two`);
  rmSync(logs.path('gone.log'));
  renameSync(logs.path('kept.log'), logs.path('kept.log.1'));
  await logs.stop();
  expect(logs.bodies.toSorted()).toEqual(['gone.log one', 'gone.log two', 'kept.log one']);
  appendFileSync(logs.path('kept.log.1'), ' and on\n');
  logs.start();
  await logs.round();
  expect(logs.bodies.at(-1)).toBe('kept.log two and on');
});

test('while nothing may be read, and one record went through in between', async () => {
  logs.start();
  logs.write('a.log', long(1));
  await logs.round();
  logs.pressed = () => true;
  logs.write('a.log', ...range(2, 50_000));
  await logs.round();
  rotate();
  logs.write('a.log', long(50_001));
  const before = logs.records.length;
  logs.pressed = () => logs.records.length > before;
  await logs.round();
  expect(logs.records).toHaveLength(before + 1);
  logs.pressed = () => true;
  for (let i = 0; i < 6; i++) await logs.round(LONG_MS);
  const behind =
    Buffer.byteLength(`${range(2, 50_001).join('\n')}\n`) -
    Buffer.byteLength(
      logs.bodies
        .slice(1)
        .map((body) => `${body}\n`)
        .join(''),
    );
  expect(logs.tailer.bytesBehind).toBe(behind);
  logs.pressed = () => false;
  await settle();
  expect(new Set(logs.bodies)).toEqual(new Set(range(1, 50_001)));
  expect(logs.bodies).toHaveLength(50_001);
  logs.write('a.log', long(50_002));
  await logs.round();
  expect([logs.tailer.fileCount, logs.tailer.bytesBehind, logs.tailer.bytesLost, logs.positions.length]).toEqual([1, 0, 0, 1]);
});

test('while its turns are spent in a hole', async () => {
  logs.start();
  logs.write('a.log', long(1));
  await logs.round();
  const fd = openSync(logs.path('a.log'), 'r+');
  writeSync(fd, `${long(2)}\n`, 100 * MIB);
  closeSync(fd);
  unlinkSync(logs.path('a.log'));
  for (let i = 0; i < 40; i++) {
    logs.at += LONG_MS;
    await logs.tailer.poll(logs.at, () => false);
  }
  expect(logs.bodies).toEqual(range(1, 2));
  expect(logs.tailer.fileCount).toBe(0);
});

test('while it cannot be read, up to an hour: then what it held is counted and said', async () => {
  let failing = false;
  class Failing extends LogBatch {
    override add(source: LogSource, entry: Entry, bounds: TimeBounds, place: LinePlace): Added {
      if (failing) throw new RangeError('no answer');
      return super.add(source, entry, bounds, place);
    }
  }
  logs.start({ batch: (failures) => new Failing('h', failures, new Mask(true, [])) });
  for (const name of ['a.log', 'b.log']) logs.write(name, `${name} 1`);
  await logs.round();
  logs.write('a.log', 'a.log 2');
  unlinkSync(logs.path('a.log'));
  failing = true;
  for (let i = 0; i < 10; i++) await logs.round(LONG_MS);
  failing = false;
  await settle();
  expect(logs.bodies).toEqual(['a.log 1', 'b.log 1', 'a.log 2']);
  expect(logs.tailer.fileCount).toBe(1);
  logs.write('b.log', 'b.log 2');
  unlinkSync(logs.path('b.log'));
  failing = true;
  for (let i = 0; i < 59; i++) await logs.round(60_000);
  expect([logs.tailer.bytesLost, logs.tailer.fileCount]).toEqual([0, 1]);
  for (let i = 0; i < 3; i++) await logs.round(60_000);
  expect([logs.tailer.bytesLost, logs.tailer.fileCount]).toEqual(['b.log 2\n'.length, 0]);
  expect([...logs.leftOut]).toContain('the rest of log files that were rotated or removed and could not be read for an hour');
});

test('with half a line at its end that is written on while nothing may be read', async () => {
  logs.start();
  logs.write('a.log', long(1));
  await logs.round();
  // Else it could be one that was written and rotated since the last look.
  await laterByFiles();
  const fd = openSync(logs.path('a.log'), 'a');
  writeSync(fd, 'half');
  rotate();
  await logs.round();
  logs.pressed = () => true;
  await logs.round(LONG_MS);
  writeSync(fd, ' a li');
  logs.pressed = () => false;
  await logs.round(LONG_MS);
  writeSync(fd, 'ne\n');
  closeSync(fd);
  await settle();
  expect(logs.bodies).toEqual([long(1), 'half a line']);
});

test('zero bytes that a writer is about to fill are nothing that the agent is behind with', async () => {
  logs.start();
  logs.write('a.log', long(1));
  const fd = openSync(logs.path('a.log'), 'r+');
  ftruncateSync(fd, 64 * MIB);
  for (let i = 0; i < 10; i++) await logs.round();
  expect(logs.bodies).toEqual([long(1)]);
  expect(logs.tailer.bytesBehind).toBe(0);
  logs.pressed = () => true;
  ftruncateSync(fd, 65 * MIB);
  await logs.round();
  expect(logs.tailer.bytesBehind).toBe(0);
  closeSync(fd);
});

test('what is written while nothing may be read counts as what the agent is behind with', async () => {
  logs.start();
  logs.write('a.log', long(1));
  await logs.round();
  logs.pressed = () => true;
  logs.write('a.log', long(2));
  await logs.round();
  expect(logs.tailer.bytesBehind).toBe(`${long(2)}\n`.length);
});

// By which file and which place a line is known: the same ones whenever it is read again, others for any other line, through renames, copies,
// cuts and files that begin alike. Real files; the record of positions is the test's own.
import { copyFileSync, cpSync, renameSync, rmSync, truncateSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Followed, long, range } from '../testing/followed.ts';

let logs: Followed;
beforeEach(() => {
  logs = new Followed(1_790_000_000_000);
});
afterEach(() => logs.close());

/** Line → where it stands; each line of a test is written once. */
const places = (): ReadonlyMap<string, string> => {
  const [files, positions] = [logs.column('file'), logs.column('position')];
  return new Map(logs.whole.map((line, i) => [line, `${files[i]} ${positions[i]}`]));
};
const fileOf = (line: string): string | undefined => places().get(line)?.split(' ')[0];
const lost = (): void => {
  logs.records = [];
  logs.start();
};

test('a line that is read again, after a kill or without any record, stands where it stood; no two lines stand at one place', async () => {
  logs.write('a.log', 'first', '2026-11-20 10:00:00 ERROR broken', '\tat a.B.c(D.java:1)', ...range(1, 20));
  logs.write('b.log', 'first of b', ...range(21, 30));
  logs.start({ joinMs: 500 });
  for (let i = 0; i < 2; i++) await logs.round();
  const before = places();
  expect(before.size).toBe(33);
  expect(new Set(before.values()).size).toBe(33);
  expect([...before.values()].map((place) => place.split(' ')[1]).slice(0, 3)).toEqual(['0', '6', '59']);
  lost();
  for (let i = 0; i < 2; i++) await logs.round();
  expect(places()).toEqual(before);
});

test('through a rename the old file keeps its places, and the new one under its name has others', async () => {
  logs.write('a.log', ...range(1, 10));
  logs.start();
  await logs.round();
  renameSync(logs.path('a.log'), logs.path('a.log.1'));
  logs.write('a.log.1', long(11));
  logs.write('a.log', long(12));
  await logs.round();
  expect(fileOf(long(11))).toBe(fileOf(long(1)));
  expect(fileOf(long(12))).not.toBe(fileOf(long(1)));
});

test('a copy goes on in the places of what was copied; what is written after the cut has others, also where it begins alike', async () => {
  logs.write('a.log', ...range(1, 10));
  logs.start();
  await logs.round();
  logs.write('a.log', long(11));
  copyFileSync(logs.path('a.log'), logs.path('a.log.1'));
  truncateSync(logs.path('a.log'));
  logs.write('a.log', 'line 1 again');
  await logs.round();
  await logs.round();
  expect(fileOf(long(11))).toBe(fileOf(long(1)));
  expect(places().get(long(11))?.split(' ')[1]).toBe(String(range(1, 10).join('\n').length + 1));
  expect(fileOf('line 1 again')).not.toBe(fileOf(long(1)));
  // Cut once more, and shorter: a generation of its own, also after a kill.
  truncateSync(logs.path('a.log'));
  logs.start();
  logs.write('a.log', 'short');
  await logs.round();
  await logs.round();
  expect(new Set([fileOf('short'), fileOf('line 1 again'), fileOf(long(1))]).size).toBe(3);
  logs.start();
  logs.write('a.log', 'and on');
  await logs.round();
  expect(fileOf('and on')).toBe(fileOf('short'));
  // Killed before anything of the new generation was read.
  truncateSync(logs.path('a.log'));
  logs.start();
  logs.write('b.log', 'other');
  await logs.round();
  logs.start();
  logs.write('a.log', 'last');
  await logs.round();
  expect(new Set(['last', 'and on', 'line 1 again', long(1)].map(fileOf)).size).toBe(4);
});

test('an inode that is used anew, and an entry over a rotation', async () => {
  logs.write('a.log', 'gone', ...range(1, 3));
  logs.start({ joinMs: 500 });
  await logs.round();
  unlinkSync(logs.path('a.log'));
  logs.write('a.log', 'gone again');
  await logs.round();
  await logs.round();
  expect(fileOf('gone again')).not.toBe(fileOf('gone'));

  logs.write('c.log', '2026-11-20 10:00:00 INFO ok', '2026-11-20 10:00:01 ERROR broken');
  await logs.round(100);
  renameSync(logs.path('c.log'), logs.path('c.log.1'));
  logs.write('c.log', '\tat a.B.c(D.java:1)', '2026-11-20 10:00:02 INFO next');
  for (let i = 0; i < 3; i++) await logs.round();
  const whole = logs.whole.find((line) => line.includes('broken'));
  expect(whole).toBe('2026-11-20 10:00:01 ERROR broken\n\tat a.B.c(D.java:1)');
  expect(places().get(whole as string)).toBe(`${fileOf('2026-11-20 10:00:00 INFO ok')} 28`);
});

test('files that a backup put back go on where they were, if the agent’s own folder was put back too', async () => {
  for (const isPutBack of [false, true]) {
    logs.write('a.log', ...range(1, 10));
    logs.start({ isPutBack });
    await logs.round();
    const before = fileOf(long(1));
    cpSync(logs.folder, `${logs.folder}-copy`, { recursive: true });
    rmSync(logs.path('a.log'));
    copyFileSync(`${logs.folder}-copy/a.log`, logs.path('a.log'));
    rmSync(`${logs.folder}-copy`, { recursive: true });
    logs.write('a.log', long(11));
    logs.start();
    await logs.round();
    expect(logs.bodies).toHaveLength(isPutBack ? 11 : 21);
    expect(fileOf(long(11)) === before).toBe(isPutBack);
    // It is known from then on without being told.
    logs.start({ isPutBack: false });
    logs.write('a.log', long(12));
    await logs.round();
    expect(logs.bodies).toHaveLength(isPutBack ? 12 : 22);
    logs.close();
    logs = new Followed(1_790_000_000_000);
  }
});

// Frames come back in order until acknowledged, over restarts and torn ends; what had to go is counted.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fillDisk, smallDisk } from '../../test/support/small-disk.ts';
import type { Position } from '../logs/position.ts';
import { Spool, type SpoolOptions } from './spool.ts';

let folder = '';
let open: Spool | undefined;
const start = (options: Partial<SpoolOptions> = {}): Spool => {
  open = new Spool({ folder, limitBytes: 1 << 20, segmentBytes: 1 << 20, fsync: true, ...options });
  return open;
};
/** As a kill leaves it: nothing is said to the old one. */
const restart = (options: Partial<SpoolOptions> = {}): Spool => start(options);
const body = (text: string, size = 0): Uint8Array => Buffer.from(text.padEnd(size, '.'));
const put = (spool: Spool, seq: number, positions: readonly Position[] = [], size = 0): void =>
  spool.append({ boot: '1', seq, parts: 1, rows: 10 }, body(`frame ${seq}`, size), positions);
const drain = (spool: Spool): number[] => {
  const out: number[] = [];
  for (let frame = spool.next(); frame !== undefined; frame = spool.next()) {
    out.push(frame.meta.seq);
    spool.acknowledge(frame);
  }
  return out;
};
const position = (key: string, offset: number, gone = false): Position => ({
  key,
  path: `/var/log/${key}`,
  offset,
  head: { length: 1, crc: 2 },
  tail: { length: 1, crc: 3 },
  skipping: false,
  ...(gone ? { gone: true } : {}),
});
const files = (): string[] =>
  readdirSync(folder)
    .sort()
    .map((f) => join(folder, f));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(() => {
  open?.close();
  open = undefined;
  rmSync(folder, { recursive: true });
});

describe('the spool', () => {
  test('gives frames in order, the same one until it is acknowledged', async () => {
    const spool = start();
    expect(spool.next()).toBeUndefined();
    put(spool, 1);
    put(spool, 2);
    await spool.sync();
    expect(spool.next()?.meta).toEqual({ boot: '1', seq: 1, parts: 1, rows: 10 });
    expect(Buffer.from(spool.next()?.body ?? []).toString()).toBe('frame 1');
    expect(drain(spool)).toEqual([1, 2]);
    put(spool, 3);
    expect(drain(spool)).toEqual([3]);
    expect(spool.stats).toMatchObject({ frames: 0, droppedFrames: 0, damaged: 0 });
  });

  test('goes on after a kill where it was, without the acknowledged ones', () => {
    let spool = start();
    for (let seq = 1; seq <= 4; seq++) put(spool, seq);
    const first = spool.next();
    if (first !== undefined) spool.acknowledge(first);
    spool = restart();
    expect(spool.stats.frames).toBe(3);
    put(spool, 5);
    const { waitingBytes } = spool.stats;
    spool = restart();
    expect(spool.stats).toMatchObject({ frames: 4, waitingBytes });
    const second = spool.next();
    expect(waitingBytes).toBeGreaterThan(3 * ((second?.end ?? 0) - (second?.at.offset ?? 0)));
    expect(drain(spool)).toEqual([2, 3, 4, 5]);
    // What is sent waits no more, though its room on the disk is not free yet.
    expect(spool.stats.waitingBytes).toBe(0);
    expect(spool.stats.bytes).toBeGreaterThan(0);
    spool = restart();
    expect(drain(spool)).toEqual([]);
    expect(files()).toHaveLength(1);
  });

  test('restores positions from the records only, over restarts and after all frames are gone', () => {
    let spool = start();
    put(spool, 1, [position('a', 10), position('b', 5)]);
    put(spool, 2, [position('a', 20)]);
    put(spool, 3, [position('b', 5, true)]);
    drain(spool);
    for (let i = 0; i < 3; i++) {
      spool = restart();
      expect([...spool.positions.values()]).toEqual([position('a', 20)]);
    }
  });

  test('passes over a torn end: the frame is gone and so are its positions', () => {
    let spool = start();
    put(spool, 1, [position('a', 10)]);
    const whole = statSync(files()[0] as string).size;
    put(spool, 2, [position('a', 20)]);
    const torn = statSync(files()[0] as string).size;
    const bytes = readFileSync(files()[0] as string);
    for (let size = whole; size < torn; size += 7) {
      for (const file of files()) rmSync(file);
      writeFileSync(join(folder, '0000000001.spool'), bytes.subarray(0, size));
      spool = restart();
      expect(spool.stats).toMatchObject({ frames: 1, damaged: 0 });
      expect(spool.positions.get('a')?.offset).toBe(10);
      expect(drain(spool)).toEqual([1]);
    }
  });

  test('a segment damaged within is cut there and counted, the later ones stand', () => {
    let spool = start({ segmentBytes: 300 });
    for (let seq = 1; seq <= 6; seq++) put(spool, seq, [position('a', seq)], 100);
    expect(files().length).toBeGreaterThan(3);
    const bytes = readFileSync(files()[0] as string);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    writeFileSync(files()[0] as string, bytes);
    spool = restart();
    expect(spool.stats.damaged).toBe(1);
    const rest = drain(spool);
    expect(rest).toEqual([1, 2, 3, 4, 5, 6].slice(6 - rest.length));
    expect(rest.length).toBeGreaterThan(2);
    expect(spool.positions.get('a')?.offset).toBe(6);
  });

  test('noise in the folder is neither read nor removed', () => {
    appendFileSync(join(folder, 'notes.txt'), 'mine');
    appendFileSync(join(folder, '0000000001.spool'), 'noise that is no record at all');
    const spool = start();
    expect(drain(spool)).toEqual([]);
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('drops the oldest when full and counts them, keeps to its limit and keeps the positions', () => {
    const limitBytes = 20_000;
    let spool = start({ limitBytes });
    for (let seq = 1; seq <= 100; seq++) {
      put(spool, seq, [position('a', seq)], 1000);
      expect(files().reduce((sum, f) => sum + statSync(f).size, 0)).toBeLessThanOrEqual(limitBytes);
    }
    const { frames, droppedFrames, droppedRows } = spool.stats;
    expect(frames + droppedFrames).toBe(100);
    expect(droppedRows).toBe(droppedFrames * 10);
    expect(droppedFrames).toBeGreaterThan(50);
    spool = restart({ limitBytes });
    expect(drain(spool)).toEqual(Array.from({ length: frames }, (_, i) => droppedFrames + 1 + i));
    expect(spool.positions.get('a')?.offset).toBe(100);
  });

  test('a frame dropped for room while on its way changes nothing when it is acknowledged', () => {
    const spool = start({ limitBytes: 20_000 });
    put(spool, 1, [], 1000);
    const first = spool.next();
    for (let seq = 2; seq <= 40; seq++) put(spool, seq, [], 1000);
    if (first !== undefined) spool.acknowledge(first);
    const { frames, droppedFrames } = spool.stats;
    expect(frames + droppedFrames).toBe(40);
    expect(drain(spool)).toHaveLength(frames);
  });

  test('segments that are done are removed while it runs', () => {
    const spool = start({ segmentBytes: 3000 });
    for (let seq = 1; seq <= 50; seq++) {
      put(spool, seq, [], 1000);
      drain(spool);
    }
    expect(files().length).toBeLessThanOrEqual(2);
  });

  test('a file cut short under a running spool is counted and passed over', () => {
    const spool = start();
    put(spool, 1);
    put(spool, 2);
    truncateSync(files()[0] as string, statSync(files()[0] as string).size - 10);
    expect(drain(spool)).toEqual([1]);
    put(spool, 3);
    expect(drain(spool)).toEqual([3]);
    expect(spool.stats.damaged).toBe(1);
  });

  test('on a full disk drops its oldest for the newest, and where nothing is left to drop changes nothing', (context) => {
    const disk = smallDisk(context, '300k');
    try {
      const small = { folder: join(disk, 'spool'), limitBytes: 10 << 20, segmentBytes: 64 << 10 };
      const spool = start(small);
      for (let seq = 1; seq <= 200; seq++) put(spool, seq, [position('a', seq)], 5000);
      const { frames, droppedFrames } = spool.stats;
      expect(frames + droppedFrames).toBe(200);
      expect(drain(spool)).toEqual(Array.from({ length: frames }, (_, i) => droppedFrames + 1 + i));
      expect(() => writeFileSync(join(disk, 'other'), Buffer.alloc(400_000))).toThrow('ENOSPC');
      expect(() => put(spool, 201, [position('a', 201)], 5000)).toThrow('ENOSPC');
      expect(spool.next()).toBeUndefined();
      expect(spool.positions.get('a')?.offset).toBe(200);
      expect(spool.stats.droppedFrames).toBe(droppedFrames);
      rmSync(join(disk, 'other'));
      put(spool, 202, [position('a', 202)], 5000);
      expect(drain(spool)).toEqual([202]);
      // What can wait displaces nothing, and no note of what was sent does.
      const putLines = (): void => {
        for (let seq = 300; seq < 400; seq++) spool.append({ boot: '1', seq, parts: 1, rows: 10 }, body('lines', 5000), [position('a', seq)], false);
      };
      expect(putLines).toThrow('ENOSPC');
      const kept = spool.stats.frames;
      expect(kept).toBeGreaterThan(20);
      expect(spool.positions.get('a')?.offset).toBe(299 + kept);
      fillDisk(disk);
      expect(drain(spool)).toEqual(Array.from({ length: kept }, (_, i) => 300 + i));
      expect(spool.stats.droppedFrames).toBe(droppedFrames);
    } finally {
      open?.close();
      open = undefined;
    }
  });

  test('drops nothing where it is refused for another reason than room', () => {
    const spool = start({ segmentBytes: 10_000 });
    for (let seq = 1; seq <= 9; seq++) put(spool, seq, [], 3000);
    const away = `${folder}-away`;
    renameSync(folder, away);
    const putAll = (): void => {
      for (let seq = 10; seq <= 15; seq++) put(spool, seq, [], 3000);
    };
    expect(putAll).toThrow('ENOENT');
    renameSync(away, folder);
    expect(spool.stats.droppedFrames).toBe(0);
    expect(drain(spool).slice(0, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

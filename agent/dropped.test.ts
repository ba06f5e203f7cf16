// What was dropped is counted over restarts: by the file alone, and by all that a run of the agent does with its frames.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { agentConfig } from './config.ts';
import { DroppedFrames } from './dropped.ts';
import { eventBatch } from './inventory.ts';
import { Sending } from './sending.ts';
import { Spool } from './spool/spool.ts';
import { sharedWay } from './testing/shared-way.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dropped-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('counts go on over a restart, in one file that takes no more room than at first', () => {
  new DroppedFrames(folder).keep({ 'spool full': 5, refused: 1, 'spool refused': 0 });
  const bytes = statSync(join(folder, 'dropped.json')).size;
  const again = new DroppedFrames(folder);
  const run = { 'spool full': 2, refused: 0, 'spool refused': 7 };
  expect(again.total(run)).toEqual({ 'spool full': 7, refused: 1, 'spool refused': 7 });
  again.keep(run);
  again.keep(run);
  expect(new DroppedFrames(folder).total({ 'spool full': 0, refused: 0, 'spool refused': 0 })).toEqual({ 'spool full': 7, refused: 1, 'spool refused': 7 });
  expect(statSync(join(folder, 'dropped.json')).size).toBe(bytes);
});

test.each(['', '{"spool full":', 'null', '[]', '{"spool full":-1,"refused":"x","spool refused":1e400}'])('a file with %j counts as none', (text) => {
  writeFileSync(join(folder, 'dropped.json'), text);
  expect(new DroppedFrames(folder).total({ 'spool full': 1, refused: 2, 'spool refused': 3 })).toEqual({ 'spool full': 1, refused: 2, 'spool refused': 3 });
  expect(JSON.parse(readFileSync(join(folder, 'dropped.json'), 'utf8'))).toEqual({ 'spool full': 0, refused: 0, 'spool refused': 0 });
});

test('frames that the spool has no room for are counted over a kill', () => {
  const event = { schema: 'events' as const, batch: eventBatch(Date.now(), 'test', randomBytes(1000).toString('hex'), 'h', new Map()) };
  const run = (): ReadonlyMap<string, number> => {
    const spool = new Spool({ folder: join(folder, 'spool'), limitBytes: 16_384, segmentBytes: 2048, fsync: false });
    const stopping = new AbortController();
    const config = agentConfig({ server: 'http://127.0.0.1:9', folder });
    const sending = new Sending({
      config,
      host: 'h',
      spool,
      way: sharedWay(config.server, join(folder, 'token'), stopping),
      log: silentLogger,
      stopping,
      identity: () => ({ agent: 'a', boot: 1n }),
      renumbered: () => undefined,
      shutOut: () => undefined,
      redefine: () => undefined,
    });
    for (let i = 0; i < 100; i++) expect(sending.put([event])).toBe(true);
    return sending.status.droppedFrames;
  };
  const first = run().get('spool full') ?? 0;
  expect(first).toBeGreaterThan(20);
  // Nothing of the first run was asked for, or closed.
  expect(run().get('spool full')).toBeGreaterThan(first + 20);
});

// What an agent with the shared token takes from a server that knows a later run: another number, or another id where somebody else has its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { agentConfig } from './config.ts';
import { Joining } from './joining.ts';
import type { Spool } from './spool/spool.ts';
import { AgentState } from './state.ts';

let folder = '';
let joining: Joining;
let state: AgentState;
const stopping = new AbortController();
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  folder = mkdtempSync(join(tmpdir(), 'joining-'));
  writeFileSync(join(folder, 'token'), 'x');
  state = new AgentState(folder, 1000);
  joining = new Joining({
    config: agentConfig({ server: 'http://127.0.0.1:1', folder, tokenFile: join(folder, 'token') }),
    host: 'web-1',
    machine: 'm',
    found: { identity: undefined, isCopy: false, usedToken: undefined },
    state,
    spool: { end: { segment: 1, offset: 0 } } as unknown as Spool,
    log: silentLogger,
    stopping: stopping.signal,
    redefine: () => undefined,
  });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const HOUR_MS = 3_600_000;
/** Whether it has the same id after it. */
const staysAfter = (code: string): boolean => {
  const { id } = state;
  joining.renumber(code, state.boot + 1n, false);
  return state.id === id;
};

test('who shuts it out again and again has its id, so it takes another', () => {
  expect(staysAfter('intake.older-run')).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(staysAfter('intake.older-seq')).toBe(false);
  expect(joining.conflicts).toBe(2);
});

test('a server that was put back from a copy months ago, and once more now, leaves it its id', () => {
  expect(staysAfter('intake.older-run')).toBe(true);
  vi.advanceTimersByTime(60 * 24 * HOUR_MS);
  expect(staysAfter('intake.older-run')).toBe(true);
  expect(staysAfter('intake.future-run')).toBe(true);
});

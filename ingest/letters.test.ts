// Letters of schemas that nobody knows, through the door: one sender cannot push out what others lost, and the next hour is a new one.
import { expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { Authority } from './authority.ts';
import { openDoor } from './door.ts';
import { frameOf, logsPart, NOW } from './testing/frames.ts';

const authority = (account: string, isBound: boolean): Authority => ({
  who: account,
  account,
  isBound,
  isSigned: () => true,
  maySend: () => true,
  maySpeakFor: () => true,
  generation: 0,
  mustHold: () => undefined,
});

test('of unknown schemas goes to the dead letters only so far, the rest is dropped and counted', async () => {
  const telemetry = new TelemetryRegistry();
  const clock = { ms: NOW };
  const topics: string[] = [];
  const stream = { produce: async (topic: string, messages: readonly unknown[]) => void topics.push(...messages.map(() => topic)), pressure: () => 0 };
  const letters = (): number => topics.filter((topic) => topic === 'im.dead').length;
  const door = openDoor({ stream, telemetry, log: silentLogger, now: () => clock.ms });
  const large = { ...logsPart(['x'.repeat(1 << 20)]), schema: 'dreams' as 'logs' };
  const tiny = { ...logsPart([]), ipc: new Uint8Array(1), schema: 'dreams' as 'logs' };
  const post = async (agent: string, seq: number, part = large, isBound = false) => {
    const rights = { post: true, authority: authority(agent, isBound) };
    const { body } = await door.receiveFrames({ headers: {}, body: frameOf([part, logsPart(['y'])], { agent, seq: 2 * seq }), rights });
    return JSON.parse(body) as unknown;
  };
  const counted = (what: string) => telemetry.value(`inframirror_${what}_rows_total`, { stage: 'ingest', reason: 'unknown-schema' });
  for (let seq = 1; seq <= 3; seq++) expect(await post('one', seq)).toMatchObject({ rows: 1, unknown: [{ schema: 'dreams', kept: true }] });
  for (let seq = 4; seq <= 8; seq++) expect(await post('one', seq)).toMatchObject({ rows: 1, unknown: [{ schema: 'dreams', kept: false }] });
  expect([letters(), counted('dead'), counted('dropped')]).toEqual([3, 3, 5]);
  for (let other = 0; other < 70; other++) await post(`other ${other}`, 1);
  expect(letters()).toBeGreaterThan(40);
  expect(letters()).toBeLessThan(48);
  // Those who have a key of their own have room left, and one of them cannot take it all by many small ones.
  let kept = 0;
  for (let seq = 1; seq <= 5000; seq++) kept += JSON.stringify(await post('small', seq, tiny, true)).includes('"kept":true') ? 1 : 0;
  expect(kept).toBe(4096);
  expect(await post('own', 1, large, true)).toMatchObject({ unknown: [{ kept: true }] });
  clock.ms += 3_600_000;
  expect(await post('one', 9)).toMatchObject({ unknown: [{ kept: true }] });
});

// Letters of schemas that nobody knows, through the door: one sender cannot push out what others lost, and the next hour is a new one.
import { expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openDoor } from './door.ts';
import { frameOf, logsPart, NOW } from './testing/frames.ts';

test('of unknown schemas goes to the dead letters only so far, the rest is dropped and counted', async () => {
  const telemetry = new TelemetryRegistry();
  const clock = { ms: NOW };
  const topics: string[] = [];
  const stream = { produce: async (topic: string, messages: readonly unknown[]) => void topics.push(...messages.map(() => topic)), pressure: () => 0 };
  const letters = (): number => topics.filter((topic) => topic === 'im.dead').length;
  const door = openDoor({ stream, telemetry, log: silentLogger, now: () => clock.ms });
  const large = { ...logsPart(['x'.repeat(1 << 20)]), schema: 'dreams' as 'logs' };
  const post = async (agent: string, seq: number) => {
    const { body } = await door.receiveFrames({ headers: {}, body: frameOf([large, logsPart(['y'])], { agent, seq: 2 * seq }), rights: { post: true } });
    return JSON.parse(body) as unknown;
  };
  const counted = (what: string) => telemetry.value(`inframirror_${what}_rows_total`, { stage: 'ingest', reason: 'unknown-schema' });
  for (let seq = 1; seq <= 3; seq++) expect(await post('one', seq)).toMatchObject({ rows: 1, unknown: [{ schema: 'dreams', kept: true }] });
  for (let seq = 4; seq <= 8; seq++) expect(await post('one', seq)).toMatchObject({ rows: 1, unknown: [{ schema: 'dreams', kept: false }] });
  expect([letters(), counted('dead'), counted('dropped')]).toEqual([3, 3, 5]);
  for (let other = 0; other < 70; other++) await post(`other ${other}`, 1);
  expect(letters()).toBeGreaterThan(50);
  expect(letters()).toBeLessThan(65);
  clock.ms += 3_600_000;
  expect(await post('one', 9)).toMatchObject({ unknown: [{ kept: true }] });
});

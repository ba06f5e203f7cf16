// A server whose own clock is wrong keeps nothing out that it acknowledges: agents with keys decide it together, nobody else.
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { CLOCK_HEADER } from '../schemas/frame.ts';
import type { Authority } from './authority.ts';
import { openDoor } from './door.ts';
import { clockOf, FleetClock } from './fleet-clock.ts';
import { CPU } from './testing/door.ts';
import { frameOf, NOW, samplesPart, seriesPart } from './testing/frames.ts';

const HOUR = 3_600_000;

describe('whose clock is wrong', () => {
  const notes = (...offsets: readonly number[]): FleetClock => {
    const clock = new FleetClock(
      () => NOW,
      () => 0,
    );
    for (const [i, offset] of offsets.entries()) clock.note(`agent-${i}`, NOW + offset);
    return clock;
  };

  test.each<[string, readonly number[], ReturnType<() => FleetClock['doubt']>]>([
    ['nobody', [], undefined],
    ['two are too few', [HOUR, HOUR], undefined],
    ['three of three', [HOUR, 2 * HOUR, 3 * HOUR], { offset: 2 * HOUR, agents: 3, of: 3 }],
    ['three of five', [-HOUR, -2 * HOUR, -3 * HOUR, 0, 1000], { offset: -2 * HOUR, agents: 3, of: 5 }],
    ['three of six', [HOUR, HOUR, HOUR, 0, 0, 0], undefined],
    ['each to another side', [HOUR, HOUR, HOUR, -HOUR, -HOUR, -HOUR], undefined],
    ['minutes are no other time', [500_000, 500_000, 500_000, 500_000], undefined],
  ])('%s', (_, offsets, doubt) => {
    expect(notes(...offsets).doubt).toEqual(doubt);
  });

  test('an agent has one say, its last; and none when it was not heard for long', () => {
    let passed = 0;
    const clock = new FleetClock(
      () => NOW + passed,
      () => passed,
    );
    const note = (agent: string, offset: number): void => clock.note(agent, NOW + passed + offset);
    for (const agent of ['a', 'a', 'a', 'b', 'c']) note(agent, HOUR);
    expect(clock.doubt).toEqual({ offset: HOUR, agents: 3, of: 3 });
    note('b', 0);
    expect(clock.doubt).toBeUndefined();
    note('b', HOUR);
    passed = 16 * 60_000;
    note('d', HOUR);
    expect(clock.doubt).toBeUndefined();
  });

  test('a jump of the server’s clock is seen before anybody is heard again, and so is that it was set right', () => {
    let jump = 0;
    const clock = new FleetClock(
      () => NOW + jump,
      () => 0,
    );
    for (let i = 0; i < 100; i++) clock.note(`agent-${i}`, NOW);
    jump = 30 * 24 * HOUR;
    expect(clock.doubt).toEqual({ offset: -jump, agents: 100, of: 100 });
    jump = 0;
    expect(clock.doubt).toBeUndefined();
  });

  test('soon after a start the first that is off waits for others; later it is taken to be wrong itself', () => {
    let passed = 0;
    const clock = new FleetClock(
      () => NOW + passed,
      () => passed,
    );
    clock.note('a', NOW + HOUR);
    clock.note('b', NOW);
    expect(clock.doubtOf('a')).toEqual({ offset: HOUR, agents: 1, of: 2 });
    expect(clock.doubtOf('b')).toBeUndefined();
    clock.note('c', NOW);
    expect(clock.doubtOf('a')).toBeUndefined();
    passed = 6 * 60_000;
    clock.note('d', NOW + passed + HOUR);
    expect(clock.doubtOf('d')).toBeUndefined();
  });

  test.each([
    ['1795000000000', 1_795_000_000_000],
    [undefined, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['9'.repeat(16), undefined],
  ])('a header %s', (header, clock) => {
    expect(clockOf(header)).toBe(clock);
  });
});

describe('at the door', () => {
  const authorityOf = (account: string, isBound: boolean): Authority => ({
    account,
    isBound,
    generation: 0,
    who: account,
    isSigned: () => true,
    maySend: () => true,
    maySpeakFor: () => true,
    mustHold: () => undefined,
  });

  const doorAt = (serverNow: number) => {
    const sent: object[] = [];
    const produce = async (_: string, messages: readonly object[]): Promise<void> => {
      sent.push(...messages);
    };
    const door = openDoor({ stream: { produce, pressure: () => 0 }, telemetry: new TelemetryRegistry(), log: silentLogger, now: () => serverNow });
    const send = async (sender: string, seq: number, isBound = true, clock = NOW, boot = 1n) => {
      const body = frameOf([seriesPart([CPU]), samplesPart(CPU, [[NOW, 1]])], { agent: sender, host: sender, seq, boot });
      const { status, body: text } = await door.receiveFrames({
        headers: { [CLOCK_HEADER]: String(clock) },
        body,
        rights: { post: true, authority: authorityOf(sender, isBound) },
      });
      return { status, ...(JSON.parse(text) as { readonly code?: string; readonly dropped?: readonly { readonly reason: string }[] }) };
    };
    return { door, send, sent };
  };

  test.each([
    ['ahead', 30 * 24 * HOUR],
    ['behind', -HOUR],
  ])('what a clock that is %s would drop is refused, and nothing is acknowledged', async (side, off) => {
    const { door, send, sent } = doorAt(NOW + off);
    for (const sender of ['web-1', 'web-2', 'web-3', 'web-1']) expect(await send(sender, 1)).toMatchObject({ status: 503, code: 'intake.clock' });
    expect(sent).toEqual([]);
    expect(door.state.clock).toMatchObject({ agents: 3, of: 3 });
    expect(await send('web-9', 1, false)).toMatchObject({ status: 503 });
    expect(side).toBe((door.state.clock?.offset ?? 0) < 0 ? 'ahead' : 'behind');
  });

  test('a run that is only by the server’s clock one to come is refused as that clock is, and no agent is numbered anew', async () => {
    const { door, send, sent } = doorAt(NOW - 48 * HOUR);
    const boot = BigInt(NOW);
    for (const sender of ['web-1', 'web-2', 'web-3', 'web-1'])
      expect(await send(sender, 1, true, NOW, boot)).toMatchObject({ status: 503, code: 'intake.clock' });
    expect(await send('web-9', 1, false, NOW, boot)).toMatchObject({ status: 503, code: 'intake.clock' });
    expect(door.state.clock).toEqual({ offset: expect.closeTo(48 * HOUR, -4), agents: 3, of: 3 });
    expect(sent).toEqual([]);
    // By clocks that agree it is the run that is wrong.
    const right = doorAt(NOW);
    expect(await right.send('web-1', 1, true, NOW, boot + BigInt(48 * HOUR))).toMatchObject({ status: 409, code: 'intake.future-run' });
  });

  test('names under the shared token have no say', async () => {
    const { door, send } = doorAt(NOW + 30 * 24 * HOUR);
    for (let i = 0; i < 20; i++) expect(await send(`made-up-${i}`, 1, false)).toMatchObject({ status: 200, dropped: [{ reason: 'late' }] });
    expect(door.state.clock).toBeUndefined();
  });

  test('an agent whose own clock is wrong is told so as before, and the others are taken', async () => {
    const { send } = doorAt(NOW);
    for (const sender of ['web-1', 'web-2', 'web-3']) expect(await send(sender, 1)).toMatchObject({ status: 200, dropped: [] });
    expect(await send('web-4', 1, true, NOW + HOUR)).toMatchObject({ status: 200 });
  });
});

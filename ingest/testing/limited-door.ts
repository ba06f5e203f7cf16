// A door with limits for tests of them: what it sends and logs are lists, its clock is the test's, and it can be opened anew.
import { createLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { Message } from '../../engines/stream/port.ts';
import type { FrameHeader, OwnFramePart } from '../../schemas/frame.ts';
import { type Door, openDoor } from '../door.ts';
import { INTAKE_LIMITS, type IntakeLimits } from '../limits.ts';
import { frameOf, NOW } from './frames.ts';

export const limitedDoor = (limits: Partial<IntakeLimits>) => {
  const telemetry = new TelemetryRegistry();
  const sent: Message[] = [];
  const lines: Record<string, unknown>[] = [];
  const clock = { ms: NOW };
  const log = createLogger({ level: 'warn', format: 'json', write: (line) => void lines.push(JSON.parse(line)), now: () => clock.ms });
  let fails = false;
  const produce = async (_: string, messages: readonly Message[]): Promise<void> => {
    if (fails) throw new Error('the stream failed');
    sent.push(...messages);
  };
  const stream = { produce, pressure: () => 0 };
  const fail = (now: boolean): void => {
    fails = now;
  };
  const open = (): Door => openDoor({ stream, telemetry, log, limits: { ...INTAKE_LIMITS, ...limits }, now: () => clock.ms });
  const state = { door: open(), seq: 0 };
  const post = async (parts: readonly OwnFramePart[], header: Partial<FrameHeader> = {}) => {
    state.seq += 10;
    const answer = await state.door.receiveFrames({ headers: {}, body: frameOf(parts, { seq: state.seq, ...header }), rights: { post: true } });
    return { status: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
  };
  const restart = (): void => {
    state.door = open();
  };
  return { post, restart, fail, sent, lines, telemetry, clock, state: () => state.door.state };
};

// Parts that come packed: passed on byte for byte, packed anew only where rows were dropped, and refused by name where they are not what they say.
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodeStream } from '../core/ipc/read.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { openDoor } from './door.ts';
import { INTAKE_LIMITS } from './limits.ts';
import { DAY_NS, frameOf, logsPart, NOW, NOW_NS, packed } from './testing/frames.ts';

const setUp = () => {
  const sent: { topic: string; messages: readonly Message[] }[] = [];
  const produce = async (topic: string, messages: readonly Message[]): Promise<void> => void sent.push({ topic, messages });
  const door = openDoor({ stream: { produce, pressure: () => 0 }, telemetry: noTelemetry, log: silentLogger, now: () => NOW });
  const post = async (body: Uint8Array): Promise<Record<string, unknown>> => {
    const { status, body: text } = await door.receiveFrames({ headers: {}, body, rights: { post: true } });
    return { status, ...(JSON.parse(text) as Record<string, unknown>) };
  };
  return { post, sent };
};

test('a frame with packed parts is passed on byte for byte, and packed anew only where rows were dropped', async () => {
  const { post, sent } = setUp();
  const whole = packed(logsPart(['a', 'b'.repeat(100_000)]));
  const late = packed(logsPart(['kept', 'too old'], [NOW_NS, NOW_NS - 40n * DAY_NS]));
  expect(await post(frameOf([whole, late]))).toMatchObject({ status: 200, rows: 3, dropped: [{ part: 1, rows: 1 }] });
  const [first, second] = sent[0]?.messages ?? [];
  expect(first?.value).toEqual(whole.ipc);
  expect([first?.headers.encoding, second?.headers.encoding]).toEqual(['zstd', 'zstd']);
  const [batch] = decodeStream(zstdDecompressSync(second?.value ?? new Uint8Array(0)));
  expect(batch?.length).toBe(1);
  // A plain part stays plain.
  expect(await post(frameOf([logsPart(['c'])], { seq: 90 }))).toMatchObject({ status: 200 });
  expect(sent[1]?.messages[0]?.headers.encoding).toBe(undefined);
});

test('a frame with packed parts of an unknown schema keeps them packed, unseen', async () => {
  const { post, sent } = setUp();
  const newer = { ...packed(logsPart(['a'])), version: 2 };
  expect(await post(frameOf([newer]))).toMatchObject({ status: 200, unknown: [{ schema: 'logs', version: 2, rows: 1 }] });
  expect(sent[0]).toMatchObject({ topic: 'im.dead', messages: [{ value: newer.ipc, headers: { encoding: 'zstd' } }] });
});

test.each([
  ['says too little', (part: OwnFramePart) => ({ ...part, size: (part.size ?? 0) - 1 }), 'it has more than the'],
  ['says nothing', (part: OwnFramePart) => ({ ...part, size: 0 }), 'it has more than the 0 bytes'],
  ['says too much', (part: OwnFramePart) => ({ ...part, size: (part.size ?? 0) + 1 }), 'and says that it has'],
  ['goes on behind its end', (part: OwnFramePart) => ({ ...part, ipc: Uint8Array.of(...part.ipc, 0, 1) }), 'follow its end'],
  ['is cut', (part: OwnFramePart) => ({ ...part, ipc: part.ipc.subarray(0, -5) }), ''],
  ['is noise', (part: OwnFramePart) => ({ ...part, ipc: Uint8Array.of(1, 2, 3) }), ''],
  ['is empty', (part: OwnFramePart) => ({ ...part, ipc: new Uint8Array(0) }), ''],
])('a frame whose packed part %s is refused, small or large', async (_, damage, reason) => {
  for (const line of ['a', 'b'.repeat(200_000)]) {
    const { post, sent } = setUp();
    const answer = await post(frameOf([damage(packed(logsPart([line])))]));
    expect(answer).toMatchObject({ status: 400, code: 'intake.damaged' });
    expect(answer.message).toContain(reason);
    expect(sent).toEqual([]);
  }
});

test('a frame whose parts would be larger than a frame may be is refused before they are unpacked', async () => {
  const { post } = setUp();
  const bomb = { ...packed(logsPart(['a'])), size: INTAKE_LIMITS.frame.bytes - 10 };
  expect(await post(frameOf([bomb, bomb]))).toMatchObject({ status: 400, code: 'frame.malformed' });
});

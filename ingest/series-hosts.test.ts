// An agent bound to its host cannot send samples under another host's series, defined or not; what is its own it sends as before.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { highOf, lowOf } from '../core/batch/words.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import type { Authority } from './authority.ts';
import { openDoor } from './door.ts';
import { SeriesHosts } from './series-hosts.ts';
import { type Definition, frameOf, NOW, samplesPart, seriesPart } from './testing/frames.ts';

const of = (host: string): Authority => ({
  account: host,
  isBound: true,
  who: `the agent of ${host}`,
  isSigned: () => true,
  maySend: (sender) => sender === host,
  maySpeakFor: (name) => name === host,
  generation: 0,
  mustHold: () => undefined,
});
const cpu = (host: string): Definition => ['cpu', host === '' ? [] : [['host', host]]];

test('samples of another host’s series are refused, in a frame of its own or among one’s own', async () => {
  const sent: Message[] = [];
  const stream = { produce: async (_: string, messages: readonly Message[]) => void sent.push(...messages), pressure: () => 0 };
  const door = openDoor({ stream, telemetry: noTelemetry, log: silentLogger, now: () => NOW });
  let seq = 0;
  const post = async (host: string, parts: readonly OwnFramePart[], authority: Authority | undefined = of(host)) => {
    seq += 10;
    const rights = { post: true, ...(authority === undefined ? {} : { authority }) };
    const { status, body } = await door.receiveFrames({ headers: {}, body: frameOf(parts, { agent: host, host, seq }), rights });
    return { status, ...(JSON.parse(body) as Record<string, unknown>) };
  };
  const tick = (host: string): OwnFramePart => samplesPart(cpu(host), [[NOW, 1]]);
  expect(await post('victim', [seriesPart([cpu('victim'), cpu('')]), tick('victim')])).toMatchObject({ status: 200 });
  const before = sent.length;
  expect(await post('bad', [tick('victim')])).toMatchObject({ status: 403, code: 'intake.host', host: 'victim' });
  expect(await post('bad', [seriesPart([cpu('bad')]), tick('bad'), tick('victim')])).toMatchObject({ status: 403 });
  expect(sent).toHaveLength(before);
  // Of a series that nobody has defined yet nothing is known, as after a restart; one without a host is nobody's.
  expect(await post('bad', [tick('bad'), tick('')])).toMatchObject({ status: 200, rows: 2, define: true });
  expect(await post('victim', [tick('victim')])).toMatchObject({ status: 200, rows: 1 });
  // A relay speaks for all.
  expect(await post('relay', [tick('victim'), tick('bad')], { ...of('relay'), maySpeakFor: () => true })).toMatchObject({ status: 200, rows: 2 });
});

test('the host of a series is that of its last note, for any ids', () => {
  const id = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 9n));
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.constantFrom('a', 'b', '__proto__', '')), { maxLength: 3000 }), fc.array(id, { maxLength: 20 }), (notes, others) => {
      const hosts = new SeriesHosts();
      for (const [at, host] of notes) hosts.note(at, host);
      const model = new Map(notes);
      for (const at of [...model.keys(), ...others]) expect(hosts.hostOf(lowOf(at), highOf(at))).toBe(model.get(at));
    }),
    { numRuns: 50 },
  );
});

test('beyond their bound those noted longest ago are forgotten, half at once and told of, and never those noted last', () => {
  const told: number[] = [];
  const hosts = new SeriesHosts((series) => told.push(series), 100);
  for (let i = 0n; i < 260n; i++) {
    hosts.note(i, `h-${i % 7n}`);
    for (const last of [i, i - 49n]) if (last >= 0n) expect(hosts.hostOf(Number(last), 0)).toBe(`h-${last % 7n}`);
  }
  expect(told).toEqual([50, 50, 50, 50]);
  expect(hosts.hostOf(0, 0)).toBeUndefined();
});

test('long hosts are forgotten by the room of their texts, not by their number alone', () => {
  let told = 0;
  const hosts = new SeriesHosts((series) => (told += series), 1000, 20_000);
  for (let i = 0n; i < 100n; i++) hosts.note(i, `${i}`.padEnd(500, 'h'));
  expect(told).toBe(60);
  expect([hosts.hostOf(59, 0), hosts.hostOf(60, 0)?.length]).toEqual([undefined, 500]);
});

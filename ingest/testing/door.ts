// A door for tests on a stream that is a list; its clock stands at NOW.
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { Message } from '../../engines/stream/port.ts';
import { openDoor } from '../door.ts';
import { INTAKE_LIMITS, type IntakeLimits } from '../limits.ts';
import type { SeriesTables } from '../series-tables.ts';
import { type Definition, NOW } from './frames.ts';

interface Sent {
  readonly topic: string;
  readonly messages: readonly Message[];
}

export const setUp = (
  over: { limits?: Partial<IntakeLimits>; produce?: (topic: string, messages: readonly Message[]) => Promise<void>; series?: SeriesTables } = {},
) => {
  const sent: Sent[] = [];
  const telemetry = new TelemetryRegistry();
  const produce =
    over.produce ??
    (async (topic: string, messages: readonly Message[]) => {
      sent.push({ topic, messages });
    });
  const door = openDoor({
    stream: { produce, pressure: () => 0 },
    telemetry,
    log: silentLogger,
    limits: { ...INTAKE_LIMITS, ...over.limits },
    now: () => NOW,
    ...(over.series === undefined ? {} : { series: over.series }),
  });
  const post = async (body: Uint8Array | AsyncIterable<Uint8Array>, headers: Readonly<Record<string, string>> = {}, mayPost = true) => {
    const { status, headers: answered, body: text } = await door.receiveFrames({ headers, body, rights: { post: mayPost } });
    return { status, retryAfter: answered['retry-after'], ...(JSON.parse(text) as Record<string, unknown>) } as Record<string, unknown>;
  };
  return { door, post, sent, telemetry };
};

export const CPU: Definition = [
  'system.cpu.utilization',
  [
    ['host.name', 'web-1'],
    ['cpu', '0'],
  ],
];

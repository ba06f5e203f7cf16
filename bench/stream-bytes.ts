// What a sample takes on the stream, from the door's own hand: frames of a thousand series, and the readings of a real agent on this machine.
// Both counted by the stream: bytes of the messages with their headers, and the space of its file that they take.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { Sink } from '../agent/testing/sink.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import { openDoor } from '../ingest/door.ts';
import { encodeFrame, type OwnFramePart } from '../schemas/frame.ts';
import { TOPIC } from '../schemas/tables.ts';
import { type Figure, short } from './figure.ts';
import { agentLoad, STEP_MS } from './load-samples.ts';

/** Readings, after the two by which a set becomes known. */
const READINGS = 30;
const WARM = 2;
/** Of an agent: its definitions, and readings with more series each. */
const AGENT_WARM = 6;
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

interface Body {
  readonly bytes: Uint8Array;
  readonly encoding: 'zstd' | 'identity';
  readonly samples: number;
}

const figure = async (what: string, bodies: readonly Body[], warm: number): Promise<Figure> => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-stream-'));
  const stream = await openLmdbStream({ dir });
  try {
    await stream.ensureTopics(
      ['im.metrics', 'im.events', 'im.processes', 'im.logs'].map((name) => ({ name, partitions: 1, retentionBytes: 2 ** 40, retentionMs: 1e12 })),
    );
    const door = openDoor({ stream, telemetry: noTelemetry, log: silentLogger });
    const taken = async (): Promise<readonly [number, number]> => [
      (await stream.partitions(TOPIC.metrics)).reduce((sum, { bytes }) => sum + bytes, 0),
      (await stream.state()).bytes ?? 0,
    ];
    let before = await taken();
    let samples = 0;
    let sent = 0;
    for (const [i, body] of bodies.entries()) {
      if (i === warm) before = await taken();
      if (i >= warm) {
        samples += body.samples;
        sent += body.bytes.length;
      }
      const { status, body: answer } = await door.receiveFrames({ headers: { 'content-encoding': body.encoding }, body: body.bytes, rights: { post: true } });
      if (status !== 200) throw new Error(answer);
    }
    const [bytes, space] = (await taken()).map((now, i) => (now - (before[i] as number)) / samples);
    return {
      what: `${what}: on the stream (goal ≤ 4)`,
      value: `${short(bytes as number)} B/sample, ${short(space as number)} of its file`,
      against: `${short(sent / samples)} B/sample as it was sent`,
      ratio: (bytes as number) / (sent / samples),
    };
  } finally {
    await stream.close();
    rmSync(dir, { recursive: true });
  }
};

const thousand = (): readonly Body[] => {
  const steps = WARM + READINGS;
  const load = agentLoad(0, { agents: 1, series: 1000, steps }, Math.floor(Date.now() / STEP_MS) * STEP_MS - steps * STEP_MS);
  return Array.from({ length: steps }, (_, step): Body => ({ bytes: load.frame(step), encoding: 'zstd', samples: 1000 }));
};

/** Readings of a second each, which differ by as much as those of fifteen do on a machine that works. */
const ofThisHost = async (): Promise<readonly Body[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-agent-'));
  const sink = await Sink.start();
  writeFileSync(join(folder, 'token'), sink.token);
  const child = fileURLToPath(new URL('../agent/testing/child.ts', import.meta.url));
  const settings = JSON.stringify({ server: sink.url, tokenFile: join(folder, 'token'), folder: join(folder, 'data'), metricsMs: 1000 });
  const running = spawn(process.execPath, [child, settings], { stdio: ['pipe', 'ignore', 'inherit'] });
  const readings = () => sink.parts.filter(({ schema }) => schema === 'metrics');
  try {
    while (readings().length < AGENT_WARM + READINGS) await new Promise((resolve) => setTimeout(resolve, 200));
  } finally {
    running.kill('SIGTERM');
    await once(running, 'exit');
    await sink.stop();
    rmSync(folder, { recursive: true });
  }
  const parts = sink.parts.filter(({ schema }) => schema === 'metrics' || schema === 'series');
  return parts.map((part): Body => {
    const { header, seq, ipc } = part;
    // The sink has unpacked it.
    const own = { ...part, ipc: zstdCompressSync(ipc, ZSTD) } as unknown as OwnFramePart;
    return {
      bytes: encodeFrame({ ...header, seq }, [own]),
      encoding: 'identity',
      samples: part.schema === 'metrics' ? part.rows : 0,
    };
  });
};

export const run = async (): Promise<readonly Figure[]> => {
  const own = await ofThisHost();
  const series = own.at(-1)?.samples ?? 0;
  return [await figure('frames of 1,000 samples', thousand(), WARM), await figure(`this host's agent, ${series} series a frame`, own, AGENT_WARM)];
};

// The door: CPU of a server process that takes frames over HTTP and puts them on the stream, a sample and a frame, by the size of the frames.
// Many senders, each with its own series in the same order time after time, as agents send them; definitions went before. Beside it a bare
// server of Node that reads the same bodies and answers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Batch, FixedColumn } from '../core/batch/batch.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { frameOf, idOf, seriesPart } from '../ingest/testing/frames.ts';
import { metricHash } from '../schemas/series-id.ts';
import { SAMPLE_FIELDS, SIGNAL_VERSION } from '../schemas/tables.ts';
import { costOf, type Figure, short } from './figure.ts';

const SIZES = [100, 500, 1000, 10_000] as const;
/** Samples measured at each size, before which some go to warm up. */
const SAMPLES = 1_000_000;
const MOST_FRAMES = 4000;
const AT_ONCE = 16;
const BARE = `
const server = require('node:http').createServer((q, s) => { q.on('data', () => {}); q.on('end', () => s.writeHead(200, { 'content-type': 'application/json' }).end('{"rows":1}')); });
server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));
process.stdin.resume().on('end', () => process.exit(0));`;

interface Body {
  readonly sender: number;
  readonly bytes: Uint8Array;
}

interface Server {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

const start = async (args: readonly string[]): Promise<Server> => {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: child.pid as number,
    port: Number(line.toString()),
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
};

/** The frames of senders in turn, as they go over the wire. */
class Senders {
  readonly #size: number;
  readonly #count: number;
  readonly #ids: readonly BigUint64Array[];
  readonly #walk: Float64Array;
  readonly #boot = BigInt(Date.now());
  #frames = 0;

  constructor(size: number, frames: number) {
    this.#size = size;
    // Each sends some ten times.
    this.#count = Math.max(AT_ONCE, Math.min(1000, Math.round(frames / 10)));
    this.#walk = new Float64Array(size).fill(500);
    this.#ids = Array.from({ length: this.#count }, (_, sender) =>
      BigUint64Array.from({ length: size }, (_id, i) => idOf('bench.value', this.#labels(sender, i))),
    );
  }

  #labels(sender: number, i: number): readonly (readonly [string, string])[] {
    return [
      ['host', `host-${sender}`],
      ['device', `d${i}`],
    ];
  }

  *definitions(): Iterable<Body> {
    for (let sender = 0; sender < this.#count; sender++) {
      const part = seriesPart(
        Array.from({ length: this.#size }, (_, i) => ['bench.value', this.#labels(sender, i)] as const),
        [...(this.#ids[sender] as BigUint64Array)],
      );
      yield this.#packed(sender, frameOf([part], { agent: `agent-${this.#size}-${sender}`, host: `host-${sender}`, boot: this.#boot, seq: 0 }));
    }
  }

  next(): Body {
    const sender = this.#frames % this.#count;
    const tick = Math.floor(this.#frames++ / this.#count);
    const length = this.#size;
    for (let i = 0; i < length; i++) this.#walk[i] = ((this.#walk[i] as number) * 10 + Math.round((Math.random() - 0.5) * 10)) / 10;
    const arrays = [
      new Uint32Array(length).fill(metricHash('bench.value')),
      this.#ids[sender] as BigUint64Array,
      new BigInt64Array(length).fill(this.#boot + BigInt(tick)),
      this.#walk.slice(),
    ] as const;
    const columns = SAMPLE_FIELDS.map(
      ({ type }, i): FixedColumn => ({ layout: 'fixed', type, length, validity: undefined, values: arrays[i] as FixedColumn['values'] }),
    );
    const batch: Batch = { length, fields: SAMPLE_FIELDS, columns };
    const part = { schema: 'metrics', version: SIGNAL_VERSION, rows: length, ipc: encodeStream([batch]) } as const;
    return this.#packed(sender, frameOf([part], { agent: `agent-${length}-${sender}`, host: `host-${sender}`, boot: this.#boot, seq: 1 + tick }));
  }

  #packed(sender: number, frame: Uint8Array): Body {
    return { sender, bytes: zstdCompressSync(frame, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }) };
  }
}

const post = (agent: Agent, port: number, body: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-encoding': 'zstd', 'content-length': body.length };
    const sent = request({ agent, port, host: '127.0.0.1', method: 'POST', path: '/ingest/frames', headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode} ${Buffer.concat(chunks)}`))));
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** A sender sends one frame after the other. */
const sendAll = async (port: number, bodies: readonly Body[]): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const lane = async (n: number): Promise<void> => {
    for (const { sender, bytes } of bodies) if (sender % AT_ONCE === n) await post(agent, port, bytes);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => lane(n)));
  agent.destroy();
};

/** Seconds of CPU of the server for those bodies; its writer goes on for a moment after the last answer. */
const costFor = async (server: Server, bodies: readonly Body[]): Promise<number> => {
  const before = costOf(server.pid).cpu;
  await sendAll(server.port, bodies);
  await after(200);
  return costOf(server.pid).cpu - before;
};

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'bench-door-'));
  const door = await start([fileURLToPath(new URL('./door-server.ts', import.meta.url)), dir]);
  const bare = await start(['-e', BARE]);
  try {
    for (const size of SIZES) {
      const frames = Math.min(MOST_FRAMES, SAMPLES / size);
      const senders = new Senders(size, frames);
      await sendAll(door.port, [...senders.definitions()]);
      const [warm, measured] = [Math.ceil(frames / 4), frames].map((count) => Array.from({ length: count }, () => senders.next())) as [Body[], Body[]];
      for (const server of [door, bare]) await sendAll(server.port, warm);
      const [ours, least] = [await costFor(door, measured), await costFor(bare, measured)];
      figures.push({
        what: `door: CPU of a sample, frames of ${size}`,
        value: `${short((ours / frames / size) * 1e6)} µs, ${short((ours / frames) * 1e6)} µs a frame`,
        against: `${short((least / frames) * 1e6)} µs a frame (a server of Node that reads and answers)`,
        ratio: ours / least,
      });
    }
    return figures;
  } finally {
    await door.stop();
    await bare.stop();
    rmSync(dir, { recursive: true, force: true });
  }
};

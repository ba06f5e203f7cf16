// The door: CPU of a server process that takes frames over HTTP and puts them on the stream, a sample and a frame, by the size of the frames.
// Many agents that have joined, each with its own series in the same order time after time, each frame with an HMAC under its session's key, as
// agents send them; definitions went before. Beside it the same with the token that all share, and a bare server of Node that reads the same
// bodies and answers.
import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { join as joinServer, type Session, signIn } from '../agent/join.ts';
import { ServerCalls } from '../agent/server-calls.ts';
import type { Batch, FixedColumn } from '../core/batch/batch.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { frameOf, idOf, seriesPart } from '../ingest/testing/frames.ts';
import { FRAME_SCHEME, frameContext } from '../schemas/agent-proofs.ts';
import { readJoinToken } from '../schemas/join-token.ts';
import { metricHash } from '../schemas/series-id.ts';
import { SAMPLE_FIELDS, SIGNAL_VERSION } from '../schemas/tables.ts';
import { costOf, type Figure, short } from './figure.ts';

const SIZES = [100, 500, 1000, 10_000] as const;
/** Samples measured at each size, before which some go to warm up. */
const SAMPLES = 1_000_000;
const MOST_FRAMES = 4000;
const MOST_AGENTS = 400;
const AT_ONCE = 16;
const ROUNDS = 4;
const MACHINE = 'b'.repeat(32);
const BARE = `
const server = require('node:http').createServer((q, s) => { q.on('data', () => {}); q.on('end', () => s.writeHead(200, { 'content-type': 'application/json' }).end('{"rows":1}')); });
server.listen(0, '127.0.0.1', () => process.stdout.write(JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port }) + '\\n'));
process.stdin.resume().on('end', () => process.exit(0));`;

interface Body {
  readonly sender: number;
  readonly bytes: Uint8Array;
  readonly authorization: string;
}

interface Server {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly tokens: readonly string[];
  stop(): Promise<void>;
}

const start = async (args: readonly string[]): Promise<Server> => {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    ...(JSON.parse(line) as Pick<Server, 'url' | 'token' | 'tokens'>),
    pid: child.pid as number,
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
};

/** As which the frames are sent: its id, its host, and what stands beside a body. */
interface Sender {
  readonly id: string;
  readonly host: string;
  readonly authorize: (body: Uint8Array) => string;
}

const enrolled = async (server: Server, folder: string): Promise<readonly Sender[]> => {
  const senders: Sender[] = [];
  const lane = async (n: number): Promise<void> => {
    const calls = new ServerCalls(server.url, 60_000, new AbortController().signal);
    for (let at = n; at < server.tokens.length; at += AT_ONCE) {
      const host = `host-${at}`;
      const identity = await joinServer(calls, mkdtempSync(join(folder, 'agent-')), readJoinToken(server.tokens[at] as string), host, MACHINE);
      if ('refused' in identity) throw new Error(identity.refused.text);
      const session = await signIn(calls, identity, MACHINE, BigInt(Date.now()), randomBytes(16));
      if ('refused' in session) throw new Error(session.refused.text);
      senders[at] = { id: identity.id, host, authorize: (body) => signed(session, body) };
    }
    calls.close();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => lane(n)));
  return senders;
};

const signed = ({ id, key }: Session, body: Uint8Array): string =>
  `${FRAME_SCHEME} ${id}.${createHmac('sha256', key).update(frameContext(id)).update(body).digest('base64url')}`;

/** The frames of senders in turn, as they go over the wire. */
class Frames {
  readonly #size: number;
  readonly #senders: readonly Sender[];
  readonly #ids: readonly BigUint64Array[];
  readonly #walk: Float64Array;
  readonly #boot = BigInt(Date.now());
  #frames = 0;

  constructor(size: number, senders: readonly Sender[]) {
    this.#size = size;
    this.#senders = senders;
    this.#walk = new Float64Array(size).fill(500);
    this.#ids = senders.map(({ host }) => BigUint64Array.from({ length: size }, (_id, i) => idOf('bench.value', labels(host, i))));
  }

  definitions(): readonly Body[] {
    return this.#senders.map(({ host }, sender) => {
      const ids = this.#ids[sender] as BigUint64Array;
      return this.#packed(sender, 0, [
        seriesPart(
          Array.from({ length: this.#size }, (_, i) => ['bench.value', labels(host, i)] as const),
          [...ids],
        ),
      ]);
    });
  }

  next(): Body {
    const sender = this.#frames % this.#senders.length;
    const tick = Math.floor(this.#frames++ / this.#senders.length);
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
    return this.#packed(sender, 1 + tick, [{ schema: 'metrics', version: SIGNAL_VERSION, rows: length, ipc: encodeStream([batch]) }]);
  }

  #packed(sender: number, seq: number, parts: Parameters<typeof frameOf>[0]): Body {
    const { id, host, authorize } = this.#senders[sender] as Sender;
    const bytes = zstdCompressSync(frameOf(parts, { agent: id, host, boot: this.#boot, seq }), { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    return { sender, bytes, authorization: authorize(bytes) };
  }
}

const labels = (host: string, i: number): readonly (readonly [string, string])[] => [
  ['host', host],
  ['device', `d${i}`],
];

const post = (agent: Agent, url: string, { bytes, authorization }: Body): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-encoding': 'zstd', 'content-length': bytes.length, authorization };
    const sent = request(`${url}/ingest/frames`, { agent, method: 'POST', headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode} ${Buffer.concat(chunks)}`))));
    });
    sent.on('error', reject);
    sent.end(bytes);
  });

/** A sender sends one frame after the other. */
const sendAll = async (url: string, bodies: readonly Body[]): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const lane = async (n: number): Promise<void> => {
    for (const body of bodies) if (body.sender % AT_ONCE === n) await post(agent, url, body);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => lane(n)));
  agent.destroy();
};

/** Seconds of CPU of the server for those bodies; its writer goes on for a moment after the last answer. */
const costFor = async (server: Server, bodies: readonly Body[]): Promise<number> => {
  const before = costOf(server.pid).cpu;
  await sendAll(server.url, bodies);
  await after(200);
  return costOf(server.pid).cpu - before;
};

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'bench-door-'));
  const door = await start([fileURLToPath(new URL('./door-server.ts', import.meta.url)), String(MOST_AGENTS)]);
  const bare = await start(['-e', BARE]);
  try {
    const agents = await enrolled(door, folder);
    const shared = agents.map((_, n): Sender => ({ id: `shared-${n}`, host: `shared-host-${n}`, authorize: () => `Bearer ${door.token}` }));
    for (const size of SIZES) {
      const count = Math.min(MOST_FRAMES, SAMPLES / size);
      // Each sends some ten times.
      const some = Math.max(AT_ONCE, Math.min(MOST_AGENTS, Math.round(count / 10)));
      const ways = [shared, agents].map((senders) => new Frames(size, senders.slice(0, some)));
      const measured: (readonly [Server, readonly Body[]])[] = [];
      for (const frames of ways) {
        await sendAll(door.url, frames.definitions());
        await sendAll(
          door.url,
          Array.from({ length: Math.ceil(count / 4) }, () => frames.next()),
        );
        measured.push([door, Array.from({ length: count }, () => frames.next())]);
      }
      measured.push([bare, measured[1]?.[1] ?? []]);
      await sendAll(bare.url, measured[2]?.[1].slice(0, Math.ceil(count / 4)) ?? []);
      // By turns, so that what else the machine does meets all of them.
      const costs = [0, 0, 0];
      for (let round = 0; round < ROUNDS; round++)
        for (const [way, [server, bodies]] of measured.entries())
          costs[way] = (costs[way] ?? 0) + (await costFor(server, bodies.slice((round * count) / ROUNDS, ((round + 1) * count) / ROUNDS)));
      const [byToken, ours, least] = costs as [number, number, number];
      const aFrame = (cpu: number): string => `${short((cpu / count) * 1e6)} µs a frame`;
      figures.push({
        what: `door: CPU of a sample, frames of ${size}`,
        value: `${short((ours / count / size) * 1e6)} µs, ${aFrame(ours)}`,
        against: `${aFrame(least)} (a server of Node that reads and answers)`,
        ratio: ours / least,
      });
      figures.push({ what: '  signed, against the shared token', value: aFrame(ours), against: `${aFrame(byToken)} (shared token)`, ratio: ours / byToken });
    }
    return figures;
  } finally {
    await door.stop();
    await bare.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

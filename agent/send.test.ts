// Against a real server with faults: every frame arrives, in order, whatever is answered; what can never be taken is dropped and named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeStream } from '../core/ipc/write.ts';
import { createLogger } from '../core/logger.ts';
import { encodeFrame } from '../schemas/frame.ts';
import { eventBatch } from './inventory.ts';
import { retryAfterMs, Sender, type SenderOptions } from './send.ts';
import { Spool } from './spool/spool.ts';
import { sharedWay } from './testing/shared-way.ts';
import { Sink } from './testing/sink.ts';

let folder = '';
let sink: Sink;
let spool: Spool;
let sender: Sender | undefined;
let lines: string[] = [];
const refused: string[] = [];
const log = createLogger({ level: 'debug', format: 'json', write: (line) => lines.push(line) });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'send-'));
  sink = await Sink.start();
  writeFileSync(join(folder, 'token'), `${sink.token}\n`);
  spool = new Spool({ folder: join(folder, 'spool'), limitBytes: 1 << 22, segmentBytes: 1 << 20, fsync: true });
  lines = [];
  refused.length = 0;
});
afterEach(async () => {
  await sender?.stop();
  sender = undefined;
  spool.close();
  await sink.stop();
  rmSync(folder, { recursive: true });
});

const put = (...seqs: number[]): void => {
  for (const seq of seqs) {
    const batch = eventBatch(1, 'test', `event ${seq}`, 'h', new Map());
    const frame = encodeFrame({ agent: 'a', host: 'h', boot: 5n, seq, sent: new Date().toISOString(), labels: new Map() }, [
      { schema: 'events', version: 1, rows: 1, ipc: encodeStream([batch]) },
    ]);
    spool.append({ boot: '5', seq, parts: 1, rows: 1 }, zstdCompressSync(frame));
  }
  sender?.notify();
};
const start = ({ requestMs, ...options }: Partial<SenderOptions> & { readonly requestMs?: number } = {}): void => {
  const stopping = new AbortController();
  const given = { server: sink.url, fsync: true, retryMs: 10, retryMostMs: 50, refusedMs: 20, ...options };
  sender = new Sender(
    spool,
    given,
    sharedWay(given.server, join(folder, 'token'), stopping, requestMs),
    { acknowledged: () => undefined, refused: (meta, reason) => refused.push(`${meta.seq} ${reason}`) },
    log,
    stopping,
  );
  sender.start();
};
const taken = (): number[] => sink.parts.map((p) => p.seq);
const said = (word: string): number => lines.filter((l) => l.includes(word)).length;

describe('the sender', () => {
  test('sends what waits and what comes, in order', async () => {
    put(1, 2, 3);
    start();
    await sink.until(() => taken().length === 3);
    put(4);
    await sink.until(() => taken().length === 4);
    await sender?.drain(5000);
    expect(taken()).toEqual([1, 2, 3, 4]);
    expect(spool.stats.frames).toBe(0);
    expect(sender?.status).toMatchObject({ sentFrames: 4, failures: 0, lastError: undefined });
  });

  test('through 500, 429, cut connections before and after the server took it: all in order, none missing', async () => {
    const faults = [
      { status: 500 },
      undefined,
      { drop: true },
      { drop: true, take: true },
      undefined,
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 503, take: true },
      undefined,
      { status: 404 },
      { status: 302 },
    ];
    sink.fault = (_, request) => faults[request % faults.length];
    const all = Array.from({ length: 30 }, (_, i) => i + 1);
    put(...all);
    start();
    await sink.until(() => taken().length === 30);
    await sender?.drain(5000);
    expect(taken()).toEqual(all);
    const seqs = sink.requests.map((r) => r.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(sender?.status.failures).toBeGreaterThan(5);
    expect(refused).toEqual([]);
  });

  test('drops what the server calls wrong for good, says why, and goes on', async () => {
    sink.fault = (frame) =>
      frame.header.seq === 2
        ? { status: 400, body: '{"code":"frame.malformed","message":"the frame is malformed: x"}' }
        : frame.header.seq === 3
          ? { status: 413, body: '{"code":"intake.too-large","message":"too large"}' }
          : undefined;
    put(1, 2, 3, 4);
    start();
    await sink.until(() => taken().length === 2);
    expect(taken()).toEqual([1, 4]);
    expect(refused).toEqual(['2 400: the frame is malformed: x', '3 413: too large']);
    expect(sender?.status.refusedFrames).toBe(2);
    expect(said('refused a frame for good')).toBe(2);
  });

  test('drops nothing that was damaged on the way, as a server says that does not look at digests', async () => {
    const attempts = new Map<number, number>();
    sink.fault = ({ header: { seq } }) => {
      const attempt = (attempts.get(seq) ?? 0) + 1;
      attempts.set(seq, attempt);
      const code = ['frame.malformed', 'intake.damaged', 'intake.too-large', 'frame.malformed', 'frame.malformed', 'frame.malformed'][attempt - 1];
      return code === undefined ? undefined : { status: code === 'intake.too-large' ? 413 : 400, body: `{"code":"${code}","message":"x"}` };
    };
    put(1, 2);
    start();
    await sink.until(() => taken().length === 2);
    expect(refused).toEqual([]);
    expect([...attempts.values()]).toEqual([7, 7]);
  });

  test.each([
    ['plain HTTP to a TLS port', 400, '<html>400 The plain HTTP request was sent to HTTPS port</html>'],
    ['a limit of a proxy', 413, 'too large'],
    ['another program’s JSON', 422, '{"code":"E_WRONG","message":"no"}'],
    ['a page for everything', 200, '<!doctype html><title>Welcome</title>'],
    ['another program that is content', 200, '{"ok":true}'],
    ['a portal', 302, ''],
  ])('keeps everything, and says who answers, when it is not InfraMirror: %s', async (_, status, body) => {
    let foreign = true;
    sink.fault = () => (foreign ? { status, body, headers: { 'content-type': 'text/html' } } : undefined);
    put(1, 2, 3);
    start();
    while ((sender?.status.foreignAnswers ?? 0) < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(spool.stats.frames).toBe(3);
    expect(sender?.status).toMatchObject({ sentFrames: 0, refusedFrames: 0 });
    expect(sender?.status.lastError?.message).toContain(`something that is not InfraMirror answers at ${sink.url} (${status}`);
    expect(said('frames wait in the spool')).toBe(1);
    foreign = false;
    await sink.until(() => taken().length === 3);
    expect(taken()).toEqual([1, 2, 3]);
  });

  test('keeps trying with a wrong token and takes up a new one', async () => {
    writeFileSync(join(folder, 'token'), 'wrong');
    put(1);
    start();
    while ((sender?.status.failures ?? 0) < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(spool.stats.frames).toBe(1);
    expect(said('frames wait in the spool')).toBe(1);
    writeFileSync(join(folder, 'token'), sink.token);
    await sink.until(() => taken().length === 1);
  });

  test('waits as long as the server asks', async () => {
    sink.fault = (_, request) => (request === 1 ? { status: 503, headers: { 'retry-after': '1' } } : undefined);
    put(1);
    start();
    await sink.until(() => taken().length === 1);
    const [first, second] = sink.requests;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('waits through a server that is away, without a token file, and one that never answers', async () => {
    const port = sink.port;
    await sink.stop();
    rmSync(join(folder, 'token'));
    put(1);
    start({ server: `http://127.0.0.1:${port}/`, requestMs: 100 });
    while ((sender?.status.failures ?? 0) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    sink = await Sink.start(port);
    sink.fault = (_, request) => (request === 1 ? { hang: true } : undefined);
    writeFileSync(join(folder, 'token'), sink.token);
    await sink.until(() => taken().length === 1);
    expect(taken()).toEqual([1]);
    expect(sink.requests).toHaveLength(2);
  });

  test('stops at once, whatever it waits for, and leaves the frame in the spool', async () => {
    sink.fault = () => ({ status: 503, headers: { 'retry-after': '300' } });
    put(1);
    start();
    await sink.until(() => sink.requests.length === 1);
    await sender?.stop();
    expect(spool.stats.frames).toBe(1);
  });
});

test('Retry-After is seconds or a date, never more than five minutes', () => {
  const now = Date.UTC(2026, 10, 20);
  const near = (ms: number | undefined): number => Math.floor((ms ?? -1) / 1000);
  expect(near(retryAfterMs('7', now))).toBe(7);
  expect(near(retryAfterMs(new Date(now + 30_000).toUTCString(), now))).toBe(30);
  expect(near(retryAfterMs(new Date(now - 30_000).toUTCString(), now))).toBe(0);
  expect(near(retryAfterMs('99999', now))).toBe(300);
  expect(retryAfterMs('soon', now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
});

// How long a body may take: by its rate, never by its time alone. Time is the test's.
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readBody } from './body.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const PATIENCE_MS = 10_000;

/** A body of which each step brings so many bytes each second; ends when all are there. */
async function* coming(...steps: readonly (readonly [bytesASecond: number, seconds: number])[]): AsyncIterable<Uint8Array> {
  for (const [bytes, seconds] of steps)
    for (let second = 0; second < seconds; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (bytes > 0) yield new Uint8Array(bytes);
    }
}
const read = async (body: AsyncIterable<Uint8Array>): Promise<unknown> => {
  const done = readBody(body, 16 << 20, { patienceMs: PATIENCE_MS }).then(
    (bytes) => bytes.length,
    ({ code }) => code,
  );
  await vi.runAllTimersAsync();
  return done;
};

test('what comes at an even rate is read, as long as the server lets a request take', async () => {
  expect(await read(coming([5000, 119]))).toBe(595_000);
  expect(await read(coming([100_000, 119]))).toBe(11_900_000);
});

test('what takes a moment is read, however little it is', async () => {
  expect(await read(coming([10, 9]))).toBe(90);
  expect(await read(coming([2000, 3], [0, 9], [9000, 2]))).toBe(24_000);
});

test('what brings nothing, or all but nothing of what came before, is given up', async () => {
  expect(await read(coming([0, 60]))).toBe('intake.slow');
  expect(await read(coming([1, 60]))).toBe('intake.slow');
  expect(await read(coming([1_000_000, 10], [1000, 100]))).toBe('intake.slow');
});

test('of what is refused on its way the rest is read, so that the answer gets there', async () => {
  let pieces = 0;
  const body = async function* (): AsyncIterable<Uint8Array> {
    for (; pieces < 50; pieces++) yield new Uint8Array(10);
  };
  const arrived = vi.fn(() => {
    throw new Error('full');
  });
  await expect(readBody(body(), 1000, { arrived })).rejects.toThrow('full');
  expect([pieces, arrived.mock.calls.length]).toEqual([50, 1]);
  pieces = 0;
  await expect(readBody(body(), 100, { arrived })).rejects.toMatchObject({ code: 'intake.too-large' });
});

test('a request that is all there is taken at once, over one connection after the other', async () => {
  vi.useRealTimers();
  const sizes: number[] = [];
  const isWhole: boolean[] = [];
  const server = createServer(async (request, response) => {
    // What came with the headers is parsed in this turn.
    await Promise.resolve();
    isWhole.push(request.complete);
    const bytes = await readBody(request, 1 << 20);
    sizes.push(bytes.every((byte) => byte === 7) ? bytes.length : -1);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const wanted = [1000, 0, 300_000, 50, 900_000, 1];
  try {
    for (const size of wanted)
      await new Promise<void>((resolve, reject) => {
        const call = request({ port, host: '127.0.0.1', method: 'POST', agent, headers: { 'content-length': size } }, (answer) =>
          answer.resume().once('end', () => resolve()),
        );
        call.once('error', reject);
        call.end(new Uint8Array(size).fill(7));
      });
  } finally {
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
  expect(sizes).toEqual(wanted);
  expect(isWhole).toContain(true);
});

// The LMDB log against the contract of the port, and what only it promises: damage that is told, a closed log, handles at hand. Its room:
// `full.test.ts`; what it forgets: `forgetting.test.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { streamConformance } from '../conformance.ts';
import { message, Recorder, until } from '../conformance-support.ts';
import { murmur2 } from '../partition.ts';
import { codeOf, logsOfTests, TOPIC } from '../testing/logs.ts';
import { openLmdbStream } from './open.ts';

streamConformance('LMDB', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stream-'));
  let stream = await openLmdbStream({ dir });
  return {
    stream,
    reopen: async () => {
      await stream.close();
      stream = await openLmdbStream({ dir });
      return stream;
    },
    end: async () => {
      await stream.close();
      await rm(dir, { recursive: true });
    },
  };
});

const { folder, openIn } = logsOfTests();

describe('the LMDB log', () => {
  test('a message that was overwritten is told with its file, and those before it are read', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([TOPIC]);
    for (let i = 0; i < 20; i++) await before.produce('t', [{ key: 'k', headers: { mark: `begin-${i}-` }, value: new Uint8Array(50_000) }]);
    await before.close();
    const file = join(dir, 'data.mdb');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('begin-7-');
    writeFileSync(file, bytes.fill(0x7b, at - 16, at + 16));
    const stream = await openIn(dir);
    expect((await stream.peek({ topic: 't', partition: 0 }, 0n, 300_000)).length).toBeGreaterThan(3);
    await expect(stream.peek({ topic: 't', partition: 0 }, 7n, 1)).rejects.toMatchObject({
      code: 'stream.damaged',
      parameters: { file, reason: expect.stringContaining('t/0/7 cannot be read') },
    });
    expect((await stream.peek({ topic: 't', partition: 0 }, 8n, 1))[0]?.offset).toBe(8n);
  });

  test('a stream that was closed says so to whoever reads on, and calls nothing damaged', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([TOPIC]);
    await stream.produce('t', [message('k', 'v')]);
    await stream.close();
    const at = { topic: 't', partition: 0 };
    expect(await codeOf(stream.peek(at, 0n, 1e6))).toBe('stream.unavailable');
    expect(await codeOf(Promise.resolve().then(() => stream.offsetAt(at, Date.now() + 1000)))).toBe('stream.unavailable');
  });

  test('gives a consumer its own handle before its first call', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([TOPIC]);
    await stream.produce('t', [message('k', 'v')]);
    const reader = new Recorder();
    const known: boolean[] = [];
    reader.from = () => {
      known.push(reader.consumer !== undefined);
      return undefined;
    };
    await reader.start(stream, { group: 'g', topics: ['t'] });
    await until('it came', () => reader.messages.length === 1);
    expect(known).toEqual([true]);
  });

  test('refuses everything once closed, and leaves nothing running', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([TOPIC]);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    const last = stream.produce('t', [message('k', 'v')]);
    await stream.close();
    await last;
    expect(await codeOf(stream.produce('t', [message('k', 'v')]))).toBe('stream.unavailable');
    expect(reader.owned.size).toBe(0);
    await stream.close();
  });

  test('puts keys where Kafka puts them', () => {
    // From Kafka's own UtilsTest.
    const known: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ];
    for (const [key, hash] of known) expect(murmur2(Buffer.from(key))).toBe(hash);
  });
});

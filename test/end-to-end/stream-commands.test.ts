// `inframirror stream`, `replay` and `dead` against the running product: who holds the room, a topic read again, a letter from its
// arrival to its end; and `inframirror audit`, which tells all of it afterwards.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf, logsPart } from '../../ingest/testing/frames.ts';
import { command, eventually, type Outcome, type Product, startProduct } from './support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ args: ['--no-agent'] });
}, 180_000);
afterAll(() => product?.stop());

const run = (...args: readonly string[]): Promise<Outcome> => command([...args, '--data', product.folder]);
let seq = 1;
const post = async (body: string, version?: number): Promise<void> => {
  const part = logsPart([body], [BigInt(Date.now()) * 1_000_000n]);
  const frame = frameOf([version === undefined ? part : { ...part, version }], { agent: 'newer', boot: 5n, seq: seq++, sent: new Date().toISOString() });
  expect((await product.frames(frame)).status).toBe(200);
};
const lines = async (): Promise<unknown> => (await product.values('from logs last 1h | summarize n = count()'))[0];

test('stream groups names who reads, and forget is for one that is gone', async () => {
  const { code, stdout } = await run('stream', 'groups');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^pipeline-logs +im\.logs +\d+ +\d[\d.]* (bytes|KiB|MiB) +\S.* yes$/m);
  expect(stdout).toMatch(/^im\.logs +- +\d+ % +-$/m);
  expect(stdout).not.toMatch(/\b0 (KiB|MiB|GiB)/);
  expect(await run('stream', 'forget', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('[stream.no-group]') });
  expect(await run('stream', 'forget')).toMatchObject({ code: 2 });
});

test('replay reads a topic again, and goes on with what comes after it', async () => {
  for (let i = 0; i < 5; i++) await post(`line ${i}`);
  await eventually('five lines', async () => (await lines()) === 5);
  const { code, stdout } = await run('replay', '--topic', 'im.logs', '--from', 'earliest');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^pipeline-logs reads im\.logs, partition 0, from offset 0: \d+ messages$/m)]);
  await post('the last');
  await eventually('what came after it', async () => (await product.values('from logs last 1h | search "the last" | summarize n = count()'))[0] === 1);
  expect(await run('replay', '--topic', 'im.none', '--from', 'earliest')).toMatchObject({ code: 1, stderr: expect.stringContaining('[pipeline.no-topic]') });
  for (const args of [
    ['--topic', 'im.logs'],
    ['--topic', 'im.logs', '--from', 'yesterday'],
  ])
    expect((await run('replay', ...args)).code).toBe(2);
});

test('a dead letter is listed, shown, refused as long as it cannot be read, and dropped', async () => {
  expect(await run('dead', 'list')).toMatchObject({ code: 0, stdout: 'no dead letters\n' });
  await post('of a newer agent', 99);
  const listed = await run('dead', 'list');
  expect(listed.stdout).toMatch(/^ingest +unknown-schema +im\.logs +logs +1 +1 +\S+Z$/m);
  const id = /^(\d+\/\d+) +waiting/m.exec(listed.stdout)?.[1] ?? '';
  expect(listed.stdout).toContain(` newer `);
  const { letters } = JSON.parse((await run('dead', 'list', '--reason', 'unknown-schema', '--json')).stdout) as { readonly letters: readonly unknown[] };
  expect(letters).toEqual([expect.objectContaining({ id, state: 'waiting', schema: 'logs' })]);
  expect((await run('dead', 'list', '--reason', 'limit')).stdout).toBe('none fits; 1 waits:\n  1 of stage ingest, reason unknown-schema, topic im.logs\n');
  const shown = (await run('dead', 'show', id)).stdout;
  expect(shown).toMatch(/^version +99$/m);
  expect(shown).toMatch(/^received +\d{4}-\S+Z$/m);
  expect(shown).toMatch(/"time":"\d{4}-[^"]+Z"/);
  expect((await product.parts()).find(({ name }) => name === 'dead letters')).toMatchObject({
    state: 'degraded',
    detail: expect.stringMatching(/^1 waits, since /),
  });
  // Nobody can be asked here.
  expect(await run('dead', 'drop', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(await run('dead', 'replay', '--yes')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^0 letters put on their way\n.*version 99/) });
  expect(await run('dead', 'drop', id, '0/999', '--yes')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/not there: 0\/999; nothing was done .*\[dead\.missing\]/),
  });
  expect(await run('dead', 'drop', id, '--yes')).toMatchObject({ code: 0, stdout: '1 letter dropped\n' });
  expect(await run('dead', 'drop', id, '--yes')).toMatchObject({ code: 0, stdout: '0 letters dropped; 1 of those named was done with before\n' });
  expect((await run('dead', 'list')).stdout).toBe('no dead letters\n');
  expect((await run('dead', 'list', '--all')).stdout).toContain('dropped');
  expect(await run('dead', 'show', '0/999')).toMatchObject({ code: 1, stderr: expect.stringContaining('[dead.none]') });
  expect(await run('dead', 'lst')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "list"?') });
});

test('the audit tells who did it, the newest last, and what fits alone', async () => {
  const { code, stdout, stderr } = await run('audit', '--since', '1h', '--action', 'stream');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').filter((line) => line !== '')).toEqual([
    expect.stringMatching(/^TIME +WHO +WHAT +DETAIL$/),
    expect.stringMatching(/^\d{4}-\S+Z +admin +stream\.forget +group=nobody$/),
    expect.stringMatching(/Z +admin +stream\.forget +group=nobody failed="there is no group /),
    expect.stringMatching(/Z +admin +stream\.replay +from=earliest topic=im\.logs$/),
  ]);
  const dropped = await run('audit', '--json', '--actor', 'admin', '--action', 'dead.drop', '--limit', '1');
  expect(JSON.parse(dropped.stdout)).toMatchObject({ who: 'admin', what: 'dead.drop', detail: { count: 1 } });
  expect(dropped.stderr).toContain('--limit');
  expect(await run('audit', '--actor', 'nobody')).toMatchObject({ code: 0, stdout: '', stderr: 'nothing fits\n' });
  for (const args of [
    ['--limit', '0'],
    ['--since', 'yesterday'],
    ['--since', '1h', '--until', '2h'],
  ])
    expect((await run('audit', ...args)).code).toBe(2);
});

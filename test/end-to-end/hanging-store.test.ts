// A store that hangs and does not end (SIGSTOP): the server tells within seconds which one, by its status, by `inframirror doctor` and at
// /metrics, and how everything else is; it is well again by itself.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readExposition } from '../../app/metrics/testing/exposition.ts';
import { command, eventually, type Outcome, type Part, type Product, startProduct } from './support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 180_000);
afterAll(() => product?.stop());

const partOf = (parts: readonly Part[], name: string): Part | undefined => parts.find((part) => part.name === name);
const partOk = async (): Promise<ReadonlyMap<string, number>> => {
  const text = await (await product.get('/metrics')).text();
  return new Map(
    readExposition(text, 'prometheus')
      .get('inframirror_part_ok')
      ?.samples.map(({ labels, value }) => [labels.part ?? '', value] as const),
  );
};
/** While these processes stand still. */
const stopped = async (pids: readonly number[], work: () => Promise<void>): Promise<void> => {
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    for (const pid of pids)
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // The server has ended it meanwhile.
      }
  }
};
/** Nothing that was told of the hang stays: `/metrics` has the parts of the status, and none that is not well. */
const wellAgain = async (): Promise<void> => {
  await eventually('all parts are well again', async () => (await product.parts()).every(({ state }) => state === 'ok'), 90_000);
  await eventually('it is ready again', async () => (await product.get('/-/ready')).status === 200);
  await eventually('all are told as well', async () => [...(await partOk()).values()].every((value) => value === 1), 90_000);
  expect([...(await partOk()).keys()].toSorted()).toEqual((await product.parts()).map(({ name }) => name).toSorted());
};
const doctor = (): Promise<Outcome> => command(['doctor', '--data', product.folder]);
const pidOf = async (name: string): Promise<number> => Number(/process (\d+)/.exec(partOf(await product.parts(), name)?.detail ?? '')?.[1]);

test('the column store', async () => {
  await wellAgain();
  const pid = await pidOf('column store');
  await stopped([pid], async () => {
    const { stdout, code } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ok +server +\S+ answers at/m);
    // Told while it hangs, before it is ended.
    expect(stdout).toMatch(new RegExp(`^FAIL column store +(.*: )?no answer (within|for) \\d+ s; process ${pid}`, 'm'));
    expect(stdout).toMatch(/^FAIL search store +no answer/m);
    for (const name of ['retention', 'rollups']) expect(stdout, name).toMatch(new RegExp(`^FAIL ${name} +not known: the column store does not answer$`, 'm'));
    for (const name of ['record store', 'stream', 'dead letters', 'door', 'hosts', 'agents', 'agent of this host', 'backup', 'disk'])
      expect(stdout, name).toMatch(new RegExp(`^ok +${name} `, 'm'));
    const ok = await partOk();
    expect([ok.get('column store'), ok.get('search store'), ok.get('record store'), ok.get('agents')]).toEqual([0, 0, 1, 1]);
    const parts = await product.parts();
    expect(partOf(parts, 'column store')).toMatchObject({ state: 'down', detail: expect.stringContaining('no answer') });
    expect(partOf(parts, 'pipeline samples')).toBeDefined();
    // What needs it not is answered as ever, the rest names it or its own time.
    expect(await product.values('from hosts | select host')).toHaveLength(1);
    await expect(product.values('from metrics.system.cpu.time last 5m | summarize n = count()')).rejects.toThrow(/column store|longer than the limit/);
    await expect(product.values('from metrics.system.cpu.time last 5m | latest | lookup hosts on host | count')).rejects.toThrow(
      /column store|longer than the limit/,
    );
  });
  await wellAgain();
}, 240_000);

test('the record store', async () => {
  const children = product.pidsOf('postgres');
  await stopped(children, async () => {
    const { stdout, code } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL record store +no answer/m);
    for (const name of ['retention', 'dead letters', 'hosts', 'agents'])
      expect(stdout, name).toMatch(new RegExp(`^FAIL ${name} +not known: the record store does not answer$`, 'm'));
    for (const name of ['server', 'column store', 'search store', 'stream', 'door', 'disk']) expect(stdout, name).toMatch(new RegExp(`^ok +${name} `, 'm'));
    expect((await partOk()).get('record store')).toBe(0);
    const ready = await product.get('/-/ready');
    expect([ready.status, await ready.text()]).toEqual([503, 'not ready: the record store does not answer\n']);
    // Neither a hang nor a wrong password: words, in a browser and in a command, which needs no session.
    const signIn = await product.get(`/?token=${product.token}`, {});
    expect(signIn.status).toBe(503);
    expect(await signIn.text()).toMatch(/^nobody can sign in now, as the record store does not answer.*\n.*load this page again.*`inframirror doctor`/);
    expect(await product.values('from metrics.system.cpu.time last 5m | summarize n = count()')).toHaveLength(1);
    await expect(product.values('from hosts | select host')).rejects.toThrow(/record store|longer than the limit/);
  });
  await wellAgain();
}, 240_000);

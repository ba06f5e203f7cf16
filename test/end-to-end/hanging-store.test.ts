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

/** Far below what one call to a store may take, and well above what the parts may, on a machine that is busy. */
const SOON_MS = 12_000;

const partOf = (parts: readonly Part[], name: string): Part | undefined => parts.find((part) => part.name === name);
const partOk = async (): Promise<ReadonlyMap<string, number>> => {
  const text = await (await product.get('/metrics')).text();
  return new Map(
    readExposition(text, 'prometheus')
      .get('inframirror_part_ok')
      ?.samples.map(({ labels, value }) => [labels.part ?? '', value] as const),
  );
};
const within = async <T>(work: Promise<T>): Promise<T> => {
  const begun = performance.now();
  const value = await work;
  expect(performance.now() - begun).toBeLessThan(SOON_MS);
  return value;
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
const wellAgain = (): Promise<unknown> =>
  eventually('all parts are well again', async () => (await product.parts()).every(({ state }) => state === 'ok'), 90_000);
const doctor = (): Promise<Outcome> => command(['doctor', '--data', product.folder]);
const pidOf = async (name: string): Promise<number> => Number(/process (\d+)/.exec(partOf(await product.parts(), name)?.detail ?? '')?.[1]);

test('the column store', async () => {
  await wellAgain();
  expect([...(await partOk())].filter(([, value]) => value !== 1)).toEqual([]);
  await stopped([await pidOf('column store')], async () => {
    const { stdout, code } = await within(doctor());
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ok +server +\S+ answers at/m);
    expect(stdout).toMatch(/^FAIL column store +no answer (within 2 s|for \d+ s); process \d+/m);
    expect(stdout).toMatch(/^FAIL search store +no answer/m);
    for (const name of ['retention', 'rollups']) expect(stdout, name).toMatch(new RegExp(`^FAIL ${name} +not known: the column store does not answer$`, 'm'));
    for (const name of ['record store', 'stream', 'dead letters', 'door', 'hosts', 'agents', 'agent of this host', 'backup', 'disk'])
      expect(stdout, name).toMatch(new RegExp(`^ok +${name} `, 'm'));
    const ok = await within(partOk());
    expect([ok.get('column store'), ok.get('search store'), ok.get('record store'), ok.get('agents')]).toEqual([0, 0, 1, 1]);
    const parts = await within(product.parts());
    expect(partOf(parts, 'column store')).toMatchObject({ state: 'down', detail: expect.stringMatching(/^no answer/) });
    expect(partOf(parts, 'pipeline samples')).toBeDefined();
  });
  await wellAgain();
}, 240_000);

test('the record store', async () => {
  const children = product.pidsOf('postgres');
  await stopped(children, async () => {
    const { stdout, code } = await within(doctor());
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL record store +no answer/m);
    for (const name of ['retention', 'dead letters', 'hosts', 'agents'])
      expect(stdout, name).toMatch(new RegExp(`^FAIL ${name} +not known: the record store does not answer$`, 'm'));
    for (const name of ['server', 'column store', 'search store', 'stream', 'door', 'disk']) expect(stdout, name).toMatch(new RegExp(`^ok +${name} `, 'm'));
    expect((await within(partOk())).get('record store')).toBe(0);
  });
  await wellAgain();
}, 240_000);

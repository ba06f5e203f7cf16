// JVMs of this machine, the whole way: found by the real agent, asked in IQL through GraphQL.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findJdks, JDKS_MISSING, type Jdk, type Jvm, Jvms } from '../../agent/testing/java.ts';
import { describeWith } from '../support/need.ts';
import { eventually, type Json, type Product, type Result, startProduct } from './support/product.ts';

describeWith('of JVMs of two versions', findJdks(), JDKS_MISSING, (jdks) => {
  const jvms = new Jvms();
  let product: Product;
  let full: Jvm;
  let roomy: Jvm;
  beforeAll(async () => {
    await jvms.compile(jdks[0] as Jdk);
    // It keeps 32 MiB.
    full = await jvms.start(jdks[0] as Jdk, ['-XX:+UseSerialGC', '-Xmn2m', '-Xmx38m'], ['--password=hunter2']);
    roomy = await jvms.start(jdks.at(-1) as Jdk, ['-XX:+UseParallelGC']);
    product = await startProduct({ args: ['--label', 'datacenter=fra1'] });
  });
  afterAll(async () => {
    await product?.stop();
    await jvms.close();
  });

  const rows = async (text: string): Promise<readonly Readonly<Record<string, Json>>[]> => {
    const { columns, rowCount, diagnostics }: Result = await product.ask(text);
    expect(diagnostics).toEqual([]);
    return Array.from({ length: rowCount }, (_, i) => Object.fromEntries(columns.map((c) => [c.name, c.values[i] as Json])));
  };
  /** Other tests may run JVMs too. */
  const ours = (): string => `pid in (${full.pid}, ${roomy.pid})`;

  test('those that fill their heap are found', async () => {
    await eventually('both', async () => (await rows(`from jvm last 15m | where ${ours()} | latest`)).length === 2);
    const found = await rows(`from jvm last 15m | latest | where heap.utilization > 85% | where ${ours()}`);
    expect(found).toMatchObject([
      { pid: full.pid, main_class: 'Shop', arguments: '--password=***', version: jdks[0]?.version, 'gc.name': 'Serial', perf_data: 'read', datacenter: 'fra1' },
    ]);
    expect(found[0]?.['heap.utilization']).toBeGreaterThan(0.85);
  });

  test('pools and collectors are asked by name, with their units', async () => {
    const text = `from jvm last 15m | where ${ours()} | latest | sort pid | select pid, old = pools["old"], full = collections["full"], paused = collection_times["full"], deadlocks`;
    const found = await rows(text);
    expect(found.map((row) => row.pid).sort()).toEqual([full.pid, roomy.pid].sort());
    for (const row of found) {
      expect(row).toMatchObject({ deadlocks: null });
      expect(row.old).toBeGreaterThan(32 * 2 ** 20);
      expect(row.full).toBeGreaterThan(0);
      expect(row.paused).toBeGreaterThan(0);
    }
    const { columns } = await product.ask(text);
    expect(columns.map(({ name, unit }) => [name, unit])).toEqual([
      ['pid', null],
      ['old', 'By'],
      ['full', '{collection}'],
      ['paused', 's'],
      ['deadlocks', '{thread}'],
    ]);
  });

  test('what collections cost is a rate over time, and each stands beside its process', async () => {
    await eventually('a rise', async () => {
      await full.work();
      return Number((await rows(`from jvm last 15m | where pid == ${full.pid} | every 15m increase gc.count`))[0]?.['gc.count'] ?? 0) > 0;
    });
    const [row] = await rows(`from jvm last 15m | where pid == ${full.pid} | latest | lookup hosts on host | select main_class, os`);
    expect(row).toMatchObject({ main_class: 'Shop', os: expect.any(String) });
    const [processes] = await rows(`from processes last 15m | where pid == ${full.pid} | latest | select start`);
    const [jvm] = await rows(`from jvm last 15m | where pid == ${full.pid} | latest | select start`);
    expect(jvm).toEqual(processes);
  });
});

// What is told of JVMs: of real ones of two versions with each collector, as the JDK's own tools have it, and of those that tell nothing.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import { describeWith } from '../../test/support/need.ts';
import { HostFiles } from '../host-files.ts';
import { Mask } from '../mask/mask.ts';
import { ProcessTable } from '../processes/process-table.ts';
import { findJdks, JDKS_MISSING, type Jdk, type Jvm, Jvms } from '../testing/java.ts';
import { JvmTable } from './jvm-table.ts';

type Row = Readonly<Record<string, Value>>;

const rowsOf = (batch: Batch): readonly Row[] =>
  Array.from({ length: batch.length }, (_, i) => Object.fromEntries(batch.fields.map((f, c) => [f.name, valueAt(batch.columns[c] as never, i)])));

/** Of this machine. */
const tables = () => {
  const leftOut: string[] = [];
  const options = { files: new HostFiles('/'), host: 'h', mask: new Mask(true, []), leftOut: (what: string) => leftOut.push(what) };
  const systemStart = Date.now() - Number(options.files.text('/proc/uptime')?.split(' ')[0]) * 1000;
  const processes = new ProcessTable({ ...options, systemStart });
  const jvms = new JvmTable(options);
  return {
    leftOut,
    /** `later`: ms by which it is not now; a JVM that has just begun may have its file still to make. */
    sample: async (later = 0): Promise<readonly Row[]> => {
      const now = Date.now() + later;
      await processes.sample(now);
      return rowsOf(await jvms.sample(now, processes.seen()));
    },
  };
};
const MIB = 2 ** 20;
const HEAP_POOLS = ['eden', 'survivor', 'old', 'young'];

const KINDS = {
  17: { G1: ['concurrent', 'full', 'young'], Serial: ['full', 'young'], Parallel: ['full', 'young'], ZGC: ['concurrent'] },
  25: { G1: ['concurrent', 'full', 'young'], Serial: ['full', 'young'], Parallel: ['full', 'young'], ZGC: ['major', 'minor'] },
} as const;
const POOLS = {
  17: { G1: ['eden', 'old', 'survivor'], Serial: ['eden', 'old', 'survivor'], Parallel: ['eden', 'old', 'survivor'], ZGC: ['old'] },
  25: { G1: ['eden', 'old', 'survivor'], Serial: ['eden', 'old', 'survivor'], Parallel: ['eden', 'old', 'survivor'], ZGC: ['old', 'young'] },
} as const;
const COLLECTORS = ['G1', 'Serial', 'Parallel', 'ZGC'] as const;

describeWith('real JVMs', findJdks(), JDKS_MISSING, (jdks) => {
  const jvms = new Jvms();
  beforeAll(() => jvms.compile(jdks[0] as Jdk));
  afterAll(() => jvms.close());
  const of = (rows: readonly Row[], { pid }: Pick<Jvm, 'pid'>): Row | undefined => rows.find((row) => row.pid === pid);

  describe.each([jdks[0] as Jdk, jdks.at(-1) as Jdk])('Java $major', (jdk) => {
    test.each(COLLECTORS)('with %s: every figure, as its own tools have it', { timeout: 60_000 }, async (collector) => {
      const jvm = await jvms.start(jdk, [`-XX:+Use${collector === 'ZGC' ? 'Z' : collector}GC`, '-Ddb.password=hunter2'], ['--token', 'a b', '--port=80']);
      const { sample } = tables();
      const before = of(await sample(), jvm) as Row;
      const from = Date.now();
      await jvm.work();
      const earlier = await jvm.counters();
      const row = of(await sample(), jvm) as Row;
      const later = await jvm.counters();
      expect(row).toMatchObject({
        ...{ host: 'h', pid: jvm.pid, perf_data: 'read', main_class: 'Shop', arguments: '--token *** --port=80', version: jdk.version },
        ...{ 'heap.max': BigInt(256 * MIB), 'gc.name': collector, deadlocks: null },
      });
      expect(row.start).toBe(before.start);
      expect(row.options).toContain('-Xmx256m');
      expect(row.options).toContain('-Ddb.password=***');
      expect(JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? String(v) : v))).not.toContain('hunter2');

      // It keeps 32 MiB, and has just collected all else.
      const used = Number(row['heap.used']);
      const told = execFileSync(`${jdk.home}/bin/jcmd`, [String(jvm.pid), 'GC.heap_info'], { encoding: 'utf8' });
      expect(used).toBeGreaterThan(32 * MIB);
      expect(used).toBeLessThan(120 * MIB);
      if (collector === 'G1') expect(Math.abs(used - Number(/used (\d+)K/.exec(told)?.[1]) * 1024)).toBeLessThan(2 * MIB);
      expect(row['heap.utilization']).toBeCloseTo(used / (256 * MIB), 3);
      expect(Number(row['heap.committed'])).toBeGreaterThanOrEqual(used);
      const pools = row.pools as ReadonlyMap<string, number>;
      const version = jdk.major < 21 ? 17 : 25;
      expect([...pools.keys()].filter((name) => HEAP_POOLS.includes(name)).sort()).toEqual(POOLS[version][collector]);
      expect([...(row.collections as ReadonlyMap<string, number>).keys()].sort()).toEqual(KINDS[version][collector]);
      expect(pools.get('metaspace')).toBeGreaterThan(0);
      expect([...pools].filter(([name]) => HEAP_POOLS.includes(name)).reduce((sum, [, n]) => sum + n, 0)).toBe(used);

      const countedIn = (counters: ReadonlyMap<string, string>): number =>
        [...counters].filter(([name]) => /^sun\.gc\.collector\.\d\.invocations$/.test(name)).reduce((sum, [, n]) => sum + Number(n), 0);
      expect(Number(row['gc.count'])).toBeGreaterThanOrEqual(countedIn(earlier));
      expect(Number(row['gc.count'])).toBeLessThanOrEqual(countedIn(later));
      expect(Number(row['gc.count'])).toBeGreaterThan(Number(before['gc.count']));
      expect(row['gc.time']).toBeGreaterThan(before['gc.time'] as number);
      expect([...(row.collection_times as ReadonlyMap<string, number>).values()].reduce((a, b) => a + b, 0)).toBeCloseTo(row['gc.time'] as number, 5);
      // As its clocks go.
      expect(Number(row['gc.last'])).toBeGreaterThan(from - 1000);
      expect(Number(row['gc.last'])).toBeLessThan(Date.now() + 1000);
      expect([earlier, later].map((counters) => Number(counters.get('java.threads.live')))).toContain(row.threads);
      expect(row['threads.daemon']).toBe(Number(row.threads) - 1);
      expect(Number(row.classes)).toBeGreaterThan(300);
      expect(Number(row['safepoint.count'])).toBeGreaterThan(Number(before['safepoint.count']));
      expect(row['safepoint.time']).toBeGreaterThan(before['safepoint.time'] as number);
      expect(row['safepoint.sync']).toBeGreaterThan(0);
      await jvm.end();
      expect(of(await sample(), jvm)).toBeUndefined();
    });

    test('before its first collection its heap is known where its version tells of it then', async () => {
      const jvm = await jvms.start(jdk, ['-XX:+UseSerialGC', '-XX:+DisableExplicitGC', '-Xmn250m', '-Xmx1g']);
      const row = of(await tables().sample(), jvm) as Row;
      expect(row).toMatchObject({ 'gc.count': 0n, 'gc.last': null, 'heap.max': expect.any(BigInt) });
      if (jdk.major < 21) expect(Number(row['heap.used'])).toBeGreaterThan(32 * MIB);
      else expect([row['heap.used'], row['heap.utilization']]).toEqual([null, null]);
      await jvm.end();
    });

    test('one that keeps nothing of itself is told as such', async () => {
      const jvm = await jvms.start(jdk, ['-XX:-UsePerfData']);
      const row = of(await tables().sample(10_000), jvm) as Row;
      expect(row).toMatchObject({ pid: jvm.pid, perf_data: 'none', main_class: null, 'heap.used': null, threads: null, pools: null });
      await jvm.end();
    });

    test.skipIf(process.getuid?.() !== 0)('of another user too, where the agent may read it', async () => {
      chmodSync(jvms.folder, 0o755);
      const jvm = await jvms.start(jdk, [], [], { uid: 65534 });
      expect(of(await tables().sample(), jvm)).toMatchObject({ user: 'nobody', perf_data: 'read', main_class: 'Shop' });
      await jvm.end();
    });

    test.skipIf(!canUnshare())('in a container, with a /tmp and a number of its own', async () => {
      const jvm = await jvms.startContained(jdk);
      const row = (await tables().sample()).find(({ main_class, arguments: given }) => main_class === 'Shop' && given === '--contained') as Row;
      expect(row).toMatchObject({ perf_data: 'read', version: jdk.version, 'heap.max': BigInt(256 * MIB) });
      await jvm.end();
    });
  });
});

function canUnshare(): boolean {
  try {
    execFileSync('unshare', ['-m', '-p', '-f', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

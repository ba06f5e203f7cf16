// What the collectors tell of a recorded host, sample by sample, and of the machine the tests run on.
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import { HostFiles } from '../host-files.ts';
import type { CollectorSources, OwnFigures } from './collector.ts';
import { COLLECTORS } from './list.ts';
import { Samples } from './samples.ts';

const own: OwnFigures = {
  sentFrames: 3,
  sentBytes: 9,
  failures: 1,
  foreignAnswers: 2,
  conflicts: 1,
  oldestWaiting: 12.5,
  spoolBytes: 100,
  spoolFrames: 2,
  spoolWaiting: 90,
  droppedFrames: new Map([['spool full', 4]]),
  logLines: 5,
  logLinesSkipped: 7,
  logBytesCut: 10,
  logBytesOfHoles: 11,
  logBytesLost: 12,
  logBytesBehind: 12,
  logFiles: 6,
  logFailures: [{ reason: 'json', source: '/var/log/a.log', count: 8 }],
  failedCollectors: new Map([['disk', 9]]),
};
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'host-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};
const sourcesOf = (folder: string): CollectorSources => ({
  files: new HostFiles(folder),
  space: (mountpoint) =>
    folder === '/'
      ? statfsSync(mountpoint)
      : mountpoint === '/gone'
        ? undefined
        : { bsize: 4096, blocks: 1000, bfree: 400, bavail: 300, files: 100, ffree: 75 },
  own: () => own,
});

/** A host whose collectors are asked as often as `ask` is called; the answer is text of name and labels → value. */
const host = (folder: string) => {
  const samples = new Samples('web-1', 10_000, 3_600_000);
  const collectors = COLLECTORS.map((make) => make(samples, sourcesOf(folder)));
  const names = new Map<bigint, string>();
  const units = new Map<string, string>();
  return {
    units,
    ask: (now: number): Map<string, number> => {
      samples.begin(now);
      for (const collector of collectors) collector.collect(now);
      const taken = samples.take();
      const out = new Map<string, number>();
      if (taken === undefined) return out;
      const { definitions, metrics } = taken;
      for (let i = 0; i < (definitions?.length ?? 0); i++) {
        const value = (name: string) => (definitions === undefined ? null : valueAt(columnOf(definitions, name), i));
        const labels = [...(value('labels') as Map<string, string>)]
          .filter(([k]) => k !== 'host')
          .map(([k, v]) => `${k}=${v}`)
          .join(',');
        names.set(value('id') as bigint, `${value('name')}${labels === '' ? '' : `{${labels}}`}`);
        units.set(value('name') as string, `${value('kind')} ${value('unit')}`);
      }
      for (let i = 0; i < metrics.length; i++)
        out.set(names.get(valueAt(columnOf(metrics, 'id'), i) as bigint) ?? 'undefined', valueAt(columnOf(metrics, 'value'), i) as number);
      expect(out.size).toBe(metrics.length);
      return out;
    },
  };
};

const record = (): void => {
  write(
    'proc/stat',
    'cpu  100 0 50 800 10 2 3 5 0 0\ncpu0 50 0 25 400 5 1 1 2 0 0\ncpu1 50 0 25 400 5 1 2 3 0 0\nintr 1\nctxt 1\nbtime 1700000000\nprocesses 4321\nprocs_running 2\nprocs_blocked 1\n',
  );
  write('proc/loadavg', '0.52 0.58 0.59 1/467 12345\n');
  write(
    'proc/meminfo',
    'MemTotal:        1000 kB\nMemFree:          200 kB\nMemAvailable:     600 kB\nBuffers:           50 kB\nCached:           300 kB\nSReclaimable:      50 kB\nSUnreclaim:       20 kB\nHugePages_Total:       0\n',
  );
  write('proc/swaps', 'Filename\tType\tSize\tUsed\tPriority\n/dev/sda2                               partition\t1000\t250\t-2\n');
  write('proc/vmstat', 'pgpgin 100\npgpgout 200\npswpin 3\npswpout 4\npgfault 1000\npgmajfault 10\n');
  write(
    'proc/diskstats',
    '   7       0 loop0 10 0 0 0 0 0 0 0 0 0 0\n   8       0 sda 100 5 2000 50 200 6 4000 70 1 1000 120 0 0 0 0 0 0\n   8      16 sdb 0 0 0 0 0 0 0 0 0 0 0\n',
  );
  write('sys/class/block/sda/size', '2048\n');
  write(
    'proc/self/mounts',
    '/dev/sda1 / ext4 rw,relatime 0 0\nproc /proc proc rw 0 0\n/dev/sda1 /var/lib/x/bind ext4 rw 0 0\n/dev/sdb1 /mnt/my\\040disk xfs ro,noatime 0 0\nserver:/x /net nfs4 rw 0 0\n/dev/sdc1 /gone ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n',
  );
  write(
    'proc/net/dev',
    'Inter-|   Receive |  Transmit\n face |bytes packets\n    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0\n  eth0:719956236   17236    1    2    0     0          0         0  1020791   10531    3    4    0     0       0          0\nveth12ab: 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5\n',
  );
  const line = (state: string): string =>
    `   0: 0100007F:0016 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0\n`;
  write('proc/net/tcp', `  sl  local_address rem_address   st\n${line('0A')}${line('01')}${line('01')}`);
  write('proc/net/tcp6', `  sl  local_address rem_address   st\n   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0 0\n`);
  write('proc/net/sockstat', 'sockets: used 100\nTCP: inuse 3\nUDP: inuse 4 mem 0\n');
  write('proc/net/sockstat6', 'TCP6: inuse 1\nUDP6: inuse 2\n');
  write('proc/1/stat', `1 (init) S ${Array.from({ length: 45 }, () => 0).join(' ')}`);
  write('proc/77/stat', `77 (a) b (c) Z ${Array.from({ length: 45 }, () => 0).join(' ')}`);
  write('proc/uptime', '350735.47 234388.90\n');
};

describe('of a recorded host the collectors tell', () => {
  test('each subject by OpenTelemetry’s names and units', () => {
    record();
    const { ask, units } = host(root);
    const first = ask(1_000_000);
    expect(Object.fromEntries(first)).toMatchObject({
      'system.cpu.time{cpu.logical_number=0,cpu.mode=user}': 0.5,
      'system.cpu.time{cpu.logical_number=1,cpu.mode=interrupt}': 0.03,
      'system.cpu.time{cpu.logical_number=1,cpu.mode=steal}': 0.03,
      'system.cpu.logical.count': 2,
      'system.cpu.load_average.1m': 0.52,
      'system.cpu.load_average.15m': 0.59,
      'system.memory.limit': 1_024_000,
      'system.memory.usage{state=used}': 400 * 1024,
      'system.memory.usage{state=cached}': 350 * 1024,
      'system.memory.utilization{state=used}': 0.4,
      'system.linux.memory.available': 600 * 1024,
      'system.paging.usage{device=/dev/sda2,state=used}': 250 * 1024,
      'system.paging.utilization{device=/dev/sda2,state=free}': 0.75,
      'system.paging.faults{type=major}': 10,
      'system.paging.faults{type=minor}': 990,
      'system.paging.operations{type=major,direction=out}': 4,
      'system.disk.io{device=sda,direction=read}': 2000 * 512,
      'system.disk.operations{device=sda,direction=write}': 200,
      'system.disk.operation_time{device=sda,direction=write}': 0.07,
      'system.disk.io_time{device=sda}': 1,
      'system.disk.limit{device=sda}': 2048 * 512,
      'system.filesystem.usage{device=/dev/sda1,mountpoint=/,type=ext4,mode=rw,state=used}': 600 * 4096,
      'system.filesystem.usage{device=/dev/sda1,mountpoint=/,type=ext4,mode=rw,state=reserved}': 100 * 4096,
      'system.filesystem.utilization{device=/dev/sda1,mountpoint=/,type=ext4,mode=rw}': 0.6667,
      'system.filesystem.inodes.utilization{device=/dev/sdb1,mountpoint=/mnt/my disk,type=xfs,mode=ro}': 0.25,
      'system.network.io{device=eth0,direction=receive}': 719_956_236,
      'system.network.errors{device=eth0,direction=transmit}': 3,
      'system.network.dropped{device=eth0,direction=receive}': 2,
      'system.network.connections{protocol=tcp,state=listen}': 2,
      'system.network.connections{protocol=tcp,state=established}': 2,
      'system.network.connections{protocol=tcp,state=time_wait}': 0,
      'system.network.connections{protocol=udp}': 6,
      'system.process.count{state=sleeping}': 1,
      'system.process.count{state=zombie}': 1,
      'system.process.created': 4321,
      'system.uptime': 350735.47,
      'inframirror.agent.frames.dropped{reason=spool full}': 4,
      'inframirror.agent.log.skipped': 7,
    });
    expect(Object.fromEntries(units)).toMatchObject({
      'system.cpu.time': 'counter s',
      'system.memory.usage': 'gauge By',
      'system.network.packets': 'counter {packet}',
      'system.filesystem.utilization': 'gauge 1',
      'system.uptime': 'gauge s',
    });
  });

  test('nothing of what no one asks for: loop devices, unused disks, pseudo and network filesystems, bind mounts, virtual cables', () => {
    record();
    const told = [...host(root).ask(1).keys()].join('\n');
    for (const absent of ['loop0', 'sdb,', 'nfs', '/proc,', 'bind', '/gone', '/dev/shm', 'veth']) expect(told).not.toContain(absent);
    expect(told).toContain('mountpoint=/tmp');
  });

  test('ratios of the span between two calls', () => {
    record();
    const { ask } = host(root);
    expect([...ask(1_000_000).keys()].filter((k) => k.startsWith('system.cpu.utilization') || k.startsWith('system.disk.utilization'))).toEqual([]);
    write('proc/stat', 'cpu  130 0 50 859 10 2 3 16 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\n');
    write('proc/diskstats', '   8       0 sda 100 5 2000 50 200 6 4000 70 1 3500 120 0 0 0 0 0 0\n');
    const second = ask(1_010_000);
    expect(second.get('system.cpu.utilization{cpu.mode=user}')).toBe(0.3);
    expect(second.get('system.cpu.utilization{cpu.mode=idle}')).toBe(0.59);
    expect(second.get('system.cpu.utilization{cpu.mode=steal}')).toBe(0.11);
    expect(second.get('system.disk.utilization{device=sda}')).toBe(0.25);
  });

  test('nothing, without failing, where files are missing, empty or noise', () => {
    const { ask } = host(root);
    const empty = [...ask(1).keys()].filter((k) => !k.startsWith('inframirror.'));
    expect(empty).toEqual([]);
    record();
    for (const name of ['stat', 'loadavg', 'meminfo', 'swaps', 'vmstat', 'diskstats', 'self/mounts', 'net/dev', 'net/tcp', 'uptime', '1/stat'])
      write(`proc/${name}`, '\u0000(noise )\n::: a b c d e f g h\ncpu x\n');
    for (const [name, value] of ask(2)) expect(Number.isFinite(value), name).toBe(true);
  });

  test('a device only while it is there', () => {
    record();
    const { ask } = host(root);
    expect(ask(1).has('system.disk.io{device=sda,direction=read}')).toBe(true);
    write('proc/diskstats', '');
    expect(ask(2).has('system.disk.io{device=sda,direction=read}')).toBe(false);
  });
});

test('definitions go once, again when lost, and again after a while', () => {
  const samples = new Samples('h', 10_000, 60_000);
  const gauge = samples.gauge('a', '1', '', 'x');
  const taken = (now: number): number | undefined => {
    samples.begin(now);
    gauge.set(1, 'y');
    gauge.set(2, '__proto__');
    return samples.take()?.definitions?.length;
  };
  expect([taken(1000), taken(2000), taken(3000)]).toEqual([2, undefined, undefined]);
  samples.redefine();
  expect([taken(4000), taken(5000), taken(64_000), taken(65_000)]).toEqual([2, undefined, 2, undefined]);
  samples.begin(70_000);
  expect(samples.take()).toBeUndefined();
});

test('series of what is long gone are forgotten', () => {
  const samples = new Samples('h', 10_000, 60_000);
  const gauge = samples.gauge('a', '1', '', 'x');
  samples.begin(1);
  for (let i = 0; i < 50; i++) gauge.set(1, `veth${i}`);
  samples.take();
  samples.begin(4_000_000);
  gauge.set(1, 'eth0');
  samples.take();
  expect(samples.seriesCount).toBe(1);
});

test('values that are no numbers are no samples', () => {
  const samples = new Samples('h', 10_000, 60_000);
  const gauge = samples.gauge('a', '1', '');
  samples.begin(1);
  for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY]) gauge.set(value);
  expect(samples.take()).toBeUndefined();
});

test.skipIf(process.platform !== 'linux')('of this machine they tell what the system tells otherwise', () => {
  const { ask } = host('/');
  ask(Date.now() - 10_000);
  const modesOf = (found: ReadonlyMap<string, number>) => [...found].filter(([k]) => k.startsWith('system.cpu.utilization'));
  let told = ask(Date.now());
  // The system counts in hundredths of a second: between two questions none may have passed.
  while (modesOf(told).length === 0) told = ask(Date.now());
  expect(told.get('system.memory.limit')).toBeCloseTo(totalmem(), -6);
  expect(told.get('system.cpu.logical.count')).toBeGreaterThanOrEqual(availableParallelism());
  const modes = modesOf(told);
  expect(modes).toHaveLength(7);
  expect(modes.reduce((sum, [, v]) => sum + v, 0)).toBeCloseTo(1, 2);
  expect(told.get('system.uptime')).toBeGreaterThan(0);
  expect([...told.keys()].some((k) => k.startsWith('system.network.io{device=lo'))).toBe(true);
  // Each mount and device has its own.
  expect(told.size).toBeLessThan(1000 + 40 * availableParallelism());
});

// Traffic of whole disks and their partitions from /proc/diskstats. Loop devices, RAM disks and devices never used are left out.
import { fieldsOf } from '../host-files.ts';
import { type MakeCollector, ratio } from './collector.ts';

/** The sector of /proc/diskstats, whatever the disk's own is. */
const SECTOR = 512;
const NOT_DISKS = /^(loop|ram|zram|sr|fd)\d+$/;

export const disk: MakeCollector = (instruments, { files }) => {
  const io = instruments.counter('system.disk.io', 'By', 'Bytes read and written', 'device', 'direction');
  const operations = instruments.counter('system.disk.operations', '{operation}', 'Requests completed', 'device', 'direction');
  const merged = instruments.counter('system.disk.merged', '{operation}', 'Requests that were merged into another', 'device', 'direction');
  const operationTime = instruments.counter(
    'system.disk.operation_time',
    's',
    'Time all requests took together; more than a second a second when they overlap',
    'device',
    'direction',
  );
  const ioTime = instruments.counter('system.disk.io_time', 's', 'Time the device was busy', 'device');
  const weighted = instruments.counter('system.disk.weighted_io_time', 's', 'Time requests waited and ran, summed over requests', 'device');
  const pending = instruments.gauge('system.disk.pending_operations', '{operation}', 'Requests in progress', 'device');
  const utilization = instruments.gauge('system.disk.utilization', '1', 'Share of the time since the last sample in which the device was busy', 'device');
  const limit = instruments.gauge('system.disk.limit', 'By', 'Size of the device', 'device');
  const busyBefore = new Map<string, number>();
  let timeBefore = 0;
  return {
    name: 'disk',
    collect: (now) => {
      const busy = new Map<string, number>();
      for (const line of (files.ascii('/proc/diskstats') ?? '').split('\n')) {
        const fields = fieldsOf(line);
        const device = fields[2];
        if (device === undefined || NOT_DISKS.test(device)) continue;
        const [
          reads = 0,
          readsMerged = 0,
          sectorsRead = 0,
          msReading = 0,
          writes = 0,
          writesMerged = 0,
          sectorsWritten = 0,
          msWriting = 0,
          now_ = 0,
          msBusy = 0,
          msWeighted = 0,
        ] = fields.slice(3).map(Number);
        if (reads + writes === 0) continue;
        io.set(sectorsRead * SECTOR, device, 'read');
        io.set(sectorsWritten * SECTOR, device, 'write');
        operations.set(reads, device, 'read');
        operations.set(writes, device, 'write');
        merged.set(readsMerged, device, 'read');
        merged.set(writesMerged, device, 'write');
        operationTime.set(msReading / 1000, device, 'read');
        operationTime.set(msWriting / 1000, device, 'write');
        ioTime.set(msBusy / 1000, device);
        weighted.set(msWeighted / 1000, device);
        pending.set(now_, device);
        const sectors = files.number(`/sys/class/block/${device.replaceAll('/', '!')}/size`);
        limit.set(sectors === undefined ? undefined : sectors * SECTOR, device);
        const before = busyBefore.get(device);
        if (before !== undefined && msBusy >= before) utilization.set(Math.min(1, ratio(msBusy - before, now - timeBefore) ?? 0), device);
        busy.set(device, msBusy);
      }
      busyBefore.clear();
      for (const [device, ms] of busy) busyBefore.set(device, ms);
      timeBefore = now;
    },
  };
};

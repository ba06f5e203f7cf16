// Space and inodes of mounted filesystems. Those that hold no files of their own (proc, cgroup, overlay, …) are left out, and
// those over a network, because asking one whose server is silent would stop the agent.
import { type MakeCollector, ratio } from './collector.ts';

/** Types that rest on a disk or in memory people fill. */
export const COUNTED: ReadonlySet<string> = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'zfs',
  'f2fs',
  'jfs',
  'reiserfs',
  'bcachefs',
  'vfat',
  'exfat',
  'msdos',
  'ntfs',
  'ntfs3',
  'fuseblk',
  'hfsplus',
  'ufs',
  'tmpfs',
]);
/** Small memory filesystems of the system itself. */
const SYSTEM_MOUNT = /^\/(proc|sys|dev|run\/(user|credentials|lock|snapd)|var\/lib\/(docker|containers|kubelet))(\/|$)/;

interface Mount {
  readonly device: string;
  readonly mountpoint: string;
  readonly type: string;
  readonly mode: string;
}

/** Blanks and such stand as octal escapes in /proc/mounts. */
export const unescaped = (text: string): string => text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** A device mounted in several places (bind mounts) is told of once, by its shortest mountpoint. */
const mountsOf = (text: string): readonly Mount[] => {
  const out = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [device, mountpoint, type, options] = line.split(' ').map(unescaped);
    if (device === undefined || mountpoint === undefined || type === undefined || !COUNTED.has(type) || SYSTEM_MOUNT.test(mountpoint)) continue;
    const key = type === 'tmpfs' ? mountpoint : device;
    const found = out.get(key);
    if (found === undefined || mountpoint.length < found.mountpoint.length)
      out.set(key, { device, mountpoint, type, mode: options?.split(',').includes('ro') ? 'ro' : 'rw' });
  }
  return [...out.values()];
};

export const filesystem: MakeCollector = (instruments, { files, space }) => {
  const labels = ['device', 'mountpoint', 'type', 'mode'];
  const usage = instruments.gauge('system.filesystem.usage', 'By', 'Space by state; reserved is kept for root', ...labels, 'state');
  const limit = instruments.gauge('system.filesystem.limit', 'By', 'Space of the filesystem', ...labels);
  const utilization = instruments.gauge('system.filesystem.utilization', '1', 'Share of the space open to users that is used', ...labels);
  const inodes = instruments.gauge('system.filesystem.inodes.usage', '{inode}', 'Inodes by state', ...labels, 'state');
  const inodeLimit = instruments.gauge('system.filesystem.inodes.limit', '{inode}', 'Inodes of the filesystem', ...labels);
  const inodeUtilization = instruments.gauge('system.filesystem.inodes.utilization', '1', 'Share of the inodes that is used', ...labels);
  // Below another root `self` is this process, whose mounts are not the host's.
  const mounts = (): string => (files.root === '/' ? undefined : files.text('/proc/1/mounts')) ?? files.text('/proc/self/mounts') ?? '';
  return {
    name: 'filesystem',
    collect: () => {
      for (const { device, mountpoint, type, mode } of mountsOf(mounts())) {
        const found = space(mountpoint);
        if (found === undefined || found.blocks === 0) continue;
        const { bsize, blocks, bfree, bavail, files: all, ffree } = found;
        const of = [device, mountpoint, type, mode];
        usage.set((blocks - bfree) * bsize, ...of, 'used');
        usage.set(bavail * bsize, ...of, 'free');
        usage.set(Math.max(0, bfree - bavail) * bsize, ...of, 'reserved');
        limit.set(blocks * bsize, ...of);
        utilization.set(ratio(blocks - bfree, blocks - bfree + bavail), ...of);
        if (all === 0) continue;
        inodes.set(all - ffree, ...of, 'used');
        inodes.set(ffree, ...of, 'free');
        inodeLimit.set(all, ...of);
        inodeUtilization.set(ratio(all - ffree, all), ...of);
      }
    },
  };
};

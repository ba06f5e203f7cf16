// The arguments of a process as it was given them, or as it says now, for it may write them anew.
import type { HostFiles } from '../host-files.ts';

/** `most`: characters of all together. */
export const processArguments = (files: HostFiles, pid: number, most: number): readonly string[] =>
  (files.text(`/proc/${pid}/cmdline`, most) ?? '').replace(/\0+$/, '').split('\0');

// Where a Unix socket can lie: in the folder of whoever serves it, or, where that path is too long for the system, in one of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** `sun_path` holds 104 bytes on macOS, 108 on Linux. */
const LONGEST = 100;

/** The folder's mode, and the socket's, must let only its user in. */
export const socketPath = (folder: string, name: string): string => {
  const inside = join(folder, name);
  return Buffer.byteLength(inside) <= LONGEST ? inside : join(mkdtempSync(join(tmpdir(), 'inframirror-')), name);
};

/** With the folder that was made for it. */
export const removeSocket = (path: string, folder: string): void => {
  rmSync(path, { force: true });
  if (dirname(path) !== folder) rmSync(dirname(path), { recursive: true, force: true });
};

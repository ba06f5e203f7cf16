// What the files of a folder take on the disk.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of their blocks; a file that is gone meanwhile takes none. */
export const folderBytes = async (folder: string): Promise<number> => {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    sum += await stat(join(entry.parentPath, entry.name)).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    );
  }
  return sum;
};

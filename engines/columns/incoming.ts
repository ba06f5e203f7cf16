// How the data of an insert comes to the embedded store: as a file in a folder of its own, written by whoever inserts, so that it goes through
// no socket. The store only reads it; files of callers that are gone are removed when it starts.
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Names the file, without its folder. */
export const DATA_HEADER = 'x-inframirror-data';

export const incomingFolder = (dataDir: string): string => join(dataDir, 'incoming');

/** Of a file that a header names; undefined: it is no name of one. */
export const incomingPath = (folder: string, name: string): string | undefined => (/^[0-9a-f-]{36}\.data$/.test(name) ? join(folder, name) : undefined);

export interface IncomingFile {
  readonly name: string;
  remove(): Promise<void>;
}

/** Rejects as the file system does; nothing is left then. */
export const writeIncoming = async (folder: string, parts: readonly Uint8Array[]): Promise<IncomingFile> => {
  const name = `${randomUUID()}.data`;
  const path = join(folder, name);
  const file = await open(path, 'wx', 0o600);
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const { bytesWritten } = await file.writev(parts);
    if (bytesWritten !== size) throw new Error(`of ${size} bytes of an insert ${bytesWritten} were written`);
  } catch (error) {
    await remove();
    throw error;
  } finally {
    await file.close();
  }
  return { name, remove };
};

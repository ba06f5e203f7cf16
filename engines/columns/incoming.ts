// How the data of an insert comes to the embedded store, and a large answer from it: as a file in a folder of its own, so that it goes through no
// socket. Data is written by whoever inserts, and the store only reads it; an answer is written by the store, and read and removed by whoever
// asked. Files of callers that are gone are removed when the store starts.
import { randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Names the file, without its folder. */
export const DATA_HEADER = 'x-inframirror-data';
/** The same of the file that the answer is to be written to; the reply has it where that was done. */
export const ANSWER_HEADER = 'x-inframirror-answer';

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

export interface AnswerFile extends IncomingFile {
  read(): Promise<Uint8Array>;
}

/** Not there yet. */
export const answerFile = (folder: string): AnswerFile => {
  const name = `${randomUUID()}.data`;
  const path = join(folder, name);
  return { name, read: () => readFile(path), remove: () => rm(path, { force: true }) };
};

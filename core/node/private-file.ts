// A small file that only its owner may read, such as a token, a key or a note of ours: whole or as it was before, also after a power cut.
// It keeps no history.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** With mode 0600 from the first byte; on disk when it returns, as what names an installation must not be younger than its stores. */
export const writePrivate = (file: string, text: string): void => {
  const draft = `${file}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
};

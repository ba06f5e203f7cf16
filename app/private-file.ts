// A small file of the data folder that only its owner may read, such as a token or a note of ours. It keeps no history and syncs nothing.
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Whole or not at all, with mode 0600 from the first byte. */
export const writePrivate = (file: string, text: string): void => {
  const draft = `${file}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
};

// What the data folder holds of the product itself: the instance's id and its tokens, made at the first start, readable by their owner alone.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../core/errors.ts';
import { makeFolder } from '../core/node/make-folder.ts';
import { type FolderLock, holderOf, lockFolder } from '../engines/folder-lock.ts';

export interface DataFolder {
  readonly path: string;
  /** Names this installation; in the cookie's name, so that two on one host do not mix. */
  readonly instance: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly agentToken: string;
  readonly agentTokenFile: string;
  /** May read `/metrics` and nothing else. */
  readonly metricsToken: string;
}

/** What makes the installation the one it is, beside its stores: goes into backups and comes back from them. */
export const IDENTITY = ['instance', 'token', 'agent-token', 'metrics-token', 'command-keys'] as const;

/** Of a restore that has not ended: what is in the folder is not whole. */
export const RESTORING = 'restoring';

const TOKEN = /^[A-Za-z0-9_-]{32,}$/;

const refused = (path: string, error: unknown): CodedError =>
  error instanceof CodedError ? error : new CodedError('data.folder', { path, reason: (error as Error).message }, { cause: error });

/** Makes the folder where it is missing, and keeps other processes from it. Throws `data.in-use` and `data.folder`. */
export const holdDataFolder = async (path: string): Promise<FolderLock> => {
  try {
    makeFolder(path);
    const lock = await lockFolder(path);
    if (lock === undefined) throw new CodedError('data.in-use', { path, holder: holderOf(path) });
    return lock;
  } catch (error) {
    throw refused(path, error);
  }
};

/** Throws `data.folder` where the folder cannot be used, and `data.token` where a token file holds none, `restore.unfinished` where a restore has not ended. */
export const openDataFolder = (path: string): DataFolder => {
  try {
    makeFolder(path);
    if (existsSync(join(path, RESTORING))) throw new CodedError('restore.unfinished', { folder: path });
    const tokenFile = join(path, 'token');
    const agentTokenFile = join(path, 'agent-token');
    return {
      path,
      instance: secret(join(path, 'instance'), 9),
      token: secret(tokenFile, 32),
      tokenFile,
      agentToken: secret(agentTokenFile, 32),
      agentTokenFile,
      metricsToken: secret(join(path, 'metrics-token'), 32),
    };
  } catch (error) {
    throw refused(path, error);
  }
};

const secret = (file: string, bytes: number): string => {
  if (!existsSync(file)) writePrivate(file, `${randomBytes(bytes).toString('base64url')}\n`);
  chmodSync(file, 0o600);
  const text = readFileSync(file, 'utf8').trim();
  if (bytes >= 32 && !TOKEN.test(text)) throw new CodedError('data.token', { file });
  return text;
};

/** Whole or not at all, with mode 0600 from the first byte. */
export const writePrivate = (file: string, text: string): void => {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
};

// What the data folder holds of the product itself: the instance's id and its tokens, made at the first start, readable by their owner alone.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../core/errors.ts';
import { makeFolder } from '../core/node/make-folder.ts';
import { writePrivate } from '../core/node/private-file.ts';
import { type FolderLock, holderOf, lockFolder } from '../engines/folder-lock.ts';
import { readStoreNotes } from './installation/notes.ts';

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

/** Folders of ours in it. */
const FOLDERS = ['stream', 'columns', 'records', 'pipeline', 'agent', 'compiled', 'command-keys'] as const;
/** What else may stand in it that is nobody else's. */
const FILES: ReadonlySet<string> = new Set([
  ...IDENTITY,
  RESTORING,
  ...['lock', 'lock-journal', 'lock.holder', 'lost+found', 'address', 'reserve', 'stores.json', 'backups.json', 'refused-start.json'],
]);

const INSTANCE = /^[\w-]{1,64}$/;
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

/** What makes them all, where several processes share them. Throws `data.folder` where one is there already, `data.key`. */
export const makeIdentity = (folder: string): void => {
  try {
    makeFolder(folder);
    instanceOf(folder);
    for (const name of ['token', 'agent-token', 'metrics-token']) secret(join(folder, name));
  } catch (error) {
    throw refused(folder, error);
  }
};

const IDENTITY_FILES: readonly string[] = IDENTITY.flatMap((name) =>
  name === 'command-keys' ? ['current', 'next'].map((key) => join(name, `${key}.pem`)) : [name],
);

/** Takes over what several processes share, so that all that reads the data folder finds it there. Throws `data.identity`, `data.folder`. */
export const adoptIdentity = (path: string, identity: string): void => {
  try {
    const missing = IDENTITY_FILES.filter((file) => !existsSync(join(identity, file)));
    if (missing.length > 0)
      throw new CodedError('data.identity', { folder: identity, reason: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing` });
    const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');
    if (existsSync(join(path, 'instance')) && read(path, 'instance').trim() !== read(identity, 'instance').trim())
      throw new CodedError('data.identity', { folder: identity, reason: `${path} is of another installation, ${read(path, 'instance').trim()}` });
    mkdirSync(join(path, 'command-keys'), { recursive: true, mode: 0o700 });
    for (const file of IDENTITY_FILES)
      if (!existsSync(join(path, file)) || read(path, file) !== read(identity, file)) writePrivate(join(path, file), read(identity, file));
  } catch (error) {
    throw refused(path, error);
  }
};

/** Makes it the owner's alone, unless it belongs to another user, who must. */
const closeToOthers = (path: string): void => {
  const { uid, mode } = statSync(path);
  if ((mode & 0o077) !== 0 && (process.getuid === undefined || uid === process.getuid())) chmodSync(path, mode & 0o700);
};

/** A version before this left some of it open to all users of the machine. One that holds what is not ours stays as it is, around what is. */
const closeFolder = (path: string): void => {
  for (const name of FOLDERS) if (existsSync(join(path, name))) closeToOthers(join(path, name));
  if (readdirSync(path).every((name) => FILES.has(name) || FOLDERS.some((ours) => ours === name))) closeToOthers(path);
};

/** Throws `data.folder` where the folder cannot be used, and `data.token` where a token file holds none, `restore.unfinished` where a restore has not ended. */
export const openDataFolder = (path: string): DataFolder => {
  try {
    makeFolder(path);
    closeFolder(path);
    if (existsSync(join(path, RESTORING))) throw new CodedError('restore.unfinished', { folder: path });
    const tokenFile = join(path, 'token');
    const agentTokenFile = join(path, 'agent-token');
    return {
      path,
      instance: instanceOf(path),
      token: secret(tokenFile),
      tokenFile,
      agentToken: secret(agentTokenFile),
      agentTokenFile,
      metricsToken: secret(join(path, 'metrics-token')),
    };
  } catch (error) {
    throw refused(path, error);
  }
};

/** Where the file was lost, the stores still know it: what is noted of them says so. */
const instanceOf = (path: string): string => {
  const file = join(path, 'instance');
  const there = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (INSTANCE.test(there)) return there;
  const name = readStoreNotes(path)?.instance ?? randomBytes(9).toString('base64url');
  writePrivate(file, `${name}\n`);
  return name;
};

const secret = (file: string): string => {
  if (!existsSync(file)) writePrivate(file, `${randomBytes(32).toString('base64url')}\n`);
  if (statSync(file).isDirectory()) throw new CodedError('data.token', { file });
  chmodSync(file, 0o600);
  const text = readFileSync(file, 'utf8').trim();
  if (!TOKEN.test(text)) throw new CodedError('data.token', { file });
  return text;
};

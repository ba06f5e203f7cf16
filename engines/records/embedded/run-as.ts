// As whom the embedded server runs. PostgreSQL refuses to run as root, so root needs another user: the one who owns the
// data already, else one made for it. Never gives a user any right beyond its own files.
import { execFile } from 'node:child_process';
import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError } from '../../../core/errors.ts';

export interface RunAs {
  /** Undefined: as whoever we are. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** Name of the user that this process runs as, by which the server knows us on its socket. */
  readonly ourName: string;
}

const OWN_USER = 'inframirror';
const run = promisify(execFile);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const idsOf = async (user: string): Promise<{ uid: number; gid: number } | undefined> => {
  try {
    // `-n` first: a uid without a name is no use, PostgreSQL looks its name up.
    await run('id', ['-un', user]);
    const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

const createUser = async (): Promise<void> => {
  const home = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  await run('useradd', [...home, OWN_USER]).catch(() => run('adduser', ['-S', '-D', '-H', OWN_USER]).catch(() => undefined));
};

const anyUser = async (): Promise<{ uid: number; gid: number }> => {
  const known = await idsOf(OWN_USER);
  if (known !== undefined) return known;
  // Two first starts beside each other: the loser finds the lock of the user table taken, and then the winner's user.
  for (let attempt = 0; attempt < 5; attempt++) {
    await createUser();
    const made = await idsOf(OWN_USER);
    if (made !== undefined) return made;
    await sleep(100);
  }
  const other = (await idsOf('postgres')) ?? (await idsOf('nobody'));
  if (other === undefined)
    throw new CodedError('records.start-failed', { reason: 'PostgreSQL does not run as root and no other user could be made; start as another user' });
  return other;
};

/** `folder` is the database folder, which need not exist. */
export const runAs = async (folder: string): Promise<RunAs> => {
  let ourName: string;
  try {
    ourName = userInfo().username;
  } catch {
    throw new CodedError('records.start-failed', { reason: `user ${process.getuid?.()} has no name in the user table, which PostgreSQL needs` });
  }
  if (process.getuid?.() !== 0) return { ids: undefined, ourName };
  const owner = lstatSync(folder, { throwIfNoEntry: false })?.uid;
  const ids = (owner === undefined || owner === 0 ? undefined : await idsOf(String(owner))) ?? (await anyUser());
  return { ids, ourName };
};

/** Gives the folder and all in it to that user. */
export const handOver = (folder: string, ids: { readonly uid: number; readonly gid: number }): void => {
  if (lstatSync(folder).uid !== ids.uid)
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) lchownSync(join(entry.parentPath, entry.name), ids.uid, ids.gid);
  lchownSync(folder, ids.uid, ids.gid);
};

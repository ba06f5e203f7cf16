// `inframirror backup DIR`: has the running server write all its stores to a folder, as they are at one moment, and shows how far it is.
import { resolve } from 'node:path';
import { CodedError, ERRORS, type ErrorCode } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { sizeText } from '../../core/size-text.ts';
import { command } from './arguments.ts';
import { askServer, SERVER_OPTIONS, type ServerAddress, serverOf } from './ask-server.ts';
import { writeOut } from './write-out.ts';

interface Backup {
  readonly state: string;
  readonly dir: string;
  readonly step: string | null;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly point: string | null;
  readonly seconds: number | null;
  readonly error: string | null;
  readonly code: string | null;
}

const FIELDS = '{ state dir step bytes totalBytes point seconds error code }';
const LOOK_MS = 500;

/** One line that is written over on a terminal; elsewhere nothing. */
export const showProgress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${plain(text)}`);
};

const ask = async (server: ServerAddress): Promise<Backup> => (await askServer<{ readonly backup: Backup }>(server, `{ backup ${FIELDS} }`, {})).backup;

const write = async (server: ServerAddress, dir: string): Promise<number> => {
  let isBegun = false;
  let stopped = false;
  const cancel = (): void => void askServer(server, 'mutation { cancelBackup }', {}).catch(() => undefined);
  const stop = (): void => {
    stopped = true;
    if (isBegun) cancel();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  await askServer(server, 'mutation ($dir: String!) { startBackup(dir: $dir) { state } }', { dir });
  isBegun = true;
  if (stopped) cancel();
  let backup = await ask(server);
  while (backup.state === 'running') {
    showProgress(`${backup.step ?? ''}: ${sizeText(backup.bytes)}${backup.totalBytes === 0 ? '' : ` of about ${sizeText(backup.totalBytes)}`}`);
    await new Promise((done) => setTimeout(done, LOOK_MS));
    backup = await ask(server);
  }
  showProgress('');
  if (backup.state === 'done') {
    writeOut(`${plain(backup.dir)}: all stores as of ${plain(backup.point ?? '')}, ${sizeText(backup.bytes)} in ${backup.seconds} s\n`);
    return 0;
  }
  const code = backup.code !== null && Object.hasOwn(ERRORS, backup.code) ? (backup.code as ErrorCode) : undefined;
  process.stderr.write(`inframirror: ${plain(backup.error ?? 'the backup failed')}${code === undefined ? '' : ` [${code}]\n  ${ERRORS[code].mend}`}\n`);
  return stopped ? 130 : 1;
};

export const backup = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'backup DIR [OPTIONS]',
    'Has the running server write all its stores to a new folder of its machine, as they are at one moment; intake goes on meanwhile.\n' +
      '`inframirror restore` brings it back. The backup holds the tokens: keep it as you keep passwords.',
    SERVER_OPTIONS,
    1,
    (read) => {
      const [dir] = read.positionals;
      if (dir === undefined) throw new CodedError('command.usage', { problem: 'name the folder that the backup is to make: backup DIR' });
      return write(serverOf(read), resolve(dir));
    },
  );

// Ends the server, or what makes its folder, when we end, even by kill -9: a small child that reads a pipe which only we hold open.
import { spawn } from 'node:child_process';
import type { RunAs } from './run-as.ts';

/** A constant program; the pid is its argument. `done` on the pipe means that the server ended, its end means that we did. */
const PROGRAM =
  'read -r word; test "$word" = done && exit; kill -INT "$1"; i=0; while kill -0 "$1" && test $i -lt 30; do sleep 1; i=$((i+1)); done; kill -QUIT "$1"';

export interface Watch {
  /** It ended; nothing is to be watched any more. */
  end(): void;
}

/** The system's own sh takes 1 MB where a second Node would take 45. */
export const watch = (pid: number, as: RunAs): Watch => {
  const child = spawn('/bin/sh', ['-c', PROGRAM, 'inframirror-watch', String(pid)], {
    ...as.ids,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return { end: () => child.stdin?.end('done\n') };
};

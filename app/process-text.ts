// A child process of ours in words, as Status tells it.
import type { StoreProcess } from './engines.ts';

export const processText = ({ pid, restarts }: StoreProcess): string =>
  `${pid === undefined ? 'no process' : `process ${pid}`}${restarts === 0 ? '' : `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`}`;

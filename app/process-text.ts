// What keeps a store in words, as Status tells it: a child process of ours, or a server of its own.
import type { StoreKeeper, StoreProcess } from './engines.ts';

export const processText = ({ pid, restarts }: StoreProcess): string =>
  `${pid === undefined ? 'no process' : `process ${pid}`}${restarts === 0 ? '' : `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`}`;

export const keeperText = (keeper: StoreKeeper): string => ('at' in keeper ? keeper.at : processText(keeper));

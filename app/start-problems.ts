// What Status names above all its parts, of the disk, the stream's room and the settings: the words for it.
import { sizeText } from '../core/size-text.ts';
import { MIN_FREE_BYTES } from '../engines/stream/lmdb/open.ts';
import type { Problem } from '../graphql/service.ts';

export const FULL: Problem = {
  part: 'disk',
  message: 'the disk of the data folder, or of the stream in it, is full: what is there can be asked, nothing new is taken in',
  mend: 'Make room on the disk, 1 GiB or more: then it goes on by itself. Agents keep their data meanwhile and send it then.',
};
export const NO_RESERVE: Problem = {
  part: 'disk',
  message: 'no room is kept for a start on a full disk: filled up, this server would not start',
  mend: 'The disk of the data folder is too small or too full for it. With 352 MiB free it is made by itself within a minute.',
};
export const MANY_SERIES: Problem = {
  part: 'column store',
  message: 'there are more series, or metrics, than the server keeps in memory: questions do not find some of them. Their samples are stored',
  mend: 'A label with a new value each time (a request, a session, a time) makes a series of each: stop sending it. What was sent goes with retention, and from memory with the next start after that; `inframirror agent forget HOST` removes a host’s.',
};

/** `reason`: see `settingsRefused` of `product.ts`. */
export const wrongSettings = (reason: string | undefined): readonly Problem[] =>
  reason === undefined
    ? []
    : [
        {
          part: 'settings',
          message: `what was read last is wrong and was not taken, the settings before it hold: ${reason}`,
          mend: 'Mend it (`inframirror config check` tells each place) and reload: the next start would be refused.',
        },
      ];

/**
 * What the stream may take (undefined: not known) against what it might with all of its disk; bytes. It says it as it is now, so that room that was made
 * counts. A disk that is smaller than the limit is no problem by itself: the line of the stream says what it leaves.
 */
export const roomProblems = (maxBytes: number | undefined, limit: number, diskSize: number): readonly Problem[] => {
  const most = Math.min(limit, Math.max(0, diskSize - MIN_FREE_BYTES));
  if (maxBytes === undefined || maxBytes >= most / 4) return [];
  const message = `its disk leaves the stream ${sizeText(maxBytes)} of the ${sizeText(most)} it might take: while a store is away the door closes sooner`;
  const mend = `Make room on the disk of the folder \`stream\` in the data folder, which has ${sizeText(diskSize)} in all, or move it to a larger one.`;
  return [{ part: 'stream', message, mend }];
};

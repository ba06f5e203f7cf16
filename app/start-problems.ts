// What Status names above all its parts, of the disk, the stream's room and the settings: the words for it.
import { sizeText } from '../core/size-text.ts';
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

/** What the stream may take against what its disk has left; bytes, undefined: not known. It says it as it is now, so that room that was made counts. */
export const roomProblems = (maxBytes: number | undefined, limit: number): readonly Problem[] => {
  if (maxBytes === undefined || maxBytes >= limit) return [];
  const message = `the disk leaves the stream ${sizeText(maxBytes)} of the ${sizeText(limit)} it may take: while a store is away the door closes sooner`;
  return maxBytes >= limit / 4 ? [] : [{ part: 'stream', message, mend: 'Make room on the disk of the data folder, or move the folder to a larger one.' }];
};

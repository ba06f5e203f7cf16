// One frame to the door, and whether its answer says that it was taken. It decides nothing else, and repeats nothing.
import { hash } from 'node:crypto';
import { CLOCK_HEADER, DIGEST_HEADER } from '../schemas/frame.ts';
import { encodingOf } from './renumber.ts';
import type { Answer, ServerCalls } from './server-calls.ts';

/** Rejects where nothing answers. */
export const postFrame = (calls: ServerCalls, authorization: string, body: Uint8Array): Promise<Answer> => {
  const headers = {
    authorization,
    'content-type': 'application/vnd.inframirror.frame',
    'content-encoding': encodingOf(body),
    [CLOCK_HEADER]: String(Date.now()),
    [DIGEST_HEADER]: `sha-256=:${hash('sha256', body, 'base64')}:`,
  };
  return calls.post('/ingest/frames', headers, body);
};

/** It is what a door answers that took a frame. */
export const isTaken = ({ status, told }: Answer): boolean => status >= 200 && status < 300 && Number.isSafeInteger(told?.rows);

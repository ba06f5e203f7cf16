// A batch that stays as it is: the agent's own columns serve the next frame too.
import type { Batch } from '../../core/batch/batch.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { encodeStream } from '../../core/ipc/write.ts';

/** What a receiver would read of it. */
export const kept = (batch: Batch): Batch => {
  const [first] = decodeStream(encodeStream([batch]));
  if (first === undefined) throw new TypeError('a batch without rows is none');
  return first;
};

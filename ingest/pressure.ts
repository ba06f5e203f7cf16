// The door closes for a topic well before the stream is full for it: what comes then stays in the senders' spools, and what was
// acknowledged keeps its room. It looks at no message.
import { CodedError } from '../core/errors.ts';
import type { Stream } from '../engines/stream/port.ts';

/** Of `Stream.pressure`. */
export const CLOSES_AT = 0.8;

/** Throws `intake.full` for the first of the topics that takes nothing now. */
export const checkOpen = (stream: Pick<Stream, 'pressure'>, topics: Iterable<string>): void => {
  for (const topic of topics) {
    const pressure = stream.pressure(topic);
    if (pressure >= CLOSES_AT) throw new CodedError('intake.full', { topic, percent: Math.floor(pressure * 100) });
  }
};

// The dead letters: what no retry can save goes to `im.dead` with where it came from, the stage and the error, so that the rest goes on.
// After a crash a letter may stand there twice; it is never lost once its round is saved.
import type { Telemetry } from '../core/telemetry.ts';
import type { Message, StoredMessage, Stream } from '../engines/stream/port.ts';
import { DEAD_TOPIC } from '../schemas/tables.ts';
import type { DeadLetter } from './message.ts';

const MOST_ERROR = 1024;

/** Rows of a message are a stream of their own, whatever that was packed with. */
const headersOf = ({ headers, value }: StoredMessage, own: Uint8Array): Readonly<Record<string, string>> => {
  if (own === value) return headers;
  const { encoding: _, set: __, ...rest } = headers;
  return rest;
};

const messageOf = ({ message, value, rows, stage, reason, error }: DeadLetter): Message => ({
  key: message.key,
  headers: {
    ...headersOf(message, value),
    rows: String(rows),
    origin: `${message.topic}/${message.partition}/${message.offset}`,
    stage: `pipeline ${stage}`,
    reason,
    buried: String(Date.now()),
    error: error.slice(0, MOST_ERROR).toWellFormed(),
  },
  value,
});

export const bury = async (letters: readonly DeadLetter[], stream: Pick<Stream, 'produce'>, telemetry: Telemetry): Promise<void> => {
  if (letters.length === 0) return;
  await stream.produce(DEAD_TOPIC, letters.map(messageOf));
  for (const { stage, reason, rows } of letters) telemetry.add('inframirror_dead_rows_total', { stage: `pipeline-${stage}`, reason }, rows);
};

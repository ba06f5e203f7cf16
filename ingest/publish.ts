// Puts what was admitted on the stream: one message a part, one produce a topic, in the order of the request.
// When it resolves, everything is as safe as the stream makes it; it never reads a message back.
import type { Message, Stream } from '../engines/stream/port.ts';
import { DEAD_TOPIC, SIGNAL_VERSION, TOPIC } from '../schemas/tables.ts';
import type { Admitted, Arrival, UnknownPart } from './parts.ts';

interface Identity {
  readonly sender: string;
  readonly boot: bigint;
  readonly seq: bigint;
}

/** `from` and `to` (ns) only where the rows have a time; `received` is the door's clock (ns); `size` of packed ones: bytes of the part as it came, unpacked; `print` tells whether what comes again is the same. */
const headersOf = (schema: string, version: number, { sender, boot, seq }: Identity, rows: number, received: bigint): Record<string, string> => ({
  schema,
  version: String(version),
  sender,
  boot: String(boot),
  seq: String(seq),
  rows: String(rows),
  received: String(received),
});

const messageOf = (part: Admitted, received: bigint): Message => ({
  key: part.arrival.sender,
  headers: {
    ...headersOf(part.arrival.schema, SIGNAL_VERSION, part.arrival, part.rows, received),
    ...(part.range === undefined ? {} : { from: String(part.range.from), to: String(part.range.to) }),
    ...(part.value.encoding === undefined ? {} : { encoding: part.value.encoding }),
    ...(part.value.set === undefined ? {} : { set: part.value.set.key }),
    ...(part.value.encoding === 'zstd' ? { size: String(part.arrival.ipc.length) } : {}),
    print: String(part.arrival.print),
  },
  value: part.value.bytes,
  ...(part.value.set === undefined ? {} : { shared: part.value.set }),
});

const deadOf = (part: UnknownPart, received: bigint): Message => ({
  key: part.sender,
  headers: {
    ...headersOf(part.schema, part.version, part, part.rows, received),
    ...(part.encoding === undefined ? {} : { encoding: part.encoding }),
    stage: 'ingest',
    reason: 'unknown-schema',
    buried: String(received / 1_000_000n),
    error: `schema ${part.schema} of version ${part.version} is not known`,
  },
  value: part.ipc,
});

/** Topics that a request goes to. */
export const topicsOf = ({ arrivals, unknown }: { readonly arrivals: readonly Arrival[]; readonly unknown: readonly UnknownPart[] }): ReadonlySet<string> =>
  new Set([...arrivals.map(({ schema }) => TOPIC[schema]), ...(unknown.length === 0 ? [] : [DEAD_TOPIC])]);

/** Parts without rows left are not sent. The topics are written beside each other. */
export const publish = async (
  stream: Pick<Stream, 'produce'>,
  admitted: readonly Admitted[],
  unknown: readonly UnknownPart[],
  received: bigint,
): Promise<void> => {
  const topics = new Map<string, Message[]>();
  const add = (topic: string, message: Message): void => {
    const messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, [message]);
    else messages.push(message);
  };
  for (const part of admitted) if (part.rows > 0) add(TOPIC[part.arrival.schema], messageOf(part, received));
  for (const part of unknown) add(DEAD_TOPIC, deadOf(part, received));
  // All are waited for, also when one fails: nothing of a refused request may be on its way when the answer goes out.
  const outcomes = await Promise.allSettled([...topics].map(([topic, messages]) => stream.produce(topic, messages)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
};

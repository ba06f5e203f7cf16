// Our own protocol: the agent's frame, taken apart into arrivals. The order of its parts is the order of their seqs.
import { CodedError } from '../../core/errors.ts';
import { decodeFrame, type FrameLimits } from '../../schemas/frame.ts';
import { SIGNAL_FIELDS, SIGNAL_VERSION, type SignalSchema } from '../../schemas/tables.ts';
import type { HeardFrame } from '../heard.ts';
import { type Arrival, printOf, type UnknownPart } from '../parts.ts';
import { unpackPart } from './body.ts';

export interface Received {
  readonly sender: string;
  readonly heard: HeardFrame;
  readonly arrivals: readonly Arrival[];
  /** Of a newer sender: another schema or major version. */
  readonly unknown: readonly UnknownPart[];
}

const isSignal = (schema: string): schema is SignalSchema => Object.hasOwn(SIGNAL_FIELDS, schema);

/** Throws `frame.malformed`, `intake.damaged`, and `intake.refused` where definitions follow the samples that need them. */
export const receiveFrame = async (bytes: Uint8Array, limits: FrameLimits): Promise<Received> => {
  const { header, parts } = decodeFrame(bytes, limits);
  const arrivals: Arrival[] = [];
  const unknown: UnknownPart[] = [];
  let samplesSeen = false;
  for (const [part, { schema, version, seq, rows, ipc, encoding, size = 0 }] of parts.entries()) {
    const identity = { sender: header.agent, boot: header.boot, seq: BigInt(seq), print: printOf(ipc) };
    if (!isSignal(schema) || version !== SIGNAL_VERSION) {
      unknown.push({ ...identity, schema, version, rows, ipc, ...(encoding === undefined ? {} : { encoding, size }) });
      continue;
    }
    if (schema === 'series' && samplesSeen)
      throw new CodedError('intake.refused', { part, schema, row: '', column: '', reason: 'definitions of series must stand before the samples of the frame' });
    samplesSeen ||= schema === 'metrics';
    arrivals.push({ ...identity, part, schema, rows, ...(encoding === undefined ? { ipc } : { ipc: await unpackPart(ipc, size), packed: ipc }) });
  }
  const heard = { host: header.host, sender: header.agent, boot: header.boot, seq: BigInt(header.seq), sent: header.sent };
  return { sender: header.agent, heard, arrivals, unknown };
};

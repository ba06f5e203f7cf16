// What the two ends of a stream that is served to another thread or process agree on beside the names of the port's calls.
import { CodedError } from '../../../core/errors.ts';
import type { StoreIdentity } from '../../../core/generation.ts';

/** How full the stream is for each topic. */
export type Pressures = readonly (readonly [topic: string, pressure: number])[];

export interface Greeting {
  readonly identity: StoreIdentity;
  readonly pressures: Pressures;
}

/** How often it is told how full the stream is, where that has changed. */
export const PRESSURE_MS = 500;

export const gone = (): CodedError => new CodedError('stream.unavailable', { reason: 'the connection to it ended' });

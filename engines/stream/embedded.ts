// What the log of an installation that runs by itself can do beside the port: be copied as a whole, and say whose it is.
import type { Generation, StoreIdentity } from '../../core/generation.ts';
import type { Stream } from './port.ts';

export interface LogSnapshot {
  /** Disk space of the messages in it, about. */
  readonly bytes: number;
  /** To be read once, to its end or to where nobody wants more; chunks of about a mebibyte. */
  read(): AsyncIterable<Uint8Array>;
  /** Must be called: until then the log reuses no room that it frees. Idempotent. */
  release(): void;
}

export interface EmbeddedStream extends Stream {
  /** As it is now. */
  snapshot(): Promise<LogSnapshot>;
  /** Whose it is and how far it has come, in a copy too. */
  identity(): StoreIdentity;
  /** Durable on resolve. */
  belongTo(installation: string, generation: Generation): Promise<void>;
}

// Starts the stream's thread and connects the server to it. It decides nothing about the log.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { Worker } from 'node:worker_threads';
import { socketLink } from '../../core/node/links.ts';
import { makeFolder } from '../../core/node/make-folder.ts';
import { removeSocket, socketPath } from '../../core/node/socket-path.ts';
import { errorFrom } from '../../core/node/wire-error.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import { callAgain } from '../../core/telemetry-calls.ts';
import type { EmbeddedStream } from '../../engines/stream/embedded.ts';
import { connectStream } from '../../engines/stream/remote/remote-stream.ts';
import type { StreamThreadData, StreamThreadMessage } from './stream-thread.ts';

export interface KeptStream extends EmbeddedStream {
  /** Where other processes connect to it. */
  readonly socket: string;
}

export interface KeptStreamOptions {
  readonly dir: string;
  readonly maxBytes: number;
  /** Where the socket is to lie; made when missing. */
  readonly socketFolder: string;
  readonly telemetry: Telemetry;
}

/** Resolves when the stream answers; rejects as the log does that cannot be opened. `close` ends the thread too, and whoever else is connected. */
export const startStream = async ({ dir, maxBytes, socketFolder, telemetry }: KeptStreamOptions): Promise<KeptStream> => {
  makeFolder(socketFolder);
  const socket = socketPath(socketFolder, 'stream.sock');
  const workerData: StreamThreadData = { dir, maxBytes, socket };
  const thread = new Worker(new URL('./stream-thread.ts', import.meta.url), { workerData, execArgv: [] });
  const exited = once(thread, 'exit');
  const ready = Promise.withResolvers<void>();
  thread.on('message', (message: StreamThreadMessage) => {
    if ('calls' in message) callAgain(telemetry, message.calls);
    else if ('failed' in message) ready.reject(errorFrom(message.failed));
    else ready.resolve();
  });
  thread.once('error', (error: Error) => ready.reject(error));
  thread.once('exit', () => ready.reject(new Error('the stream’s thread ended')));
  try {
    await ready.promise;
  } catch (error) {
    await exited.catch(() => undefined);
    removeSocket(socket, socketFolder);
    throw error;
  }
  // Whatever ends it from here on is a defect: it ends the process, as it would in its own thread.
  thread.on('error', (error: Error) => {
    throw error;
  });
  const connection = createConnection(socket);
  await once(connection, 'connect');
  const stream = await connectStream(socketLink(connection), async () => {
    thread.postMessage('end');
    await exited;
    removeSocket(socket, socketFolder);
  });
  return Object.assign(stream, { socket });
};

// The thread that keeps the stream: server and pipeline reach it through a socket, so that neither waits for the other's work.
// What it counts it tells the server's thread. It ends when it is told to, and with its process.
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { socketLink } from '../../core/node/links.ts';
import { type WireError, wireError } from '../../core/node/wire-error.ts';
import { KeptCalls, type TelemetryCalls } from '../../core/telemetry-calls.ts';
import { openLmdbStream } from '../../engines/stream/lmdb/open.ts';
import { serveStream } from '../../engines/stream/remote/serve.ts';

export interface StreamThreadData {
  readonly dir: string;
  readonly maxBytes: number;
  readonly socket: string;
}

/** What it says: once `ready` or `failed`, then what was counted. */
export type StreamThreadMessage = { readonly ready: true } | { readonly failed: WireError } | { readonly calls: TelemetryCalls };

const TELL_MS = 1000;

const { dir, maxBytes, socket } = workerData as StreamThreadData;
const port = parentPort as NonNullable<typeof parentPort>;
const say = (message: StreamThreadMessage): void => port.postMessage(message);
const telemetry = new KeptCalls();
const tell = (): void => {
  const calls = telemetry.take();
  if (calls !== undefined) say({ calls });
};

try {
  const served = serveStream(await openLmdbStream({ dir, maxBytes, telemetry }));
  rmSync(socket, { force: true });
  const server = createServer((connection) => void served.connect(socketLink(connection)));
  const timer = setInterval(tell, TELL_MS);
  port.once('message', () => {
    clearInterval(timer);
    server.close();
    void served.close().then(() => {
      tell();
      port.close();
    });
  });
  server.listen(socket, () => say({ ready: true }));
} catch (error) {
  say({ failed: wireError(error) });
  port.close();
}

// A way to a store on which requests can be held for as long as a test wants, as sockets, proxies and stopped processes do. Part of the
// contract suite of the port `ColumnStore`, of no product.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface HoldingProxy {
  /** Unix socket that it listens on. */
  readonly path: string;
  /** Bytes that are being held. */
  readonly held: number;
  /** From now on only so many bytes more of what clients send get through. */
  holdAfter(bytes: number): void;
  /** What is held goes on, and all that comes later. */
  release(): void;
  close(): void;
}

/** `connect`: to the store itself. */
export const openHoldingProxy = async (connect: () => Socket): Promise<HoldingProxy> => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-proxy-'));
  const path = join(folder, 'p.sock');
  const sockets = new Set<Socket>();
  const waiting: { readonly to: Socket; readonly bytes: Buffer }[] = [];
  let budget = Number.POSITIVE_INFINITY;
  // What a client has sent gets there though the client has gone.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const store = connect();
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes: Buffer) => {
      const through = Math.min(bytes.length, budget);
      budget -= through;
      if (through > 0) store.write(bytes.subarray(0, through));
      if (through < bytes.length) waiting.push({ to: store, bytes: bytes.subarray(through) });
    });
    store.on('data', (bytes) => client.destroyed || client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    get held() {
      return waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
    },
    holdAfter: (bytes) => {
      budget = bytes;
    },
    release: () => {
      budget = Number.POSITIVE_INFINITY;
      for (const { to, bytes } of waiting.splice(0)) to.write(bytes);
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

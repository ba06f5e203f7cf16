// The address that the product answers on, taken and given back.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CodedError } from '../../core/errors.ts';

/** Returns the address as it is written for people. Rejects with `start.address`. */
export const openAddress = async (server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<string> => {
  server.listen(port, host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
    throw new CodedError('start.address', { address: `${host}:${port}`, reason }, { cause: error });
  });
  return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}/`;
};

/** At once: connections that are open are ended. */
export const closeServer = async (server: Server): Promise<void> => {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
};

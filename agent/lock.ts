// Keeps two agents from using one folder: a name the kernel gives to one process only and takes back however that process ends.
// It protects nothing on other machines that share the folder.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { CodedError } from '../core/errors.ts';

/** Waits for one that is just ending; throws `agent.running` when the folder is still in use after `patienceMs`. */
export const lockFolder = async (folder: string, patienceMs: number): Promise<() => Promise<void>> => {
  const name = `\0inframirror-agent-${createHash('sha256').update(realpathSync(folder)).digest('hex')}`;
  const until = Date.now() + patienceMs;
  for (;;) {
    const server = await listen(name);
    if (server !== undefined) return () => new Promise((resolve) => server.close(() => resolve()));
    if (Date.now() >= until) throw new CodedError('agent.running', { folder });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const listen = (name: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });

// The process that holds the embedded column store: `node child.ts FOLDER SOCKET LIMITS`. It takes the folder's lock,
// waiting for whoever still has it, serves on the Unix socket, says `ready` on stdout, and ends when its stdin closes.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText, type EngineLimits } from './config.ts';
import { Engine } from './engine.ts';
import { serveHttp } from './http.ts';

const [folder, socket, limitsText] = process.argv.slice(2) as [string, string, string];
const limits = JSON.parse(limitsText) as EngineLimits;
const incoming = join(folder, 'incoming');
const configFile = join(folder, 'config.xml');

const GIVE_UP_MS = 3000;
/** The parent may be gone by any death; then nothing is waited for but the statements in hand, which are ended. */
let engine: Engine | undefined;
let ending = false;
const end = async (): Promise<void> => {
  if (ending) return;
  ending = true;
  // The store survives this as it survives any crash; a native thread that hangs must not keep the folder.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GIVE_UP_MS).unref();
  if (engine !== undefined) {
    server.closeAllConnections();
    server.close();
    await engine.close();
  }
  // Not `process.exit`: the library's own exit handlers have been seen to wait for each other for ever, holding the folder's lock.
  process.kill(process.pid, 'SIGKILL');
};
process.stdin
  .on('end', () => void end())
  .on('error', () => void end())
  .resume();
// Ctrl-C and a service manager's stop reach every process of the group: when to end is the parent's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

mkdirSync(incoming, { recursive: true, mode: 0o700 });
writeFileSync(configFile, configText(limits), { mode: 0o600 });

const deadline = performance.now() + limits.lockMs;
while (engine === undefined) {
  try {
    engine = new Engine(join(folder, 'db'), configFile, limits.statements);
  } catch (error) {
    if (performance.now() > deadline) {
      // The engine itself has said why, on stderr.
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
// From here on the folder is ours alone.
for (const name of readdirSync(incoming)) rmSync(join(incoming, name), { force: true });
rmSync(socket, { force: true });
const server = serveHttp(engine, incoming);
process.umask(0o177);
server.listen(socket, () => {
  process.umask(0o077);
  process.stdout.write('ready\n');
});

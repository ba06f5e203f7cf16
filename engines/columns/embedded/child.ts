// The process that holds the embedded column store: `node child.ts FOLDER SOCKET LIMITS`. It takes the folder's lock, serves on
// the Unix socket, says `ready` on stdout, and ends when its stdin closes. Why the folder does not open only the library knows,
// which tells it on stderr: so the parent reads that, and says `again` on stdin where another attempt may help.

import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { incomingFolder } from '../incoming.ts';
import { configText, type EngineLimits, NOT_OPENED } from './config.ts';
import type { Engine } from './engine.ts';

const [folder, socket, limitsText] = process.argv.slice(2) as [string, string, string];
const limits = JSON.parse(limitsText) as EngineLimits;
const db = join(folder, 'db');
const incoming = incomingFolder(folder);
const configFile = join(folder, 'config.xml');

const GIVE_UP_MS = 3000;
/** The parent may be gone by any death; then nothing is waited for but the statements in hand, which are ended. */
let engine: Engine | undefined;
let server: Server | undefined;
let ending = false;
const end = async (): Promise<void> => {
  if (ending) return;
  ending = true;
  // The store survives this as it survives any crash; a native thread that hangs must not keep the folder.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GIVE_UP_MS).unref();
  if (engine !== undefined) {
    server?.closeAllConnections();
    server?.close();
    await engine.close();
  }
  // Not `process.exit`: the library's own exit handlers have been seen to wait for each other for ever, holding the folder's lock.
  process.kill(process.pid, 'SIGKILL');
};
let askedAgain = Promise.withResolvers<void>();
process.stdin
  .on('end', () => void end())
  .on('error', () => void end())
  .on('data', () => askedAgain.resolve());
// Ctrl-C and a service manager's stop reach every process of the group: when to end is the parent's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

while (engine === undefined) {
  try {
    mkdirSync(db, { recursive: true });
    // Of these the library would say nothing but that it failed.
    for (const path of ['', 'data', 'metadata', 'store'].map((name) => join(db, name)))
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(incoming, { recursive: true, mode: 0o700 });
    // On a full disk what stands already needs no room.
    if (!existsSync(configFile) || readFileSync(configFile, 'utf8') !== configText(limits)) writeFileSync(configFile, configText(limits), { mode: 0o600 });
    // Only here, so that a library that does not load is a reason like any other.
    engine = new (await import('./engine.ts')).Engine(db, configFile, limits.statements);
  } catch (error) {
    askedAgain = Promise.withResolvers();
    console.error(`${NOT_OPENED}${(error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ')}`);
    await askedAgain.promise;
  }
}
// From here on the folder is ours alone.
for (const name of readdirSync(incoming)) rmSync(join(incoming, name), { force: true });
rmSync(socket, { force: true });
server = (await import('./http.ts')).serveHttp(engine, incoming);
process.umask(0o177);
server.listen(socket, () => {
  process.umask(0o077);
  process.stdout.write('ready\n');
});

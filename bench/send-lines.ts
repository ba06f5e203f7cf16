// The lines of `load-lines.ts` on their way: written to a file that a real agent follows for our server, and sent to a peer in bodies of 5,000.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import { LineLoad } from './load-lines.ts';
import { call, resultOf, type Server, type System, sendLines } from './server.ts';

const AGENT = fileURLToPath(new URL('../agent/testing/child.ts', import.meta.url));
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** All lines of the hour before `end`, ms; 5,000 at a time. */
function* texts(count: number, end: number): Generator<string> {
  const load = new LineLoad();
  for (let i = 0; i < count; ) {
    let text = '';
    for (const to = Math.min(count, i + 5000); i < to; i++) text += `${load.line(i, count, end)}\n`;
    yield text;
  }
}

/** Bytes that were written. */
export const writeLines = async (path: string, count: number, end: number): Promise<number> => {
  const out = createWriteStream(path);
  let bytes = 0;
  for (const text of texts(count, end)) {
    bytes += text.length;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  return bytes;
};

/** An agent with a folder of its own that sends what stands in the file. */
export const followFile = (server: Server, folder: string, path: string): ChildProcess => {
  const tokenFile = join(server.folder, 'agent-token');
  const settings = { server: server.origin, tokenFile, folder, logs: [path], logBacklogBytes: 2 ** 40, journal: false };
  return spawn(process.execPath, [...AGENT_NODE_FLAGS, AGENT, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] });
};

/** Of files of that name. */
export const countLines = async (server: Server, name: string): Promise<number> => {
  const answer = await server.ask(`from logs last 3h | where source like "*${name}" | count`);
  const value = resultOf(answer).columns[0]?.values[0];
  if (value === undefined) throw new Error(`no count: ${answer.text.slice(0, 500)}`);
  return Number(value);
};

/** Resolves when the peer finds all of them. */
export const sendToPeer = async (peer: System, count: number, end: number): Promise<void> => {
  for (const text of texts(count, end)) await sendLines(peer, zstdCompressSync(text, FAST));
  const query = new URLSearchParams({ query: '_time:1d | stats count() as n' });
  const found = async (): Promise<number> =>
    Number((JSON.parse((await call(`${peer.origin}/select/logsql/query?${query}`, 'GET')).text) as { readonly n: string }).n);
  while ((await found()) < count) await new Promise((resolve) => setTimeout(resolve, 1000));
};

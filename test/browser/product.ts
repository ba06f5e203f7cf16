// The real product for browser tests: started on a folder of its own and a free port, stopped by its own process.
// `INFRAMIRROR_TEST_LINK` names one that runs already (the link it printed); then nothing is started or stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putAllPrepared } from '../support/prepared.ts';

export interface Product {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The link it printed, with the token. */
  readonly link: string;
  readonly token: string;
  /** Its data; empty where it was running already. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
const READY = /InfraMirror is ready at (\S+)/;

/** One that runs, by the link it printed. */
export const productAt = (link: string, folder: string, stop: () => Promise<void>): Product => {
  const url = new URL(link);
  return { origin: url.origin, link, token: url.searchParams.get('token') ?? '', folder, stop };
};

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Resolves when it answers and its first own samples can be asked for. */
export const startProduct = async (): Promise<Product> => {
  const given = process.env.INFRAMIRROR_TEST_LINK;
  if (given !== undefined) return productAt(given, '', async () => {});
  const folder = await mkdtemp(join(tmpdir(), 'inframirror-browser-'));
  await putAllPrepared(folder);
  const args = ['app/main.ts', 'start', '--data', folder, '--listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = async (): Promise<void> => {
    if (!ended(child)) {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      if (!ended(child)) await once(child, 'exit');
      clearTimeout(late);
    }
    await rm(folder, { recursive: true, force: true });
  };
  let output = '';
  try {
    const link = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        output += chunk.toString();
        const found = READY.exec(output)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`the product ended before it was ready:\n${output}`)));
      setTimeout(() => reject(new Error(`the product was not ready within two minutes:\n${output}`)), 120_000).unref();
    });
    return productAt(link, folder, stop);
  } catch (error) {
    await stop();
    throw error;
  }
};

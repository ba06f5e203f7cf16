// What tests of pages about several hosts share: the product without its own agent, real agents under names of their own, a signed-in page.
// Decides nothing; whoever starts something here has it ended after the tests of the file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Product, preparedFolder, ROOT, startProduct } from '../end-to-end/support/product.ts';
import { launchBrowser, type Visit, visit } from './chromium.ts';

const PATIENCE = 60_000;

/** To be called inside a `describe`; `hosts` have agents from the start. */
export const fleet = (executable: string, hosts: readonly string[]) => {
  let folder: string;
  let product: Product;
  let browser: Browser;
  const visits: Visit[] = [];
  const agents = new Map<string, ChildProcess>();

  const startAgent = (host: string): void => {
    const args = ['agent', '--server', product.origin, '--token-file', join(folder, 'agent-token'), '--data', join(folder, `of-${host}`), '--host', host];
    const child = spawn(process.execPath, [join(ROOT, 'app/main.ts'), ...args, '--logs', join(folder, 'logs/*.log')], { cwd: ROOT, stdio: 'ignore' });
    agents.set(host, child);
  };
  const endAgent = async (host: string, signal: NodeJS.Signals): Promise<void> => {
    const child = agents.get(host);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  beforeAll(async () => {
    folder = await preparedFolder();
    [product, browser] = await Promise.all([startProduct({ folder, args: ['--no-agent'] }), launchBrowser(executable)]);
    for (const host of hosts) startAgent(host);
  }, 180_000);
  afterEach(async () => {
    for (const { context } of visits.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    for (const host of agents.keys()) await endAgent(host, 'SIGKILL');
    if (product?.child.exitCode === null) await product.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** `hash` with its `#`. */
  const open = async (hash: string, options: Parameters<typeof visit>[1] = {}): Promise<Visit> => {
    const made = await visit(browser, options);
    visits.push(made);
    made.page.setDefaultTimeout(PATIENCE);
    await made.page.goto(`${product.origin}/?token=${product.token}`);
    await made.page.goto(`${product.origin}/${hash}`);
    return made;
  };
  return { open, endAgent, product: () => product };
};

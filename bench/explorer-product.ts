// The product and its explorer in a real browser, for benches of whole pages. Starts both, signs in, and stops them however the work ends.
import type { Page } from 'playwright-core';
import { launchBrowser, visit } from '../test/browser/chromium.ts';
import { type Product, startProduct } from '../test/browser/product.ts';
import { findChromium } from '../test/support/chromium.js';
import { median } from './figure.ts';

const TIMEOUT_MS = 120_000;
const ROUNDS = 7;

/** `prepare` runs before the first page is opened. */
export const withProduct = async <T>(work: (product: Product, page: Page) => Promise<T>, prepare?: (product: Product) => Promise<void>): Promise<T> => {
  const executable = findChromium();
  if (executable === undefined) throw new Error('no Chromium; install the package chromium or name one in CHROMIUM');
  const product = await startProduct();
  const browser = await launchBrowser(executable);
  try {
    await prepare?.(product);
    const { page } = await visit(browser);
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.goto(product.link);
    return await work(product, page);
  } finally {
    await browser.close();
    await product.stop();
  }
};

/** Milliseconds that browser, machine and server take for anything at all: a picture of the same server. */
export const bareLoad = async (page: Page, origin: string): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await page.goto(`${origin}/icon.svg`);
    times.push(performance.now() - begun);
  }
  return median(times);
};

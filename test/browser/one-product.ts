// The product that the files of the browser lane share: started before the first of them and stopped after the last.
// Files that change what others would see start one of their own.
import type { TestProject } from 'vitest/node';
import { findChromium } from '../support/chromium.js';
import { startProduct } from './product.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The link that it printed; empty where there is no browser to ask it with. */
    product: string;
  }
}

export const setup = async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  if (findChromium() === undefined) {
    project.provide('product', '');
    return undefined;
  }
  const product = await startProduct();
  project.provide('product', product.link);
  return product.stop;
};

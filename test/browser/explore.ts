// What the tests of the explorer share: the product, a browser for one file of tests, pages signed in, texts whose data is certain.
// Never decides what is right.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { launchBrowser, type Visit, visit } from './chromium.ts';
import { type Product, productAt, startProduct } from './product.ts';

export const PATIENCE = 30_000;

/**
 * A browser for the tests of the file, on the product that the files of this lane share; to be called inside a `describe`.
 * `alone`: on a product of its own, for who adds hosts to it or counts what others may add.
 */
export const exploring = (executable: string, { alone = false }: { readonly alone?: boolean } = {}) => {
  let product: Product;
  let browser: Browser;
  let signedIn: Awaited<ReturnType<Visit['context']['storageState']>>;
  const visits: Visit[] = [];

  beforeAll(async () => {
    [product, browser] = await Promise.all([alone ? startProduct() : productAt(inject('product'), '', async () => {}), launchBrowser(executable)]);
    const { page, context } = await open({});
    await page.goto(product.link);
    signedIn = await context.storageState();
  }, 180_000);
  afterEach(async () => {
    for (const { context } of visits.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  const open = async (options: Parameters<typeof visit>[1]): Promise<Visit> => {
    const made = await visit(browser, options);
    made.page.setDefaultTimeout(PATIENCE);
    visits.push(made);
    return made;
  };
  /** A page on that text, signed in. */
  const explore = async (text: string, more = '', options: Parameters<typeof visit>[1] = {}): Promise<Visit> => {
    const made = await open({ storageState: signedIn, ...options });
    await made.page.goto(`${product.origin}/${text === '' ? '' : `#/explore?text=${encodeURIComponent(text)}${more}`}`);
    await made.page.locator('.cm-content').first().waitFor();
    return made;
  };
  return { open, explore, product: () => product, signedIn: () => signedIn };
};

export const textOf = async (page: Page): Promise<string> =>
  (
    await page.locator('.cm-line').evaluateAll((lines) =>
      lines.map((line) => {
        const copy = line.cloneNode(true) as HTMLElement;
        for (const message of copy.querySelectorAll('.cm-message, .cm-placeholder')) message.remove();
        return copy.textContent;
      }),
    )
  ).join('\n');
export const hash = (page: Page): URLSearchParams => new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');
/** The whole text replaced. */
export const type = async (page: Page, text: string): Promise<void> => {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
};
export const result = (page: Page, view: string) => page.locator(`[data-testid=result][data-view=${view}]`);
export const minutesAgo = (minutes: number): string => new Date(Math.floor(Date.now() / 60_000 - minutes) * 60_000).toISOString();
/** Two hosts over 40 minutes. */
export const inlineMetric = (): string => {
  const rows = Array.from({ length: 9 }, (_, i) =>
    ['web-1', 'web-2'].map((host, h) => `{time: @${minutesAgo(45 - 5 * i)}, value: 0.${i + h}, host: "${host}"}`),
  ).flat();
  return `data gauge("1") [${rows.join(', ')}]\n| every 1m avg`;
};
export const inlineLogs = (): string =>
  `data [{time: @${minutesAgo(2)}, severity: "error", body: "connection refused", service: "orders"}, {time: @${minutesAgo(3)}, severity: "info", body: "started", service: "cache"}]`;

// Log lines live in a real browser: newest at the bottom and followed, held still while someone reads with the new ones counted, and a
// server that is killed meanwhile: told, taken up again by itself, no line twice and none missing.
import { appendFileSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, newFolder, type Product, startProduct } from '../end-to-end/support/product.ts';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { launchBrowser, visit } from './chromium.ts';

const PATIENCE = 120_000;
const patiently = { timeout: PATIENCE };
const TEXT = 'from logs last 1h | where source like "*live.log" | limit 5000';

describeWith('live log lines', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  let folder: string;
  let data: string;
  let product: Product;
  let browser: Browser;
  let written = 0;

  const write = (lines: number): void => {
    let text = '';
    for (let i = 0; i < lines; i++) text += `${JSON.stringify({ time: new Date().toISOString(), level: 'info', msg: `live line ${written++}` })}\n`;
    appendFileSync(join(folder, 'live.log'), text);
  };
  const start = (listen: string): Promise<Product> => startProduct({ folder: data, args: ['--listen', listen], logs: [join(folder, '*.log')] });
  const stored = (lines: number): Promise<unknown> =>
    eventually(`${lines} lines are stored`, async () => (await product.values(`${TEXT} | summarize n = count()`))[0] === lines, PATIENCE);
  const rows = async (page: Page): Promise<number> => Number(await page.locator('[data-testid=logs]').getAttribute('aria-rowcount')) - 1;
  const bottom = (page: Page) => page.locator('.line .body').last().textContent();

  beforeAll(async () => {
    folder = await newFolder();
    data = join(folder, 'data');
    mkdirSync(data);
    [product, browser] = await Promise.all([start('127.0.0.1:0'), launchBrowser(executable)]);
    write(200);
    await stored(200);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    if (product?.child.exitCode === null) await product.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test('they are followed, held still while someone reads, and go on where a killed server ended', { timeout: 600_000 }, async () => {
    const { page, context } = await visit(browser);
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${product.origin}/?token=${product.token}`);
    await page.goto(`${product.origin}/#/explore?refresh=5&text=${encodeURIComponent(TEXT)}`);
    await page.locator('.line').first().waitFor();
    await page.getByText('Live, newest at the bottom').waitFor();
    await expect.poll(() => bottom(page), patiently).toBe('live line 199');

    write(5);
    await expect.poll(() => bottom(page), patiently).toBe('live line 204');

    // Someone reads: what is under the eye stays there, to the pixel.
    const box = page.locator('[data-testid=logs]');
    await box.hover();
    await page.mouse.wheel(0, -600);
    await page.getByText(/^Held still while you read/).waitFor();
    const read = await page.locator('.line', { hasText: 'live line 190' }).boundingBox();
    write(7);
    await page.getByRole('button', { name: '7 new ↓' }).waitFor();
    expect(await page.locator('.line', { hasText: 'live line 190' }).boundingBox()).toEqual(read);
    expect(await rows(page)).toBe(205);

    // The server dies while it is held, and lines go on being written.
    const { origin } = product;
    await product.kill();
    write(10);
    await page.getByText('The server does not answer.').waitFor();
    expect(await rows(page)).toBe(205);
    product = await start(origin.replace('http://', ''));
    await stored(222);
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '17 new ↓' }).click();
    await expect.poll(() => bottom(page), patiently).toBe('live line 221');
    expect(await rows(page)).toBe(222);

    // Once more while it is followed.
    await product.kill();
    await page.getByText('The server does not answer.').waitFor();
    product = await start(origin.replace('http://', ''));
    write(3);
    await stored(225);
    await expect.poll(() => bottom(page), patiently).toBe('live line 224');

    // Every line once, in order.
    await box.evaluate((element) => {
      element.scrollTop = 0;
    });
    const seen = new Set<string>();
    const order: string[] = [];
    for (let top = 0; seen.size < 225 && top < 225 * 20; top += 300) {
      await box.evaluate((element, to) => {
        element.scrollTop = to;
      }, top);
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      for (const body of await page.locator('.line .body').allTextContents())
        if (!seen.has(body)) {
          seen.add(body);
          order.push(body);
        }
    }
    expect(order).toEqual(Array.from({ length: 225 }, (_, i) => `live line ${i}`));
    await context.close();
  });
});

// Makes docs/screens/*.png from the running product: each screen at a desk's and a phone's size, some on a wide one too, dark and light.
// `node test/browser/screens.ts [link]`: without a link it starts the product and waits until there is something to see.
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { findChromium } from '../support/chromium.js';
import { launchBrowser, visit } from './chromium.ts';
import { startProduct } from './product.ts';
import { seedHosts } from './seed-hosts.ts';

const OUT = join(import.meta.dirname, '../../docs/screens');
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, wide: { width: 1920, height: 1080 } };
/** Hosts beside this one, so that a list is a list. */
const HOSTS = 60;
const THEMES = ['dark', 'light'] as const;
/** The first page shows rates and lines: some minutes of figures make them worth seeing. */
const COLLECT_MS = 240_000;

interface Screen {
  readonly name: string;
  readonly text: string;
  readonly page?: string;
  /** Of its address. */
  readonly more?: Readonly<Record<string, string>>;
  readonly view?: string;
  /** On a wide screen too. */
  readonly wide?: boolean;
  readonly act?: (page: Page) => Promise<void>;
}

const SCREENS: readonly Screen[] = [
  { name: 'first', text: '', wide: true },
  {
    name: 'chart',
    text: 'from metrics.system.cpu.time\n| every 10s rate\n| sum by cpu.mode',
    act: async (page) => {
      const box = await page.getByTestId('chart').first().boundingBox();
      if (box !== null) await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.4);
    },
  },
  { name: 'table', text: 'from processes last 2m\n| latest\n| sort cpu desc\n| select name, pid, user, state, cpu, memory, threads, open_files, start' },
  {
    name: 'logs',
    text: 'from logs last 6h',
    act: async (page) => {
      await page.locator('.line .head').nth(2).click();
    },
  },
  { name: 'error', text: 'from processes last 5m\n| latest\n| where memory > 100000000 and usr == "root"\n| top 10 by cpuu' },
  { name: 'status', text: '', page: 'status', wide: true },
  { name: 'bars', text: 'from processes last 5m\n| count by name\n| top 20 by count' },
  { name: 'hosts', text: '', page: 'hosts', wide: true },
  ...(['overview', 'filesystems', 'processes', 'logs', 'inventory'] as const).map((part) => ({
    name: `host-${part}`,
    text: '',
    page: 'host',
    more: { host: hostname(), part },
  })),
  { name: 'learn', text: '', page: 'learn' },
  { name: 'errors', text: '', page: 'errors' },
  {
    name: 'find',
    text: '',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('system.memory');
    },
  },
];

const executable = findChromium();
if (executable === undefined) throw new Error('no Chromium found; install the package chromium or name one in CHROMIUM');
const given = process.argv[2];
if (given !== undefined) process.env.INFRAMIRROR_TEST_LINK = given;
await mkdir(OUT, { recursive: true });
const product = await startProduct();
const browser = await launchBrowser(executable);
try {
  if (given === undefined) {
    console.error(`collecting for ${COLLECT_MS / 60_000} minutes …`);
    await new Promise((resolve) => setTimeout(resolve, COLLECT_MS));
    await seedHosts({ origin: product.origin, token: (await readFile(join(product.folder, 'agent-token'), 'utf8')).trim() }, HOSTS);
  }
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of THEMES) {
      const { page, context, complaints } = await visit(browser, { viewport, colorScheme });
      page.setDefaultTimeout(120_000);
      await page.goto(product.link);
      for (const { name, text, view, act, page: at = 'explore', more, wide } of SCREENS) {
        if (size === 'wide' && wide !== true) continue;
        const query = new URLSearchParams({ ...(text === '' ? {} : { text }), range: '5m', ...more, ...(view === undefined ? {} : { view }) });
        await page.goto(`${product.origin}/#/${at}?${query}`);
        await page.reload();
        await page.waitForTimeout(1000);
        await page.waitForFunction(() => document.querySelector('[role=progressbar]') === null);
        await page.evaluate(() => document.fonts.ready);
        await act?.(page);
        await page.waitForTimeout(600);
        const file = `${name}-${size}-${colorScheme}.png`;
        await page.screenshot({ path: join(OUT, file) });
        console.log(file);
      }
      if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('; ')}`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await product.stop();
}

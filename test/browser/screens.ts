// Makes docs/screens/*.png from the running product: each screen at a desk's and a phone's size, some on a wide one too, dark and light.
// `npm run screens [-- NAME…]`: what they show comes from a made fleet, and nothing of the machine that takes them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startProduct } from '../end-to-end/support/product.ts';
import { startFleet } from '../planted/fleet.ts';
import { type Java, type Line, MACHINES, type Machine } from '../planted/machines.ts';
import { findChromium } from '../support/chromium.js';
import { launchBrowser, visit } from './chromium.ts';

const OUT = join(import.meta.dirname, '../../docs/screens');
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, wide: { width: 1920, height: 1080 } };
const THEMES = ['dark', 'light'] as const;
/** What the machines have sent when the pictures are taken. */
const PAST_SECONDS = 600;
/** The machine whose page is shown, and one that falls silent. */
const HOST = 'web-1';
const SILENT = 'db-1';

const PATHS = ['/', '/cart', '/checkout', '/login', '/item/17'];
const access = (step: number): Line => {
  const path = PATHS[step % PATHS.length] as string;
  const status = path === '/checkout' && step % 3 === 0 ? 502 : 200;
  return {
    severity: status === 502 ? 'error' : 'info',
    service: 'nginx',
    source: '/var/log/nginx/access.log',
    body: `GET ${path} HTTP/1.1`,
    attributes: { method: 'GET', path, client: `10.0.0.${(step % 30) + 1}` },
    numbers: { status, bytes: status === 502 ? 157 : 4200 + step },
  };
};
const TRACE = `java.lang.IllegalStateException: no offer for item 17
\tat com.example.shop.Offers.find(Offers.java:88)
\tat com.example.shop.CartController.add(CartController.java:41)
Caused by: java.net.ConnectException: Connection refused
\t... 12 more`;
const trace = (step: number): readonly Line[] =>
  step % 8 === 5 ? [{ severity: 'error', service: 'shop', source: '/var/log/shop/shop.log', body: TRACE }] : [];

const shops = (i: number): readonly Java[] => [
  { main: 'com.example.shop.Cart', user: 'shop', collector: 'G1', heap: 2048, used: 0.3 + ((i * 37) % 60) / 100 },
  { main: 'com.example.shop.Search', user: 'shop', collector: 'ZGC', heap: 8192, used: 0.2 + ((i * 23) % 50) / 100 },
];

/** Those of the planted fleet, with access logs and two Java programs on the web servers, and copies of some, so that a list is a list. */
const fleet: readonly Machine[] = Array.from({ length: 24 }, (_, i): Machine => {
  const machine = MACHINES[i % 4] as Machine;
  const copy = i < 4 ? machine : { ...machine, host: `${machine.role}-${i + 10}`, cpu: (((i * 7919) % 83) + 5) / 100 };
  return copy.role === 'web' ? { ...copy, jvms: shops(i), lines: (step, moment) => [...copy.lines(step, moment), access(step + i), ...trace(step + i)] } : copy;
}).concat(MACHINES.slice(4));

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
  {
    name: 'first',
    text: '',
    wide: true,
    act: async (page) => {
      await page.getByRole('region', { name: 'JVMs' }).locator('td').first().waitFor();
    },
  },
  {
    name: 'chart',
    text: `from metrics.system.cpu.time\n| where host == "${HOST}"\n| every 10s rate\n| sum by cpu.mode`,
    act: async (page) => {
      const box = await page.getByTestId('chart').first().boundingBox();
      if (box !== null) await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.4);
    },
  },
  { name: 'table', text: 'from processes last 2m\n| latest\n| sort cpu desc\n| select name, host, pid, user, state, cpu, memory, threads, start' },
  {
    name: 'logs',
    text: 'from logs\n| where service in ("nginx", "shop")',
    act: async (page) => {
      await page.locator('.line .head').nth(2).click();
    },
  },
  { name: 'error', text: 'from processes last 5m\n| latest\n| where memory > 100000000 and usr == "root"\n| top 10 by cpuu' },
  { name: 'status', text: '', page: 'status', wide: true },
  { name: 'bars', text: 'from logs\n| count by service, severity\n| top 20 by count' },
  { name: 'hosts', text: '', page: 'hosts', wide: true },
  ...(['overview', 'filesystems', 'processes', 'logs', 'inventory'] as const).map((part) => ({
    name: `host-${part}`,
    text: '',
    page: 'host',
    more: { host: HOST, part },
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

/** All where none is named. */
const named = new Set(process.argv.slice(2));

const executable = findChromium();
if (executable === undefined) throw new Error('no Chromium found; install the package chromium or name one in CHROMIUM');
await mkdir(OUT, { recursive: true });
const product = await startProduct({ args: ['--no-agent'] });
const browser = await launchBrowser(executable);
const stops: (() => Promise<void>)[] = [];
try {
  await (
    await startFleet(
      product,
      PAST_SECONDS,
      fleet.filter(({ host }) => host === SILENT),
    )
  )();
  stops.push(
    await startFleet(
      product,
      PAST_SECONDS,
      fleet.filter(({ host }) => host !== SILENT),
    ),
  );
  // what was sent at once counts as late; the next step, ten seconds later, does not
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of THEMES) {
      const { page, context, complaints } = await visit(browser, { viewport, colorScheme });
      page.setDefaultTimeout(120_000);
      await page.goto(`${product.origin}/?token=${product.token}`);
      for (const { name, text, view, act, page: at = 'explore', more, wide } of SCREENS) {
        if ((size === 'wide' && wide !== true) || (named.size > 0 && !named.has(name))) continue;
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
  for (const stop of stops) await stop();
  await product.stop();
}

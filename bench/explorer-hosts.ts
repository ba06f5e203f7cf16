// The list of 10,000 hosts in a real browser: how long until its first rows are drawn, how smoothly it scrolls while it refreshes by
// itself, in its own order and sorted by a figure, and how long sorting and filtering take. Fills the product through its door first; a product named in INFRAMIRROR_TEST_LINK must be full.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Product } from '../test/browser/product.ts';
import { seedHosts } from '../test/browser/seed-hosts.ts';
import { bareLoad, withProduct } from './explorer-product.ts';
import { type Figure, median } from './figure.ts';

const HOSTS = 10_000;
const ROUNDS = 5;
const FRAMES = 300;
/** Pixels of a frame: two and a half rows. */
const STEP = 80;

/** Scrolls the element by `STEP` each frame, from its beginning; milliseconds between the frames. */
const scrolled = (page: Page, selector: string): Promise<readonly number[]> =>
  page.evaluate(
    ({ selector: of, frames, step }) =>
      new Promise<readonly number[]>((resolve) => {
        const box = document.querySelector(of) as HTMLElement;
        box.scrollTop = 0;
        const times: number[] = [];
        const frame = (at: number): void => {
          times.push(at);
          box.scrollTop += step;
          if (times.length <= frames) requestAnimationFrame(frame);
          else resolve(times.slice(1).map((time, i) => time - (times[i] as number)));
        };
        requestAnimationFrame(frame);
      }),
    { selector, frames: FRAMES, step: STEP },
  );

const seed = async ({ folder, origin }: Product): Promise<void> => {
  if (folder !== '') await seedHosts({ origin, token: (await readFile(join(folder, 'agent-token'), 'utf8')).trim() }, HOSTS);
};

export const run = (): Promise<readonly Figure[]> =>
  withProduct(async ({ origin }, page) => {
    const open = async (sort: string): Promise<void> => {
      await page.goto(`${origin}/#/hosts?refresh=5&sort=${sort}`);
      await page.reload({ waitUntil: 'commit' });
      await page.locator('[data-host]').first().waitFor({ state: 'attached' });
    };
    // the pipeline may still be bringing them into the stores
    await open('');
    await page.getByText(/^10,\d{3} hosts$/).waitFor();

    // The same distance in a page that only has something to scroll.
    await page.goto('about:blank');
    await page.setContent(`<div id="plain" style="height:700px;overflow:auto"><div style="height:${FRAMES * STEP * 2}px">a</div></div>`);
    const plain = await scrolled(page, '#plain');
    const plainRate = 1000 / (plain.reduce((sum, ms) => sum + ms, 0) / plain.length);

    const bare = await bareLoad(page, origin);
    const timed = (what: string, ms: number): Figure => ({
      what,
      value: `${ms.toFixed(0)} ms`,
      against: `${bare.toFixed(0)} ms for a picture of the same server`,
      ratio: ms / bare,
    });
    const figures: Figure[] = [];
    for (const [sort, name] of [
      ['', 'in its own order'],
      ['-cpu', 'sorted by processor'],
    ] as const) {
      const first: number[] = [];
      const filled: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await open(sort);
        first.push(await page.evaluate(() => performance.now()));
        await page.locator('[data-host] .c-cpu svg').first().waitFor({ state: 'attached' });
        filled.push(await page.evaluate(() => performance.now()));
      }
      const rows = `${HOSTS.toLocaleString('en')} hosts ${name}`;
      figures.push(timed(`${rows}: first rows drawn`, median(first)));
      figures.push(timed(`${rows}: first figures drawn`, median(filled)));
      const between = await scrolled(page, '[data-testid=hosts]');
      const rate = 1000 / (between.reduce((sum, ms) => sum + ms, 0) / between.length);
      figures.push({
        what: `${rows}: frames while scrolling`,
        value: `${rate.toFixed(1)}/s, longest ${Math.max(...between).toFixed(0)} ms`,
        against: `${plainRate.toFixed(1)}/s, longest ${Math.max(...plain).toFixed(0)} ms (an empty page)`,
        ratio: rate / plainRate,
      });
    }
    // from the click, or the condition's Enter, until the screen shows another text there
    const since = async (selector: string, act: () => Promise<void>): Promise<number> => {
      const before = await page.locator(selector).first().textContent();
      const begun = performance.now();
      await act();
      await page.waitForFunction(([where, was]) => document.querySelector(where)?.textContent !== was, [selector, before] as const, { polling: 'raf' });
      return performance.now() - begun;
    };
    await open('host');
    const sorting: number[] = [];
    const filtering: number[] = [];
    const filter = page.getByLabel('Hosts that');
    for (let round = 0; round < ROUNDS; round++) {
      sorting.push(await since('[data-host]', () => page.getByRole('columnheader', { name: 'Host' }).getByRole('button').click()));
      const [condition, other] = ['role == "web" and env == "prod"', 'role == "queue"'];
      filtering.push(
        await since('[aria-label="Hosts by state"] li b', async () => {
          await filter.fill(round % 2 === 0 ? condition : other);
          await filter.press('Enter');
        }),
      );
    }
    const ofHosts = `${HOSTS.toLocaleString('en')} hosts`;
    figures.push(timed(`${ofHosts}: click on a heading → sorted`, median(sorting)));
    figures.push(timed(`${ofHosts}: condition entered → filtered`, median(filtering)));
    return figures;
  }, seed);

// The first page in a real browser, warm: how long until something is painted, until the first answer is drawn, and until every panel has its own.
// Starts the product, waits until its agent has sent figures, and loads the page again and again with a warm cache; stops both.

import { bareLoad, withProduct } from './explorer-product.ts';
import { type Figure, median } from './figure.ts';

const ROUNDS = 7;

/** Milliseconds since the navigation began. */
interface Load {
  readonly paint: number;
  readonly answer: number;
  readonly all: number;
}

export const run = (): Promise<readonly Figure[]> =>
  withProduct(async ({ origin }, page) => {
    await page.locator('[data-testid=first-page] canvas').first().waitFor();
    await page.getByRole('region', { name: 'Busiest processes' }).locator('td[data-row]').first().waitFor();

    const loads: Load[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await page.reload({ waitUntil: 'commit' });
      await page.locator('[data-testid=first-page] canvas').first().waitFor({ state: 'attached' });
      const answer = await page.evaluate(() => performance.now());
      await page.waitForFunction(() => {
        const bodies = [...document.querySelectorAll('[data-testid=first-page] > section .body')];
        return bodies.length > 0 && bodies.every((body) => body.childElementCount > 0 && body.querySelector('[role=progressbar]') === null);
      });
      const [all, paint] = await page.evaluate(() => [performance.now(), performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN]);
      loads.push({ paint: paint ?? Number.NaN, answer, all: all ?? Number.NaN });
    }
    const reference = await bareLoad(page, origin);
    const against = `${reference.toFixed(0)} ms for a picture of the same server`;
    const figure = (what: string, of: (load: Load) => number): Figure => {
      const value = median(loads.map(of));
      return { what, value: `${value.toFixed(0)} ms`, against, ratio: value / reference };
    };
    return [
      figure('first page, warm: first paint (goal 1 s)', ({ paint }) => paint),
      figure('first page, warm: first answer drawn', ({ answer }) => answer),
      figure('first page, warm: every panel answered', ({ all }) => all),
    ];
  });

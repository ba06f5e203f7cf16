// The first page's JVMs: there where a host has some, nowhere else, and the page is full either way.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet } from '../planted/fleet.ts';
import { MACHINES, type Machine } from '../planted/machines.ts';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { textOf } from './explore.ts';
import { fleet } from './fleet.ts';

describeWith('JVMs of the first page', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { open, product } = fleet(executable, []);
  let end: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const jvms = [
      { main: 'com.example.Cart', user: 'shop', collector: 'G1', heap: 1024, used: 0.4 },
      { main: 'com.example.Search', user: 'shop', collector: 'ZGC', heap: 4096, used: 0.7 },
    ];
    const of = (name: string): Machine => MACHINES.find(({ host }) => host === name) as Machine;
    end = await startFleet(product(), 60, [{ ...of('web-1'), jvms }, of('cache-1')]);
  }, 180_000);
  afterAll(async () => {
    await end?.();
  });

  const panel = (page: Page) => page.getByRole('region', { name: 'JVMs' });
  /** What each row of panels leaves free at its right, px. */
  const free = (page: Page): Promise<readonly number[]> =>
    page.locator('[data-testid=first-page]').evaluate((grid) => {
      const ends = new Map<number, number>();
      for (const section of grid.children) {
        const { top, right } = section.getBoundingClientRect();
        ends.set(Math.round(top), Math.max(ends.get(Math.round(top)) ?? 0, right));
      }
      const { left } = grid.getBoundingClientRect();
      return [...ends.values()].map((right) => Math.round(left + grid.clientWidth - right));
    });
  const isFull = async (page: Page): Promise<void> => expect.poll(async () => (await free(page)).every((px) => px <= 1)).toBe(true);

  test.each([
    [1000, 800],
    [1440, 900],
    [2000, 1000],
  ])('at %i × %i a host has the panel or not, and no row of panels has a gap', async (width, height) => {
    const { page, complaints } = await open('#/explore', { viewport: { width, height } });
    await panel(page).locator('td[data-row]').first().waitFor();
    expect(await panel(page).getByRole('columnheader').allTextContents()).toEqual(['main_class', 'host', 'heap', 'pid']);
    expect(await panel(page).locator('td[data-column="0"]').allTextContents()).toEqual(['com.example.Search', 'com.example.Cart']);
    await isFull(page);
    const choose = page.getByRole('combobox', { name: 'Host shown' });
    await choose.selectOption('cache-1');
    await panel(page).waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Busiest processes' }).locator('td[data-row]').first().waitFor();
    await isFull(page);
    await choose.selectOption('web-1');
    await panel(page).locator('td[data-row]').first().waitFor();
    expect(await panel(page).getByRole('columnheader').allTextContents()).toEqual(['main_class', 'heap', 'used', 'pid']);
    await isFull(page);
    expect(complaints).toEqual([]);
  });

  test('a click on its title opens its text, and the rows of the dataset begin with what they are', async () => {
    const { page } = await open('#/explore?on=web-1');
    await panel(page).getByRole('button', { name: 'JVMs', exact: true }).click();
    await page.locator('[data-testid=result]').waitFor();
    expect(await textOf(page)).toContain('from jvm last 2m');
    await page.goto(`${product().origin}/#/explore?text=${encodeURIComponent('from jvm last 5m\n| latest')}`);
    const heads = page.locator('[data-testid=result]').getByRole('columnheader');
    await expect
      .poll(async () => (await heads.allTextContents()).slice(1, 4).map((text) => text.trim().split(/\s/)[0]))
      .toEqual(['main_class', 'heap.utilization', 'heap.used']);
  });
});

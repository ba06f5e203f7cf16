// The table in a real browser: what a text speaks of is on the screen, many columns and large values stay light, a row opens and leads on.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, inlineLogs, minutesAgo, PATIENCE, result, textOf } from './explore.ts';

const patiently = { timeout: PATIENCE };
const heads = (page: Page) => page.getByRole('grid').getByRole('columnheader').getByRole('button');
const opened = (page: Page) => page.getByTestId('row');
/** Whether all of it is on the screen and nothing lies above it. */
const inSight = (page: Page, selector: string): Promise<boolean> =>
  page
    .locator(selector)
    .first()
    .evaluate((cell) => {
      const { left, right, top, bottom } = cell.getBoundingClientRect();
      return left >= 0 && right <= innerWidth && cell.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
    });

const COLUMNS = 300;
const wide = (): string =>
  `data [${[1, 2, 3].map((row) => `{name: "row ${row}", ${Array.from({ length: COLUMNS - 1 }, (_, i) => `c${i}: ${row * 1000 + i}`).join(', ')}}`).join(', ')}]`;

describeWith('table', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore } = exploring(executable);

  test('what is sorted by stands beside the name, on a desk and on a phone', async () => {
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
    ]) {
      const { page, complaints } = await explore('from processes last 5m\n| latest\n| sort cpu desc', '', { viewport });
      await result(page, 'table').waitFor();
      expect(await heads(page).nth(0).textContent()).toBe('name');
      expect(await heads(page).nth(1).textContent()).toBe('cpu');
      expect(await inSight(page, 'td[data-row="0"][data-column="1"]')).toBe(true);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      expect(complaints).toEqual([]);
    }
  });

  test('300 columns: few of their cells in the page, all of them reached by keys, the first one always in sight', async () => {
    const { page, complaints } = await explore(wide());
    await result(page, 'table').waitFor();
    const cells = (): Promise<number> => page.locator('td[data-column]').count();
    expect(await cells()).toBeLessThan(3 * 40);
    const grid = page.getByRole('grid');
    expect(await grid.getAttribute('aria-colcount')).toBe(String(COLUMNS + 1));
    await grid.focus();
    for (let i = 0; i < COLUMNS; i++) await page.keyboard.press('ArrowRight');
    const last = page.locator(`td[data-row="0"][data-column="${COLUMNS - 1}"]`);
    await expect.poll(() => last.textContent(), patiently).toBe('1,298');
    await expect.poll(() => inSight(page, `td[data-row="0"][data-column="${COLUMNS - 1}"]`), patiently).toBe(true);
    expect(await inSight(page, 'td[data-row="0"][data-column="0"]')).toBe(true);
    expect(await cells()).toBeLessThan(3 * 40);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Filter in' }).click();
    await expect.poll(() => textOf(page), patiently).toContain('| where c298 == 1298');
    expect(complaints).toEqual([]);
  });

  test('columns are chosen from a list, kept by the address, and as they were by one click', async () => {
    const { page } = await explore(wide());
    await page.getByRole('button', { name: /^Columns/ }).click();
    await page.keyboard.type('c29');
    await page.getByRole('button', { name: 'Only these 10' }).click();
    await expect.poll(() => heads(page).allTextContents(), patiently).toEqual(['c29', ...Array.from({ length: 9 }, (_, i) => `c29${i}`)]);
    await page.getByRole('button', { name: 'c297 first' }).click();
    await page.getByRole('checkbox', { name: 'c29', exact: true }).click();
    await expect.poll(async () => (await heads(page).allTextContents()).slice(0, 2), patiently).toEqual(['c297', 'c290']);
    expect(hash(page).getAll('column')[0]).toBe('c297');
    await page.reload();
    await result(page, 'table').waitFor();
    expect(await heads(page).first().textContent()).toBe('c297');
    await page.getByRole('button', { name: 'Usual columns' }).click();
    expect(await heads(page).first().textContent()).toBe('name');
    expect(hash(page).get('column')).toBeNull();
  });

  test('a large value is cut, told, and opened whole; a row is walked, closed, and copied from', async () => {
    const long = 'long '.repeat(2_000);
    const { page } = await explore(`data [{name: "a", text: "${long}", n: 0.5}, {name: "b", text: "short", n: 12.25}]`);
    await result(page, 'table').waitFor();
    const cell = page.locator('td[data-row="0"][data-column="1"]');
    expect(((await cell.textContent()) ?? '').length).toBeLessThan(400);
    expect(await page.locator('td[data-column="2"]').allTextContents()).toEqual(['0.50', '12.25']);
    await cell.getByText('10,000 characters').click();
    await opened(page).waitFor();
    expect(await opened(page).locator('dd', { hasText: '2,000 of 10,000 characters' }).count()).toBe(1);
    await opened(page).getByRole('button', { name: 'Show more' }).click();
    await expect.poll(async () => (await opened(page).locator('dd').nth(1).textContent())?.trim().length, patiently).toBeGreaterThan(9_990);
    await opened(page).getByRole('button', { name: 'Row after' }).click();
    await expect.poll(() => opened(page).locator('dd').nth(1).textContent(), patiently).toContain('short');
    await page.keyboard.press('Escape');
    await opened(page).waitFor({ state: 'detached' });
    const grid = page.getByRole('grid');
    expect(await grid.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await opened(page).waitFor();
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => opened(page).locator('dd').first().textContent(), patiently).toContain('a');
  });

  test('a row leads to the rows behind it, to its host, and to its lines then', async () => {
    const { page } = await explore('from processes last 5m\n| count by user\n| sort count desc', '&view=table');
    await result(page, 'table').waitFor();
    await page.getByRole('button', { name: 'Open the row' }).first().click();
    await page.getByRole('list', { name: 'Where it leads' }).getByRole('button', { name: 'The rows behind this' }).click();
    await expect.poll(() => textOf(page), patiently).toMatch(/^from processes last 5m\n\| where user == "\S+"$/);
    await expect.poll(() => heads(page).first().textContent(), patiently).toBe('name');
    await page.getByRole('button', { name: 'Open the row' }).first().click();
    await page.getByRole('button', { name: 'This process over time' }).click();
    await expect.poll(() => page.url(), patiently).toContain('#/host?');
    await page.getByRole('region', { name: /^Process \d+/ }).waitFor();
  });

  test('a row that is opened stays as it was when the answer is asked anew', async () => {
    const { page } = await explore('from processes last 5m\n| latest\n| sort pid');
    await page.getByRole('button', { name: 'Open the row' }).nth(2).click();
    const before = await opened(page).locator('dl').textContent();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('tr.opened').waitFor({ state: 'detached' });
    expect(await opened(page).locator('dl').textContent()).toBe(before);
  });

  test('another view begins with its own columns', async () => {
    const { page } = await explore(inlineLogs(), '&range=1h&column=service');
    await result(page, 'logs').waitFor();
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').waitFor();
    await expect.poll(() => heads(page).count(), patiently).toBeGreaterThan(3);
  });

  test('values of others act in no cell, no name and no opened row', async () => {
    const evil = '<img src=x onerror=\\"document.title=1\\">\\u202egnp.exe\\u001b[31m';
    const { page, complaints } = await explore(`data [{\`<b>x</b>\`: "${evil}", time: @${minutesAgo(2)}, n: 1}]`, '&view=table');
    await result(page, 'table').waitFor();
    await page.getByRole('button', { name: 'Open the row' }).click();
    await opened(page).waitFor();
    const shown = await page.locator('main').evaluate((main) => main.textContent);
    expect(shown).toContain('\\u202egnp.exe');
    expect(shown.replaceAll(/\s/g, '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    expect(await page.locator('main img, main b').count()).toBe(0);
    expect(await page.title()).not.toBe('1');
    expect(complaints).toEqual([]);
  });
});

// Several queries on a page, and drafts that are not lost, in a real browser on the real product.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, PATIENCE, result, textOf, type } from './explore.ts';

const patiently = { timeout: PATIENCE };
const data = (name: string): string => `data [{name: "${name}", n: 1}]`;
const query = (page: Page, n: number) => page.getByRole('region', { name: `Query ${n}`, exact: true });
/** The text in the editor of one query. */
const written = async (page: Page, n: number): Promise<string> => (await query(page, n).locator('.cm-line').allTextContents()).join('\n');
const editing = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.closest('[aria-label^="Query"]')?.getAttribute('aria-label') ?? 'none');
/** What the first column of a query's table holds. */
const names = (page: Page, n: number): Promise<string[]> => query(page, n).locator('[role=gridcell][aria-colindex="2"]').allTextContents();

describeWith('several queries on a page', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore, product } = exploring(executable);

  test('they are added by a key, each runs its own text over one range, all of it is in the address and comes back with it', async () => {
    const { page, complaints } = await explore(data('one'));
    await result(page, 'table').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('body').press('a');
    await query(page, 2).locator('.cm-content').waitFor();
    await expect.poll(() => editing(page), patiently).toBe('Query 2');
    await page.keyboard.insertText('from events last 1h | limit 3');
    await page.keyboard.press('Control+Enter');
    await query(page, 2).getByTestId('result').waitFor();
    expect(await query(page, 2).textContent()).toContain('range from the text: last 1h');
    await page.getByRole('button', { name: 'Add query' }).click();
    await query(page, 3).locator('.cm-content').waitFor();
    await page.keyboard.insertText(data('three'));
    await page.keyboard.press('Control+Enter');
    await query(page, 3).getByTestId('result').waitFor();
    expect([hash(page).get('text'), hash(page).get('text.2'), hash(page).get('text.3')]).toEqual([data('one'), 'from events last 1h | limit 3', data('three')]);
    const asked: string[] = [];
    page.on('request', (request) => {
      const body = request.postDataJSON();
      if (body?.operationName === 'Run') asked.push(`${body.variables.text} ${Date.parse(body.variables.to) - Date.parse(body.variables.from)}`);
    });
    await page.getByTestId('range').click();
    await page.getByRole('radio', { name: 'Last 6 hours' }).click();
    await expect.poll(() => asked.filter((one) => one.endsWith(` ${6 * 3_600_000}`)).length, patiently).toBeGreaterThanOrEqual(3);
    await page.reload();
    await query(page, 3).getByTestId('result').waitFor();
    expect([await written(page, 1), await written(page, 3)]).toEqual([data('one'), data('three')]);
    expect(hash(page).get('range')).toBe('6h');
    expect(complaints).toEqual([]);
  });

  test('they are moved and removed by the keyboard, keep their answers and drafts, and the browser’s back brings them again', async () => {
    const { page } = await explore(data('one'), `&text.2=${encodeURIComponent(data('two'))}&text.3=`);
    await query(page, 2).getByTestId('result').waitFor();
    await query(page, 3).locator('.cm-content').click();
    await page.keyboard.insertText('from logs');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.postDataJSON()?.operationName === 'Run') asked.push(request.postDataJSON().variables.text);
    });
    await page.getByRole('button', { name: 'Move query 1 down' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => hash(page).get('text.2'), patiently).toBe(data('one'));
    await expect.poll(() => editing(page), patiently).toBe('Query 2');
    await page.keyboard.press('Enter');
    await expect.poll(() => hash(page).get('text.3'), patiently).toBe(data('one'));
    expect([await written(page, 1), await written(page, 2), await written(page, 3)]).toEqual([data('two'), 'from logs', data('one')]);
    expect([await names(page, 1), await names(page, 3)]).toEqual([['two'], ['one']]);
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Remove query 2' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => written(page, 2), patiently).toBe(data('one'));
    expect(await query(page, 3).count()).toBe(0);
    await page.goBack();
    await expect.poll(() => written(page, 2), patiently).toBe('from logs');
    await expect.poll(() => written(page, 3), patiently).toBe(data('one'));
    await page.keyboard.press('F6');
    const first = await editing(page);
    await page.keyboard.press('F6');
    expect(await editing(page)).not.toBe(first);
  });

  test('keys are for the query one is in, and one that fails leaves the others alone', async () => {
    const { page } = await explore(data('one'), `&text.2=${encodeURIComponent('from nowhere')}&text.3=${encodeURIComponent(data('three'))}`);
    await query(page, 3).getByTestId('result').waitFor();
    await query(page, 2).getByText('Not run.').waitFor();
    await query(page, 3).locator('.cm-content').click();
    await page.keyboard.press('Control+s');
    await page.getByLabel('Name dots are folders').fill('team.third');
    await page.keyboard.press('Enter');
    await page.getByText('Saved team.third, version 1').waitFor();
    expect([hash(page).get('saved'), hash(page).get('saved.3')]).toEqual([null, 'team.third@1']);
    expect(await page.getByTestId('saved').count()).toBe(1);
  });

  test('a page has so many queries and no more, also from an address', async () => {
    const { page } = await explore(data('one'), Array.from({ length: 20 }, (_, i) => `&text.${i + 2}=`).join(''));
    await page.getByText('A page has at most 8 queries').waitFor();
    expect(await page.getByRole('region', { name: /^Query/ }).count()).toBe(8);
  });

  test('a draft survives another page, a link and back, a reload, and is there until it is run or discarded', async () => {
    const { page } = await explore(data('one'));
    await result(page, 'table').waitFor();
    await type(page, data('edited'));
    await page.getByText('edited, not run').waitFor();
    await page.getByRole('link', { name: 'Status' }).click();
    await page.getByTestId('status').waitFor();
    await page.goBack();
    await expect.poll(() => textOf(page), patiently).toBe(data('edited'));
    // By links alone, forward.
    await page.getByRole('link', { name: 'Status' }).click();
    await page.getByTestId('status').waitFor();
    await page.getByRole('link', { name: 'Explore' }).click();
    await expect.poll(() => textOf(page), patiently).toBe(data('edited'));
    await page.reload();
    await expect.poll(() => textOf(page), patiently).toBe(data('edited'));
    // A click on the answer is of the text that was run; the step before still has the draft.
    await page.getByRole('link', { name: 'InfraMirror, first page' }).click();
    await page.getByTestId('first-page').waitFor();
    expect(await textOf(page)).toBe('');
    await page.goBack();
    await expect.poll(() => textOf(page), patiently).toBe(data('edited'));
    await page.getByRole('button', { name: 'Discard edits' }).click();
    await expect.poll(() => textOf(page), patiently).toBe(data('one'));
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+z');
    await expect.poll(() => textOf(page), patiently).toBe(data('edited'));
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => hash(page).get('text'), patiently).toBe(data('edited'));
    await page.goBack();
    await expect.poll(() => textOf(page), patiently).toBe(data('one'));
    expect(await page.getByText('edited, not run').count()).toBe(0);
  });

  test('a text that was begun on the first page is there after a reload and after signing in anew', async () => {
    const { page, context } = await explore('');
    await page.getByTestId('first-page').waitFor();
    await type(page, 'from logs | where body contains "<b>"');
    await page.reload();
    await expect.poll(() => textOf(page), patiently).toBe('from logs | where body contains "<b>"');
    await context.clearCookies();
    // The first page asks again by itself.
    await page.getByLabel('Token').fill(product().token);
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page), patiently).toBe('from logs | where body contains "<b>"');
  });
});

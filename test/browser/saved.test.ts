// Saved queries, the history, sharing and exporting in a real browser on the real product.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, PATIENCE, result, textOf, type } from './explore.ts';

describeWith('saved queries and history', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore } = exploring(executable, { alone: true });
  const patiently = { timeout: PATIENCE };

  test('a text is saved by a key, said to be changed, opened, deleted and brought back', async () => {
    const { page, complaints } = await explore('data [{name: "one", n: 1}]');
    await result(page, 'table').waitFor();
    await page.keyboard.press('Control+s');
    const name = page.getByLabel('Name dots are folders');
    await name.fill('team one');
    await page.getByText('This is no name').waitFor();
    await name.fill('team.one');
    await page.getByLabel('Description').fill('the first');
    await page.keyboard.press('Enter');
    await page.getByText('Saved team.one, version 1').waitFor();
    expect(hash(page).get('saved')).toBe('team.one@1');
    await type(page, 'data [{name: "two", n: 1}]');
    const state = page.getByTestId('saved');
    await expect.poll(() => state.textContent(), patiently).toContain('changed, not saved');
    await page.keyboard.press('Control+s');
    await page.locator('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved team.one, version 2').waitFor();
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByRole('button', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'Restore' }).click();
    await expect.poll(() => textOf(page), patiently).toBe('data [{name: "one", n: 1}]');
    expect(hash(page).get('saved')).toBe('team.one@3');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing is saved yet').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.open', { hasText: 'team.one' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a version saved by somebody else is shown beside mine and not overwritten', async () => {
    const one = await explore('data [{n: 1}]');
    await result(one.page, 'table').waitFor();
    await one.page.keyboard.press('Control+s');
    await one.page.getByLabel('Name dots are folders').fill('team.both');
    await one.page.keyboard.press('Enter');
    await one.page.getByText('Saved team.both, version 1').waitFor();
    const two = await explore('data [{n: 2}]');
    await result(two.page, 'table').waitFor();
    await two.page.keyboard.press('Control+s');
    await two.page.getByLabel('Name dots are folders').fill('team.both');
    await two.page.keyboard.press('Enter');
    const both = two.page.getByRole('region', { name: 'What stands and what is yours' });
    expect(await both.textContent()).toMatch(/− data \[\{n: 1\}\]\s+\+ data \[\{n: 2\}\]/);
    await two.page.getByRole('button', { name: 'Save over it, as version 2' }).click();
    await two.page.getByText('Saved team.both, version 2').waitFor();
  });

  test('texts that were run are in the history and in Find, with a star they come first', async () => {
    const { page } = await explore('data [{n: 11}]');
    await result(page, 'table').waitFor();
    await type(page, 'data [{n: 22}]');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => hash(page).get('text'), patiently).toBe('data [{n: 22}]');
    await page.keyboard.press('Escape');
    await page.getByRole('grid').focus();
    await page.keyboard.press('o');
    await page.getByRole('button', { name: 'Recent' }).click();
    const texts = page.locator('.open .mono');
    expect(await texts.allTextContents()).toEqual(['data [{n: 22}]', 'data [{n: 11}]']);
    await page.getByRole('button', { name: 'Keep it', exact: true }).last().click();
    expect(await texts.allTextContents()).toEqual(['data [{n: 11}]', 'data [{n: 22}]']);
    await texts.first().click();
    await expect.poll(() => textOf(page), patiently).toBe('data [{n: 11}]');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('22');
    await page.getByRole('option', { name: /recent.*22/ }).waitFor();
  });

  test('the link is copied without a clipboard too, and the answer is a file of exact values', async () => {
    const { page } = await explore('data [{name: "=1+1", n: 9007199254740993, t: @2026-11-20T10:00:00.123456789Z}]');
    await result(page, 'table').waitFor();
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await page.getByRole('button', { name: 'Share' }).click();
    const menu = page.getByRole('menu', { name: 'Share' });
    const cut = (element: Element): boolean => element.scrollHeight > element.clientHeight;
    expect(await menu.evaluate(cut)).toBe(false);
    expect((await menu.getByRole('menuitem').evaluateAll((items) => items.map((item) => item.scrollHeight > item.clientHeight))).includes(true)).toBe(false);
    await page.getByRole('menuitem', { name: 'Copy link to these moments' }).click();
    await page.getByText('Copied the link').waitFor();
    await type(page, '');
    await page.keyboard.press('Control+V');
    await expect.poll(() => textOf(page), patiently).toMatch(/^http.*text=data.*from=.*to=/);
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()]);
    expect(download.suggestedFilename()).toMatch(/^data-name-1-1-n.*Z\.csv$/);
    expect(await readFile(await download.path(), 'utf8')).toBe("name,n,t\n'=1+1,9007199254740993,2026-11-20T10:00:00.123456789Z\n");
  });

  test('a cut answer is asked again for all rows', async () => {
    const { page } = await explore('data [{n: 1}]');
    await result(page, 'table').waitFor();
    const limits: unknown[] = [];
    await page.route('**/graphql', async (route) => {
      const { operationName, variables } = route.request().postDataJSON();
      if (operationName !== 'Run' || variables.text !== 'from events') return route.continue();
      limits.push(variables.limit);
      const rows = variables.limit === 100_000 ? 3 : 2;
      const query = {
        columns: [{ name: 'n', type: 'int', unit: null, values: Array.from({ length: rows }, (_, i) => i) }],
        lines: null,
        rowCount: rows,
        truncated: rows === 2 ? { limit: 2, by: 'rows' } : null,
        completeUpTo: null,
        partial: [],
        diagnostics: [],
        stats: { elapsedMs: 1, rowsRead: 1, bytesRead: 1 },
      };
      await route.fulfill({ json: { data: { query } } });
    });
    await type(page, 'from events');
    await page.keyboard.press('Control+Enter');
    await page.getByText('2 rows', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'NDJSON, a row a line' }).click()]);
    expect(await readFile(await download.path(), 'utf8')).toBe('{"n":0}\n{"n":1}\n{"n":2}\n');
    expect(limits).toEqual([null, 100_000]);
  });
});

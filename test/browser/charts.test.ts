// The promises of charts in a real browser: how counts are drawn and that the choice stays, what the crosshair reads and where its box is,
// that groups are bars, and that a large answer is drawn without holding the page up.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, minutesAgo, PATIENCE, result } from './explore.ts';

const counts = (): string => {
  const rows = [9, 8, 7, 6, 5].flatMap((ago, i) =>
    ['info', 'info', 'error', 'warn'].slice(0, 2 + (i % 3)).map((severity) => `{time: @${minutesAgo(ago)}, severity: "${severity}", body: "x"}`),
  );
  return `data [${rows.join(', ')}]`;
};

describeWith('charts', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore } = exploring(executable);
  const patiently = { timeout: PATIENCE };

  test('counts are stacked bars; another drawing and a log axis are kept in the address', async () => {
    const { page, complaints } = await explore(`${counts()}\n| every 1m count by severity`, '&range=15m');
    await result(page, 'chart').waitFor();
    const chart = page.getByTestId('chart');
    const drawing = () => chart.getAttribute('data-drawing');
    expect(await drawing()).toBe('stacked-bar');
    await page.getByRole('radio', { name: 'Stacked areas' }).click();
    await expect.poll(drawing, patiently).toBe('stacked-area');
    expect(hash(page).get('draw')).toBe('stacked-area');
    await page.reload();
    await expect.poll(drawing, patiently).toBe('stacked-area');
    await page.getByRole('radio', { name: 'Stacked areas' }).focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(drawing, patiently).toBe('bar');
    await page.getByRole('button', { name: 'log' }).click();
    await expect.poll(() => hash(page).get('log'), patiently).toBe('1');
    await page.getByRole('radio', { name: 'Stacked bars' }).click();
    await expect.poll(() => hash(page).get('log'), patiently).toBeNull();
    expect(await drawing()).toBe('stacked-bar');
    expect(complaints).toEqual([]);
  });

  test('of many lines the largest are drawn and the rest as one; the table and a file have every row', async () => {
    const hosts = Array.from({ length: 25 }, (_, host) => host);
    const rows = hosts.flatMap((host) => [9, 8, 7].map((ago) => `{time: @${minutesAgo(ago)}, host: "h${host}", busy: ${host}}`));
    const { page, complaints } = await explore(`data [${rows.join(', ')}]\n| every 1m max(busy) as busy by host\n| where busy >= 0`, '&range=15m');
    await result(page, 'chart').waitFor();
    const legend = page.locator('.legend');
    await legend.getByText('largest of 5 more').waitFor();
    expect(await legend.locator('tbody tr').count()).toBe(21);
    await legend.getByText('The 20 largest of 25 lines').waitFor();
    expect(await legend.locator('tbody tr', { hasText: 'largest of 5 more' }).locator('.max').textContent()).toBe('4');
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'NDJSON, a row a line' }).click()]);
    expect((await readFile(await download.path(), 'utf8')).trim().split('\n')).toHaveLength(75);
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').locator('td[data-row]').filter({ hasText: 'h0' }).first().waitFor();
    await page.getByText('75 rows', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Chart' }).click();
    await legend.getByText('largest of 5 more').waitFor();
    expect(complaints).toEqual([]);
  });

  test('the box of the crosshair stands beside the pointer and says the total', async () => {
    const { page } = await explore(`${counts()}\n| every 1m count by severity`, '&range=15m');
    const chart = page.getByTestId('chart');
    await chart.locator('canvas').waitFor();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('the chart has no place');
    const read = page.getByTestId('read');
    let totals = 0;
    for (let part = 0.3; part < 0.99; part += 0.03) {
      const x = box.x + box.width * part;
      await page.mouse.move(x, box.y + box.height * 0.5);
      if (!(await read.isVisible())) continue;
      const place = await read.boundingBox();
      if (place === null) continue;
      expect(place.x > x || place.x + place.width < x).toBe(true);
      expect(Math.min(Math.abs(place.x - x), Math.abs(place.x + place.width - x))).toBeLessThan(30);
      expect(place.x + place.width).toBeLessThanOrEqual(box.x + box.width + 1);
      if ((await read.textContent())?.includes('total')) totals++;
    }
    expect(totals).toBeGreaterThan(0);
  });

  test('the legend is walked by arrows and isolates by keys', async () => {
    const { page } = await explore(`${counts()}\n| every 1m count by severity`, '&range=15m');
    const rows = page.locator('.legend tbody tr');
    await expect.poll(() => rows.count(), patiently).toBe(3);
    await rows.nth(0).getByRole('button').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => rows.evaluateAll((all) => all.map((row) => row.classList.contains('off'))), patiently).toEqual([true, false, true]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => rows.evaluateAll((all) => all.map((row) => row.classList.contains('off'))), patiently).toEqual([true, false, false]);
    await page.keyboard.press('Escape');
    await expect.poll(() => rows.evaluateAll((all) => all.some((row) => row.classList.contains('off'))), patiently).toBe(false);
  });

  test('groups without time are bars, the largest first, or in the order of the text', async () => {
    const { page } = await explore(`${counts()}\n| count by severity`);
    await result(page, 'bars').waitFor();
    const names = () => page.getByTestId('bars').locator('tbody th').allTextContents();
    expect(await names()).toEqual(['info', 'error', 'warn']);
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').waitFor();
    const { page: sorted } = await explore(`${counts()}\n| count by severity\n| sort severity desc`);
    await expect.poll(() => sorted.getByTestId('bars').locator('tbody th').allTextContents(), patiently).toEqual(['error', 'warn', 'info']);
  });
});

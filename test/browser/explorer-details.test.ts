// The explorer's finer promises in a real browser: several mistakes at once, what is not known, long results, tab order, phones,
// what screen readers get, and that nothing is said about the screen that is not so.
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, inlineLogs, inlineMetric, minutesAgo, PATIENCE, result, textOf, type } from './explore.ts';

describeWith('explorer in detail', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore, product } = exploring(executable);
  const patiently = { timeout: PATIENCE };

  test('every mistake of a text is underlined and readable, and one key mends them one by one', async () => {
    const { page } = await explore('');
    await type(page, 'from processes last 5m\n| where memory > 100000000 and usr == "root"\n| top 10 by cpuu');
    const messages = page.locator('.cm-message-error');
    await expect.poll(() => messages.count(), patiently).toBe(3);
    for (const [i, said] of ['unit', 'usr', 'cpuu'].entries()) {
      expect(await messages.nth(i).textContent()).toContain(said);
      expect(await messages.nth(i).isVisible()).toBe(true);
    }
    const tops = await messages.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(3);
    expect(await page.locator('.cm-lintRange-error').allTextContents()).toEqual(['100000000', 'usr', 'cpuu']);
    for (const left of [2, 1, 0]) {
      await page.keyboard.press('Control+.');
      await expect.poll(() => messages.count(), patiently).toBe(left);
    }
    expect(await textOf(page)).toBe('from processes last 5m\n| where memory > 100000000B and user == "root"\n| top 10 by cpu');
  });

  test('values complete behind an opened quote', async () => {
    const { page } = await explore('from processes last 5m | limit 1', '&refresh=5');
    await page.locator('td[data-row="0"]').first().waitFor();
    await type(page, 'from processes | where state == ');
    await page.keyboard.type('"');
    const option = page.locator('.cm-tooltip-autocomplete li', { hasText: '"sleeping"' });
    await option.waitFor();
    await page.keyboard.type('slee');
    // This machine may know `disk-sleep` too.
    const all = page.locator('.cm-tooltip-autocomplete .cm-completionLabel');
    await expect.poll(async () => (await all.allTextContents()).every((label) => label.includes('slee')), patiently).toBe(true);
    await option.click();
    await expect.poll(() => textOf(page), patiently).toBe('from processes | where state == "sleeping"');
  });

  test('what is asked over time is a chart from its first bucket on', async () => {
    const { page } = await explore(`data gauge("By") [{time: @${minutesAgo(5)}, value: 2048, host: "web-1"}]\n| every 1h avg`, '&range=30m');
    await result(page, 'chart').waitFor();
    expect(await page.locator('.legend tbody tr').allTextContents()).toEqual([expect.stringMatching(/web-1.*2 KiB/s)]);
    await page.getByText('Hatched and dashed buckets are not whole').waitFor();
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').waitFor();
  });

  test('what cannot be represented is missing, never 0, and that is said', async () => {
    const { page } = await explore('data [{name: "a", n: 1, d: 0}, {name: "b", n: 1, d: 2}]\n| set x = n / d');
    await result(page, 'table').waitFor();
    expect(await page.locator('td[data-column="3"]').allTextContents()).toEqual(['–', '0.5']);
    const said = page.getByTestId('diagnostics');
    expect(await said.textContent()).toMatch(/Warning.*1 value could not be represented/);
    expect((await said.boundingBox())?.height).toBeLessThan(60);
  });

  test('what a store could not represent is said, and counted when one asks', async () => {
    const { page } = await explore('from processes last 5m | limit 5 | set x = threads / (threads - threads)', '&refresh=5');
    await page.locator('td[data-row="4"]').first().waitFor();
    const said = page.getByTestId('diagnostics');
    expect(await said.textContent()).toMatch(/Warning.*some values may be missing/);
    await said.getByRole('button', { name: 'Count them' }).click();
    await said.getByText('5 values could not be represented').waitFor();
  });

  test('a value can be copied where the browser gives the page no clipboard, and the focus comes back', async () => {
    const { page, complaints } = await explore('');
    await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await page.goto(`${product().origin}/?#/explore?text=${encodeURIComponent('data [{name: "to be copied", n: 1}]')}`);
    await result(page, 'table').waitFor();
    const table = page.getByRole('grid');
    await table.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Copy' }).click();
    await expect.poll(() => table.evaluate((element) => element === document.activeElement), patiently).toBe(true);
    await type(page, '');
    await page.keyboard.press('Control+V');
    await expect.poll(() => textOf(page), patiently).toBe('to be copied');
    await table.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await expect.poll(() => table.evaluate((element) => element === document.activeElement), patiently).toBe(true);
    await page.evaluate((text) => {
      location.hash = `#/explore?text=${encodeURIComponent(text)}`;
    }, inlineMetric());
    await result(page, 'chart').waitFor();
    expect(complaints).toEqual([]);
  });

  test('log lines are one tab stop, walked by arrows; their volume is a table too and opens its text', async () => {
    const { page } = await explore(inlineLogs(), '&range=1h');
    await result(page, 'logs').waitFor();
    await page.getByTestId('volume').waitFor();
    expect(await page.getByRole('list', { name: 'Lines by severity' }).textContent()).toMatch(/error 1.*info 1/);
    expect(await page.getByRole('table', { name: 'Lines over time' }).getByRole('row').count()).toBe(3);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    expect(await page.locator('.line .head[tabindex="0"]').count()).toBe(1);
    const line = page.locator('.line .head[tabindex="0"]');
    await line.focus();
    expect(await focused()).toContain('connection refused');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toContain('started');
    await page.keyboard.press('Enter');
    await page.locator('.line dl').waitFor();
    expect(await focused()).toContain('started');
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('Lines around this');
    await page.keyboard.press('Escape');
    expect(await focused()).toContain('started');
    await page.getByRole('button', { name: /count by severity/ }).click();
    await result(page, 'chart').waitFor();
    expect(await textOf(page)).toContain('count by severity');
  });

  test('the histogram is read by pointing at it: counts by severity, its highest beside the bars and times below them', async () => {
    const { page } = await explore(inlineLogs(), '&range=1h');
    const volume = page.getByTestId('volume');
    const picture = volume.locator('svg');
    await picture.waitFor();
    const bars = picture.locator('rect[height]');
    const [highest, bar] = [await picture.locator('text').first().boundingBox(), await bars.first().boundingBox()];
    expect((highest?.x ?? 0) + (highest?.width ?? 0)).toBeLessThanOrEqual((await picture.locator('line').first().boundingBox())?.x ?? 0);
    expect(
      await picture
        .locator('text')
        .filter({ hasText: /^\d\d:\d\d$/ })
        .count(),
    ).toBeGreaterThan(2);
    await page.mouse.move((bar?.x ?? 0) + (bar?.width ?? 0) / 2, (bar?.y ?? 0) + (bar?.height ?? 0) / 2);
    const read = volume.locator('.read');
    await read.waitFor();
    expect(await read.textContent()).toMatch(/\d\d:\d\d.*(error|info)1/);
    await page.mouse.move(0, 0);
    await read.waitFor({ state: 'detached' });
  });

  test('that a list of lines goes on is no warning; that a table is cut is one', async () => {
    const { page } = await explore('');
    await page.route('**/graphql', async (route) => {
      const { variables } = route.request().postDataJSON();
      if (variables?.text !== 'from logs last 2h') return route.continue();
      const columns = [
        { name: 'time', type: 'time', unit: null, values: [minutesAgo(1)] },
        { name: 'severity', type: 'string', unit: null, values: ['info'] },
        { name: 'body', type: 'string', unit: null, values: ['the newest'] },
      ];
      const truncated = { by: 'rows', limit: 1 };
      const stats = { elapsedMs: 1, rowsRead: 9, bytesRead: 1 };
      await route.fulfill({
        json: { data: { query: { columns, lines: null, rowCount: 1, truncated, completeUpTo: null, partial: [], diagnostics: [], stats } } },
      });
    });
    await type(page, 'from logs last 2h');
    await page.keyboard.press('Control+Enter');
    await page.getByText('the newest', { exact: true }).waitFor();
    expect(await page.getByText('▲ Cut').count()).toBe(0);
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.getByText('▲ Cut').waitFor();
  });

  test('a range in the text is what the picker says; it is taken out there', async () => {
    const { page } = await explore('from events last 1d', '&range=15m');
    const picker = page.getByTestId('range');
    await page.getByText('In the text: last 1d').waitFor();
    for (const step of ['Earlier', 'Later', 'Zoom out']) expect(await page.getByRole('button', { name: step }).isDisabled()).toBe(true);
    await picker.click();
    await page.getByText('The text asks for last 1d itself, and that wins.').waitFor();
    await page.getByRole('button', { name: 'Take it out of the text' }).click();
    await expect.poll(() => picker.textContent(), patiently).toContain('Last 15 minutes');
    expect(await textOf(page)).toBe('from events');
    expect(await page.getByRole('button', { name: 'Earlier' }).isEnabled()).toBe(true);
  });

  test('100,000 lines are asked for when the text says so, and scrolled with few of them in the page', async () => {
    const { page } = await explore('');
    const rows = Array.from({ length: 100_000 }, (_, i) => i);
    const at = Date.now();
    const asked: unknown[] = [];
    await page.route('**/graphql', async (route) => {
      const { operationName, variables } = route.request().postDataJSON();
      if (operationName !== 'Run' || variables.text !== 'from logs | limit 100000') return route.continue();
      asked.push(variables.limit);
      const columns = [
        { name: 'time', type: 'time', unit: null, values: rows.map((i) => new Date(at - i).toISOString()) },
        { name: 'severity', type: 'string', unit: null, values: rows.map(() => 'info') },
        { name: 'body', type: 'string', unit: null, values: rows.map((i) => `line ${i}`) },
      ];
      const stats = { elapsedMs: 1, rowsRead: rows.length, bytesRead: 1 };
      await route.fulfill({
        json: { data: { query: { columns, lines: null, rowCount: rows.length, truncated: null, completeUpTo: null, diagnostics: [], stats } } },
      });
    });
    await type(page, 'from logs | limit 100000');
    await page.keyboard.press('Control+Enter');
    await page.getByText('line 0', { exact: true }).waitFor();
    expect(asked).toEqual([100_000]);
    await page.getByTestId('logs').evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    await page.getByText('line 99999', { exact: true }).waitFor();
    expect(await page.locator('.line').count()).toBeLessThan(200);
  });

  test('more than 20 lines: the top ones, the rest counted; the legend sorts and adds', async () => {
    const data = Array.from({ length: 23 }, (_, h) => [10, 5].map((ago) => `{time: @${minutesAgo(ago)}, value: ${h + 1}, host: "web-${h}"}`)).flat();
    const { page } = await explore(`data gauge("By") [${data.join(', ')}]\n| every 5m avg`, '&range=30m');
    await result(page, 'chart').waitFor();
    const lines = page.locator('.legend tbody tr');
    expect(await lines.count()).toBe(20);
    await page.getByText('3 more, not drawn').waitFor();
    expect(await lines.first().textContent()).toContain('web-22');
    await page.locator('.legend thead').getByRole('button', { name: 'max' }).click();
    await page.locator('.legend thead').getByRole('button', { name: 'max' }).click();
    expect(await lines.first().textContent()).toContain('web-3');
    await lines.nth(0).getByRole('button').click();
    await lines
      .nth(1)
      .getByRole('button')
      .click({ modifiers: ['Control'] });
    expect(await page.locator('.legend tr.off').count()).toBe(18);
    await lines.nth(0).getByRole('button').click();
    expect(await page.locator('.legend tr.off').count()).toBe(19);
  });

  test('the crosshair reads only what it stands on', async () => {
    const { page } = await explore(inlineMetric(), '&range=6h');
    const chart = page.getByTestId('chart');
    await chart.locator('canvas').waitFor();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('the chart has no place');
    await page.mouse.move(box.x + box.width * 0.95, box.y + 80);
    await page.locator('.read').waitFor();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
    await page.locator('.read').waitFor({ state: 'detached' });
  });

  test('no rows: whether the filters or the source are the reason is said, and one click asks without them', async () => {
    const { page } = await explore('data [{name: "a", n: 1}]\n| where name == "b"\n| select n');
    await page.getByText('its filters leave all of them out').waitFor();
    await page.getByRole('button', { name: 'Ask without its filters' }).click();
    await result(page, 'table').locator('td[data-row="0"]').first().waitFor();
    expect(await textOf(page)).toBe('data [{name: "a", n: 1}]\n| select n');
    const { page: other } = await explore('from processes between @2001-01-01T00:00:00Z and @2001-01-01T01:00:00Z');
    await other.getByText('nothing of its source was sent in its own range').waitFor();
    const { page: misspelt } = await explore('from logs | where sevrity == "error" | select body');
    await misspelt.getByText('A name in the text is nothing that its source has').waitFor();
    expect(await misspelt.getByText('The text is right').count()).toBe(0);
  });

  test('the first page says that it refreshes, can be held, gives its charts as tables, and says what has no answer', async () => {
    const { page } = await explore('');
    const every = page.getByRole('combobox', { name: 'Refresh by itself' });
    expect(await every.inputValue()).toBe('10');
    await page.getByRole('table', { name: 'value' }).first().getByRole('rowheader', { name: 'user' }).waitFor({ state: 'attached' });
    await every.selectOption('0');
    expect(hash(page).get('refresh')).toBe('0');
    await page.route('**/graphql', (route) => route.abort());
    await expect
      .poll(async () => {
        // a question that is under way is let be
        await page.getByRole('button', { name: 'Refresh' }).click();
        return page.getByText(/✕ no answer; \d+ s old/).count();
      }, patiently)
      .toBeGreaterThan(0);
    expect(await page.locator('section[aria-label=Processors] canvas').count()).toBe(1);
  });

  test('on a phone every page is one touch away and nothing is wider than the screen', async () => {
    const { page, complaints } = await explore('', '', { viewport: { width: 390, height: 844 }, hasTouch: true });
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    expect(await fits()).toBe(true);
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Status' }).tap();
    await page.getByRole('region', { name: 'Parts' }).getByRole('rowheader', { name: 'column store' }).waitFor();
    expect(await fits()).toBe(true);
    const pages = page.getByRole('navigation', { name: 'Pages' });
    for (const [name, seen] of [
      ['Agents', page.getByRole('button', { name: 'New join token' })],
      ['letters', page.getByText('No dead letter waits.')],
      ['Hosts', page.locator('[data-host]').first()],
    ] as const) {
      await pages.getByRole('link', { name }).tap();
      await seen.waitFor();
      expect(await fits(), name).toBe(true);
      expect(await pages.locator('[aria-current=page]').count(), name).toBe(1);
    }
    // No name of a page is cut.
    const cut = () => pages.evaluate((nav) => [...nav.querySelectorAll('a')].filter((a) => a.scrollWidth > a.clientWidth).map((a) => a.textContent));
    expect(await cut()).toEqual([]);
    await pages.getByRole('link', { name: 'Status' }).tap();
    await page.getByRole('region', { name: 'Parts' }).getByRole('rowheader', { name: 'column store' }).waitFor();
    await page.locator('main').focus();
    await page.keyboard.press('t');
    await page.getByRole('link', { name: 'Explore', exact: true }).last().tap();
    await page.locator('.cm-content').waitFor();
    expect(await page.getByRole('dialog', { name: 'Time range' }).count()).toBe(0);
    await page.getByTestId('range').tap();
    await page.getByRole('dialog', { name: 'Time range' }).waitFor();
    expect(await fits()).toBe(true);
    expect(complaints).toEqual([]);
  });
});

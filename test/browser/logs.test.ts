// Log lines in a real browser, from real files through the agent: the message first, fields beside the lines, the trace in its line, what
// stands around it, columns, marks, and lines that are hostile.
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { logs as LOGS } from '../../schemas/catalogue.ts';
import { eventually, newFolder, type Product, startProduct } from '../end-to-end/support/product.ts';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { LOOKS, seriousOn } from './axe.ts';
import { launchBrowser, type Visit, visit } from './chromium.ts';
import { hash, PATIENCE, result, textOf } from './explore.ts';

const patiently = { timeout: PATIENCE };
const begun = Date.now() - 10 * 60_000;
const at = (second: number): string => new Date(begun + second * 1000).toISOString();

const ESC = '\u001b';
const EVIL = `${ESC}[31mred${ESC}[0m ${ESC}]0;owned\u0007 \u202egnp.exe\u202c \u2066x\u2069 <img src=x onerror="document.title='owned'"><b>bold</b>`;
const ACTS = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const TRACE = 'java.lang.IllegalStateException: no money\n\tat com.acme.Billing.pay(Billing.java:7)\nCaused by: java.io.IOException: broken\n\t... 2 more';
/** Attributes that are named as the columns are. */
const SHADOWS = LOGS.columns.map(({ name }) => name).filter((name) => !['time', 'severity', 'body', 'raw', 'service', 'trace_id', 'span_id'].includes(name));

const json = (second: number, more: Readonly<Record<string, unknown>>): string => `${JSON.stringify({ time: at(second), level: 'info', ...more })}\n`;
const FILES: Readonly<Record<string, string>> = {
  'app.log': Array.from({ length: 60 }, (_, i) =>
    json(i * 2, {
      level: i % 10 === 0 ? 'error' : i % 5 === 0 ? 'warn' : 'info',
      msg: i % 10 === 0 ? `connection refused ${i}` : `served ${i}`,
      service: 'orders',
      trace_id: `trace-${i % 3}`,
      method: i % 4 === 0 ? 'POST' : 'GET',
      status: i % 10 === 0 ? 502 : 200,
    }),
  ).join(''),
  'java.log': `${at(30).replace('T', ' ').replace('Z', '').replace('.', ',')} ERROR [main] com.acme.Billing - payment failed\n${TRACE}\n`,
  'shadow.log': json(40, { msg: 'shadowed line', ...Object.fromEntries(SHADOWS.map((name) => [name, `inner ${name}`])) }),
  'evil.log': `${json(50, { msg: EVIL, [EVIL.slice(0, 60)]: EVIL, plain: EVIL })}${at(51)} ERROR ${EVIL}\n`,
  'many.log': json(60, { msg: 'many attributes', ...Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`key${i}`, `v${i}`])) }),
  'stack.log': json(65, { msg: `order lost ${'and more '.repeat(60)}while locking rows: deadlock detected`, 'error.stack': TRACE }),
  'large.log': `${at(70)} WARN large ${'x'.repeat(1 << 20)}\n`,
};

describeWith('log lines', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  let folder: string;
  let product: Product;
  let browser: Browser;
  const visits: Visit[] = [];

  beforeAll(async () => {
    folder = await newFolder();
    mkdirSync(join(folder, 'logs'));
    [product, browser] = await Promise.all([startProduct({ logs: [join(folder, 'logs/*.log')] }), launchBrowser(executable)]);
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, 'logs', name), text);
    await eventually(
      'the lines are stored',
      async () => (await product.values(`from logs last 1h | where source like "${folder}/*" | count by source`)).length === Object.keys(FILES).length,
      120_000,
    );
  }, 300_000);
  afterEach(async () => {
    for (const { context } of visits.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (text: string, more = '', options: Parameters<typeof visit>[1] = {}): Promise<Visit> => {
    const made = await visit(browser, options);
    visits.push(made);
    made.page.setDefaultTimeout(PATIENCE);
    await made.page.goto(`${product.origin}/?token=${product.token}`);
    await made.page.goto(`${product.origin}/#/explore?range=1h&text=${encodeURIComponent(text)}${more}`);
    await result(made.page, 'logs').waitFor();
    await made.page.locator('.line').first().waitFor();
    return made;
  };
  const lineOf = (page: Page, text: string) => page.locator('.line', { has: page.locator('.head', { hasText: text }) }).first();
  const openLine = async (page: Page, text: string): Promise<void> => {
    await lineOf(page, text).locator('.chevron button').click();
    await lineOf(page, text).locator('dl').waitFor();
  };

  test('the message stands first, the trace and the whole line in the opened line, searched words are marked everywhere', async () => {
    const { page, complaints } = await open('from logs | search refused or "no money"');
    expect(await lineOf(page, 'connection refused 10').locator('.body').textContent()).toBe('connection refused 10');
    expect(new Set((await page.locator('.head mark').allTextContents()).map((mark) => mark.toLowerCase()))).toEqual(new Set(['refused', 'no money']));
    await openLine(page, 'payment failed');
    const opened = lineOf(page, 'payment failed').locator('.opened');
    expect(await opened.getByRole('group', { name: 'Message' }).textContent()).toBe(`payment failed\n${TRACE}`);
    expect(await opened.getByRole('group', { name: 'Whole line' }).textContent()).toContain('com.acme.Billing - payment failed');
    await openLine(page, 'connection refused 10');
    await lineOf(page, 'connection refused 10').getByRole('button', { name: 'Lines of this trace' }).click();
    await expect.poll(() => textOf(page), patiently).toBe('from logs\n| where trace_id == "trace-1"\n| sort time');
    await expect.poll(() => page.locator('.line').count(), patiently).toBe(20);
    expect(complaints).toEqual([]);
  });

  test('fields have a name, a type, a share, and their top values with counts; a click keeps, a shift-click leaves out', async () => {
    const { page } = await open('from logs | where source like "*app.log"');
    const fields = page.getByRole('complementary', { name: 'Fields' });
    const row = (name: string) => fields.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
    expect(await row('status').locator('.name').getAttribute('title')).toBe('status: float, in 100% of these lines');
    await row('method').locator('.name').click();
    const values = fields.getByRole('list', { name: 'Most frequent values of method' });
    await values.waitFor();
    const told = async (): Promise<readonly string[]> => (await values.getByRole('listitem').allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim());
    expect(await told()).toEqual(['GET 45 75% −', 'POST 15 25% −']);
    await values.getByText('POST').click();
    await expect.poll(() => textOf(page), patiently).toContain('| where method == "POST"');
    await expect.poll(() => page.locator('.line').count(), patiently).toBe(15);
    await page.goBack();
    // Until it stands where it is going to be clicked.
    await expect.poll(told, patiently).toEqual(['GET 45 75% −', 'POST 15 25% −']);
    await values.getByText('POST').click({ modifiers: ['Shift'] });
    await expect.poll(() => textOf(page), patiently).toContain('| where method != "POST"');
    await expect.poll(() => page.locator('.figures').textContent(), patiently).toContain('45 rows');
  });

  test('columns come and go by a click, are moved, and stay in the address', async () => {
    const { page } = await open('from logs | where source like "*app.log"');
    const named = (): Promise<string[]> => page.locator('.names .extra').allTextContents();
    const fields = page.getByRole('complementary', { name: 'Fields' });
    await fields.getByRole('button', { name: 'status as a column' }).click();
    await fields.getByRole('button', { name: 'method as a column' }).click();
    await expect.poll(async () => (await named()).map((name) => name.trim().replace('▾', '')), patiently).toEqual(['status', 'method']);
    await page
      .getByRole('button', { name: /^method/ })
      .last()
      .click();
    await page.getByRole('menuitem', { name: 'Move left' }).click();
    expect(hash(page).getAll('column')).toEqual(['method', 'status']);
    await page.reload();
    await expect.poll(async () => (await named()).map((name) => name.trim().replace('▾', '')), patiently).toEqual(['method', 'status']);
    expect(await lineOf(page, 'served 1').locator('.extra').allTextContents()).toEqual(['GET', '200']);
  });

  test('an attribute that has the name of a column is called so that it can be asked for, and filters by that', async () => {
    const { page } = await open('from logs | where source like "*shadow.log"');
    await openLine(page, 'shadowed line');
    const names = await page.locator('.opened dt').allTextContents();
    for (const name of SHADOWS) expect(names.map((one) => one.trim())).toContain(`attributes["${name}"]`);
    for (const name of SHADOWS) {
      await page.locator('.opened dt button', { hasText: `attributes["${name}"]` }).click();
      await page.getByRole('menuitem', { name: 'Filter in' }).click();
      await expect.poll(() => textOf(page), patiently).toContain(`| where attributes["${name}"] == "inner ${name}"`);
    }
    await expect.poll(() => page.locator('.figures').textContent(), patiently).toContain('1 row');
    expect(await page.locator('.opened').count()).toBe(1);
  });

  test('around a line stand the twenty before and after it of the same source and host, whatever was filtered', async () => {
    const { page } = await open('from logs | where severity == "error" and source like "*app.log"');
    await openLine(page, 'connection refused 30');
    await page.getByRole('button', { name: /Lines around this/ }).click();
    const around = page.getByTestId('around');
    await around.locator('.head.marked').waitFor();
    await expect.poll(() => around.getByRole('treegrid').getAttribute('aria-rowcount'), patiently).toBe('42');
    expect(await around.locator('.head.marked .body').textContent()).toBe('connection refused 30');
    expect((await around.locator('.head .body').allTextContents()).some((text) => /served/.test(text))).toBe(true);
    await page.keyboard.press('Escape');
    await around.waitFor({ state: 'detached' });
  });

  test('text of a row is selected without opening it', async () => {
    const { page } = await open('from logs | where source like "*app.log"');
    await page.getByTestId('volume').waitFor();
    const body = lineOf(page, 'served 57').locator('.body');
    const box = await body.boundingBox();
    if (box === null) throw new Error('the line has no place');
    await page.mouse.move(box.x + 2, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 10, { steps: 5 });
    await page.mouse.up();
    expect(await page.evaluate(() => String(getSelection()))).toMatch(/^served/);
    expect(await page.locator('.opened').count()).toBe(0);
  });

  test('severities have the same colours in rows, histogram and charts', async () => {
    const { page } = await open('from logs');
    const token = (name: string): Promise<string> =>
      page.evaluate((of) => {
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = `var(--severity-${of})`;
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
      }, name);
    for (const severity of ['error', 'warn', 'info']) {
      const colour = await token(severity);
      const line = page.locator('.head', { has: page.getByText(severity, { exact: true }) }).first();
      expect(await line.locator('.bar').evaluate((bar) => getComputedStyle(bar).backgroundColor)).toBe(colour);
      const legend = page.getByRole('list', { name: 'Lines by severity' }).getByRole('listitem').filter({ hasText: severity });
      expect(await legend.locator('i').evaluate((mark) => getComputedStyle(mark).backgroundColor)).toBe(colour);
    }
  });

  test('the trace in a field is shown line by line, and a row shows the word that was searched for', async () => {
    const { page } = await open('from logs | search deadlock');
    const mark = page.locator('.head .body mark');
    await expect.poll(() => mark.boundingBox(), patiently).not.toBeNull();
    expect(await mark.textContent()).toBe('deadlock');
    const [cell, hit] = await Promise.all([page.locator('.head .body').boundingBox(), mark.boundingBox()]);
    expect((hit?.x ?? 1e9) + (hit?.width ?? 0)).toBeLessThanOrEqual((cell?.x ?? 0) + (cell?.width ?? 0));
    await page.locator('.head .body').click();
    expect(await page.locator('.opened dl').getByRole('group', { name: 'error.stack' }).textContent()).toBe(TRACE);
  });

  test('hostile lines act nowhere: rows, opened lines, fields, values, menus, the table', async () => {
    const { page, complaints } = await open('from logs | where source like "*evil.log"', '&column=plain');
    const harmless = async (): Promise<void> => {
      expect(await page.locator('#app').evaluate((app) => app.textContent.replaceAll(/\s/g, ' '))).not.toMatch(ACTS);
      expect(await page.locator('main img, main b:not(header b), aside img').count()).toBe(0);
      expect(await page.title()).not.toContain('owned');
    };
    expect(await page.locator('.line').count()).toBe(2);
    await harmless();
    for (const chevron of await page.locator('.chevron button').all()) await chevron.click();
    await page.locator('.opened dl').nth(1).waitFor();
    await harmless();
    const fields = page.getByRole('complementary', { name: 'Fields' });
    await fields.locator('.name', { hasText: 'plain' }).click();
    await fields.locator('.value').first().waitFor();
    await harmless();
    await page.locator('.opened dt button', { hasText: 'plain' }).first().click();
    await page.getByRole('menu').waitFor();
    await harmless();
    await page.getByRole('menuitem', { name: 'Filter in' }).click();
    await expect.poll(() => textOf(page), patiently).toContain('| where plain == ');
    await expect.poll(() => page.locator('.line').count(), patiently).toBe(1);
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').locator('td').first().waitFor();
    await harmless();
    expect(complaints).toEqual([]);
  });

  test('a line of very many attributes and a very long one are shown in parts', async () => {
    const { page, complaints } = await open('from logs | where source like "*many.log" or source like "*large.log"');
    await openLine(page, 'many attributes');
    const fields = await page.locator('.opened dt').count();
    expect(fields).toBeGreaterThan(60);
    expect(fields).toBeLessThanOrEqual(100);
    await openLine(page, 'large x');
    expect(((await page.locator('main').textContent()) ?? '').length).toBeLessThan(200_000);
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').locator('td').first().waitFor();
    expect(((await page.locator('main').textContent()) ?? '').length).toBeLessThan(50_000);
    expect(complaints).toEqual([]);
  });

  test('axe finds nothing serious on lines, one opened, its surroundings and the table, in both themes and sizes', async () => {
    for (const look of LOOKS) {
      const { page } = await open('from logs | search refused or money', '', look);
      await openLine(page, 'no money');
      expect(await seriousOn(page)).toEqual([]);
      await page.getByRole('button', { name: /Lines around this/ }).click();
      await page.getByTestId('around').locator('.head.marked').waitFor();
      expect(await seriousOn(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: 'Table' }).click();
      await page.getByRole('button', { name: 'Open the row' }).first().click();
      await page.getByTestId('row').waitFor();
      expect(await seriousOn(page)).toEqual([]);
    }
  });
});

// Completion in the editor under real typing: it helps with what is begun and never takes a key from what is finished.
// What may stand at a cursor is the language's to say (query/complete.test.ts).
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, PATIENCE, textOf, type } from './explore.ts';

describeWith('completion', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore } = exploring(executable);
  const patiently = { timeout: PATIENCE };
  const list = (page: Page) => page.locator('.cm-tooltip-autocomplete');
  /** Sign by sign, as people do, so slowly that a list that is to come has come. */
  const write = (page: Page, text: string) => page.keyboard.type(text, { delay: 60 });
  /** Longer than a list takes to open where it does. */
  const quiet = (page: Page) => page.waitForTimeout(500);
  /** An empty editor whose completion is known to work, with that text. */
  const emptied = async (page: Page, before: string): Promise<void> => {
    await type(page, '');
    await write(page, 'fro');
    await list(page).waitFor();
    await page.keyboard.press('Escape');
    await type(page, before);
  };
  const editor = async (before = ''): Promise<Page> => {
    const { page } = await explore('data [{n: 1}]');
    await emptied(page, before);
    return page;
  };
  /** What of a text is written by hand: a list that is open at its end was opened there. */
  const END = 16;

  test('Enter breaks the line behind what is finished', async () => {
    const texts = [
      ['from logs | where severity >= "warn"', '| count by service'],
      ['from processes | where (name == "java")', '| limit 5'],
      ['from processes | latest | count by host', '| sort count desc'],
      ['from processes | sort cpu', '| limit 5'],
      ['from processes | every 1m avg', '| limit 5'],
      ['from processes last 5m | latest', '| limit 5'],
      ['from logs last 5m', '| limit 5'],
      ['from processes | where memory > 1GiB', '| limit 5'],
      ['from logs |', 'limit 5'],
      ['from logs | where', 'severity >= "warn"'],
      ['from logs // count by host', '| limit 5'],
      ['from logs | search connection refus', '| limit 5'],
      ["from logs | where severity >= 'warn'", '| limit 5'],
    ] as const;
    const page = await editor();
    const written: string[] = [];
    for (const [first, second] of texts) {
      await emptied(page, first.slice(0, -END));
      await write(page, first.slice(-END));
      await quiet(page);
      await page.keyboard.press('Enter');
      await write(page, second);
      written.push(await textOf(page));
    }
    expect(written).toEqual(texts.map(([first, second]) => `${first}\n${second}`));
  });

  test('nothing opens by itself when a text, a bracket or a unit is ended', async () => {
    const texts = [
      ['from logs | where severity >= "warn', '"'],
      ['from processes | where (name == "java', '")'],
      ['from processes | where (pid == 1', ')'],
      ['from logs last 5', 'm'],
      ['from logs // a wor', 'm'],
    ] as const;
    const page = await editor();
    const opened: string[] = [];
    for (const [before, end] of texts) {
      await emptied(page, before);
      await write(page, end);
      await quiet(page);
      if ((await list(page).count()) > 0) opened.push(`${before}${end}`);
    }
    expect(opened).toEqual([]);
  });

  test('Enter takes what completes a word that is begun, and what was asked for or walked to', async () => {
    const page = await editor('from processes | ');
    await write(page, 'lat');
    await list(page).waitFor();
    await page.keyboard.press('Enter');
    expect(await textOf(page)).toBe('from processes | latest');
    await type(page, 'from processes | where');
    await write(page, ' ');
    await list(page).waitFor();
    await quiet(page);
    const second = (await list(page).locator('li').nth(1).locator('.cm-completionLabel').textContent()) ?? '';
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page), patiently).toBe(`from processes | where ${second}`);
    await type(page, 'from ');
    await page.keyboard.press('Control+Space');
    await list(page).waitFor();
    const first = (await list(page).locator('li').first().locator('.cm-completionLabel').textContent()) ?? '';
    await quiet(page);
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page), patiently).toBe(`from ${first}`);
  });

  test('the list is gone when the text runs, also one that was still to come, and Escape closes it', async () => {
    const page = await editor('from processes | latest | count by ');
    await write(page, 'ho');
    await list(page).waitFor();
    await page.keyboard.press('Escape');
    await list(page).waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('editor');
    await write(page, 's');
    await list(page).waitFor();
    await page.keyboard.type('t');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => hash(page).get('text'), patiently).toContain('by host');
    await quiet(page);
    expect(await list(page).count()).toBe(0);
    await write(page, ' | sor');
    await list(page).waitFor();
    await page.keyboard.press('Control+Enter');
    await list(page).waitFor({ state: 'detached' });
  });

  test('a value is taken with its quotes, and no quote stands twice', async () => {
    const page = await editor('from processes | where state == ');
    await write(page, '"sle');
    await list(page).waitFor();
    await quiet(page);
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page), patiently).toBe('from processes | where state == "sleeping"');
  });
});

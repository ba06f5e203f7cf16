// Learn and Errors in a real browser: lessons answer from the running product and open in the editor, an error's address leads to it.
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, PATIENCE, textOf } from './explore.ts';

describeWith('learn', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore, product } = exploring(executable);

  test('ten lessons with live answers, recipes, datasets with their columns, metrics that arrived', async () => {
    const { page, complaints } = await explore('');
    await page.keyboard.press('Escape');
    await page.locator('main').click();
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.getByRole('heading', { name: 'Learn IQL in ten queries' }).waitFor();
    const lessons = page.getByTestId('lesson');
    expect(await lessons.count()).toBeGreaterThan(15);
    const processors = lessons.filter({ hasText: 'A metric: over time' });
    await processors.scrollIntoViewIfNeeded();
    await processors.locator('canvas').first().waitFor();
    await page.getByRole('region', { name: 'processes', exact: true }).getByText('Resident memory', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'system.memory.usage' }).waitFor();
    await lessons.filter({ hasText: 'Count by anything' }).getByRole('link', { name: 'Open it in the editor' }).click();
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toContain('count by source');
    expect(hash(page).get('text')).toContain('sort count desc');
    expect(complaints).toEqual([]);
  });

  test('an error is found by its address and by words, and one that is none is said to be none', async () => {
    const { page } = await explore('');
    await page.goto(`${product().origin}/#/errors?code=iql.bad-regex`);
    await expect.poll(() => page.locator('section.asked').getAttribute('aria-label'), { timeout: PATIENCE }).toBe('iql.bad-regex');
    await page.getByLabel('Search the errors').fill('takes no more frames zzz');
    await page.getByText('No error has all of these words.').waitFor();
    await page.getByLabel('Search the errors').fill('regular expression');
    await page.getByRole('link', { name: 'iql.bad-regex' }).waitFor();
    await page.goto(`${product().origin}/#/errors?code=iql.none`);
    await page.getByRole('status').getByText('iql.none').waitFor();
  });
});

// The first page over several real hosts: which one is shown, which is not heard, one range for every panel, and what each one opens.
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { hash, textOf } from './explore.ts';
import { fleet } from './fleet.ts';

describeWith('first page', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { open, endAgent, product } = fleet(executable, ['web-1', 'db-1', 'db-2']);

  test('all hosts stand beside one another, one is chosen and kept in the address', async () => {
    const { page, complaints } = await open('#/explore');
    await page.getByText('3 reporting').waitFor();
    await page.waitForFunction(() => document.title.startsWith('All 3 hosts'));
    const small = page.getByRole('region', { name: 'Busy hosts' });
    for (const host of ['web-1', 'db-1', 'db-2']) await small.getByRole('button', { name: new RegExp(host) }).waitFor();
    // The busiest processes name their hosts, and a process is there once for each host.
    const processes = page.getByRole('region', { name: 'Busiest processes' });
    await processes.locator('td[data-row]').first().waitFor();
    expect(await processes.getByRole('columnheader').allTextContents()).toEqual(['name', 'host', 'cpu', 'memory', 'pid']);
    // Nothing is added up over hosts without saying it: the lines are hosts.
    const memory = page.getByRole('region', { name: 'Memory' });
    for (const host of ['web-1', 'db-1', 'db-2']) await memory.getByRole('rowheader', { name: host }).waitFor({ state: 'attached' });
    await small.getByRole('link', { name: 'web-1' }).click();
    await page.getByRole('heading', { name: 'web-1', exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('combobox', { name: 'Host shown' }).selectOption('db-1');
    expect(hash(page).get('on')).toBe('db-1');
    await page.waitForFunction(() => document.title.startsWith('Host db-1'));
    await page.reload();
    await memory.getByRole('rowheader', { name: 'free' }).waitFor({ state: 'attached' });
    expect(await page.getByRole('combobox', { name: 'Host shown' }).inputValue()).toBe('db-1');
    for (const text of await page.locator('[data-testid=first-page] .text').allTextContents()) expect(text).toContain('host == "db-1"');
    expect(complaints).toEqual([]);
  });

  test('an absolute range holds for every panel, and opening one keeps its text, range and refresh', async () => {
    const to = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);
    const from = new Date(to.getTime() - 300_000);
    const { page } = await open(`#/explore?from=${from.toISOString()}&to=${to.toISOString()}`);
    await page.locator('[data-testid=first-page] > section').nth(8).waitFor();
    const texts = await page.locator('[data-testid=first-page] .text').allTextContents();
    expect(texts.filter((text) => /\slast\s/.test(text))).toEqual([]);
    expect(texts.filter((text) => text.includes(`and @${to.toISOString()}`)).length).toBe(2);
    await page.getByRole('region', { name: 'Busiest processes' }).getByRole('button', { name: 'Busiest processes', exact: true }).click();
    await page.locator('[data-testid=result]').waitFor();
    expect(await textOf(page)).toContain(`and @${to.toISOString()}`);
    expect(hash(page).get('to')).toBe(to.toISOString());
    expect(hash(page).get('refresh')).toBe('10');
  });

  test.each([
    [390, 844],
    [1280, 800],
    [1440, 900],
  ])('at %i × %i nothing is cut and the page is full', async (width, height) => {
    const { page } = await open('#/explore', { viewport: { width, height } });
    await page.getByRole('region', { name: 'Busiest processes' }).locator('td[data-row]').first().waitFor();
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll('[data-testid=first-page] *, [data-testid=fleet] *')]
        .filter((e) => !e.closest('.unseen, .names, li, canvas') && e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => `${e.tagName} ${e.className}`),
    );
    expect(wide).toEqual([]);
    // nor does a panel run over into the next one
    const over = await page
      .locator('[data-testid=first-page] ul')
      .evaluateAll(
        (lists) =>
          lists.filter(
            (list) =>
              list.getBoundingClientRect().bottom > (list.closest('section')?.getBoundingClientRect().bottom ?? 0) + 1 && list.closest('.names') === null,
          ).length,
      );
    expect(over).toBe(0);
    await page.getByRole('button', { name: 'Find anything' }).waitFor();
    const table = await page
      .getByRole('region', { name: 'Busiest processes' })
      .getByTestId('table')
      .evaluate((e) => e.scrollWidth - e.clientWidth);
    expect(table).toBe(0);
    const below = await page.locator('[data-testid=first-page] > section').last().boundingBox();
    expect((below?.y ?? 0) + (below?.height ?? 0)).toBeGreaterThan(height - 60);
  });

  test('a host that is not heard is told in words, and so is one that stopped', async () => {
    const { page } = await open('#/explore');
    await page.getByText('3 reporting').waitFor();
    await endAgent('db-2', 'SIGTERM');
    await page.getByText('1 stopped').waitFor();
    await endAgent('db-1', 'SIGKILL');
    const told = page.getByRole('list', { name: 'Hosts that are not heard' });
    // Heard no more for a minute is late; after five it is silent.
    await told.getByRole('link', { name: /^db-1 late, heard \d+ (s|min) ago/ }).waitFor({ timeout: 150_000 });
    await page.route('**/graphql', async (route) => {
      const { variables } = route.request().postDataJSON() as { variables: { text?: string } };
      if (!(variables.text ?? '').includes('agent_state in ("silent", "late")')) return route.continue();
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll('"late"', '"silent"') });
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    const silent = told.getByRole('link', { name: /^db-1 silent since \d\d:\d\d/ });
    await silent.waitFor();
    const [red, is] = await silent.evaluate((e) => {
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.color = 'var(--error)';
      return [getComputedStyle(probe).color, getComputedStyle(e).color];
    });
    expect(is).toBe(red);
    await silent.click();
    await page.getByRole('heading', { name: 'db-1', exact: true }).waitFor();
    await page.goBack();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  }, 240_000);

  test('without the server no state stays coloured, each panel says its age, and nothing covers a chart', async () => {
    const { page } = await open('#/explore');
    const memory = page.getByRole('region', { name: 'Memory' });
    await memory.locator('canvas').waitFor();
    await product().stop();
    const age = memory.getByText(/✕ no answer; \d+ s old/);
    await age.waitFor();
    await page
      .getByTestId('fleet')
      .getByText(/\d+ s ago:/)
      .waitFor();
    // What is old is read as well as what is new: its words are muted, never transparent.
    const faded = await page.evaluate(
      () =>
        [...document.querySelectorAll('.stale, .stale :not(svg, svg *, canvas)')].filter(
          (e) => getComputedStyle(e).opacity !== '1' && (e.textContent ?? '').trim() !== '',
        ).length,
    );
    expect(faded).toBe(0);
    const [said, chart] = [await age.boundingBox(), await memory.getByTestId('chart').boundingBox()];
    expect((said?.y ?? 0) + (said?.height ?? 0)).toBeLessThanOrEqual(chart?.y ?? 0);
  });
});

// axe finds nothing serious or critical on any screen of the explorer, in both themes, on a desk and on a phone.
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { LOOKS, seriousOn } from './axe.ts';
import { exploring, inlineLogs, inlineMetric, result, type } from './explore.ts';

/** What is open above the page. */
const OPENED = 'dialog:visible, .popover:visible, [role=menu]:visible';

/** What axe finds on the page as it is in each size and theme; what is open stays open from one to the next. */
const seriousInAllLooks = async (page: Page): Promise<readonly string[]> => {
  let opened = 0;
  const found: string[] = [];
  for (const { viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe(colorScheme);
    const stillOpen = await page.locator(OPENED).count();
    expect(stillOpen).toBeGreaterThanOrEqual(opened);
    opened = stillOpen;
    found.push(...(await seriousOn(page)).map((line) => `${viewport.width} px, ${colorScheme}: ${line}`));
  }
  return found;
};
const COUNTS = 'data [{name: "a", n: 1}, {name: "b", n: 20}]';

interface Screen {
  readonly name: string;
  readonly text: string;
  readonly more?: string;
  readonly ready: (page: Page) => Promise<unknown>;
}

const SCREENS: readonly Screen[] = [
  {
    name: 'log lines, one opened, with their fields',
    text: inlineLogs(),
    more: '&range=1h',
    ready: async (page) => {
      await result(page, 'logs').waitFor();
      await page.locator('.line .head').first().click();
      await page.locator('.line dl').waitFor();
      expect(await seriousInAllLooks(page)).toEqual([]);
      const fields = page.getByRole('button', { name: 'Fields', exact: true });
      if ((await fields.getAttribute('aria-expanded')) === 'false') await fields.click();
    },
  },
  { name: 'a chart', text: inlineMetric(), more: '&range=1h', ready: (page) => page.locator('.legend tbody tr').first().waitFor() },
  { name: 'bars', text: `${inlineLogs()}\n| every 1m count by severity`, more: '&range=1h', ready: (page) => result(page, 'chart').waitFor() },
  { name: 'a table', text: COUNTS, ready: (page) => result(page, 'table').waitFor() },
  { name: 'an empty answer', text: `${COUNTS}\n| where n > 100`, ready: (page) => page.getByText('No rows.').waitFor() },
  {
    name: 'mistakes',
    text: 'from processes | where memory > 100000000 and usr == "root"',
    ready: (page) => page.locator('.cm-message-error').first().waitFor(),
  },
  {
    name: 'all keys',
    text: COUNTS,
    ready: async (page) => {
      await result(page, 'table').waitFor();
      await page.getByRole('grid').focus();
      await page.keyboard.press('?');
      await page.locator('dialog').waitFor();
    },
  },
  {
    name: 'find',
    text: '',
    ready: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Find anything' }).waitFor();
      await page.keyboard.type('cpu');
      await page.locator('#found li').nth(3).waitFor();
    },
  },
  {
    name: 'the time picker',
    text: COUNTS,
    ready: async (page) => {
      await result(page, 'table').waitFor();
      await page.getByRole('grid').focus();
      await page.keyboard.press('t');
      await page.locator('.popover').first().waitFor();
    },
  },
  {
    name: 'several queries',
    text: COUNTS,
    more: `&text.2=${encodeURIComponent(inlineLogs())}&range=1h&text.3=`,
    ready: async (page) => {
      await result(page, 'logs').waitFor();
      await page.getByRole('region', { name: 'Query 3', exact: true }).locator('.cm-content').click();
      await page.keyboard.insertText('from logs');
      await page.getByText('edited, not run').waitFor();
    },
  },
  {
    name: 'saving, and a version of somebody else',
    text: COUNTS,
    ready: async (page) => {
      await result(page, 'table').waitFor();
      await page.keyboard.press('Control+s');
      await page.getByLabel('Name dots are folders').fill('not a name');
      await page.getByText('This is no name').waitFor();
      expect(await seriousInAllLooks(page)).toEqual([]);
      // Somebody else saves it first: what stands then is in the way.
      const other = await page.context().newPage();
      await other.goto(page.url());
      await result(other, 'table').waitFor();
      await type(other, 'data [{name: "of another", n: 1}]');
      await other.keyboard.press('Control+s');
      await other.getByLabel('Name dots are folders').fill('team.axe');
      await other.keyboard.press('Enter');
      await other.getByText('Saved team.axe, version').or(other.getByText('is there already')).first().waitFor();
      await other.keyboard.press('Escape');
      await other.keyboard.press('Control+s');
      await other.locator('dialog').waitFor();
      expect(await seriousInAllLooks(other)).toEqual([]);
      await page.bringToFront();
      await page.getByLabel('Name dots are folders').fill('team.axe');
      await page.keyboard.press('Enter');
      await page.getByText('is there already').waitFor();
    },
  },
  {
    name: 'saved and recent texts',
    text: COUNTS,
    ready: async (page) => {
      await result(page, 'table').waitFor();
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await page.getByRole('button', { name: 'Versions' }).first().waitFor();
      expect(await seriousInAllLooks(page)).toEqual([]);
      await page.getByRole('button', { name: 'Recent' }).click();
      await page.getByRole('button', { name: 'Keep it' }).first().waitFor();
      expect(await seriousInAllLooks(page)).toEqual([]);
      await page.getByRole('button', { name: 'Saved', exact: true }).click();
      await page.getByRole('button', { name: 'Versions' }).first().click();
      await page.getByText('Version 1').first().waitFor();
    },
  },
  { name: 'the first page', text: '', ready: (page) => page.locator('section td, section .line').first().waitFor() },
];

interface OtherPage {
  readonly name: string;
  /** `host`: one there is, as it stands in an address. */
  readonly address: (host: string) => string;
  readonly ready: (page: Page) => Promise<unknown>;
}

const ofHost = (part: string, ready: (page: Page) => Promise<unknown>): OtherPage => ({
  name: `a host: ${part}`,
  address: (host) => `#/host?host=${host}&part=${part}`,
  ready,
});

const PAGES: readonly OtherPage[] = [
  { name: 'status', address: () => '#/status', ready: (page) => page.locator('table td').first().waitFor() },
  {
    name: 'agents',
    address: () => '#/agents',
    ready: async (page) => {
      await page
        .getByRole('button', { name: /^More of / })
        .first()
        .click();
      await page.getByRole('button', { name: 'Revoke…' }).waitFor();
      await page.getByRole('button', { name: 'New join token' }).click();
      await page.getByLabel(/^Host its name/).waitFor();
    },
  },
  { name: 'dead letters', address: () => '#/letters', ready: (page) => page.getByText('No dead letter waits.').waitFor() },
  { name: 'hosts', address: () => '#/hosts', ready: (page) => page.locator('[data-host] .c-cpu svg').first().waitFor({ state: 'attached' }) },
  { name: 'no host that fits', address: () => '#/hosts?where=host%20%3D%3D%20%22none%22', ready: (page) => page.getByText('No host fits.').waitFor() },
  ofHost('overview', (page) => page.locator('canvas').first().waitFor()),
  ofHost('filesystems', (page) => page.getByRole('columnheader', { name: 'Mounted at' }).waitFor()),
  ofHost('processes', async (page) => {
    await page.getByTestId('processes').locator('tbody th button').first().click();
    await page.getByRole('region', { name: /^Process \d+/ }).waitFor();
  }),
  ofHost('logs', (page) => page.getByRole('region', { name: 'Log lines' }).locator('.note, [data-testid=result]').first().waitFor()),
  ofHost('events', async (page) => {
    await page.locator('summary').first().click();
    await page.locator('details[open] dl').waitFor();
  }),
  ofHost('inventory', (page) => page.locator('dt').first().waitFor()),
  { name: 'a host that nobody knows', address: () => '#/host?host=nobody', ready: (page) => page.getByText('There is no host nobody.').waitFor() },
  { name: 'learn', address: () => '#/learn', ready: (page) => page.getByTestId('lesson').first().locator('canvas, table, .note, .line').first().waitFor() },
  { name: 'errors', address: () => '#/errors', ready: (page) => page.getByRole('heading', { level: 3 }).first().waitFor() },
  { name: 'no such page', address: () => '#/hots', ready: (page) => page.getByRole('heading', { name: 'There is no such page' }).waitFor() },
];

// On one page that changes from one look to the next.
describeWith('axe', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore, open, product, signedIn } = exploring(executable);
  let host = '';

  beforeAll(async () => {
    const { page } = await explore('from hosts | select host');
    const first = page.locator('td[data-row]').filter({ hasText: /\w/ }).first();
    host = (await first.textContent()) ?? '';
  });

  test.each(SCREENS)('$name', async ({ text, more, ready }) => {
    const { page } = await explore(text, more, LOOKS[0]);
    await ready(page);
    expect(await seriousInAllLooks(page)).toEqual([]);
  });

  test('an answer to an earlier text, dimmed', async () => {
    const { page } = await explore(COUNTS, '', LOOKS[0]);
    await result(page, 'table').waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('.stale').first().waitFor();
    expect(await seriousInAllLooks(page)).toEqual([]);
  });

  test.each(PAGES)('$name', async ({ address, ready }) => {
    const { page } = await open({ storageState: signedIn(), ...LOOKS[0] });
    await page.goto(`${product().origin}/${address(encodeURIComponent(host))}`);
    await ready(page).catch(async (cause) => {
      throw new Error(`not ready; the page says: ${await page.locator('body').textContent()}`, { cause });
    });
    expect(await seriousInAllLooks(page)).toEqual([]);
  });

  test('signing in', async () => {
    const { page } = await open(LOOKS[0]);
    await page.goto(product().origin);
    await page.locator('form input').first().waitFor();
    expect(await seriousInAllLooks(page)).toEqual([]);
  });
});

// The pages of hosts in a real browser, with several real agents: the list, its filter, order and keys; one host and its parts;
// an agent that ends; addresses that are none.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, PATIENCE } from './explore.ts';

const ROOT = join(import.meta.dirname, '../..');
const HOSTS = ['web-1', 'web-2', 'db "1"'];

describeWith('hosts', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore, product } = exploring(executable, { alone: true });
  const patiently = { timeout: 2 * PATIENCE };
  const agents = new Map<string, ChildProcess>();
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inframirror-agents-'));
    const token = join(product().folder, 'agent-token');
    await readFile(token);
    for (const [i, host] of HOSTS.entries()) {
      const where = ['--server', product().origin, '--token-file', token, '--data', join(folder, String(i))];
      const who = ['--host', host, '--label', `env=${i === 2 ? 'test' : 'prod'}`, '--label', 'team=shop', '--logs', join(folder, '*.none')];
      agents.set(host, spawn(process.execPath, ['app/main.ts', 'agent', ...where, ...who], { cwd: ROOT, stdio: 'ignore' }));
    }
  }, 60_000);
  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  afterAll(async () => {
    await Promise.all([...agents.values()].map(end));
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const at = async (address: string): Promise<Page> => {
    const { page } = await explore('');
    await page.goto(`${product().origin}/#/${address}`);
    return page;
  };
  const row = (page: Page, host: string) => page.locator(`[data-host=${JSON.stringify(host)}]`);
  const names = (page: Page): Promise<readonly string[]> => page.locator('[data-host] a').allTextContents();

  test('every host stands in the list with its state and figures; labels narrow it, and the address keeps filter and order', async () => {
    const page = await at('hosts?refresh=5');
    for (const host of HOSTS)
      await row(page, host)
        .getByText('reporting')
        .first()
        .waitFor({ timeout: 2 * PATIENCE });
    await expect.poll(() => row(page, 'web-1').locator('.c-cpu b').textContent(), patiently).toMatch(/%$/);
    await row(page, 'web-1').getByRole('button', { name: 'env prod' }).click();
    await expect.poll(() => names(page), patiently).toEqual(['web-1', 'web-2']);
    expect(hash(page).get('where')).toBe('env == "prod"');
    const heading = page.getByRole('columnheader', { name: 'Host' });
    await heading.getByRole('button').click();
    await heading.getByRole('button').click();
    await expect.poll(() => names(page), patiently).toEqual(['web-2', 'web-1']);
    await page.reload();
    await expect.poll(() => names(page), patiently).toEqual(['web-2', 'web-1']);
    await page.getByRole('button', { name: 'CPU' }).click();
    expect(hash(page).get('sort')).toBe('-cpu');
    await expect.poll(async () => [...(await names(page))].sort(), patiently).toEqual(['web-1', 'web-2']);
  });

  test('a filter is checked while it is typed and not applied while it is wrong; what fits nothing says so', async () => {
    const page = await at('hosts');
    await row(page, 'web-1').waitFor();
    const filter = page.getByLabel('Hosts that');
    await filter.fill('enf == "prod"');
    await page.locator('#host-filter-wrong .wrong').waitFor();
    await filter.press('Enter');
    expect(await row(page, 'web-1').count()).toBe(1);
    expect(hash(page).has('where')).toBe(false);
    await filter.fill('host == "nobody"');
    await filter.press('Enter');
    await page.getByText('No host fits.').waitFor();
    await page.getByRole('button', { name: 'Show all hosts' }).click();
    await row(page, 'web-1').waitFor();
  });

  test('by keys: to the list, down its rows, into a host, through its parts, and back', async () => {
    const page = await at('status');
    await page.locator('h1', { hasText: 'Status' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await row(page, 'web-1').waitFor();
    await page.getByRole('grid').focus();
    const second = (await names(page))[1];
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: second ?? '', exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Overview' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('[data-part=filesystems]').waitFor();
    await page.goBack();
    await page.goBack();
    await row(page, 'web-1').waitFor();
  });

  test('a host whose name needs quoting: its processes as a tree, one of them over time, its inventory', async () => {
    const page = await at(`host?${new URLSearchParams({ host: 'db "1"', part: 'processes', refresh: '5' })}`);
    const processes = page.getByTestId('processes');
    await processes
      .locator('tbody th button')
      .first()
      .waitFor({ timeout: 2 * PATIENCE });
    await page.getByLabel('Tree').check();
    await processes.locator('tbody th button').first().click();
    expect(hash(page).get('process')).toMatch(/^\d+ \d{4}-/);
    await page.getByRole('region', { name: /^Process \d+/ }).waitFor();
    await page.getByRole('tab', { name: 'Inventory' }).click();
    await page.locator('dt', { hasText: 'label team' }).waitFor();
  });

  test('an agent that ends is said at the top of its host, and in the list', async () => {
    await end(agents.get('web-2') as ChildProcess);
    const page = await at('host?host=web-2&refresh=5');
    await expect.poll(() => page.getByTestId('said').textContent(), patiently).toMatch(/Its agent is stopped since/);
    await page.getByRole('link', { name: 'Hosts', exact: true }).first().click();
    await row(page, 'web-2')
      .getByText(/stopped since/)
      .first()
      .waitFor();
  });

  test('a host that nobody knows and an address that is none show the way back', async () => {
    const page = await at('host?host=nobody');
    await page.getByText('There is no host nobody.').waitFor();
    await page.getByRole('link', { name: 'All hosts' }).click();
    await row(page, 'web-1').waitFor();
    await page.goto(`${product().origin}/#/hots`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await page.getByRole('link', { name: 'The first page' }).click();
    await page.locator('.cm-content').waitFor();
  });

  test('a phone shows the list without scrolling sideways', async () => {
    const { page } = await explore('', '', { viewport: { width: 390, height: 844 } });
    await page.goto(`${product().origin}/#/hosts`);
    await row(page, 'web-1').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(await page.getByTestId('hosts').evaluate((box) => box.scrollWidth <= box.clientWidth)).toBe(true);
  });
});

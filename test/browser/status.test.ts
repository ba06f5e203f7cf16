// The Status page over real agents: what each says of itself, one that is stopped, a server that is gone.
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { hash } from './explore.ts';
import { fleet } from './fleet.ts';

describeWith('status page', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { open, endAgent, product } = fleet(executable, ['web-1', 'db-1']);

  test('it tells agents, stream, stores and drops, each with its age, and fits a phone', async () => {
    const { page, complaints } = await open('#/status', { viewport: { width: 390, height: 844 } });
    const agents = page.getByRole('region', { name: 'Agents' });
    for (const host of ['web-1', 'db-1']) await agents.getByRole('row', { name: new RegExp(`^${host} .*reporting`) }).waitFor();
    await agents.getByText('2 reporting').waitFor();
    await agents
      .getByText(/does not read: /)
      .first()
      .waitFor();
    await agents.getByRole('row', { name: /^web-1 .*\d ([KM]i)?B/ }).waitFor();
    for (const name of ['Parts', 'Stream and pipeline', 'Stores', 'Dropped', 'Agents']) {
      const part = page.getByRole('region', { name });
      await part.getByText(/^\d+ s ago$/).waitFor();
      expect(await part.getAttribute('data-gone')).toBe('false');
    }
    await page
      .getByRole('region', { name: 'Stores' })
      .getByRole('row', { name: /^column store .*iB.*%/ })
      .waitFor();
    await page
      .getByRole('region', { name: 'Stream and pipeline' })
      .getByRole('row', { name: /^samples / })
      .waitFor();
    await page.getByText('No log reader has failed.').waitFor();
    // Nothing is cut: neither the page nor anything in it is wider than the screen.
    const wide = () =>
      page.evaluate(() => [...document.querySelectorAll('[data-testid=status] *')].filter((e) => e.getBoundingClientRect().right > innerWidth).length);
    expect(await wide()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a log reader that failed is named with its file, its host and what failed', async () => {
    const { page } = await open('#/status');
    await page.route('**/graphql', async (route) => {
      const { variables } = route.request().postDataJSON() as { variables: { text?: string } };
      if (!(variables.text ?? '').startsWith('from metrics.inframirror.agent.log.failed')) return route.continue();
      const columns = Object.entries({ host: 'web-1', source: '/var/log/<b>app</b>.log', reason: 'read', value: 12 }).map(([name, value]) => ({
        name,
        type: name === 'value' ? 'float' : 'string',
        unit: null,
        values: [value],
      }));
      const stats = { elapsedMs: 1, rowsRead: 1, bytesRead: 1 };
      await route.fulfill({
        json: { data: { query: { columns, lines: null, rowCount: 1, truncated: null, completeUpTo: null, partial: [], diagnostics: [], stats } } },
      });
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    const row = page.getByRole('row', { name: '/var/log/<b>app</b>.log web-1 ▲ cannot be read 12' });
    await row.waitFor();
    await row.getByRole('link', { name: 'web-1' }).click();
    await page.getByRole('heading', { name: 'web-1', exact: true }).waitFor();
    await page.goBack();
    await page
      .getByRole('region', { name: 'Agents' })
      .getByRole('link', { name: /2 reporting/ })
      .click();
    await page.locator('[data-host="db-1"]').waitFor();
    expect(hash(page).get('where')).toBe('agent_state == "reporting"');
  });

  test('an agent that is stopped is told with since when', async () => {
    const { page } = await open('#/status');
    await page.getByRole('region', { name: 'Agents' }).getByText('2 reporting').waitFor();
    await endAgent('db-1', 'SIGTERM');
    const agents = page.getByRole('region', { name: 'Agents' });
    await agents.getByRole('row', { name: /^db-1 .*stopped since \d\d:\d\d/ }).waitFor();
    await agents.getByText('1 stopped').waitFor();
  });

  test('without the server all is dimmed with its age and nothing stays green', async () => {
    const { page } = await open('#/status');
    await page.getByRole('region', { name: 'Agents' }).getByText('1 reporting').waitFor();
    const green = () =>
      page.evaluate(() => {
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = 'var(--ok)';
        const ok = getComputedStyle(probe).color;
        probe.remove();
        return [...document.querySelectorAll('[data-testid=status] *')].filter((e) => getComputedStyle(e).color === ok).length;
      });
    expect(await green()).toBeGreaterThan(5);
    await product().stop();
    await page.getByRole('alert').getByText('The server does not answer.').waitFor();
    await page
      .getByText(/▲ \d+ s old/)
      .first()
      .waitFor();
    await page.waitForFunction(() => document.querySelectorAll('[data-gone=false]').length === 0);
    expect(await page.locator('[data-gone=true]').count()).toBeGreaterThan(5);
    expect(await green()).toBe(0);
  });
});

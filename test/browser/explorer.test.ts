// The explorer in a real browser against the real product: the way in, texts with errors and their fixes, results, zoom, filters, keys.
// Texts with inline data make what is seen certain; the machine's own figures are only asked to be there.
import { expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { describeWith } from '../support/need.ts';
import { exploring, hash, inlineLogs, inlineMetric, PATIENCE, result, textOf, type } from './explore.ts';

describeWith('explorer', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { open, explore, product } = exploring(executable);

  test('the printed link signs in, leaves no token behind, and shows this machine', async () => {
    const { page, complaints } = await open({});
    await page.goto(product().link);
    expect(page.url()).toBe(`${product().origin}/`);
    const panels = page.locator('[data-testid=first-page] section[aria-label]');
    await panels.first().waitFor();
    await page.locator('[data-testid=first-page] > section').nth(8).waitFor();
    await page.locator('section[aria-label=Processors] canvas').waitFor();
    await page.locator('section[aria-label="Busiest processes"] td').first().waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    await page.locator('section[aria-label=Processors] h2 button').click();
    await result(page, 'chart').waitFor();
    expect(await textOf(page)).toContain('system.cpu.utilization');
    expect(complaints).toEqual([]);
  });

  test('the first page comes in under 350 kB, the editor and its language with it', async () => {
    const { page } = await explore('');
    const sizes = await page.evaluate(() =>
      performance.getEntriesByType('resource').map((entry) => [entry.name, (entry as PerformanceResourceTiming).encodedBodySize] as const),
    );
    const assets = sizes.filter(([name]) => name.includes('/assets/'));
    expect(assets.length).toBeGreaterThan(2);
    const [script] = assets.find(([name]) => name.endsWith('.js')) as (typeof assets)[number];
    const texts: string[] = [];
    for (const encoding of ['br', 'gzip', 'identity']) {
      const answer = await fetch(script, { headers: { 'accept-encoding': encoding } });
      expect(answer.headers.get('content-encoding') ?? 'identity').toBe(encoding);
      texts.push(await answer.text());
    }
    expect(new Set(texts).size).toBe(1);
    const total = assets.reduce((sum, [, size]) => sum + size, 0);
    expect(total).toBeGreaterThan(100_000);
    expect(total).toBeLessThan(350_000);
  });

  test('a browser that is not known is told how to get in, and a pasted token is enough', async () => {
    const { page } = await open({});
    await page.goto(`${product().origin}/`);
    await page.getByRole('heading', { name: 'This browser is not signed in' }).waitFor();
    await page.getByLabel('Token').fill(product().token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('[data-testid=first-page]').waitFor();
    expect(page.url()).toBe(`${product().origin}/`);
  });

  test('a wrong token is said to be wrong, from the form and from a link, and the asked text survives', async () => {
    const { page } = await open({});
    const asked = `#/explore?text=${encodeURIComponent('from hosts')}`;
    await page.goto(`${product().origin}/?token=wrong${asked}`);
    const said = page.getByRole('alert');
    await said.waitFor();
    expect(page.url()).toBe(`${product().origin}/${asked}`);
    await page.getByLabel('Token').fill('wrong');
    await said.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await said.waitFor();
    await page.getByLabel('Token').fill(product().token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await result(page, 'table').waitFor();
    expect(hash(page).get('text')).toBe('from hosts');
  });

  test('an error is shown beside its line while typing, its key fixes it, and the text runs', async () => {
    const { page } = await explore('');
    await type(page, 'from metrics.system.cpu.utilization\n| where value < 90\n| every 10s avg');
    const message = page.locator('.cm-message-error');
    await message.waitFor();
    expect(await page.locator('.cm-lintRange-error').count()).toBeGreaterThan(0);
    await page.keyboard.press('Control+.');
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toContain('value < 90%');
    await message.waitFor({ state: 'detached' });
    await page.keyboard.press('Control+Enter');
    await result(page, 'chart').waitFor();
    expect(hash(page).get('text')).toContain('90%');
  });

  test('a wrong text is refused with its reason, a click mends it, and the last answer stays until then', async () => {
    const { page } = await explore(inlineLogs());
    await result(page, 'logs').waitFor();
    await type(page, 'from processes last 5m\n| latest\n| summarize count() by naem');
    await page.keyboard.press('Control+Enter');
    const refused = page.getByRole('alert').getByText('Not run.');
    await refused.waitFor();
    await result(page, 'logs').waitFor();
    const fix = page.locator('.cm-message button');
    await fix.waitFor();
    // What stands beside the text is not said below once more.
    await page.getByTestId('diagnostics').waitFor({ state: 'detached' });
    const code = page.locator('.cm-message a.cm-code');
    expect(await code.getAttribute('href')).toBe(`#/errors?code=${await code.textContent()}`);
    await fix.click();
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toContain('by name');
    await page.getByRole('button', { name: /^Run/ }).click();
    await result(page, 'bars').waitFor();
    expect(await refused.count()).toBe(0);
  });

  test('F1 opens the page on the error nearest to the cursor', async () => {
    const { page } = await explore('');
    await type(page, 'from processes | where cpu > 90');
    await page.locator('.cm-message-error').waitFor();
    await page.keyboard.press('F1');
    await expect.poll(() => hash(page).get('code'), { timeout: PATIENCE }).toMatch(/^iql\./);
    expect(new URL(page.url()).hash).toMatch(/^#\/errors/);
  });

  test('completion offers what fits and format lays the text out', async () => {
    const { page } = await explore('');
    await type(page, 'from processes');
    await page.keyboard.type(' | whe');
    await page.locator('.cm-tooltip-autocomplete').waitFor();
    expect(await page.locator('.cm-tooltip-autocomplete li').first().textContent()).toContain('where');
    await page.keyboard.press('Escape');
    await type(page, 'from   processes|limit 5');
    await page.getByRole('button', { name: 'Format' }).click();
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toMatch(/^from processes\s*\|\s*limit 5$/);
    expect(await textOf(page)).not.toContain('  ');
  });

  test('a chart has figures for each line, a click shows one alone, dragging zooms, and back undoes it', async () => {
    const { page, complaints } = await explore(inlineMetric(), '&range=1h');
    const chart = page.getByTestId('chart');
    await chart.locator('canvas').waitFor();
    const legend = page.locator('.legend tbody tr');
    await expect.poll(() => legend.count(), { timeout: PATIENCE }).toBe(2);
    expect(await legend.first().textContent()).toMatch(/web-\d.*%/);
    await legend.first().locator('button').click();
    expect(await legend.nth(1).getAttribute('class')).toContain('off');
    const pressed = () => legend.evaluateAll((rows) => rows.map((row) => row.querySelector('button')?.getAttribute('aria-pressed')));
    expect(await pressed()).toEqual(['true', 'false']);
    await page.locator('.legend thead').hover();
    expect(await legend.evaluateAll((rows) => rows.map((row) => Number(getComputedStyle(row).opacity) < 0.6))).toEqual([false, true]);
    expect(await legend.evaluateAll((rows) => rows.map((row) => row.querySelector('svg rect') !== null))).toEqual([false, true]);
    await legend.first().locator('button').click();
    expect(await pressed()).toEqual(['true', 'true']);

    const box = await chart.boundingBox();
    if (box === null) throw new Error('the chart has no place');
    await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
    await page.locator('.read').waitFor();
    expect(await page.locator('.read').textContent()).toMatch(/web-[12]/);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 90, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => hash(page).get('from'), { timeout: PATIENCE }).not.toBeNull();
    const zoomed = Date.parse(hash(page).get('to') ?? '') - Date.parse(hash(page).get('from') ?? '');
    expect(zoomed).toBeGreaterThan(5 * 60_000);
    expect(zoomed).toBeLessThan(25 * 60_000);
    await result(page, 'chart').waitFor();
    await chart.dblclick({ position: { x: 300, y: 100 } });
    await expect.poll(() => hash(page).get('from'), { timeout: PATIENCE }).toBeNull();
    await page.goBack();
    await expect.poll(() => hash(page).get('from'), { timeout: PATIENCE }).not.toBeNull();
    await page.goBack();
    await expect.poll(() => hash(page).get('from'), { timeout: PATIENCE }).toBeNull();
    expect(complaints).toEqual([]);
  });

  test('a click on a value filters by it', async () => {
    const { page } = await explore('from processes last 5m\n| latest\n| select name, pid, user');
    await result(page, 'table').waitFor();
    const cell = page.locator('td[data-row="0"][data-column="2"]');
    await cell.waitFor();
    const user = (await cell.textContent()) ?? '';
    await cell.click();
    await page.getByRole('menuitem', { name: 'Filter in' }).click();
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toContain(`| where user == "${user}"`);
    await expect
      .poll(() => page.locator('td[data-column="2"]').evaluateAll((cells) => [...new Set(cells.map((c) => c.textContent))]), { timeout: PATIENCE })
      .toEqual([user]);
    await page.getByRole('button', { name: 'name', exact: true }).click();
    const names = await page.locator('td[data-column="0"]').allTextContents();
    expect(names).toEqual([...names].sort());
  });

  test('log lines open to their fields, and a field filters out', async () => {
    const { page } = await explore(inlineLogs());
    await result(page, 'logs').waitFor();
    const first = page.locator('.line .head').first();
    expect(await first.textContent()).toContain('error');
    await first.click();
    await page.locator('dd .value', { hasText: 'orders' }).click();
    await page.getByRole('menuitem', { name: 'Filter out' }).click();
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toContain('| where service != "orders"');
    await expect.poll(() => page.locator('.line').count(), { timeout: PATIENCE }).toBe(1);
  });

  test('the address holds text, range and view', async () => {
    const { page } = await explore(inlineMetric(), '&range=3h&view=table');
    await result(page, 'table').waitFor();
    await page.getByRole('tab', { name: 'Chart' }).click();
    await result(page, 'chart').waitFor();
    await page.reload();
    await result(page, 'chart').waitFor();
    expect(await page.getByTestId('range').textContent()).toContain('Last 3 hours');
    expect(await textOf(page)).toContain('every 1m avg');
  });

  test('a running text shows its time and can be stopped; a server that is away is told, and the last answer stays', async () => {
    const { page } = await explore(inlineMetric(), '&range=1h');
    await result(page, 'chart').waitFor();
    await page.route('**/graphql', () => {});
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+Enter');
    const stop = page.getByRole('button', { name: /^Stop \d/ });
    await stop.waitFor();
    await page.getByRole('progressbar').waitFor();
    await stop.click();
    await page.getByRole('button', { name: /^Run/ }).waitFor();
    await page.unroute('**/graphql');
    await page.route('**/graphql', (route) => route.abort());
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByText('The server does not answer.').waitFor();
    await page.getByText(/^The last answer, \d+ s old/).waitFor();
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    await result(page, 'chart').waitFor();
  });

  test('no rows are explained, with a longer look one click away', async () => {
    const { page } = await explore('from logs | where body == "no line is like this one"');
    await page.getByText('No rows.').waitFor();
    await page.getByRole('button', { name: 'Look at the last hour' }).click();
    expect(hash(page).get('range')).toBe('1h');
  });

  test('everything is reached by keys', async () => {
    const { page } = await explore('');
    await page.locator('main').focus();
    await page.keyboard.press('t');
    await page.getByRole('radio', { name: 'Last 15 minutes' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(() => hash(page).get('range'), { timeout: PATIENCE }).toBe('5m');
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'All keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('main').focus();
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Find anything' }).waitFor();
    await page.keyboard.type('system.cpu.utilization');
    await page
      .getByRole('option', { name: /^metric/ })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => hash(page).get('text'), { timeout: PATIENCE }).toContain('from metrics.system.cpu.utilization');
    await page.locator('main').focus();
    for (const unnamed of await page.locator('button, a, input, select').all())
      expect(await unnamed.evaluate((e) => (e as HTMLInputElement).labels?.length || e.ariaLabel || e.textContent || (e as HTMLElement).title)).toBeTruthy();
  });

  test('find searches log lines for words that nothing is called by, opens pages, and keeps its field whole in a long list', async () => {
    const { page } = await explore('');
    const find = page.getByRole('combobox', { name: 'Find anything' });
    await page.locator('main').focus();
    await page.keyboard.press('/');
    await find.waitFor();
    await page
      .getByRole('option', { name: /^metric/ })
      .first()
      .waitFor();
    expect((await find.boundingBox())?.height).toBeGreaterThan(40);
    await page.keyboard.type('connection refused');
    await page.keyboard.press('Enter');
    await expect.poll(() => textOf(page), { timeout: PATIENCE }).toBe('from logs\n| search connection refused');
    await page.locator('main').focus();
    await page.keyboard.press('/');
    await find.waitFor();
    await page.keyboard.type('learn iql');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url(), { timeout: PATIENCE }).toContain('#/learn');
  });

  test('the status page shows each part and each host, whose page is one click away', async () => {
    const { page, complaints } = await explore('');
    await page.locator('main').focus();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('region', { name: 'Parts' }).getByRole('rowheader', { name: 'column store' }).waitFor();
    expect(await page.locator('td.down').count()).toBe(0);
    await page.getByRole('region', { name: 'Agents' }).getByRole('rowheader').getByRole('link').first().click();
    await expect.poll(() => page.url(), { timeout: PATIENCE }).toContain('#/host?');
    expect(complaints).toEqual([]);
  });

  test('dark and light follow the system until one is chosen', async () => {
    const { page } = await explore('', '', { colorScheme: 'light' });
    const ground = () => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);
    expect(await ground()).toEqual(['light', 'rgb(255, 255, 255)']);
    await page.getByTestId('theme').click();
    expect((await ground())[0]).toBe('dark');
    await page.reload();
    await page.locator('.cm-content').waitFor();
    expect((await ground())[0]).toBe('dark');
  });
});

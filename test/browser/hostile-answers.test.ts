// No row, value or answer can take a page along: every part of every page that shows an answer is given answers whose values are anything
// JSON can hold, of any length. What cannot be drawn says so in its own place; the rest of the page stays, and heals with the next answer.
import fc from 'fast-check';
import type { Page, Route } from 'playwright-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.js';
import { sized } from '../support/long.ts';
import { describeWith } from '../support/need.ts';
import { exploring, inlineLogs, inlineMetric, PATIENCE, result } from './explore.ts';

const SEED = Math.floor(Math.random() * 2 ** 31);
/** How an answer is twisted, see below: all ways one after the other. A short run has some of them on each page, others on the next one, so that none is left out. */
const WAYS = [0, 1, 2, 3, 4] as const;
const waysOf = (page: number): readonly number[] => {
  const first = (SEED + page * 3) % WAYS.length;
  return Array.from({ length: sized(3, WAYS.length) }, (_, i) => (first + i) % WAYS.length);
};

interface Column {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly values: readonly unknown[] | null;
}
interface Lines {
  readonly times: readonly unknown[];
  readonly keys: readonly Column[];
  readonly values: readonly { readonly values: readonly (readonly unknown[])[] | null }[];
}
interface Answer {
  data?: { query?: { columns: readonly Column[]; lines: Lines | null; rowCount: number; [key: string]: unknown } };
}

const hostile = fc.oneof(
  fc.constantFrom<unknown>(null, '', '-', '__proto__', 'constructor', true, 0, -0, -1, 1e308, -1e308, 5e-324, '18446744073709551615', 'NaN'),
  fc.constantFrom(
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    '\u0000\u001b[31m\u202e',
    'not a time',
    '2026-13-45T99:99:99Z',
    '+275760-09-13',
  ),
  fc.constantFrom<unknown>([], {}, [[]], { a: { b: null } }, { '': '' }, { '<b>': '<i>' }, 'x'.repeat(100_000), '9'.repeat(400)),
  fc.jsonValue(),
);

describeWith('hostile answers', findChromium(), 'no Chromium; install the package chromium or name one in CHROMIUM', (executable) => {
  const { explore, product } = exploring(executable);
  const generator = fc.sample(hostile, { seed: SEED, numRuns: 4000 });
  let drawn = 0;
  const next = (): unknown => generator[drawn++ % generator.length];
  let host = '';

  const twistedLines = (lines: Lines, way: number): Lines => {
    const some = (values: readonly unknown[]): readonly unknown[] => values.map((value) => (drawn % 2 === way % 2 ? value : next()));
    if (way === 4)
      return { ...lines, keys: lines.keys.map((column) => ({ ...column, values: null })), values: lines.values.map((one) => ({ ...one, values: null })) };
    return {
      ...lines,
      times: way === 0 ? some(lines.times) : lines.times,
      keys: lines.keys.map((column) => ({ ...column, values: some(column.values ?? []).slice(way === 3 ? 1 : 0) })),
      values: lines.values.map((one) => ({
        ...one,
        values: (one.values ?? []).map((values) => some(values).slice(way === 3 ? 1 : 0)),
        other: { merge: 'max', values: some(lines.times) },
      })),
    };
  };

  /** The true answer with its own columns and other values: all of one kind, mixed, all the same, of unequal lengths, or no list of values at all. */
  const twisted = (answer: Answer, way: number): Answer => {
    const query = answer.data?.query;
    if (query === undefined) return answer;
    if (way === 4)
      return {
        data: {
          query: {
            ...query,
            columns: query.columns.map((column) => ({ ...column, values: null })),
            lines: query.lines && twistedLines(query.lines, way),
            rowCount: 6,
          },
        },
      };
    const rows = Math.max(6, Math.min(40, query.rowCount));
    const columns = query.columns.map((column, c) => {
      // the host that a page is about is in its question: an answer about another one is none
      if (column.name === 'host' && column.values?.every((value) => value === host)) return { ...column, values: Array.from({ length: rows }, () => host) };
      const same = next();
      const values = Array.from({ length: rows }, (_, row) =>
        way === 0 ? next() : way === 1 ? same : (row + c) % 3 === 0 ? next() : (column.values?.[row % Math.max(1, column.values.length)] ?? null),
      );
      return { ...column, values: way === 3 ? values.slice(0, rows - (c % 4)) : values };
    });
    return { data: { query: { ...query, columns, lines: query.lines && twistedLines(query.lines, way), rowCount: rows } } };
  };

  beforeAll(async () => {
    console.log(`hostile answers of seed ${SEED}`);
    const { page } = await explore('from hosts | select host');
    await page.locator('td[data-row]').filter({ hasText: /\w/ }).first().waitFor();
    host = (await page.locator('td[data-row]').filter({ hasText: /\w/ }).first().textContent()) ?? '';
  }, 120_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.log(`failed with seed ${SEED}`);
  });

  const PAGES: readonly (readonly [name: string, address: () => string, whole: (page: Page) => Promise<unknown>])[] = [
    ['the first page', () => '#/explore', (page) => page.getByRole('region', { name: 'Newest log lines' }).waitFor()],
    ['the first page of one host', () => `#/explore?on=${encodeURIComponent(host)}`, (page) => page.getByRole('region', { name: 'Processors' }).waitFor()],
    ['the list of hosts', () => '#/hosts', (page) => page.getByLabel('Hosts that').waitFor()],
    ['the list of hosts by a figure', () => '#/hosts?sort=-cpu', (page) => page.getByLabel('Hosts that').waitFor()],
    ...(['overview', 'filesystems', 'processes', 'logs', 'events', 'inventory'] as const).map(
      (part) =>
        [
          `${part} of a host`,
          () => `#/host?host=${encodeURIComponent(host)}&part=${part}`,
          (page: Page) => page.locator('[role=tablist] [role=tab]').nth(5).waitFor(),
        ] as const,
    ),
    ['status', () => '#/status', (page) => page.getByRole('region', { name: 'Agents' }).waitFor()],
    ['agents', () => '#/agents', (page) => page.getByRole('button', { name: 'New join token' }).waitFor()],
    ['learn', () => '#/learn', (page) => page.getByTestId('lesson').first().waitFor()],
    ...[
      ['a chart', inlineMetric(), 'chart'],
      ['stacked bars', `${inlineLogs()}\n| every 1m count by severity`, 'chart'],
      ['bars', `${inlineLogs()}\n| count by severity`, 'bars'],
      ['a table', 'from processes\n| limit 50', 'table'],
      ['log lines', inlineLogs(), 'logs'],
    ].map(
      ([name, text, view]) =>
        [
          name as string,
          () => `#/explore?${new URLSearchParams({ text: text as string, range: '1h', view: view as string })}`,
          (page: Page) => page.locator('.cm-content').waitFor(),
        ] as const,
    ),
  ];

  test.each(PAGES.map((page, n) => [...page, waysOf(n)] as const))(
    '%s stays, and heals',
    async (_, address, whole, ways) => {
      const { page, complaints } = await explore('');
      // a page of its own: nothing that was loaded before answers for it
      await page.goto(`${product().origin}/${address()}`);
      await whole(page);
      let way = 0;
      let answered = 0;
      const twist = async (route: Route): Promise<void> => {
        const { variables } = (route.request().postDataJSON() ?? {}) as { variables?: { text?: string } };
        if (variables?.text === undefined) return route.continue();
        try {
          const answer = await route.fetch();
          await route.fulfill({ response: answer, json: twisted((await answer.json()) as Answer, way) });
          answered++;
        } catch {
          // the page no longer wants it
        }
      };
      await page.route('**/graphql', twist);
      for (way of ways) {
        const before = answered;
        await expect
          .poll(
            async () => {
              // a question that is under way is let be
              await page.getByRole('button', { name: 'Refresh' }).click();
              return answered;
            },
            { timeout: PATIENCE, interval: 100 },
          )
          .toBeGreaterThan(before);
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        await whole(page);
        await page.getByRole('link', { name: 'Hosts', exact: true }).first().waitFor();
        expect(await page.getByText('This page could not be shown').count()).toBe(0);
      }
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await page.getByRole('button', { name: 'Refresh' }).click();
      await whole(page);
      await expect
        .poll(
          async () => {
            // what was asked while the page was ill may still be on its way
            if ((await page.getByTestId('failed').count()) > 0) await page.getByRole('button', { name: 'Refresh' }).click();
            return page.getByTestId('failed').count();
          },
          { timeout: PATIENCE, interval: 1000 },
        )
        .toBe(0);
      // A boundary says in the console what it kept; nothing else may complain.
      expect(complaints.filter((said) => !said.includes('could not be shown'))).toEqual([]);
    },
    120_000,
  );

  test('what cannot be drawn says so in its own place and is tried again; the rest of the page stays', async () => {
    const { page } = await explore('');
    await page.addInitScript(() => {
      const whole = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...given: unknown[]) {
        if (!Object.hasOwn(globalThis, 'healed')) throw new Error('there is no canvas');
        return Reflect.apply(whole, this, given);
      } as typeof whole;
    });
    await page.goto(`${product().origin}/#/explore`);
    await page.reload();
    const memory = page.getByRole('region', { name: 'Memory' });
    await memory.getByText('there is no canvas').waitFor();
    await page.getByRole('region', { name: 'Busiest processes' }).locator('td[data-row]').first().waitFor();
    expect(await page.getByText('This page could not be shown').count()).toBe(0);
    await page.evaluate(() => Object.assign(globalThis, { healed: true }));
    await memory.getByRole('button', { name: 'Try again' }).click();
    await memory.locator('canvas').first().waitFor();
    await page.getByRole('link', { name: 'Hosts', exact: true }).first().click();
    await page.getByLabel('Hosts that').waitFor();
  }, 120_000);

  test('an answer of 100,000 rows and 300 columns is drawn, and what is left out is told', async () => {
    const { page, complaints } = await explore('');
    await page.evaluate(() => {
      const asked = window.fetch;
      window.fetch = async (...request) => {
        const answer = await asked(...request);
        const body = JSON.parse(String(request[1]?.body ?? '{}')) as { variables?: { text?: string } };
        if (!(body.variables?.text ?? '').startsWith('data ')) return answer;
        const rows = 100_000;
        const began = Date.now() - rows * 10;
        const times = Array.from({ length: rows }, (_, i) => new Date(began + i * 10).toISOString());
        const figures = `[${Array.from({ length: rows }, (_, i) => i % 9).join(',')}]`;
        const columns = Array.from({ length: 300 }, (_, c) => `{"name":"c${c}","type":"float","unit":null,"values":${figures}}`);
        const stats = '{"elapsedMs":1,"rowsRead":1,"bytesRead":1}';
        const text = `{"data":{"query":{"columns":[{"name":"time","type":"time","unit":null,"values":${JSON.stringify(times)}},${columns.join(',')}],"lines":null,"rowCount":${rows},"truncated":null,"completeUpTo":null,"partial":[],"diagnostics":[],"stats":${stats}}}}`;
        return new Response(text, { headers: { 'content-type': 'application/json' } });
      };
    });
    await page.evaluate((text) => {
      location.hash = `#/explore?${new URLSearchParams({ text, range: '1h' })}`;
    }, inlineMetric());
    await page.getByText('The first 60 of 300 columns are drawn').waitFor({ timeout: 5 * PATIENCE });
    page.setDefaultTimeout(4 * PATIENCE);
    await page.getByText(/of 100,000 points of a line are drawn/).waitFor();
    await result(page, 'chart').locator('canvas').first().waitFor();
    await page.getByRole('tab', { name: 'Table' }).click();
    await result(page, 'table').locator('td').first().waitFor();
    expect(complaints).toEqual([]);
  }, 400_000);
});

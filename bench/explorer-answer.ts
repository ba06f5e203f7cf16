// A large answer in a real browser: from the moment it has arrived until it is drawn, and how long the page did not answer meanwhile.
// The answers are made in the page, as large as the server gives them at most (10,000,000 values), so that no store has a part in it.
import type { Page } from 'playwright-core';
import { launchBrowser, visit } from '../test/browser/chromium.ts';
import { startProduct } from '../test/browser/product.ts';
import { findChromium } from '../test/support/chromium.js';
import type { Figure } from './figure.ts';

const ROUNDS = 3;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Shape {
  readonly rows: number;
  readonly columns: number;
}
const SHAPES: readonly Shape[] = [
  { rows: 1000, columns: 4 },
  { rows: 100_000, columns: 1 },
  { rows: 33_000, columns: 300 },
  { rows: 100_000, columns: 99 },
];

/** Every question is answered with that many rows of a time and that many figures; notes when the answer is there. */
const answerWith = (page: Page, shape: Shape): Promise<unknown> =>
  page.addInitScript(({ rows, columns }) => {
    const asked = window.fetch;
    window.fetch = async (...request) => {
      const { variables } = JSON.parse(String(request[1]?.body ?? '{}')) as { variables?: { text?: string } };
      if (variables?.text?.startsWith('from metrics.system.cpu.time') !== true) return asked(...request);
      const began = Date.now() - rows * 10;
      const times = JSON.stringify(Array.from({ length: rows }, (_, i) => new Date(began + i * 10).toISOString()));
      const values = `[${Array.from({ length: rows }, (_, i) => (i % 97) / 10).join(',')}]`;
      const all = [`{"name":"time","type":"time","unit":null,"values":${times}}`];
      for (let c = 0; c < columns; c++) all.push(`{"name":"c${c}","type":"float","unit":null,"values":${values}}`);
      const rest = `"rowCount":${rows},"truncated":null,"completeUpTo":null,"partial":[],"diagnostics":[],"stats":{"elapsedMs":1,"rowsRead":1,"bytesRead":1}`;
      const text = `{"data":{"query":{"columns":[${all.join(',')}],${rest}}}}`;
      (window as unknown as { arrived: number }).arrived = performance.now();
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    };
  }, shape);

interface Drawn {
  readonly drawn: number;
  /** Of the same text, only read as JSON. */
  readonly parsed: number;
}

const measure = (page: Page): Promise<Drawn> =>
  page.evaluate(async () => {
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    while (document.querySelector('[data-testid=result] canvas') === null) await frame();
    await frame();
    const drawn = performance.now() - (window as unknown as { arrived: number }).arrived;
    const answer = await fetch('/graphql', { method: 'POST', body: JSON.stringify({ variables: { text: 'from metrics.system.cpu.time' } }) });
    const text = await answer.text();
    const begun = performance.now();
    JSON.parse(text);
    return { drawn, parsed: performance.now() - begun };
  });

export const run = async (): Promise<readonly Figure[]> => {
  const executable = findChromium();
  if (executable === undefined) throw new Error('no Chromium; install the package chromium or name one in CHROMIUM');
  const product = await startProduct();
  const browser = await launchBrowser(executable);
  try {
    const figures: Figure[] = [];
    for (const shape of SHAPES) {
      const { page, context } = await visit(browser);
      page.setDefaultTimeout(240_000);
      await page.goto(product.link);
      await answerWith(page, shape);
      const all: Drawn[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await page.goto('about:blank');
        await page.goto(`${product.origin}/#/explore?${new URLSearchParams({ text: 'from metrics.system.cpu.time\n| every 10s rate', view: 'chart' })}`);
        all.push(await measure(page));
      }
      await context.close();
      const [drawn, parsed] = [median(all.map((one) => one.drawn)), median(all.map((one) => one.parsed))];
      figures.push({
        what: `answer of ${shape.rows.toLocaleString('en')} rows × ${shape.columns} figures: arrived → drawn (goal 16 ms for small ones)`,
        value: `${drawn.toFixed(0)} ms`,
        against: `${parsed.toFixed(0)} ms to read its JSON alone`,
        ratio: drawn / parsed,
      });
    }
    return figures;
  } finally {
    await browser.close();
    await product.stop();
  }
};

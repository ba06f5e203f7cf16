// Every text of the lessons, recipes, README and guides is right on a running product with lines of an access log and of an application.
import { appendFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LESSONS, RECIPES } from '../../ui/src/learn/lessons.ts';
import { GUIDE_TEXTS } from '../support/guide-texts.ts';
import { eventually, newFolder, type Product, startProduct } from './support/product.ts';

let product: Product;
let logs: string;
beforeAll(async () => {
  logs = await newFolder();
  product = await startProduct({ logs: [join(logs, '*.log')] });
  const now = Date.now();
  const clf = (ms: number): string => {
    const [, month, day, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString())?.slice(0) ?? [];
    return `${month}/${day}/${year}:${time} +0000`;
  };
  for (let i = 0; i < 20; i++) {
    const at = now - i * 1000;
    appendFileSync(join(logs, 'access.log'), `10.0.0.1 - - [${clf(at)}] "GET /cart HTTP/1.1" ${i % 5 === 0 ? 502 : 200} 512 "-" "curl/8"\n`);
    appendFileSync(
      join(logs, 'app.log'),
      `${JSON.stringify({ time: new Date(at).toISOString(), level: i % 4 === 0 ? 'error' : 'info', service: 'shop', msg: 'connection refused', duration_ms: i, path: '/cart' })}\n`,
    );
  }
  await eventually('lines and rates', async () => {
    const [n] = await product.values('from logs | summarize n = count()');
    const rates = await product.values('from metrics.system.network.io | every 1m rate | limit 1', 'value');
    return Number(n) >= 40 && rates.length > 0;
  });
}, 180_000);
afterAll(async () => {
  await product?.stop();
  await rm(logs, { recursive: true, force: true });
});

/** These find nothing on a machine that is well, or runs no Java. */
const MAY_BE_EMPTY = new Set(['Restart loops', 'Full disks', 'Silent hosts', 'Full heaps', 'What collections cost']);

test.each([...LESSONS, ...RECIPES])('$title', async ({ title, text }) => {
  const { diagnostics, rowCount } = await eventually(title, async () => {
    const result = await product.ask(text);
    return (result.rowCount > 0 || MAY_BE_EMPTY.has(title) || result.diagnostics.length > 0) && result;
  });
  expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  if (!MAY_BE_EMPTY.has(title)) expect(rowCount).toBeGreaterThan(0);
});

/** Those of the planted causes are asked where the causes are; what is wrong on purpose has another answer. */
const GUIDE = GUIDE_TEXTS.filter(({ page }) => !page.endsWith('/find-the-cause.md'));
test.each(GUIDE)('$page: $text', async ({ text, columns }) => {
  const result = await product.ask(text);
  expect(result.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  if (columns !== undefined) expect(result.columns.map(({ name }) => name)).toEqual(columns);
});

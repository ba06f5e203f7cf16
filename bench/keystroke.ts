// What a key costs in the editor: until what is wrong stands beside the text, until the list of what can stand there is open.
// First the language alone, sign by sign, beside parsing only; then a real browser, beside the sign appearing. Starts the product, stops it.
import type { Page } from 'playwright-core';
import { check, complete, parseErrors, staticCatalogue } from '../query/language.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { withProduct } from './explorer-product.ts';
import type { Figure } from './figure.ts';

const SMALL = 'from processes last 5m | where cpu > 10% and host != "web-1" | latest | top 5 by cpu per host';
const LARGE = `from processes last 5m\n| where ${Array.from({ length: 400 }, (_, i) => `name != "worker-${i}"`).join('\n    and ')}\n| latest | top 5 by cpu per host`;
const TEXTS = [
  ['small', SMALL],
  ['large', LARGE],
] as const;
const KEYS = 60;
const ROUNDS = 15;

const at = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
const figure = (what: string, times: readonly number[], bare: readonly number[], named: string): Figure => {
  const [mine, theirs] = [times.toSorted((a, b) => a - b), bare.toSorted((a, b) => a - b)];
  const written = (sorted: readonly number[]): string => `${at(sorted, 0.5).toFixed(1)} ms, p95 ${at(sorted, 0.95).toFixed(1)} ms`;
  return { what, value: written(mine), against: `${written(theirs)}: ${named}`, ratio: at(mine, 0.5) / at(theirs, 0.5) };
};

/** Milliseconds of `work` for each of the last signs of the text, as they are typed. */
const typed = (text: string, work: (text: string) => unknown): readonly number[] => {
  const one = (end: number): number => {
    const head = text.slice(0, end);
    const begun = performance.now();
    work(head);
    return performance.now() - begun;
  };
  const ends = Array.from({ length: KEYS }, (_, i) => text.length - KEYS + i + 1);
  for (let warm = 0; warm < 3; warm++) ends.forEach(one);
  return ends.map(one);
};

const alone = (): readonly Figure[] => {
  const catalogue = staticCatalogue(DATASETS);
  return TEXTS.flatMap(([size, text]) => {
    const parsing = typed(text, parseErrors);
    const named = `parsing only, ${text.length} signs`;
    return [
      figure(
        `key to diagnostics, language alone: ${size} text`,
        typed(text, (head) => check(head, catalogue)),
        parsing,
        named,
      ),
      figure(
        `key to completion, language alone: ${size} text`,
        typed(text, (head) => complete(head, head.length, catalogue)),
        parsing,
        named,
      ),
    ];
  });
};

type Watching = Window & { seen?: Promise<number> };

/** Milliseconds from a key to what it makes appear in the editor; `selector` empty: to the key's own sign. */
const untilSeen = async (page: Page, key: string, selector: string): Promise<number> => {
  await page.evaluate((wanted) => {
    const root = document.querySelector('[data-testid=editor]')?.shadowRoot as ShadowRoot;
    const before = root.querySelector('.cm-content')?.textContent;
    let pressed = Number.NaN;
    const heard = ({ timeStamp }: Event): void => {
      pressed = timeStamp;
    };
    document.addEventListener('keydown', heard, { once: true, capture: true });
    (window as Watching).seen = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        const there = wanted === '' ? root.querySelector('.cm-content')?.textContent !== before : root.querySelector(wanted) !== null;
        if (!there || Number.isNaN(pressed)) return;
        observer.disconnect();
        resolve(performance.now() - pressed);
      });
      observer.observe(root, { childList: true, subtree: true, characterData: true });
    });
  }, selector);
  await page.keyboard.press(key);
  return page.evaluate(() => (window as Watching).seen ?? Number.NaN);
};

const inBrowser = async (page: Page, size: string, text: string, origin: string): Promise<readonly Figure[]> => {
  await page.goto(`${origin}/?${size}#/explore?text=${encodeURIComponent(`${text}\n| where cpu > 9%`)}`);
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  const message = page.locator('.cm-message-error');
  const list = page.locator('.cm-tooltip-autocomplete');
  const times: Record<'echo' | 'diagnostics' | 'completion', number[]> = { echo: [], diagnostics: [], completion: [] };
  // Once unmeasured, so that the editor and its language are there.
  await page.keyboard.press('Backspace');
  await message.first().waitFor();
  for (let round = 0; round < ROUNDS; round++) {
    times.echo.push(await untilSeen(page, '%', ''));
    await message.first().waitFor({ state: 'detached' });
    times.diagnostics.push(await untilSeen(page, 'Backspace', '.cm-message-error'));
  }
  await page.keyboard.type('% and ');
  for (let round = 0; round < ROUNDS; round++) {
    await list.waitFor({ state: 'detached' });
    times.completion.push(await untilSeen(page, 'm', '.cm-tooltip-autocomplete li'));
    // Where no list is open, Escape leaves the editor.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Backspace');
  }
  const named = `the sign appears, ${text.length} signs`;
  return [
    figure(`key to diagnostics in the browser: ${size} text`, times.diagnostics, times.echo, named),
    figure(`key to completion in the browser: ${size} text`, times.completion, times.echo, named),
  ];
};

export const run = (): Promise<readonly Figure[]> =>
  withProduct(async ({ origin }, page) => {
    const figures = [...alone()];
    await page.locator('[data-testid=first-page]').waitFor();
    for (const [size, text] of TEXTS) figures.push(...(await inBrowser(page, size, text, origin)));
    return figures;
  });

// What axe finds on a page that matters: violations whose impact is serious or critical, as lines a person can act on.
// In which sizes and themes pages are looked at. Never decides what is allowed to stay.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Each theme and each size once; INFRAMIRROR_AXE=all asks for every size in every theme. */
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
export const LOOKS: readonly { readonly viewport: typeof DESK; readonly colorScheme: 'light' | 'dark' }[] =
  process.env.INFRAMIRROR_AXE === 'all'
    ? [DESK, PHONE].flatMap((viewport) => (['light', 'dark'] as const).map((colorScheme) => ({ viewport, colorScheme })))
    : [
        { viewport: DESK, colorScheme: 'light' },
        { viewport: PHONE, colorScheme: 'dark' },
      ];

/** One line a violation and element: impact, rule, what to mend. */
export const seriousOn = async (page: Page): Promise<string[]> => {
  // Evaluated by the debugger, not as a script element: the page's Content-Security-Policy stays as it is.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(await readFile(SOURCE, 'utf8'));
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ impact, id, nodes }) => nodes.map(({ target, failureSummary }) => `${impact} ${id} ${target.join(' ')}: ${failureSummary ?? ''}`));
};

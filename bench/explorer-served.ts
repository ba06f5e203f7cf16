// The built explorer in a real browser with one made answer, for benches of what it does with answers: how long until it is drawn, for how
// long the page stands still, frames a second while it scrolls. No product runs.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser, visit } from '../test/browser/chromium.ts';
import { findChromium } from '../test/support/chromium.js';

const DIST = join(import.meta.dirname, '../ui/dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};

export interface MadeColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly values: readonly unknown[];
}

/** The answer as the server would write it, by pieces: one text of it may be longer than a string can be. */
const written = (columns: readonly MadeColumn[]): Buffer => {
  const pieces = columns.map(({ values, ...column }, i) =>
    Buffer.from(`${i === 0 ? '' : ','}${JSON.stringify(column).slice(0, -1)},"values":${JSON.stringify(values)}}`),
  );
  const rest = {
    rowCount: columns[0]?.values.length ?? 0,
    truncated: null,
    completeUpTo: null,
    partial: [],
    diagnostics: [],
    stats: { elapsedMs: 1, rowsRead: 1, bytesRead: 1 },
  };
  return Buffer.concat([Buffer.from('{"data":{"query":{"columns":['), ...pieces, Buffer.from(`],${JSON.stringify(rest).slice(1)}}}`)]);
};

export interface Explorer {
  readonly page: Page;
  readonly origin: string;
  /** The answer to that text from now on; to all others there are no rows. */
  readonly answer: (text: string, columns: readonly MadeColumn[]) => void;
}

export const withExplorer = async <T>(work: (explorer: Explorer) => Promise<T>): Promise<T> => {
  const executable = findChromium();
  if (executable === undefined) throw new Error('no Chromium; install the package chromium or name one in CHROMIUM');
  await readFile(join(DIST, 'index.html')).catch(() => {
    throw new Error('the explorer is not built; npm start builds it');
  });
  const none = written([]);
  let [asked, answer] = ['', none];
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    if (path === '/graphql') {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const { operationName, variables } = JSON.parse(text) as { operationName?: string; variables?: { text?: string } };
      const other = operationName === 'Run' ? none : '{"errors":[{"message":"not asked here"}]}';
      response.writeHead(200, { 'content-type': 'application/json' }).end(variables?.text === asked ? answer : other);
      return;
    }
    const body = await readFile(join(DIST, path === '/' ? 'index.html' : path)).catch(() => undefined);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': TYPES[extname(path === '/' ? '.html' : path)] ?? 'text/html' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchBrowser(executable);
  try {
    const { page } = await visit(browser);
    page.setDefaultTimeout(180_000);
    const give = (text: string, columns: readonly MadeColumn[]): void => {
      [asked, answer] = [text, written(columns)];
    };
    return await work({ page, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, answer: give });
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
};

export interface Drawn {
  /** Milliseconds from the last byte of the answer until it was on the screen. */
  readonly drawn: number;
  /** The longest time without a frame from the question until then, ms. */
  readonly still: number;
}

/** Opens the text and waits until the element is drawn. */
export const drawnAt = async ({ page, origin }: Explorer, text: string, view: 'table' | 'logs' | 'chart', selector: string): Promise<Drawn> => {
  await page.goto('about:blank');
  await page.goto(`${origin}/`);
  await page.locator('.cm-content').waitFor();
  // what the first page draws is none of it
  await page.locator(selector).first().waitFor({ state: 'detached' });
  await page.evaluate(
    ([to, wanted]) => {
      const state = { still: 0, last: performance.now(), drawn: 0 };
      Object.assign(globalThis, { benched: state });
      performance.clearResourceTimings();
      const frame = (now: number): void => {
        state.still = Math.max(state.still, now - state.last);
        state.last = now;
        if (document.querySelector(wanted) !== null) state.drawn = performance.now();
        else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      location.hash = to;
    },
    [`#/explore?${new URLSearchParams({ view, text })}`, selector] as const,
  );
  await page.locator(selector).first().waitFor();
  await page.waitForFunction(() => (globalThis as unknown as { benched: { drawn: number } }).benched.drawn > 0);
  return page.evaluate(() => {
    const { drawn, still } = (globalThis as unknown as { benched: { drawn: number; still: number } }).benched;
    const asked = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/graphql')) as PerformanceResourceTiming[];
    return { drawn: drawn - Math.max(...asked.map(({ responseEnd }) => responseEnd).filter((end) => end <= drawn)), still };
  });
};

const SCROLLED_MS = 4_000;

/** Frames a second while an element is scrolled by so many pixels a frame, down or sideways and back. */
export const framesScrolling = (page: Page, selector: string, step: number, sideways = false): Promise<number> =>
  page.evaluate(
    ([wanted, by, across, ms]) =>
      new Promise<number>((resolve) => {
        const box = document.querySelector(wanted) as HTMLElement;
        const begun = performance.now();
        let frames = 0;
        let way = by;
        const frame = (now: number): void => {
          if (now - begun > ms) {
            resolve((frames * 1000) / (now - begun));
            return;
          }
          frames++;
          const before = across ? box.scrollLeft : box.scrollTop;
          if (across) box.scrollLeft += way;
          else box.scrollTop += way;
          if ((across ? box.scrollLeft : box.scrollTop) === before) way = -way;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
    [selector, step, sideways, SCROLLED_MS] as const,
  );

/** The same of a page with nothing but that many empty rows: what this browser and machine give at most. */
export const framesOfEmptyRows = async (page: Page, rows: number, height: number, step: number): Promise<number> => {
  await page.goto('about:blank');
  await page.evaluate(
    ([count, pixels]) => {
      document.body.innerHTML = `<div id="list" style="height:600px;overflow:auto;contain:strict">${`<div style="height:${pixels}px"></div>`.repeat(count)}</div>`;
    },
    [rows, height] as const,
  );
  return framesScrolling(page, '#list', step);
};

/** Milliseconds this browser takes to fetch and parse the answer alone. */
export const parsedIn = async ({ page, origin }: Explorer, asked: string): Promise<number> => {
  await page.goto(`${origin}/icon.svg`);
  return page.evaluate(
    async (body) => {
      const text = await (await fetch('/graphql', { method: 'POST', body })).text();
      const begun = performance.now();
      JSON.parse(text);
      return performance.now() - begun;
    },
    JSON.stringify({ operationName: 'Run', variables: { text: asked } }),
  );
};

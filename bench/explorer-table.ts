// The explorer's table in a real browser: an answer of ordinary size and the largest the server gives (10 M values), from its last byte
// until it is drawn, how long the page stands still meanwhile, and frames a second while it scrolls both ways.
import { drawnAt, framesOfEmptyRows, framesScrolling, type MadeColumn, parsedIn, withExplorer } from './explorer-served.ts';
import type { Figure } from './figure.ts';

const ROWS = 100_000;
const LARGEST = 10_000_000;
const TEXT = 'from bench';
const CELL = 'td[data-row="0"]';

/** Names, then times, texts and numbers in turn. */
const made = (rows: number, columns: number): MadeColumn[] =>
  Array.from({ length: columns }, (_, c): MadeColumn => {
    const name = `column_${c}`;
    const of = (value: (row: number) => unknown): unknown[] => Array.from({ length: rows }, (_, row) => value(row));
    if (c % 4 === 1) return { name, type: 'string', unit: null, values: of((row) => `v${(row * 7919) % 997}`) };
    if (c % 4 === 2) return { name, type: 'int', unit: 'By', values: of((row) => (row * 7919) % 1_000_003) };
    return { name, type: 'float', unit: '1', values: of((row) => ((row * 7919) % 997) / 1000) };
  });

export const run = async (): Promise<readonly Figure[]> =>
  withExplorer(async (explorer) => {
    const { page, answer } = explorer;
    const figures: Figure[] = [];
    const drawn = async (what: string): Promise<void> => {
      const parse = await parsedIn(explorer, TEXT);
      const { drawn: ms, still } = await drawnAt(explorer, TEXT, 'table', CELL);
      const against = `${parse.toFixed(0)} ms for JSON.parse of it alone`;
      figures.push({ what: `table, ${what}: arrived to drawn`, value: `${ms.toFixed(0)} ms`, against, ratio: ms / parse });
      figures.push({ what: `table, ${what}: longest time without a frame`, value: `${still.toFixed(0)} ms`, against, ratio: still / parse });
    };
    answer(TEXT, made(10_000, 20));
    await drawn('10,000 rows of 20 columns');
    answer(TEXT, made(ROWS, LARGEST / ROWS));
    await drawn('100,000 rows of 100 columns');
    const down = await framesScrolling(page, '[data-testid=table]', 300);
    answer(TEXT, made(LARGEST / 300, 300));
    await drawnAt(explorer, TEXT, 'table', CELL);
    const across = await framesScrolling(page, '[data-testid=table]', 60, true);
    const empty = await framesOfEmptyRows(page, ROWS, 28, 300);
    const against = `${empty.toFixed(0)} of empty rows`;
    figures.push({ what: 'table of 100,000 rows scrolled, frames a second', value: down.toFixed(0), against, ratio: down / empty });
    figures.push({ what: 'table of 300 columns scrolled sideways, frames a second', value: across.toFixed(0), against, ratio: across / empty });
    return figures;
  });

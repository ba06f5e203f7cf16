// A chart of a small and of a large answer in a real browser: from the last byte of the answer until it is drawn, and how long the page
// stands still meanwhile. The answers are as large as the server gives them at most (10 M values).
import { drawnAt, type MadeColumn, parsedIn, withExplorer } from './explorer-served.ts';
import { type Figure, median } from './figure.ts';

const TEXT = 'from metrics.system.cpu.time\n| every 10s rate';
const ROUNDS = 3;
const AT = 1_795_176_000_000;

const SHAPES: readonly (readonly [rows: number, columns: number])[] = [
  [1000, 4],
  [100_000, 1],
  [33_000, 300],
  [100_000, 99],
];

const made = (rows: number, columns: number): MadeColumn[] => {
  const values = Array.from({ length: rows }, (_, row) => (row % 97) / 10);
  const times = Array.from({ length: rows }, (_, row) => new Date(AT + row * 10).toISOString());
  const figures = Array.from({ length: columns }, (_, c): MadeColumn => ({ name: `c${c}`, type: 'float', unit: null, values }));
  return [{ name: 'time', type: 'time', unit: null, values: times }, ...figures];
};

export const run = async (): Promise<readonly Figure[]> =>
  withExplorer(async (explorer) => {
    const figures: Figure[] = [];
    for (const [rows, columns] of SHAPES) {
      explorer.answer(TEXT, made(rows, columns));
      const parse = await parsedIn(explorer, TEXT);
      const all = [];
      for (let round = 0; round < ROUNDS; round++) all.push(await drawnAt(explorer, TEXT, 'chart', '[data-testid=result] canvas'));
      const [drawn, still] = [median(all.map((one) => one.drawn)), median(all.map((one) => one.still))];
      const what = `chart of ${rows.toLocaleString('en')} rows × ${columns} figures`;
      const against = `${parse.toFixed(0)} ms for JSON.parse of it alone`;
      figures.push({ what: `${what}: arrived to drawn`, value: `${drawn.toFixed(0)} ms`, against, ratio: drawn / parse });
      figures.push({ what: `${what}: longest time without a frame`, value: `${still.toFixed(0)} ms`, against, ratio: still / parse });
    }
    return figures;
  });

// The explorer's list of log lines in a real browser: 100,000 lines from the last byte of the answer until they are drawn, and frames a
// second while they scroll, one line a row and wrapped, beside a list of as many empty rows.
import { drawnAt, framesOfEmptyRows, framesScrolling, type MadeColumn, parsedIn, withExplorer } from './explorer-served.ts';
import type { Figure } from './figure.ts';

const LINES = 100_000;
const TEXT = 'from logs | limit 100000';
const AT = 1_795_176_000_000;

const lines = (): MadeColumn[] => {
  const of = (name: string, type: string, value: (row: number) => unknown): MadeColumn => ({
    name,
    type,
    unit: null,
    values: Array.from({ length: LINES }, (_, row) => value(row)),
  });
  const severities = ['info', 'info', 'info', 'warn', 'debug', 'info', 'error'];
  return [
    of('time', 'time', (row) => new Date(AT - row * 37).toISOString()),
    of('severity', 'string', (row) => severities[row % severities.length]),
    of(
      'body',
      'string',
      (row) =>
        `request ${row} served in ${row % 900} ms for user ${(row * 7919) % 50_000} by GET /api/v${row % 3}/items${row % 50 === 0 ? '\n\tat com.acme.Main.main(Main.java:5)' : ''}`,
    ),
    of('raw', 'string', () => null),
    of('service', 'string', (row) => `service-${row % 20}`),
    of('host', 'string', (row) => `host-${(row * 31) % 40}`),
    of('source', 'string', (row) => `/var/log/service-${row % 20}.log`),
    of('attributes', 'map', (row) => ({ method: row % 4 === 0 ? 'POST' : 'GET', path: `/api/v${row % 3}/items`, user: `u${row % 1000}` })),
    of('numbers', 'map', (row) => ({ status: row % 10 === 0 ? 500 : 200, ms: row % 900 })),
  ];
};

export const run = async (): Promise<readonly Figure[]> =>
  withExplorer(async (explorer) => {
    const { page, answer } = explorer;
    answer(TEXT, lines());
    const parse = await parsedIn(explorer, TEXT);
    const { drawn, still } = await drawnAt(explorer, TEXT, 'logs', '.line .head');
    const against = `${parse.toFixed(0)} ms for JSON.parse of it alone`;
    const box = '[data-testid=logs]';
    const rows = await framesScrolling(page, box, 200);
    await page.getByRole('button', { name: 'Wrap lines' }).click();
    const wrapped = await framesScrolling(page, box, 200);
    const empty = await framesOfEmptyRows(page, LINES, 20, 200);
    const beside = `${empty.toFixed(0)} of empty rows`;
    return [
      { what: '100,000 log lines: arrived to drawn', value: `${drawn.toFixed(0)} ms`, against, ratio: drawn / parse },
      { what: '100,000 log lines: longest time without a frame', value: `${still.toFixed(0)} ms`, against, ratio: still / parse },
      { what: '100,000 log lines scrolled, frames a second (goal 60)', value: rows.toFixed(0), against: beside, ratio: rows / empty },
      { what: '100,000 log lines, wrapped, scrolled, frames a second', value: wrapped.toFixed(0), against: beside, ratio: wrapped / empty },
    ];
  });

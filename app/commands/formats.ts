// A result for the shell: a table for people, JSON, NDJSON and CSV (RFC 4180) for programs.

export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly values: readonly unknown[];
}

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Text of a cell without what a terminal would obey: control characters and escapes are shown as `·`. */
const plain = (value: unknown): string => {
  if (value === null || value === undefined) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{Cc}/gu, '·');
};

/** Columns a character takes are counted as code points. */
const width = (text: string): number => [...text].length;
const MOST_WIDTH = 120;
/** A ratio and a bare count say enough without. */
const UNSHOWN: ReadonlySet<string> = new Set(['1', '{}']);

const table = (columns: readonly ShownColumn[], rows: number): string => {
  const cut = (text: string): string => (width(text) > MOST_WIDTH ? `${[...text].slice(0, MOST_WIDTH - 1).join('')}…` : text);
  const cells = columns.map((c) => [
    plain(c.unit === null || UNSHOWN.has(c.unit) ? c.name : `${c.name} (${c.unit})`),
    ...Array.from({ length: rows }, (_, i) => cut(plain(c.values[i]))),
  ]);
  const widths = cells.map((column) => Math.max(...column.map(width)));
  const right = columns.map((c) => c.type === 'int' || c.type === 'float' || c.type === 'duration');
  const line = (row: number): string =>
    cells
      .map((column, i) => {
        const text = column[row] as string;
        const space = ' '.repeat((widths[i] as number) - width(text));
        return right[i] === true ? space + text : text + space;
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((w) => '─'.repeat(w)).join('  ');
  return `${[line(0), rule, ...Array.from({ length: rows }, (_, i) => line(i + 1))].join('\n')}\n`;
};

const record = (columns: readonly ShownColumn[], row: number): string =>
  `{${columns.map((c) => `${JSON.stringify(c.name)}:${JSON.stringify(c.values[row] ?? null)}`).join(',')}}`;

const csvCell = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const formatResult = (format: Format, columns: readonly ShownColumn[], rows: number): string => {
  const each = (line: (row: number) => string): string => Array.from({ length: rows }, (_, i) => `${line(i)}\n`).join('');
  switch (format) {
    case 'table':
      return columns.length === 0 ? '' : table(columns, rows);
    case 'json':
      return `[${Array.from({ length: rows }, (_, i) => record(columns, i)).join(',\n')}]\n`;
    case 'ndjson':
      return each((i) => record(columns, i));
    case 'csv':
      return `${columns.map((c) => csvCell(c.name)).join(',')}\n${each((i) => columns.map((c) => csvCell(c.values[i])).join(','))}`;
  }
};

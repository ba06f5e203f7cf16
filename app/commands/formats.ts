// A result for the shell: a table for people, JSON, NDJSON and CSV for programs.
import { csvText } from '../../core/csv.ts';
import { plainJson } from '../../core/plain.ts';
import { tableOf } from './table.ts';

export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly values: readonly unknown[];
}

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

const record = (columns: readonly ShownColumn[], row: number): string =>
  plainJson(`{${columns.map((c) => `${JSON.stringify(c.name)}:${JSON.stringify(c.values[row] ?? null)}`).join(',')}}`);

export const formatResult = (format: Format, columns: readonly ShownColumn[], rows: number): string => {
  const each = (line: (row: number) => string): string => Array.from({ length: rows }, (_, i) => `${line(i)}\n`).join('');
  switch (format) {
    case 'table':
      return columns.length === 0 ? '' : tableOf(columns, rows).text;
    case 'json':
      return `[${Array.from({ length: rows }, (_, i) => record(columns, i)).join(',\n')}]\n`;
    case 'ndjson':
      return each((i) => record(columns, i));
    case 'csv':
      return csvText(columns, rows);
  }
};

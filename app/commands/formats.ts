// A result for the shell: a table for people, JSON, NDJSON and CSV for programs.
import { csvText } from '../../core/csv.ts';
import { jsonText, ndjsonText } from '../../core/json-rows.ts';
import type { ShownColumn } from './shown-column.ts';
import { tableOf } from './table.ts';

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export const formatResult = (format: Format, columns: readonly ShownColumn[], rows: number): string => {
  switch (format) {
    case 'table':
      return columns.length === 0 ? '' : tableOf(columns, rows).text;
    case 'json':
      return jsonText(columns, rows);
    case 'ndjson':
      return ndjsonText(columns, rows);
    case 'csv':
      return csvText(columns, rows);
  }
};

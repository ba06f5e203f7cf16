// A result for programs: JSON, NDJSON and CSV; what is for people is made by `table.ts`.
import { csvText } from '../../core/csv.ts';
import { jsonText, ndjsonText } from '../../core/json-rows.ts';
import type { ShownColumn } from './shown-column.ts';

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export const formatResult = (format: Exclude<Format, 'table'>, columns: readonly ShownColumn[], rows: number): string => {
  switch (format) {
    case 'json':
      return jsonText(columns, rows);
    case 'ndjson':
      return ndjsonText(columns, rows);
    case 'csv':
      return csvText(columns, rows);
  }
};

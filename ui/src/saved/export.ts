// An answer as a file for other programs: exact values in CSV, JSON or NDJSON, handed to the browser to keep.
import { csvText } from '../../../core/csv.ts';
import { jsonText, ndjsonText } from '../../../core/json-rows.ts';
import type { Asked } from '../data/run.svelte.ts';
import type { Result } from '../data/types.ts';
import { fileName } from './file-name.ts';

export const EXPORTS = {
  csv: { label: 'CSV', type: 'text/csv', write: csvText },
  json: { label: 'JSON', type: 'application/json', write: jsonText },
  ndjson: { label: 'NDJSON, a row a line', type: 'application/x-ndjson', write: ndjsonText },
} as const;
export type ExportFormat = keyof typeof EXPORTS;

/** Begins the download; its name. */
export const download = (result: Pick<Result, 'columns' | 'rowCount'>, { text, at }: Asked, format: ExportFormat): string => {
  const name = fileName(text, at, format);
  const { write, type } = EXPORTS[format];
  const href = URL.createObjectURL(new Blob([write(result.columns, result.rowCount)], { type: `${type};charset=utf-8` }));
  Object.assign(document.createElement('a'), { href, download: name }).click();
  // The browser has read it when the click was handled; at once is too early for some.
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
  return name;
};

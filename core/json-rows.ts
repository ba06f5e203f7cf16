// Rows of a columnar answer as JSON objects, for programs: one array, or one object a line (NDJSON). Values as they came, nothing formatted.
import { plainJson } from './plain.ts';

interface JsonColumn {
  readonly name: string;
  readonly values: readonly unknown[];
}

const record = (columns: readonly JsonColumn[], row: number): string =>
  plainJson(`{${columns.map((c) => `${JSON.stringify(c.name)}:${JSON.stringify(c.values[row] ?? null)}`).join(',')}}`);

export const jsonText = (columns: readonly JsonColumn[], rows: number): string =>
  `[${Array.from({ length: rows }, (_, i) => record(columns, i)).join(',\n')}]\n`;

export const ndjsonText = (columns: readonly JsonColumn[], rows: number): string => Array.from({ length: rows }, (_, i) => `${record(columns, i)}\n`).join('');

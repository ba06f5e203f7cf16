// CSV as RFC 4180 writes it, for spreadsheets: text that one would take for a formula is kept from being one.
// Never changes a number; who needs each byte takes JSON.

interface CsvColumn {
  readonly name: string;
  readonly type: string;
  readonly values: readonly unknown[];
}

/** What a spreadsheet may run (https://owasp.org/www-community/attacks/CSV_Injection): others write the texts we keep. */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const valueText = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return FORMULA.test(text) ? `'${text}` : text;
};

/** Integers beyond ±2^53 come as text. */
const INTEGER = /^-\d+$/;

/** A header and one line a row. Text that begins as a formula has an apostrophe before it. */
export const csvText = (columns: readonly CsvColumn[], rows: number): string => {
  const line = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\n`;
  const lines = [line(columns.map(({ name }) => valueText(name)))];
  for (let row = 0; row < rows; row++)
    lines.push(
      line(
        columns.map(({ type, values }) => {
          const value = values[row];
          return type === 'int' && typeof value === 'string' && INTEGER.test(value) ? value : valueText(value);
        }),
      ),
    );
  return lines.join('');
};

// The rows of a column of texts as bytes, whether they stand one after the other or in a dictionary; nothing is made for a row.
import type { Column, DictionaryColumn, TextColumn } from './batch.ts';

/** `at` says which row is in hand: bytes `[from, to)` of `data`. */
export class Texts {
  readonly data: Uint8Array;
  from = 0;
  to = 0;
  readonly #offsets: Int32Array;
  readonly #indices: Int32Array | undefined;

  constructor(column: Column) {
    const { layout } = column;
    if (layout !== 'text' && layout !== 'dictionary') throw new TypeError(`a text was expected, not ${layout}`);
    const text: TextColumn = layout === 'text' ? column : column.dictionary;
    this.data = text.data;
    this.#offsets = text.offsets;
    this.#indices = layout === 'text' ? undefined : (column as DictionaryColumn).indices;
  }

  at(row: number): void {
    const place = this.#indices === undefined ? row : (this.#indices[row] as number);
    this.from = this.#offsets[place] as number;
    this.to = this.#offsets[place + 1] as number;
  }
}

// Adds what the inventory says of each row's host as dictionary columns: one entry a host, one index a row.
// No object and no text is made for a row.
import { type Batch, type Column, columnOf, type DictionaryColumn, isPresent, type TextColumn, textAt, UTF8 } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { sameText } from '../../core/batch/same-bytes.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import type { Inventory } from '../inventory.ts';

/** Row → which of `hosts`; `undefined` in `hosts` stands for rows without a host. */
interface Hosts {
  readonly places: Int32Array;
  readonly hosts: readonly (string | undefined)[];
}

const hostsOf = (column: Column): Hosts => {
  const places = new Int32Array(column.length);
  const hosts: (string | undefined)[] = [undefined];
  const known = new Map<string, number>();
  const place = (host: string): number => {
    let found = known.get(host);
    if (found === undefined) {
      found = hosts.push(host) - 1;
      known.set(host, found);
    }
    return found;
  };
  if (column.layout === 'dictionary') {
    const entries = Int32Array.from({ length: column.dictionary.length }, (_, i) => place(textAt(column.dictionary, i)));
    for (let row = 0; row < column.length; row++) places[row] = isPresent(column, row) ? (entries[column.indices[row] as number] as number) : 0;
  } else if (column.layout === 'text') {
    let before = -1;
    for (let row = 0; row < column.length; row++) {
      if (!isPresent(column, row)) continue;
      // Rows of one host follow each other: their bytes are compared, not decoded.
      places[row] = before >= 0 && sameText(column, row, column, before) ? (places[before] as number) : place(textAt(column, row));
      before = row;
    }
  }
  return { places, hosts };
};

const columnOfTexts = (texts: readonly (string | undefined)[], places: Int32Array): Column => {
  const length = places.length;
  const distinct = [...new Set(texts.filter((text) => text !== undefined))];
  const dictionary = columnFrom(UTF8, distinct) as TextColumn;
  const entry = Int32Array.from(texts, (text) => (text === undefined ? -1 : distinct.indexOf(text)));
  const indices = new Int32Array(length);
  const validity = new Uint8Array((length + 7) >> 3);
  let missing = 0;
  for (let row = 0; row < length; row++) {
    const at = entry[places[row] as number] as number;
    if (at < 0) {
      missing++;
      continue;
    }
    indices[row] = at;
    validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7));
  }
  if (distinct.length === 0) return { layout: 'text', type: UTF8, length, validity, offsets: new Int32Array(length + 1), data: new Uint8Array(0) };
  return { layout: 'dictionary', type: UTF8, length, validity: missing === 0 ? undefined : validity, indices, dictionary } satisfies DictionaryColumn;
};

/** One column each of `ENRICHMENT`, by the column `host` of the batch; rows without a host by their sender. */
export const enrichmentColumns = (batch: Batch, sender: string, inventory: Pick<Inventory, 'of'>): readonly Column[] => {
  const { places, hosts } = hostsOf(columnOf(batch, 'host'));
  const found = hosts.map((host) => inventory.of(host, sender));
  return ENRICHMENT.map((_, i) =>
    columnOfTexts(
      found.map((enrichment) => enrichment[i]),
      places,
    ),
  );
};

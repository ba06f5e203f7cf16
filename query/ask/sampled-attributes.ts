// What attributes some lines of a store of documents have, counted here: the columns that `learned-attributes.ts` asks the column store for.
import { type Batch, columnOf, FLOAT, INT64, type MapColumn, map, TIME_NS, UTF8, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { DocumentColumn, RowsRequest, Search } from '../../engines/search/port.ts';

const COLUMNS: readonly DocumentColumn[] = [
  ['sender', UTF8] as const,
  ['time', TIME_NS] as const,
  ['attributes', map(UTF8)] as const,
  ['numbers', map(FLOAT)] as const,
].map(([name, type]) => ({ name, type, field: name }));

interface Found {
  readonly name: string;
  readonly sender: string;
  lines: number;
  text: number;
  number: number;
  newest: bigint;
}

/** `lines` of the documents at most, the newest first. */
export const sampledAttributes = async (
  search: Pick<Search, 'query'>,
  conditions: readonly unknown[],
  range: RowsRequest['range'],
  lines: number,
): Promise<Batch> => {
  const query = { bool: { filter: conditions } };
  const request: RowsRequest = { ask: 'rows', query, sort: [{ time: 'desc' }], limit: lines, columns: COLUMNS, ...(range === undefined ? {} : { range }) };
  const { batches } = await search.query(JSON.stringify(request));
  const found = new Map<string, Found>();
  const note = (name: string, sender: string, time: bigint, what: 'lines' | 'text' | 'number'): void => {
    const key = `${sender}\0${name}`;
    const known = found.get(key) ?? { name, sender, lines: 0, text: 0, number: 0, newest: time };
    found.set(key, known);
    known[what]++;
    if (time > known.newest) known.newest = time;
  };
  for (const batch of batches) {
    const [senders, times] = [columnOf(batch, 'sender'), columnOf(batch, 'time')];
    const maps = (['attributes', 'numbers'] as const).map((name) => [name === 'attributes' ? 'text' : 'number', columnOf(batch, name) as MapColumn] as const);
    for (let row = 0; row < batch.length; row++) {
      const [sender, time] = [valueAt(senders, row) as string, valueAt(times, row) as bigint];
      note('', sender, time, 'lines');
      for (const [what, { offsets, keys }] of maps)
        for (let i = offsets[row] as number; i < (offsets[row + 1] as number); i++) note(valueAt(keys, i) as string, sender, time, what);
    }
  }
  const rows = [...found.values()];
  const integers = (of: (row: Found) => Value): ReturnType<typeof columnFrom> => columnFrom(INT64, rows.map(of));
  return batchOf([
    [
      'name',
      columnFrom(
        UTF8,
        rows.map(({ name }) => name),
      ),
    ],
    [
      'sender',
      columnFrom(
        UTF8,
        rows.map(({ sender }) => sender),
      ),
    ],
    ['lines', integers(({ name, lines }) => (name === '' ? BigInt(lines) : 0n))],
    ['text', integers(({ text }) => BigInt(text))],
    ['number', integers(({ number }) => BigInt(number))],
    ['newest', integers(({ newest }) => newest)],
  ]);
};

// Unnest: a row for each item of a list, and the item's place from 0; of an empty list, or none, one row in which both are missing.
import { type Batch, type Column, columnOf, isPresent } from '../../../core/batch/batch.ts';
import { columnFrom } from '../../../core/batch/build.ts';
import { takeColumn } from '../../../core/batch/take.ts';
import type { Table } from '../../3-plan/nodes.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { fieldsOf, widen } from '../conform.ts';
import type { Operator } from './operator.ts';

/** Rows given out at once: a batch may have lists of many more items than it has rows. */
const PIECE_ROWS = 65_536;

export const unnestOperator = (node: Table, { list, place }: { readonly list: string; readonly place: string }): Operator => {
  const fields = fieldsOf(node.columns);
  const rows = new Int32Array(PIECE_ROWS);
  const items = new Int32Array(PIECE_ROWS);
  const places = new Int32Array(PIECE_ROWS);
  const made = (batch: Batch, all: Column, count: number): Batch => {
    const [from, at] = [rows.slice(0, count), places.slice(0, count)];
    const column = (name: string): Column => {
      if (name === list) return takeColumn(all, items.slice(0, count));
      if (name !== place) return takeColumn(columnOf(batch, name), from);
      return columnFrom(
        physicalType('int'),
        Array.from(at, (p) => (p < 0 ? null : BigInt(p))),
      );
    };
    return { length: count, fields, columns: fields.map((f) => widen(column(f.name), f.type)) };
  };
  return {
    push: (batch, emit) => {
      const column = columnOf(batch, list);
      if (column.layout !== 'list') throw new TypeError(`${list} is a column of ${column.type.kind}`);
      let count = 0;
      const put = (row: number, item: number, at: number): void => {
        rows[count] = row;
        items[count] = item;
        places[count++] = at;
        if (count < PIECE_ROWS) return;
        emit(made(batch, column.items, count));
        count = 0;
      };
      for (let row = 0; row < batch.length; row++) {
        const [from, to] = [column.offsets[row] as number, column.offsets[row + 1] as number];
        if (from === to || !isPresent(column, row)) put(row, -1, -1);
        else for (let item = from; item < to; item++) put(row, item, item - from);
      }
      if (count > 0) emit(made(batch, column.items, count));
    },
    advance: () => {},
    end: () => {},
  };
};

// What a batch takes in memory, for budgets. Shared dictionaries and views count in full: an upper bound, cheap to work out.
import type { Batch, Column } from '../../core/batch/batch.ts';

const columnBytes = (column: Column): number => {
  const validity = column.validity?.length ?? 0;
  switch (column.layout) {
    case 'fixed':
      return validity + column.values.byteLength;
    case 'bool':
      return validity + column.bits.length;
    case 'text':
      return validity + column.length * 4 + ((column.offsets[column.length] as number) - (column.offsets[0] as number));
    case 'dictionary':
      return validity + column.length * 4;
    case 'list':
      return validity + column.length * 4 + columnBytes(column.items);
    case 'map':
      return validity + column.length * 4 + columnBytes(column.keys) + columnBytes(column.values);
  }
};

export const batchBytes = (batch: Batch): number => batch.columns.reduce((sum, column) => sum + columnBytes(column), 0);

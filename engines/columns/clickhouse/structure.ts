// What ClickHouse is told of a batch that it is to read as a table: the columns' names and types as they stand in the Arrow stream.
// The types of the table it goes into are the store's to know; it casts.
import type { Batch, Column, DictionaryColumn, TextColumn } from '../../../core/batch/batch.ts';

/** The argument of `input(…)`: a literal of SQL. Names are those of our own schemas. */
export const structureOf = ({ fields, columns }: Batch): string => {
  const text = fields.map(({ name }, at) => `\`${name}\` ${typeOf(columns[at] as Column)}`).join(', ');
  return `'${text.replaceAll("'", "\\'")}'`;
};

/** Said as it may be missing only where something is: the column it goes into refuses nothing else. */
const typeOf = (column: Column): string => {
  const { type } = column;
  if (column.layout === 'list') return `Array(${typeOf(column.items)})`;
  if (column.layout === 'map') return `Map(${textType(column.keys)}, ${typeOf(column.values)})`;
  if (column.layout === 'text' || column.layout === 'dictionary') return textType(column);
  const name = ((): string => {
    switch (type.kind) {
      case 'bool':
        return 'Bool';
      case 'int':
        return `${type.signed ? '' : 'U'}Int${type.bits}`;
      case 'float':
        return 'Float64';
      case 'timestamp':
        return `DateTime64(${type.unit === 'ms' ? 3 : 9}, 'UTC')`;
      default:
        return 'Int64';
    }
  })();
  return column.validity === undefined ? name : `Nullable(${name})`;
};

const textType = ({ layout, validity }: TextColumn | DictionaryColumn): string => {
  const name = validity === undefined ? 'String' : 'Nullable(String)';
  return layout === 'dictionary' ? `LowCardinality(${name})` : name;
};

// How IQL's types rest in columns while a query runs here: one physical type each.
// Stores may hand over narrower ones; `conform` (query/run/conform.ts) widens them first.
import { BOOL, type DataType, DURATION, FLOAT, INT64, list, map, TIME_NS, UTF8 } from '../../core/batch/batch.ts';
import type { ValueType } from '../../schemas/types.ts';

/**
 * bool → bits; int → INT64; float → FLOAT; string, ip → UTF8; time → TIME_NS; duration → DURATION; list and map of their item (text when it
 * is not said); histogram → map of lists of float (`bounds`, `counts`, `sum`).
 */
export const physicalType = (type: ValueType, item?: ValueType): DataType => {
  switch (type) {
    case 'bool':
      return BOOL;
    case 'int':
      return INT64;
    case 'float':
      return FLOAT;
    case 'string':
    case 'ip':
      return UTF8;
    case 'time':
      return TIME_NS;
    case 'duration':
      return DURATION;
    case 'list':
      return list(physicalType(item ?? 'string'));
    case 'map':
      return map(physicalType(item ?? 'string'));
    case 'histogram':
      return map(list(FLOAT));
  }
};

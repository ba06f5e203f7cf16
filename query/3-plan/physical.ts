// How IQL's types rest in columns while a query runs here: one physical type each.
// Stores may hand over narrower ones; `conform` (query/run/conform.ts) widens them first.
import { BOOL, type DataType, DURATION, FLOAT, INT64, list, map, TIME_NS, UTF8 } from '../../core/batch/batch.ts';
import type { ValueType } from '../../schemas/types.ts';

type Scalar = Exclude<ValueType, 'list' | 'map'>;

/** What columns and expressions of a plan are: lists and maps say what they hold, however deep. */
export type PlanType = Scalar | { readonly kind: 'list' | 'map'; readonly item: PlanType };

/** A type that is told with what it holds beside it; text where that is not said. */
export const planType = (type: ValueType, item: ValueType = 'string'): PlanType =>
  type === 'list' || type === 'map' ? { kind: type, item: planType(item) } : type;

/** The word for it. */
export const kindOf = (type: PlanType): ValueType => (typeof type === 'string' ? type : type.kind);

/**
 * bool → bits; int → INT64; float → FLOAT; string, ip → UTF8; time → TIME_NS; duration → DURATION; list and map of their item;
 * histogram → map of lists of float (`bounds`, `counts`, `sum`).
 */
export const physicalType = (type: PlanType): DataType => {
  if (typeof type !== 'string') return type.kind === 'list' ? list(physicalType(type.item)) : map(physicalType(type.item));
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
    case 'histogram':
      return map(list(FLOAT));
  }
};

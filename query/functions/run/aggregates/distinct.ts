// distinct_count and values.
//
// Exactly: values that are present, told apart as groups are (−0 is 0; lists and maps by all they hold); distinct_count of nothing is 0.
// `values` is their list, ascending (numbers by value, text by code point, false before true); of nothing an empty list.
import { list, type Value, valueAt } from '../../../../core/batch/batch.ts';
import { ColumnBuilder } from '../../../../core/batch/build.ts';
import { physicalType } from '../../../3-plan/physical.ts';
import type { Accumulator, AggregateContext, AggregateRun } from '../../../run/aggregate.ts';
import { expand } from '../../../run/evaluate.ts';
import { KeyTable, PairTable } from '../../../run/keys.ts';
import { compareValues } from '../../../run/values.ts';
import { makeInts, type Vector } from '../../../run/vector.ts';

const BYTES_A_PAIR = 24;

const distinct = (context: AggregateContext, finish: (pairs: PairTable, codes: KeyTable, groups: number) => ReturnType<Accumulator['finish']>): Accumulator => {
  const argument = context.arguments[0];
  const codes = new KeyTable([physicalType(argument ?? 'string')], false);
  let pairs = new PairTable();
  return {
    add: ({ groups, arguments: args }) => {
      const column = expand(args[0] as Vector, groups.length);
      const ids = codes.add([column], groups.length);
      const before = pairs.size;
      for (let i = 0; i < groups.length; i++) {
        const g = groups[i] as number;
        const code = ids[i] as number;
        if (g >= 0 && code >= 0) pairs.put(g, code);
      }
      context.hold(pairs.size - before, (pairs.size - before) * BYTES_A_PAIR);
    },
    keep: (ids) => {
      const places = new Map<number, number>();
      ids.forEach((id, i) => {
        places.set(id, i);
      });
      const old = pairs;
      pairs = new PairTable();
      for (let i = 0; i < old.size; i++) {
        const g = places.get(old.first(i));
        if (g !== undefined) pairs.put(g, old.second(i));
      }
      context.hold(pairs.size - old.size, (pairs.size - old.size) * BYTES_A_PAIR);
    },
    finish: (size) => finish(pairs, codes, size),
  };
};

export const distinctCount: AggregateRun = (context) =>
  distinct(context, (pairs, _, size) => {
    const counts = new Float64Array(size);
    for (let i = 0; i < pairs.size; i++) counts[pairs.first(i)] = (counts[pairs.first(i)] as number) + 1;
    return makeInts(physicalType('int'), size, undefined, (g) => BigInt(counts[g] as number));
  });

export const values: AggregateRun = (context) =>
  distinct(context, (pairs, codes, size) => {
    const [column] = codes.columns();
    const lists: Value[][] = Array.from({ length: size }, () => []);
    for (let i = 0; i < pairs.size; i++) if (column !== undefined) (lists[pairs.first(i)] as Value[]).push(valueAt(column, pairs.second(i)));
    const argument = context.arguments[0];
    const builder = new ColumnBuilder(list(physicalType(argument ?? 'string')));
    for (const items of lists) builder.append(items.sort(compareValues));
    return builder.finish();
  });

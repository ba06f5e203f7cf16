// first, last, any.
//
// Exactly: of the values that are present the one of the earliest (latest) row: by time, then by the tie columns, then by arrival. `any` is
// `first`. A row whose time is missing comes before all others. Nothing: missing.
import { isPresent, type Value, valueAt } from '../../../../core/batch/batch.ts';
import { ColumnBuilder } from '../../../../core/batch/build.ts';
import { physicalType } from '../../../3-plan/physical.ts';
import type { AggregateRun, Place } from '../../../run/aggregate.ts';
import { widen } from '../../../run/conform.ts';
import { maskOf, type Vector } from '../../../run/vector.ts';

const edge =
  (sign: number): AggregateRun =>
  (context) => {
    const argument = context.arguments[0];
    const type = physicalType(argument ?? context.type);
    let values: Value[] = [];
    let places: (Place | undefined)[] = [];
    return {
      add: ({ groups, arguments: args, order }, size) => {
        const x = args[0] as Vector;
        const mask = maskOf(x);
        const best = new Int32Array(size).fill(-1);
        for (let i = 0; i < groups.length; i++) {
          const g = groups[i] as number;
          if (g < 0 || !isPresent(x.column, i & mask)) continue;
          const old = best[g] as number;
          if (old < 0 || order.compareRows(i, old) * sign > 0) best[g] = i;
        }
        for (let g = 0; g < size; g++) {
          const row = best[g] as number;
          if (row < 0) continue;
          const old = places[g];
          if (old !== undefined && order.comparePlace(row, old) * sign <= 0) continue;
          places[g] = order.remember(row);
          values[g] = valueAt(x.column, row & mask);
        }
      },
      keep: (ids) => {
        values = Array.from(ids, (id) => values[id] ?? null);
        places = Array.from(ids, (id) => places[id]);
      },
      finish: (size) => {
        const builder = new ColumnBuilder(type);
        for (let g = 0; g < size; g++) builder.append(values[g] ?? null);
        return widen(builder.finish(), physicalType(context.type));
      },
    };
  };

export const first = edge(-1);
export const last = edge(1);
export const any = edge(-1);

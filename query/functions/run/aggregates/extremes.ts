// min and max.
//
// Exactly: numbers, times and durations by value, text by code point, false before true. Nothing: missing.
import { bitAt, type Column, isPresent } from '../../../../core/batch/batch.ts';
import { physicalType } from '../../../3-plan/physical.ts';
import type { Accumulator, AggregateContext, AggregateRun, Rows } from '../../../run/aggregate.ts';
import { compareText } from '../../../run/bytes.ts';
import { compareStrings } from '../../../run/values.ts';
import { floatsOf, intsOf, makeBools, makeInts, makeText, maskOf, textReader, textRows, type Vector } from '../../../run/vector.ts';
import { deliverFloats, seenGroups } from './deliver.ts';
import { grown, kept } from './growing.ts';

/** Calls `each` for rows that count. */
const forRows = ({ groups, arguments: args }: Rows, each: (group: number, row: number) => void): void => {
  const x = args[0] as Vector;
  const mask = maskOf(x);
  const all = x.column.validity === undefined;
  for (let i = 0; i < groups.length; i++) {
    const g = groups[i] as number;
    const row = i & mask;
    if (g >= 0 && (all || isPresent(x.column, row))) each(g, row);
  }
};

/** `sign` −1 for min, 1 for max. */
const floats = (sign: number, context: AggregateContext): Accumulator => {
  let best = new Float64Array(0);
  let seen = new Uint8Array(0);
  return {
    add: (rows, size) => {
      best = grown(best, size);
      seen = grown(seen, size);
      const values = floatsOf(rows.arguments[0] as Vector);
      forRows(rows, (g, row) => {
        const v = values[row] as number;
        if (seen[g] === 0 || (sign < 0 ? v < (best[g] as number) : v > (best[g] as number))) {
          best[g] = v;
          seen[g] = 1;
        }
      });
    },
    keep: (ids) => {
      best = kept(best, ids);
      seen = kept(seen, ids);
    },
    finish: (size) => deliverFloats(grown(best, size).slice(0, size), seenGroups(seen, size), context),
  };
};

const ints = (sign: number, context: AggregateContext): Accumulator => {
  let best = new BigInt64Array(0);
  let seen = new Uint8Array(0);
  return {
    add: (rows, size) => {
      best = grown(best, size);
      seen = grown(seen, size);
      const values = intsOf(rows.arguments[0] as Vector);
      forRows(rows, (g, row) => {
        const v = values[row] as bigint;
        if (seen[g] === 0 || (sign < 0 ? v < (best[g] as bigint) : v > (best[g] as bigint))) {
          best[g] = v;
          seen[g] = 1;
        }
      });
    },
    keep: (ids) => {
      best = kept(best, ids);
      seen = kept(seen, ids);
    },
    finish: (size) => {
      if (context.type === 'float')
        return deliverFloats(
          Float64Array.from({ length: size }, (_, g) => Number(best[g] ?? 0n)),
          seenGroups(seen, size),
          context,
        );
      return makeInts(physicalType(context.type), size, seenGroups(seen, size), (g) => best[g]);
    },
  };
};

/** Best row of the batch by bytes first, then one decoded text a group and batch. */
const texts = (sign: number): Accumulator => {
  let best: (string | undefined)[] = [];
  return {
    add: (rows, size) => {
      const x = rows.arguments[0] as Vector;
      const { text, indices } = textRows(x);
      const entry = (row: number): number => (indices === undefined ? row : (indices[row] as number));
      const bestRow = new Int32Array(size).fill(-1);
      forRows(rows, (g, row) => {
        const old = bestRow[g] as number;
        if (old < 0 || compareText(text, entry(row), text, entry(old)) * sign > 0) bestRow[g] = row;
      });
      const read = textReader(x);
      for (let g = 0; g < size; g++) {
        const row = bestRow[g] as number;
        if (row < 0) continue;
        const candidate = read(row);
        const old = best[g];
        if (old === undefined || compareStrings(candidate, old) * sign > 0) best[g] = candidate;
      }
    },
    keep: (ids) => {
      best = Array.from(ids, (id) => best[id]);
    },
    finish: (size) => makeText(size, undefined, (g) => best[g]),
  };
};

const bools = (sign: number): Accumulator => {
  let state = new Uint8Array(0);
  return {
    add: (rows, size) => {
      state = grown(state, size);
      const { column } = rows.arguments[0] as Vector;
      const bits = (column as Extract<Column, { layout: 'bool' }>).bits;
      forRows(rows, (g, row) => {
        const v = bitAt(bits, row) ? 2 : 1;
        if (state[g] === 0 || (sign < 0 ? v < (state[g] as number) : v > (state[g] as number))) state[g] = v;
      });
    },
    keep: (ids) => {
      state = kept(state, ids);
    },
    finish: (size) => makeBools(size, undefined, (g) => ((state[g] ?? 0) === 0 ? undefined : state[g] === 2)),
  };
};

const extreme =
  (sign: number): AggregateRun =>
  (context) => {
    switch (context.arguments[0]) {
      case 'float':
        return floats(sign, context);
      case 'string':
      case 'ip':
        return texts(sign);
      case 'bool':
        return bools(sign);
      default:
        return ints(sign, context);
    }
  };

export const min = extreme(-1);
export const max = extreme(1);

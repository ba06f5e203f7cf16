// variance and stddev, of the population.
//
// Exactly: Welford's running mean and sum of squared deviations in doubles, in the order of arrival; one value gives 0, nothing missing.
// Of durations in nanoseconds. ClickHouse: varPopStable, stddevPopStable.
import { isPresent } from '../../../../core/batch/batch.ts';
import type { AggregateRun } from '../../../run/aggregate.ts';
import { floatsOf, maskOf, type Vector } from '../../../run/vector.ts';
import { deliverFloats, seenGroups } from './deliver.ts';
import { grown, kept } from './growing.ts';

const spread =
  (f: (variance: number) => number): AggregateRun =>
  (context) => {
    let counts = new Float64Array(0);
    let means = new Float64Array(0);
    let squares = new Float64Array(0);
    return {
      add: ({ groups, arguments: args }, size) => {
        counts = grown(counts, size);
        means = grown(means, size);
        squares = grown(squares, size);
        const x = args[0] as Vector;
        const values = floatsOf(x);
        const mask = maskOf(x);
        for (let i = 0; i < groups.length; i++) {
          const g = groups[i] as number;
          if (g < 0 || !isPresent(x.column, i & mask)) continue;
          const v = values[i & mask] as number;
          const n = (counts[g] as number) + 1;
          const d = v - (means[g] as number);
          const mean = (means[g] as number) + d / n;
          counts[g] = n;
          means[g] = mean;
          squares[g] = (squares[g] as number) + d * (v - mean);
        }
      },
      keep: (ids) => {
        counts = kept(counts, ids);
        means = kept(means, ids);
        squares = kept(squares, ids);
      },
      finish: (size) => {
        const out = new Float64Array(size);
        for (let g = 0; g < size; g++) if ((counts[g] ?? 0) > 0) out[g] = f((squares[g] as number) / (counts[g] as number));
        return deliverFloats(out, seenGroups(counts, size), context);
      },
    };
  };

export const variance = spread((v) => v);
export const stddev = spread(Math.sqrt);

// A constant expression's value: what the planner is handed to work out ranges, widths, patterns and lists with.
import { type Batch, type Value, valueAt } from '../../core/batch/batch.ts';
import type { PlanExpression } from '../3-plan/expression.ts';
import type { RunFunctions } from './environment.ts';
import { evaluate } from './evaluate.ts';

const ONE_ROW: Batch = { length: 1, fields: [], columns: [] };

/** Works out expressions without columns; undefined where the value cannot be represented. */
export const constants =
  (functions: RunFunctions) =>
  (e: PlanExpression): Value | undefined => {
    let lost = 0;
    const column = evaluate(e, ONE_ROW, {
      functions,
      warn: (_, count) => {
        lost += count;
      },
    });
    return lost > 0 ? undefined : valueAt(column, 0);
  };

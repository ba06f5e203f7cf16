// All functions as they run here, in the form a run takes them.
import type { RunFunctions } from '../../run/environment.ts';
import { FAILING } from '../failing.ts';
import { ACCUMULATORS, SERIES_AGGREGATES } from './aggregates.ts';
import { SCALARS } from './scalars.ts';

export const RUN_FUNCTIONS: RunFunctions = { scalars: SCALARS, aggregates: ACCUMULATORS, series: SERIES_AGGREGATES, failing: FAILING };

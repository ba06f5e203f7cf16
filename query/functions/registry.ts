// All functions by name, as the checker and completion want them.
import type { FunctionRegistry } from '../2-semantic/scope.ts';
import { AGGREGATE_SIGNATURES } from './aggregates.ts';
import { SCALARS } from './scalars.ts';

export const FUNCTIONS: FunctionRegistry = {
  scalars: new Map(Object.entries(SCALARS)),
  aggregates: new Map(Object.entries(AGGREGATE_SIGNATURES)),
};

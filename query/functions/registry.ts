// All functions by name, as the checker and completion want them.
import { AGGREGATES, SCALAR_FUNCTIONS } from '../2-semantic/function-names.ts';
import type { FunctionRegistry } from '../2-semantic/scope.ts';
import { AGGREGATE_SIGNATURES } from './aggregates.ts';
import { SCALARS } from './scalars.ts';

export const FUNCTIONS: FunctionRegistry = {
  scalars: new Map(SCALAR_FUNCTIONS.map((name) => [name, { name, ...SCALARS[name] }])),
  aggregates: new Map(AGGREGATES.map((name) => [name, { name, ...AGGREGATE_SIGNATURES[name] }])),
};

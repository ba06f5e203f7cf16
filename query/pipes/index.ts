// The list of all pipes, in the order in which completion shows them. Adding a pipe: its file, and a line here (docs/adding-a-pipe.md).
import type { PipeSyntaxes } from '../1-syntax/signature.ts';
import { aggregatePipe, summarize } from './aggregates.ts';
import { drop, rename, select, set } from './columns.ts';
import { every } from './every.ts';
import { explain } from './explain.ts';
import { fill } from './fill.ts';
import { lookup } from './lookup.ts';
import { bottom, distinct, latest, limit, sort, top } from './order.ts';
import type { IqlPipe } from './pipe.ts';
import { search } from './search.ts';
import { unnest } from './unnest.ts';
import { where } from './where.ts';

const QUANTILE = /^p(?:\d{1,2}(?:\.\d+)?|100)$/;

export const PIPES: readonly IqlPipe[] = [
  where,
  search,
  every,
  latest,
  summarize,
  top,
  bottom,
  sort,
  limit,
  set,
  select,
  drop,
  rename,
  distinct,
  lookup,
  fill,
  unnest,
  explain,
  aggregatePipe('count', 'Number of rows, by key'),
  aggregatePipe('sum', 'Sum, by key'),
  aggregatePipe('avg', 'Mean, by key'),
  aggregatePipe('min', 'Smallest, by key'),
  aggregatePipe('max', 'Largest, by key'),
  aggregatePipe('p95', 'A quantile by key: p50 … p99.9', QUANTILE),
  aggregatePipe('quantile', 'A quantile by key: quantile(0.95, x)'),
  aggregatePipe('first', 'The earliest value, by key'),
  aggregatePipe('last', 'The latest value, by key'),
  aggregatePipe('stddev', 'Standard deviation, by key'),
  aggregatePipe('variance', 'Variance, by key'),
  aggregatePipe('distinct_count', 'Number of different values, by key'),
  aggregatePipe('any', 'A value that is not missing, by key'),
  aggregatePipe('values', 'The different values, by key'),
];

const byName = new Map(PIPES.map((p) => [p.syntax.name, p]));

export const PIPE_SYNTAXES: PipeSyntaxes = new Map(PIPES.map((p) => [p.syntax.name, p.syntax]));

export const pipeNamed = (name: string): IqlPipe | undefined => byName.get(name) ?? PIPES.find((p) => p.syntax.pattern?.test(name));

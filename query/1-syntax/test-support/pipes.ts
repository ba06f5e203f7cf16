// The pipes' syntax as tests of this folder need it: resembles the real registry, and is none.
import type { PipeSyntax, PipeSyntaxes } from '../signature.ts';

type Rest = Partial<Omit<PipeSyntax, 'name'>>;
const list: readonly (readonly [names: string, rest: Rest])[] = [
  ['where', { equals: 'compares' }],
  ['search', { raw: true }],
  ['set', { equals: 'assigns', clauses: ['per', 'order by'] }],
  [
    'select,drop,limit,distinct,sample,union,diff,correlate,json,logfmt,unnest,fill,compare,patterns,facets,describe,context,anomalies,forecast,changepoints',
    {},
  ],
  ['rename', { argumentClauses: ['as'] }],
  ['every', { argumentClauses: ['over'], clauses: ['by'] }],
  ['latest,summarize,count,sum,avg,min,max,first,last', { clauses: ['by'] }],
  ['p95', { clauses: ['by'], pattern: /^p\d{1,2}(\.\d+)?$/ }],
  ['sort', {}],
  ['top,bottom', { clauses: ['by', 'per'] }],
  ['join,inner join,left join,full join,semi join,anti join', { clauses: ['on', 'within'], comparing: ['on'] }],
  ['asof join', { clauses: ['on', 'tolerance'], comparing: ['on'] }],
  ['lookup', { clauses: ['on'], comparing: ['on'] }],
  ['parse,extract', { clauses: ['with', 'on error'] }],
  ['run', { clauses: ['in batches of', 'pause', 'stop after', 'while'] }],
];

export const TEST_PIPES: PipeSyntaxes = new Map(
  list.flatMap(([names, rest]) =>
    names.split(',').map((name): [string, PipeSyntax] => [name, { name, clauses: [], argumentClauses: [], raw: false, ...rest }]),
  ),
);

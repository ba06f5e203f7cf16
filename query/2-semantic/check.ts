// Checks a whole text: definitions, the source, then each pipe on the rows the one before it gives.
// A wrong text gives diagnostics; nothing here throws, and nothing here knows a pipe by name.

import { metricDataset } from '../../schemas/catalogue.ts';
import type { Dataset } from '../../schemas/types.ts';
import type { Expression, Query, Text } from '../1-syntax/ast.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';
import { nearest } from '../1-syntax/nearest.ts';
import type { Catalogue } from './catalogue.ts';
import { type CheckedInline, checkInline } from './inline.ts';
import type { CheckedQuery, PipeDefinition, PipeScope, Streaming } from './pipe.ts';
import { type CheckedRange, checkRange } from './range.ts';
import { fix, Reporter, replace } from './report.ts';
import { type FunctionRegistry, NO_ROWS, type Scope } from './scope.ts';
import { datasetRelation } from './source.ts';
import type { Relation, Type } from './type.ts';

/** How the planner makes the beginning of a plan; handed in. */
export interface SourcePlanner<Plan> {
  scan(dataset: Dataset, relation: Relation): Plan;
  inline(inline: CheckedInline): Plan;
  /** The plan with its sources' range replaced. */
  within(range: CheckedRange, plan: Plan): Plan;
}

export interface Language<Plan> {
  /** By its name as written; quantiles (`p95`) are one definition. */
  readonly pipe: (name: string) => PipeDefinition<Plan> | undefined;
  readonly functions: FunctionRegistry;
  readonly planner: SourcePlanner<Plan>;
}

/** The rows before a pipe: what completion offers there. */
export interface PipePoint {
  readonly start: number;
  readonly end: number;
  readonly input: Relation;
}

export interface CheckedText<Plan> {
  readonly diagnostics: readonly Diagnostic[];
  /** undefined when the text has errors. */
  readonly query: CheckedQuery<Plan> | undefined;
  readonly parameters: ReadonlyMap<string, { readonly type: Type; readonly list: boolean }>;
  readonly streaming: readonly { readonly pipe: string; readonly streaming: Streaming }[];
  /** In text order; sub-queries' points lie inside their pipe's. */
  readonly points: readonly PipePoint[];
}

export const checkText = <Plan>(text: Text, language: Language<Plan>, catalogue: Catalogue, options: { readonly strict?: boolean } = {}): CheckedText<Plan> => {
  const reporter = new Reporter();
  const checker = new TextChecker(text, language, catalogue, reporter, options.strict ?? false);
  const query = text.query === undefined ? undefined : checker.query(text.query, new Set());
  return {
    diagnostics: reporter.diagnostics,
    query: reporter.failed ? undefined : query,
    parameters: checker.parameters,
    streaming: checker.streaming,
    points: checker.points,
  };
};

class TextChecker<Plan> {
  readonly #language: Language<Plan>;
  readonly #catalogue: Catalogue;
  readonly #reporter: Reporter;
  readonly #strict: boolean;
  readonly #queries = new Map<string, Query>();
  readonly #values = new Map<string, Expression>();
  readonly parameters = new Map<string, { readonly type: Type; readonly list: boolean }>();
  readonly streaming: { readonly pipe: string; readonly streaming: Streaming }[] = [];
  readonly points: PipePoint[] = [];

  constructor(text: Text, language: Language<Plan>, catalogue: Catalogue, reporter: Reporter, strict: boolean) {
    this.#language = language;
    this.#catalogue = catalogue;
    this.#reporter = reporter;
    this.#strict = strict;
    for (const definition of text.definitions) {
      const { name } = definition.name;
      if (this.#queries.has(name) || this.#values.has(name)) reporter.error('iql.let-repeated', { name }, definition.name.span);
      if (definition.node === 'fn') reporter.error('iql.not-yet', { what: '`fn`' }, definition.span);
      else if (definition.value.node === 'query-expression') this.#queries.set(name, definition.value.query);
      else this.#values.set(name, definition.value);
    }
  }

  #scope(relation: Relation): Scope {
    return {
      reporter: this.#reporter,
      catalogue: this.#catalogue,
      functions: this.#language.functions,
      relation,
      values: this.#values,
      parameters: this.parameters,
      strict: this.#strict,
      aggregates: undefined,
    };
  }

  /** `open`: names of `let` queries being checked, against recursion. */
  query(query: Query, open: ReadonlySet<string>): CheckedQuery<Plan> | undefined {
    const source = this.#source(query, open);
    const range = query.source.range;
    let checkedRange: CheckedRange | undefined;
    if (range !== undefined) {
      checkedRange = checkRange(this.#scope(NO_ROWS), range);
      if (source !== undefined && !source.relation.timed && (range.last ?? range.between ?? range.offset) !== undefined)
        this.#reporter.error('iql.no-range', { source: source.relation.origin }, range.span);
      if (source !== undefined && range.at !== undefined && source.relation.timed)
        this.#reporter.error('iql.no-moment', { source: source.relation.origin }, range.at.span);
    }
    if (source === undefined) return undefined;
    let { relation, plan } = source;
    for (const pipe of query.pipes) {
      this.points.push({ start: pipe.span.start, end: pipe.span.end, input: relation });
      const definition = this.#language.pipe(pipe.name);
      if (definition === undefined) return undefined;
      const scope: PipeScope<Plan> = { ...this.#scope(relation), query: (q) => this.query(q, open) };
      const checked = definition.check(pipe, relation, scope);
      if (checked === undefined) return undefined;
      relation = checked.output;
      plan = checked.plan(plan);
      this.streaming.push({ pipe: pipe.name, streaming: checked.streaming });
    }
    this.points.push({ start: query.span.end, end: query.span.end, input: relation });
    return { relation, plan: checkedRange === undefined ? plan : this.#language.planner.within(checkedRange, plan) };
  }

  #source(query: Query, open: ReadonlySet<string>): CheckedQuery<Plan> | undefined {
    const { source } = query;
    const { planner } = this.#language;
    if (source.node === 'data') {
      const inline = checkInline(this.#scope(NO_ROWS), source);
      return inline && { relation: inline.relation, plan: planner.inline(inline) };
    }
    if (source.node === 'combine') {
      this.#reporter.error('iql.not-yet', { what: '`combine`' }, source.span);
      return undefined;
    }
    const { name } = source.name;
    const defined = this.#queries.get(name);
    if (defined !== undefined && !open.has(name)) {
      const inner = this.query(defined, new Set([...open, name]));
      return inner && { ...inner, relation: { ...inner.relation, origin: name } };
    }
    const dataset = this.#dataset(name);
    if (dataset === undefined) {
      const names = [...this.#catalogue.datasets.map((d) => d.name), ...this.#catalogue.metricNames().map((m) => `metrics.${m}`), ...this.#queries.keys()];
      const near = nearest(name, names) ?? (this.#catalogue.metric(name) === undefined ? '' : `metrics.${name}`);
      this.#reporter.error(
        'iql.unknown-source',
        { name, nearest: near },
        source.name.span,
        near === '' ? undefined : fix(`Write ${near}`, replace(source.name.span, near)),
      );
      return undefined;
    }
    const relation = datasetRelation(dataset, name);
    return { relation, plan: planner.scan(dataset, relation) };
  }

  #dataset(name: string): Dataset | undefined {
    if (!name.startsWith('metrics.')) return this.#catalogue.datasets.find((d) => d.name === name);
    const info = this.#catalogue.metric(name.slice('metrics.'.length));
    return info && metricDataset(info);
  }
}

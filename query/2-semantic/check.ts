// Checks a whole text: definitions, the source, then each pipe on the rows the one before it gives. After a mistake it goes on with
// what is certain. A wrong text gives diagnostics; nothing here throws, and nothing here knows a pipe by name.

import { isDistribution } from '../../schemas/types.ts';
import type { Alert, Expression, FunctionDefinition, NamedSource, Pipe, Query, Range, Source, Span, Text } from '../1-syntax/ast.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';
import { SOURCES_NOT_YET } from '../1-syntax/not-yet.ts';
import { alertsOf, definitionsOf, queryOf } from '../1-syntax/statements.ts';
import { checkAlert } from './alert.ts';
import type { Catalogue } from './catalogue.ts';
import { Checking, type Language } from './checking.ts';
import { mended, unsure } from './doubt.ts';
import { checkExpression } from './expression.ts';
import { checkFn, checkFnNames, recursive } from './fn.ts';
import { checkInline } from './inline.ts';
import { LetValues } from './let-value.ts';
import { withoutFollowing } from './parameter-use.ts';
import type { CheckedPipe, CheckedQuery, KnownQuery, PipeDefinition, PipeScope, Streaming } from './pipe.ts';
import { type CheckedRange, checkRange } from './range.ts';
import { inTextOrder, type Reporter, writeName } from './report.ts';
import type { ParameterUse, Scope } from './scope.ts';
import { NO_SIZE, type QuerySize } from './size.ts';
import { datasetNamed, datasetRelation, nearestSource, VIEWS } from './source.ts';
import { NO_ROWS, type Relation, visible } from './type.ts';

/** The rows before a pipe: what completion offers there. */
export interface PipePoint {
  readonly start: number;
  readonly end: number;
  readonly input: Relation;
}

export interface CheckedText<Plan> {
  /** In the order of the text; at most `MOST_TOLD` and one that says where the rest was cut. */
  readonly diagnostics: readonly Diagnostic[];
  /** undefined when the text has errors. */
  readonly query: CheckedQuery<Plan> | undefined;
  readonly parameters: ReadonlyMap<string, ParameterUse>;
  readonly streaming: readonly { readonly pipe: string; readonly streaming: Streaming }[];
  /** By where they start; of a sub-query and the query around it that end at one place the sub-query's comes first. */
  readonly points: readonly PipePoint[];
}

export interface CheckOptions {
  /** Unknown fields of open datasets are errors. */
  readonly strict?: boolean;
  /** What the parser told of the text: where it did, the tree may hold holes. */
  readonly told: readonly Diagnostic[];
}

export const checkText = <Plan>(text: Text, language: Language<Plan>, catalogue: Catalogue, options: CheckOptions): CheckedText<Plan> => {
  const checking = new Checking<Plan>(language, catalogue, options.strict ?? false);
  const checker = new TextChecker(text, options.told, checking);
  const query = checker.text();
  const { reporter, parameters, streaming } = checking;
  const told = [...checker.untouched(options.told), ...checking.told];
  // What the checker says of a hole in the tree is a consequence of what the parser has told.
  const own = reporter.diagnostics.filter((d) => !told.some((t) => touches(d.span, t.span)));
  return {
    diagnostics: inTextOrder([...told, ...withoutFollowing(own, checking.texts, reporter.errors + options.told.length)]),
    query: reporter.failed || options.told.length > 0 || query?.plan === undefined ? undefined : { relation: query.relation, plan: query.plan },
    parameters,
    streaming,
    points: checker.points.toSorted((a, b) => a.start - b.start),
  };
};

const sourceSize = (relation: Relation): QuerySize => ({ steps: 1, parts: 1 + relation.columns.length });

/** The rows behind a pipe: those before it, its own expressions and sub-queries, and the columns of each step. */
const grown = (before: QuerySize, own: QuerySize, checked: Pick<CheckedPipe<never>, 'steps' | 'copies' | 'output'> | undefined): QuerySize => {
  const { steps = 1, copies = 1, output } = checked ?? {};
  return {
    steps: before.steps * copies + own.steps + steps,
    parts: before.parts * copies + own.parts + steps * (1 + (output?.columns.length ?? 0)),
  };
};

/** Names that a message has. */
const MOST_SHOWN = 6;
const shortWay = (way: readonly string[]): string => (way.length > MOST_SHOWN ? [...way.slice(0, MOST_SHOWN - 2), '…', ...way.slice(-1)] : way).join(' → ');

/** No `let` value is being read. */
const NO_NAMES: ReadonlySet<string> = new Set();

const nothingOf = (origin: string): KnownQuery<never> => ({ relation: unsure({ ...NO_ROWS, origin }), plan: undefined, size: NO_SIZE });

const touches = (a: Span, b: Span): boolean => a.view?.name === b.view?.name && a.start <= b.end && b.start <= a.end;

class TextChecker<Plan> {
  readonly #text: Text;
  readonly #asked: Query | undefined;
  readonly #told: readonly Diagnostic[];
  readonly #checking: Checking<Plan>;
  readonly #reporter: Reporter;
  readonly #queries = new Map<string, Query>();
  /** What `let` queries gave: each is checked once. */
  readonly #known = new Map<string, KnownQuery<Plan>>();
  readonly #values = new Map<string, Expression>();
  readonly #fns = new Map<string, FunctionDefinition>();
  readonly #lets = new LetValues(this.#values, this.#fns);
  readonly #alerts = new Set<string>();
  readonly #spoilt = new Set<string>();
  readonly points: PipePoint[] = [];
  /** What stands behind the names of unknown pipes. */
  readonly #unread: Span[] = [];

  constructor(text: Text, told: readonly Diagnostic[], checking: Checking<Plan>) {
    this.#text = text;
    this.#asked = queryOf(text);
    this.#told = told;
    this.#checking = checking;
    const { reporter, language } = checking;
    this.#reporter = reporter;
    checking.texts.push(text);
    for (const definition of definitionsOf(text)) {
      const { name } = definition.name;
      if (this.#queries.has(name) || this.#values.has(name) || this.#fns.has(name)) {
        reporter.error('iql.let-repeated', { name }, definition.name.span);
        this.#spoilt.add(name);
      }
      if (definition.node === 'fn') {
        if (checkFnNames({ reporter, functions: language.functions }, definition)) this.#fns.set(name, definition);
        else this.#spoilt.add(name);
      } else if (definition.value.node === 'query-expression') this.#queries.set(name, definition.value.query);
      else this.#values.set(name, definition.value);
    }
    for (const [name, way] of recursive(this.#fns, this.#values)) {
      reporter.error('iql.fn-recursive', { way: shortWay(way) }, (this.#fns.get(name) as FunctionDefinition).name.span);
      this.#fns.delete(name);
      this.#spoilt.add(name);
    }
  }

  /** How the words of an unknown pipe are to be read is not known either. */
  untouched(told: readonly Diagnostic[]): readonly Diagnostic[] {
    return told.filter((d) => d.code.startsWith('iql.unclosed') || !this.#unread.some((span) => span.start < d.span.start && d.span.start <= span.end));
  }

  /** The query of the text, or what its first alert judges; definitions that it does not use are checked too. */
  text(): KnownQuery<Plan> | undefined {
    const own = this.#text.statements.find((s) => s.node === 'query');
    let query = own && this.query(own, new Set());
    for (const alert of alertsOf(this.#text)) {
      const judged = this.#alert(alert);
      const instead = query === undefined ? 'the answer is what its `when` gives' : '';
      if (judged !== undefined) this.#reporter.info('iql.not-yet', { what: `judging \`${alert.name.name}\``, instead }, alert.name.span);
      query ??= judged;
    }
    for (const name of this.#queries.keys()) this.#defined(name, new Set());
    for (const fn of this.#fns.values()) checkFn(this.#scope(NO_ROWS, new Set()), fn);
    return query;
  }

  #alert(alert: Alert): KnownQuery<Plan> | undefined {
    const { name, span } = alert.name;
    if (this.#alerts.has(name) && name !== '') this.#reporter.error('iql.let-repeated', { name }, span);
    this.#alerts.add(name);
    const nobody: ReadonlySet<string> = new Set();
    // In a rule there is nobody to see a warning.
    const { strict } = this.#checking;
    this.#checking.strict = true;
    const judged = checkAlert<Plan>(alert, {
      scope: (relation) => this.#scope(relation, nobody),
      query: (query) => this.query(query, nobody),
      before: (pipe) => this.points.find((p) => p.start === pipe.span.start && p.end === pipe.span.end)?.input,
      ranged: (query) => this.#ranged(query, nobody)?.span,
      given: (row, check) => this.#given(row, check),
    });
    this.#checking.strict = strict;
    return judged;
  }

  #ranged({ source }: Query, open: ReadonlySet<string>): Range | undefined {
    const { range } = source;
    if (range !== undefined && (range.last ?? range.between ?? range.offset) !== undefined) return range;
    const name = source.node === 'source' ? source.name.name : '';
    const named = open.has(name) ? undefined : this.#queries.get(name);
    return named && this.#ranged(named, new Set([...open, name]));
  }

  /** Parameters are the columns of that row; what the request gives is not seen. */
  #given(row: Relation, check: () => void): void {
    const checking = this.#checking;
    const { parameters, row: around } = checking;
    checking.parameters = new Map(visible(row).map(({ name, type }) => [name, { type, list: false, span: this.#text.span }]));
    checking.row = row;
    check();
    Object.assign(checking, { parameters, row: around });
  }

  #scope(relation: Relation, open: ReadonlySet<string>): Scope {
    const { reporter, catalogue, language, size, parameters, row, strict } = this.#checking;
    return {
      reporter,
      catalogue,
      functions: language.functions,
      relation,
      values: this.#values,
      fns: this.#fns,
      lets: this.#lets,
      check: checkExpression,
      expanding: NO_NAMES,
      size,
      parameters,
      row,
      strict,
      spoilt: this.#spoilt,
      stray: (query) => void this.query(query, open),
      aggregates: undefined,
    };
  }

  query(query: Query, open: ReadonlySet<string>): KnownQuery<Plan> {
    const checking = this.#checking;
    if (!checking.size.mayEnter(checking.depth, query.source.span)) return nothingOf('this query');
    checking.depth += 1;
    const known = this.#pipes(query, open);
    checking.depth -= 1;
    return known;
  }

  /** `open`: names of `let` queries being checked, against recursion. */
  #pipes(query: Query, open: ReadonlySet<string>): KnownQuery<Plan> {
    const source = this.#source(query.source, open);
    const range = this.#range(query, source.relation, open);
    let { relation, plan, size } = source;
    const last = query === this.#asked ? this.#text.span.end : query.span.end;
    for (const [place, pipe] of query.pipes.entries()) {
      this.points.push({ start: pipe.span.start, end: pipe.span.end, input: relation });
      const before = this.#reporter.errors;
      const definition = this.#checking.language.pipe(pipe.name);
      if (pipe.name !== '' && definition === undefined) this.#unread.push({ start: pipe.nameSpan.start, end: query.pipes[place + 1]?.span.start ?? last });
      const { checked, own } = this.#pipe(pipe, definition, relation, open);
      size = grown(size, own, checked);
      if (!this.#checking.size.fits(size, pipe.span)) size = NO_SIZE;
      const wrong = checked === undefined || this.#reporter.errors > before || this.#isMended(pipe.span);
      // With a mistake anywhere there is no plan: a pipe may have passed over what follows from it without a word.
      plan = wrong || plan === undefined || this.#reporter.failed || this.#told.length > 0 ? undefined : checked.plan(plan);
      if (checked === undefined) relation = unsure(relation);
      else if (wrong) relation = this.#afterMistake(pipe, relation, checked.output);
      else relation = checked.output;
      if (checked !== undefined) this.#checking.streaming.push({ pipe: pipe.name, streaming: checked.streaming });
    }
    this.points.push({ start: query.span.end, end: query.span.end, input: relation });
    if (plan === undefined) return { relation, plan, size };
    return { relation, plan: range === undefined ? plan : this.#checking.language.planner.within(range, plan), size };
  }

  /** `own`: the size of its expressions and of its sub-queries. */
  #pipe(
    pipe: Pipe,
    definition: PipeDefinition<Plan> | undefined,
    input: Relation,
    open: ReadonlySet<string>,
  ): { readonly checked: CheckedPipe<Plan> | undefined; readonly own: QuerySize } {
    let steps = 0;
    let parts = -this.#checking.size.parts;
    const query = (q: Query): KnownQuery<Plan> => {
      const before = this.#checking.size.parts;
      const known = this.query(q, open);
      steps += known.size.steps;
      parts += known.size.parts - (this.#checking.size.parts - before);
      return known;
    };
    const checked = definition?.check(pipe, input, { ...this.#scope(input, open), query } satisfies PipeScope<Plan>);
    return { checked, own: { steps, parts: parts + this.#checking.size.parts } };
  }

  #afterMistake(pipe: Pipe, input: Relation, output: Relation): Relation {
    const hides = [pipe, ...pipe.clauses].some((p) => p.arguments.some((a) => a.words.some((w) => this.#isPipe(w))));
    return hides || this.#isMended(pipe.span) ? mended(input, output, hides) : output;
  }

  /** A bare word that names a pipe: most likely its bar was forgotten. */
  #isPipe(word: Expression): boolean {
    return word.node === 'name' && this.#checking.language.pipe(word.name) !== undefined;
  }

  #isMended(span: Span): boolean {
    return this.#told.some((t) => touches(t.span, span));
  }

  #range(query: Query, relation: Relation, open: ReadonlySet<string>): CheckedRange | undefined {
    const { range } = query.source;
    if (range === undefined) return undefined;
    const checked = checkRange(this.#scope(NO_ROWS, open), range);
    if (relation.doubt === undefined && !relation.timed && (range.last ?? range.between ?? range.offset) !== undefined)
      this.#reporter.error('iql.no-range', { source: relation.origin }, range.span);
    if (relation.doubt === undefined && relation.timed && range.at !== undefined)
      this.#reporter.error('iql.no-moment', { source: relation.origin }, range.at.span);
    return checked;
  }

  #source(source: Source, open: ReadonlySet<string>): KnownQuery<Plan> {
    const { planner } = this.#checking.language;
    const nothing = { ...NO_ROWS, origin: 'this data' };
    switch (source.node) {
      case 'data': {
        const before = this.#reporter.errors;
        const inline = checkInline(this.#scope(NO_ROWS, open), source);
        const size = sourceSize(inline.relation);
        if (this.#isMended(source.span)) return { relation: unsure(inline.relation), plan: undefined, size };
        return { relation: inline.relation, plan: this.#reporter.errors > before ? undefined : planner.inline(inline), size };
      }
      case 'combine':
        this.#reporter.error('iql.not-yet', { what: '`combine`', instead: 'ask for each by itself' }, source.span);
        for (const part of source.parts) this.query(part.query, open);
        return { relation: unsure(nothing), plan: undefined, size: NO_SIZE };
      case 'source':
        return this.#named(source, open);
    }
  }

  #defined(name: string, open: ReadonlySet<string>): KnownQuery<Plan> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const inner = this.query(this.#queries.get(name) as Query, new Set([...open, name]));
    this.#known.set(name, inner);
    return inner;
  }

  /** Checked as a text of its own, once; undefined where there is none of that name. */
  #view(name: string, span: Span): KnownQuery<Plan> | undefined {
    const checking = this.#checking;
    const { views, open, catalogue, reporter } = checking;
    const known = views.get(name);
    const parsed = known === undefined && name.startsWith(VIEWS) ? catalogue.views?.view(name.slice(VIEWS.length)) : undefined;
    if (parsed === undefined) return known;
    if (open.includes(name)) {
      reporter.error('iql.view-recursive', { way: shortWay([...open.slice(open.indexOf(name)), name]) }, span);
      return nothingOf(name);
    }
    open.push(name);
    const found = reporter.within({ span, message: `${name} is used here` }, () => {
      const checker = new TextChecker(parsed.text, parsed.diagnostics, checking);
      const asked = queryOf(parsed.text);
      const rows = asked && checker.query(asked, new Set());
      checking.told.push(...reporter.ofView(checker.untouched(parsed.diagnostics)));
      return rows ?? nothingOf(name);
    });
    open.pop();
    views.set(name, found);
    return found;
  }

  #named({ name: { name, span } }: NamedSource, open: ReadonlySet<string>): KnownQuery<Plan> {
    const nothing = unsure({ ...NO_ROWS, origin: name });
    if (this.#spoilt.has(name) || name === '') return { relation: nothing, plan: undefined, size: NO_SIZE };
    if (this.#queries.has(name) && !open.has(name)) {
      const inner = this.#defined(name, open);
      return { ...inner, relation: { ...inner.relation, origin: name } };
    }
    const view = this.#view(name, span);
    if (view !== undefined) return { ...view, relation: { ...view.relation, origin: name } };
    const { catalogue } = this.#checking;
    const dataset = datasetNamed(catalogue, name);
    if (dataset !== undefined) {
      const relation = datasetRelation(dataset, name);
      const { metric } = dataset;
      if (metric !== undefined && isDistribution(metric.kind)) {
        this.#reporter.error('iql.not-yet', { what: `asking for a metric of kind ${metric.kind}`, instead: '' }, span);
        return { relation: unsure(relation), plan: undefined, size: NO_SIZE };
      }
      return { relation, plan: this.#checking.language.planner.scan(dataset, relation), size: sourceSize(relation) };
    }
    const later = SOURCES_NOT_YET.get(name.toLowerCase());
    if (later !== undefined) {
      this.#reporter.error('iql.not-yet', { what: `the source ${name}`, instead: later }, span);
      return { relation: nothing, plan: undefined, size: NO_SIZE };
    }
    const lets = [...this.#queries.keys()].filter((n) => !open.has(n));
    const near = this.#reporter.full ? '' : nearestSource(catalogue, name, lets);
    this.#reporter.error('iql.unknown-source', { name, nearest: near }, span, writeName(span, near));
    const meant = datasetNamed(catalogue, near);
    return { relation: meant === undefined ? nothing : unsure(datasetRelation(meant, name)), plan: undefined, size: NO_SIZE };
  }
}

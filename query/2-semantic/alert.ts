// Checks an `alert` statement: its query as a rule's, and each clause against the rows that the query gives. What the clauses do when the
// alert is judged is not here.
import { isZone } from '../../core/zone.ts';
import { ALERT_CLAUSES, type AlertWord, isAlertWord, SEVERITIES } from '../1-syntax/alert-syntax.ts';
import type { Alert, Clause, Expression, Pipe, Query, Span } from '../1-syntax/ast.ts';
import { nearest } from '../1-syntax/nearest.ts';
import { nearestZone } from '../1-syntax/nearest-zone.ts';
import { queryOfClause } from '../1-syntax/statements.ts';
import { templateOf } from '../1-syntax/template.ts';
import { checkCondition } from './condition.ts';
import { isConstant } from './constant.ts';
import { checkValue } from './expression.ts';
import { typeName } from './numeric.ts';
import type { KnownQuery } from './pipe.ts';
import { fix, replace } from './report.ts';
import type { Scope } from './scope.ts';
import { settle } from './settle.ts';
import { NO_ROWS, type Relation, type } from './type.ts';

export interface AlertContext<Plan> {
  readonly scope: (relation: Relation) => Scope;
  readonly query: (query: Query) => KnownQuery<Plan>;
  /** The rows before a pipe of a query that was checked. */
  readonly before: (pipe: Pipe) => Relation | undefined;
  /** Where the source that its rows come from has a range, its own or that of the `let` it names. */
  readonly ranged: (query: Query) => Span | undefined;
  /** What is checked in it has the row's columns as parameters. */
  readonly given: (row: Relation, check: () => void) => void;
}

/** What the condition may be followed by: it goes on with the rows that it cuts. */
const FOLLOWING: ReadonlySet<string> = new Set(['set', 'select', 'rename', 'drop', 'sort']);
/** They look at several buckets, and an alert is judged on one. */
const ACROSS: ReadonlySet<string> = new Set(['fill']);

/** The rows before the last `where`, if only such pipes follow it. */
const conditionOf = (query: Query): Pipe | undefined => {
  const last = query.pipes.findLast((pipe) => !FOLLOWING.has(pipe.name));
  return last?.name === 'where' ? last : undefined;
};

/** Adds what is missing behind the source, before its pipes. */
const behind = (query: Query, text: string) => fix(`Add ${text}`, replace({ start: query.source.span.end, end: query.source.span.end }, ` ${text}`));

interface Judged {
  /** After the query, and before its condition. */
  readonly row: Relation;
  readonly watched: Relation | undefined;
  readonly bucketed: boolean;
}

const checkWhen = <Plan>(query: Query, known: KnownQuery<Plan>, { scope, before, ranged }: AlertContext<Plan>): Judged => {
  const { reporter } = scope(NO_ROWS);
  const row = known.relation;
  const condition = conditionOf(query);
  const judged = { row, watched: condition && before(condition) };
  if (row.doubt !== undefined) return { ...judged, bucketed: false };
  const width = row.bucket !== undefined && 'kind' in row.bucket ? row.bucket.kind : undefined;
  const bucketed = row.bucket !== undefined && width !== 'all' && width !== 'auto';
  const range = ranged(query);
  const { source, pipes } = query;
  const [first] = pipes;
  if (width === 'auto') reporter.error('iql.alert-auto', {}, pipes.find((p) => p.name === 'every')?.span ?? source.span);
  else if (bucketed && range !== undefined) {
    const own = source.range?.span === range ? fix('Remove it', replace({ start: range.start - 1, end: range.end }, '')) : undefined;
    reporter.error('iql.alert-range', {}, range, own);
  } else if (!bucketed && range === undefined && (first === undefined ? row : before(first))?.timed === true)
    reporter.error('iql.alert-unranged', { source: row.origin }, source.span, behind(query, 'last 5m'));
  if (bucketed) {
    const every = pipes.findIndex((p) => p.name === 'every');
    for (const pipe of pipes.slice(every + 1)) if (ACROSS.has(pipe.name)) reporter.error('iql.alert-across', { pipe: pipe.name }, pipe.nameSpan);
  }
  if (row.raw && row.shape === 'rows' && row.timed && row.key.length === 0) reporter.error('iql.alert-key', { source: row.origin }, query.span);
  return { ...judged, bucketed };
};

/** One clause of an alert, read in its form. */
class Clauses<Plan> {
  readonly #context: AlertContext<Plan>;
  readonly #judged: Judged | undefined;
  readonly #evidence = new Set<string>();

  constructor(context: AlertContext<Plan>, judged: Judged | undefined) {
    this.#context = context;
    this.#judged = judged;
  }

  get #none(): Scope {
    return this.#context.scope(NO_ROWS);
  }
  #wrong({ word, span }: Clause, at: Span = span): undefined {
    this.#none.reporter.error('iql.pipe-form', { pipe: word, form: ALERT_CLAUSES[word as AlertWord].form }, at);
    return undefined;
  }
  /** The only expression of a clause. */
  #only(clause: Clause): Expression | undefined {
    const [argument, ...more] = clause.arguments;
    // The parser has told so.
    if (argument === undefined) return undefined;
    const [word, ...others] = argument.words;
    const isPlain = more.length === 0 && others.length === 0 && argument.clauses.length === 0 && argument.name === undefined;
    return isPlain ? word : this.#wrong(clause);
  }
  /** One of the words that it takes. */
  #word(clause: Clause, words: readonly string[]): void {
    const e = this.#only(clause);
    if (e === undefined || (e.node === 'name' && words.includes(e.name.toLowerCase()))) return;
    const near = e.node === 'name' ? nearest(e.name, words) : undefined;
    const mend = near === undefined ? undefined : fix(`Write ${near}`, replace(e.span, near));
    this.#none.reporter.error('iql.pipe-form', { pipe: clause.word, form: ALERT_CLAUSES[clause.word as AlertWord].form }, e.span, mend);
  }
  #duration(clause: Clause): void {
    const e = this.#only(clause);
    const scope = this.#none;
    const checked = e && scope.check(scope, e);
    if (e === undefined || checked === undefined) return;
    const settled = settle(scope, checked, type('duration'));
    if (settled.type.value !== 'duration')
      scope.reporter.error('iql.argument-type', { function: clause.word, wanted: 'a duration', got: typeName(settled.type) }, e.span);
    else if (!isConstant(settled)) scope.reporter.error('iql.constant-wanted', { what: clause.word }, e.span);
  }
  #text(clause: Clause): (Expression & { readonly node: 'text' }) | undefined {
    const e = this.#only(clause);
    if (e === undefined) return undefined;
    return e.node === 'text' ? e : this.#wrong(clause, e.span);
  }
  /** Names side by side, with commas. */
  #names(clause: Clause): void {
    for (const { words, name, span } of clause.arguments) if (name !== undefined || words.length !== 1 || words[0]?.node !== 'name') this.#wrong(clause, span);
  }
  #value(e: Expression): void {
    if (this.#judged !== undefined) checkValue(this.#context.scope(this.#judged.row), e);
  }

  readonly #checks: Readonly<Record<AlertWord, (clause: Clause) => void>> = {
    when: () => undefined,
    for: (clause) => this.#duration(clause),
    keep: (clause) => this.#duration(clause),
    lateness: (clause) => this.#duration(clause),
    'missing ends': (clause) => this.#duration(clause),
    every: (clause) => {
      this.#duration(clause);
      if (this.#judged?.bucketed === true) this.#none.reporter.error('iql.alert-every', {}, clause.span, fix('Remove it', replace(clause.span, '')));
    },
    severity: (clause) => {
      const e = this.#only(clause);
      if (e === undefined || this.#judged === undefined) return;
      const scope = this.#context.scope(this.#judged.row);
      const level = e.node === 'name' ? e.name : e.node === 'text' ? e.value : undefined;
      const isColumn = e.node === 'name' && this.#judged.row.columns.some((c) => c.name === e.name);
      if (level !== undefined && !isColumn && (SEVERITIES as readonly string[]).includes(level.toLowerCase())) return;
      if (level !== undefined && !isColumn && !scope.values.has(level)) {
        const near = nearest(level.toLowerCase(), SEVERITIES) ?? '';
        const mend = near === '' ? undefined : fix(`Write ${near}`, replace(e.span, near));
        scope.reporter.error('iql.unknown-level', { value: level, levels: SEVERITIES.join(', '), nearest: near }, e.span, mend);
        return;
      }
      const checked = checkValue(scope, e);
      if (checked !== undefined && checked.type.value !== 'string')
        scope.reporter.error('iql.argument-type', { function: 'severity', wanted: 'text', got: typeName(checked.type) }, e.span);
    },
    summary: (clause) => {
      const text = this.#text(clause);
      if (text === undefined) return;
      const { expressions, diagnostics } = templateOf(text);
      this.#none.reporter.add(diagnostics);
      if (diagnostics.length === 0) for (const e of expressions) this.#value(e);
    },
    'recover when': (clause) => {
      const e = this.#only(clause);
      if (this.#judged === undefined || e === undefined) return;
      const { watched, row } = this.#judged;
      if (watched !== undefined) checkCondition(this.#context.scope(watched), e);
      else if (row.doubt === undefined) this.#none.reporter.error('iql.alert-condition', { clause: clause.word }, clause.span);
    },
    'on missing': (clause) => {
      this.#word(clause, ALERT_CLAUSES['on missing'].values);
      if (this.#judged !== undefined && this.#judged.watched === undefined && this.#judged.row.doubt === undefined)
        this.#none.reporter.error('iql.alert-condition', { clause: clause.word }, clause.span);
    },
    zone: (clause) => {
      const text = this.#text(clause);
      if (text === undefined || isZone(text.value)) return;
      const near = nearestZone(text.value) ?? '';
      const mend = near === '' ? undefined : fix(`Write "${near}"`, replace(text.span, JSON.stringify(near)));
      this.#none.reporter.error('iql.unknown-zone', { zone: text.value, nearest: near }, text.span, mend);
    },
    labels: (clause) => {
      const e = this.#only(clause);
      if (e === undefined) return;
      if (e.node !== 'map') this.#wrong(clause, e.span);
      else for (const { value } of e.entries) this.#value(value);
    },
    evidence: (clause) => {
      const [argument] = clause.arguments;
      const query = queryOfClause(clause);
      if (argument === undefined) return;
      if (argument.name === undefined || query === undefined) this.#wrong(clause);
      else if (this.#evidence.has(argument.name.name)) this.#none.reporter.error('iql.repeated-name', { name: argument.name.name }, argument.name.span);
      if (argument.name !== undefined) this.#evidence.add(argument.name.name);
      if (query !== undefined && this.#judged !== undefined) this.#context.given(this.#judged.row, () => void this.#context.query(query));
    },
    'depends on': (clause) => {
      const e = this.#only(clause);
      if (e !== undefined && e.node !== 'name') this.#wrong(clause, e.span);
    },
    on: (clause) => {
      const word = clause.arguments[0]?.words[0];
      if (!(word?.node === 'list' && word.items.length === 0)) this.#names(clause);
    },
    runbook: (clause) => void this.#text(clause),
    notify: (clause) => this.#names(clause),
    'then run': (clause) => {
      const [argument, ...more] = clause.arguments;
      if (argument === undefined) return;
      const [action, ...others] = argument.words;
      const isRight = others.every((e) => e.node === 'name' && e.name === 'ramp');
      if (more.length > 0 || argument.name !== undefined || action?.node !== 'call' || !isRight) {
        this.#wrong(clause);
        return;
      }
      const items = (e: Expression): readonly Expression[] => (e.node === 'list' ? e.items : e.node === 'map' ? e.entries.map((x) => x.value) : [e]);
      const values = [...action.arguments, ...(action.named ?? []).map((n) => n.value)].flatMap(items);
      const asked = argument.clauses.flatMap((c) => queryOfClause(c) ?? []);
      const row = this.#judged?.row;
      if (row !== undefined)
        this.#context.given(row, () => {
          for (const e of values) checkValue(this.#none, e);
          for (const query of asked) this.#context.query(query);
        });
    },
  };

  check(clause: Clause): void {
    if (isAlertWord(clause.word)) this.#checks[clause.word](clause);
    else this.#none.reporter.error('iql.unknown-clause', { pipe: 'alert', clause: clause.word }, clause.wordSpan);
  }
}

/** What its `when` gives; undefined where it has none that can be read (told). */
export const checkAlert = <Plan>(alert: Alert, context: AlertContext<Plan>): KnownQuery<Plan> | undefined => {
  const { reporter } = context.scope(NO_ROWS);
  const seen = new Set<string>();
  for (const { word, wordSpan } of alert.clauses) {
    if (seen.has(word) && word !== 'evidence') reporter.error('iql.repeated-clause', { clause: word }, wordSpan);
    seen.add(word);
  }
  const when = alert.clauses.find((c) => c.word === 'when');
  const query = when && queryOfClause(when);
  if (when === undefined) reporter.error('iql.missing-word', { wanted: 'when', form: 'alert name when (from …)' }, alert.name.span);
  else if (query === undefined && when.arguments.length > 0) reporter.error('iql.pipe-form', { pipe: 'when', form: ALERT_CLAUSES.when.form }, when.span);
  const on = alert.clauses.find((c) => c.word === 'on');
  if (on !== undefined && !seen.has('depends on')) reporter.error('iql.missing-word', { wanted: 'depends on', form: 'depends on rule on k' }, on.wordSpan);
  const known = query && context.query(query);
  const judged = query && known && checkWhen(query, known, context);
  const clauses = new Clauses(context, judged);
  for (const clause of alert.clauses) clauses.check(clause);
  return known;
};

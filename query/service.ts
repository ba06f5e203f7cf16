// The one door to IQL for everything that asks: GraphQL, commands, later rules. Takes a text and a request, gives an answer with
// diagnostics. Holds the plan cache and the limits; knows stores only as ports.

import { CodedError, ERRORS, type ErrorCode, type ErrorParameters } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { formatTime } from '../core/time.ts';
import type { Diagnostic } from './1-syntax/diagnostic.ts';
import type { CheckedText } from './2-semantic/check.ts';
import { Reporter } from './2-semantic/report.ts';
import { firstRows, type Plan } from './3-plan/lower.ts';
import { inputsOf, type PlanNode, scansOf } from './3-plan/nodes.ts';
import { PlacedError } from './3-plan/placed-error.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { seesAll } from './3-plan/rights.ts';
import { type Askers, ask, askersOf, type PlanAnswer, type StorePorts } from './ask/ask.ts';
import { BucketCache, type BucketsOfAnswer } from './ask/bucket-cache.ts';
import type { BucketWise, State } from './ask/bucket-wise.ts';
import { withExplanations } from './ask/explain.ts';
import { askedOfFresh, seriesState } from './ask/fresh-series.ts';
import type { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { Ledger } from './ask/ledger.ts';
import { RolledLedger } from './ask/rolled-hours.ts';
import type { TellRows, TellWrites } from './ask/told-rows.ts';
import { type Caller, QuestionsAtOnce } from './caller.ts';
import { CheckedTexts } from './checked-texts.ts';
import { labelQuestions, type PlannedQuery, plan, type SplitPlan, split, storesWith } from './compile.ts';
import { MOST_OFFERED, valueColumns, valuesFound } from './complete-values.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { type Completion, complete, format, valueQuestion } from './language.ts';
import { partialBuckets } from './partial.ts';
import { planRequest, type WhenAndWith } from './plan-request.ts';
import { linesIn, NOTHING_SHOWN, type QueryResult, shownLines, shownRows } from './result.ts';
import { DEFAULT_LIMITS, Pool } from './run/budget.ts';
import { SeriesFinder } from './series/find-series.ts';
import type { SeriesIndex } from './series/series-index.ts';
import { OLDEST_MS, SharedAnswers } from './shared-answers.ts';
import type { VisibleCatalogue } from './visible-catalogue.ts';

export interface AskRequest extends WhenAndWith {
  /** Rows of the answer; default 10,000, at most 100,000. */
  readonly limit?: number;
  /** Where rows stand at buckets: they are given as lines, of each column of values so many of the largest (from 0 to 1,000). */
  readonly lines?: number;
  /** All that can fail is worked out in this process, on plain rows, and values that cannot be represented are counted. */
  readonly countMissing?: boolean;
  /** An answer to the very same question, begun at most so many ms ago, will do, whoever asked; default 0. */
  readonly maxAgeMs?: number;
  /** All is asked of the stores, also buckets that are cached. */
  readonly noCache?: boolean;
  readonly signal?: AbortSignal;
}

export interface QueryServiceOptions {
  readonly ports: StorePorts;
  readonly catalogue: LearnedCatalogue;
  /** Up to which moment (exclusive, nanoseconds) a table's data is complete; undefined: not known. */
  readonly completeUpTo: (table: string) => bigint | undefined;
  /** Of what a table held before that moment (ns) some or all was removed; undefined: nothing was. */
  readonly removedBefore?: (table: string) => bigint | undefined;
  /** Where all marks pass through this process; otherwise those that stand are read with each question. */
  readonly tellMarks?: TellRows;
  /** Where marks and all that changes rows are told to this process, buckets that stand still are not asked for again. */
  readonly tellWrites?: TellWrites;
  readonly telemetry?: Telemetry;
  readonly now?: () => number;
  /** Saved texts by name, which others read as `views.<name>`; the same map as long as none has changed. */
  readonly saved?: () => Promise<ReadonlyMap<string, string>>;
  /** Told of what no text should have led to. */
  readonly log?: Pick<Logger, 'error'>;
  /** Bytes that all running queries may hold together; default 1 GiB. */
  readonly maxBytes?: number;
  /** Seconds a query may take, default 30. */
  readonly maxSeconds?: number;
}

export const DEFAULT_LIMIT = 10_000;
export const MOST_ROWS = 100_000;
export const MOST_LINES = 1000;
const VALUES_MS = 2000;
/** Looked through for what was begun; of more the stores are asked. */
const MOST_KNOWN_VALUES = 50_000;

/** A text under way. */
interface Question {
  readonly checked: CheckedText<Plan>;
  readonly request: AskRequest;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  readonly whole: { readonly start: number; readonly end: number };
  /** Of `performance.now()`. */
  readonly begun: number;
}

interface Planning {
  readonly planned: PlannedQuery;
  readonly limit: number;
  /** Up to where what it reads is complete; undefined: not known. */
  readonly complete: bigint | undefined;
  readonly isBucketed: boolean;
  readonly drawn: ReturnType<typeof linesIn> | undefined;
  readonly notice: PlanRequest['notice'];
  /** Else what a store reads for it would tell how much there is that is not for the caller. */
  readonly isWhole: boolean;
}

interface Answered {
  readonly parts: SplitPlan;
  readonly answer: PlanAnswer;
}

/** What one caller may ask. */
export interface CallerQueries {
  /** Diagnostics of a text, without asking it. */
  check(text: string): Promise<CheckedText<Plan>>;
  complete(text: string, offset: number): Promise<readonly Completion[]>;
  /** Diagnostics where the text or the request is wrong; rejects with a CodedError where a store fails or the caller stops. */
  query(text: string, request?: AskRequest): Promise<QueryResult>;
  /** What there is to ask about. */
  visible(): Promise<VisibleCatalogue>;
}

export class QueryService {
  readonly #options: QueryServiceOptions;
  readonly #texts: CheckedTexts;
  readonly #atOnce = new QuestionsAtOnce();
  readonly #askers: Askers;
  readonly #ledger: Ledger;
  readonly #rolled: RolledLedger;
  readonly #cache: BucketCache | undefined;
  readonly #pool: Pool;
  readonly #shared = new SharedAnswers<QueryResult>();

  constructor(options: QueryServiceOptions) {
    this.#options = options;
    this.#texts = new CheckedTexts(options);
    this.#askers = askersOf(options.ports);
    this.#ledger = new Ledger(options.ports.columns, options.tellMarks);
    this.#rolled = new RolledLedger(options.ports.columns, (table) => options.removedBefore?.(table), options.tellMarks);
    this.#pool = new Pool(options.maxBytes);
    const { tellMarks, tellWrites, telemetry } = options;
    this.#cache = tellMarks && tellWrites && new BucketCache(tellWrites, tellMarks, { telemetry, pool: this.#pool });
  }

  /** As one caller asks; there is no other way to ask. */
  for(caller: Caller): CallerQueries {
    return {
      check: (text) => this.#texts.check(text, caller.rights),
      complete: (text, offset) => this.#complete(text, offset, caller),
      query: (text, request = {}) => this.#shareable(text, request, caller),
      visible: () => this.#texts.visible(caller.rights),
    };
  }

  format(text: string): string | undefined {
    return format(text);
  }

  /** Values of a field come from the stores; where they do not answer in time the rest is still given. */
  async #complete(text: string, offset: number, caller: Caller): Promise<readonly Completion[]> {
    const question = valueQuestion(text, offset);
    // Without what was saved the rest can still be offered.
    await this.#texts.readSaved(text).catch(() => undefined);
    const visible = await this.#texts.visible(caller.rights);
    const rest = complete(text, offset, this.#texts.withViews(visible));
    if (question === undefined) return rest;
    // An editor may have closed the quotes already.
    const to = text[offset] === '"' ? offset + 1 : offset;
    const { label } = question;
    const known = label && visible.labelValues(label.metric, label.name, MOST_KNOWN_VALUES);
    const asked = { limit: MOST_OFFERED, signal: AbortSignal.timeout(VALUES_MS) };
    const found = known ? undefined : await this.#shareable(question.text, asked, caller).catch(() => undefined);
    if (known === undefined && found === undefined) return rest;
    const fitting =
      known === undefined
        ? valuesFound(question, found?.columns ?? [], 'rows in the last hour', to)
        : valuesFound(question, valueColumns(known), 'series', to).slice(0, MOST_OFFERED);
    return [...fitting, ...rest.filter(({ insert }) => !fitting.some((value) => value.insert === insert))];
  }

  async #shareable(text: string, request: AskRequest, caller: Caller): Promise<QueryResult> {
    const end = this.#atOnce.begin(caller);
    if (end === undefined) return tooMany(text, caller);
    const { maxAgeMs = 0, signal, ...asked } = request;
    try {
      if (!(maxAgeMs > 0)) return await this.#query(text, request, caller);
      // Whoever may see the same rows gets the same answer.
      const key = JSON.stringify([caller.rights.key, caller.limits, text, asked], (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
      return await this.#shared.get(key, Math.min(maxAgeMs, OLDEST_MS), signal, (shared) => this.#query(text, { ...asked, signal: shared }, caller));
    } finally {
      end();
    }
  }

  async #query(text: string, request: AskRequest, caller: Caller): Promise<QueryResult> {
    const begun = performance.now();
    const checked = await this.#texts.check(text, caller.rights);
    const reporter = new Reporter();
    const whole = { start: 0, end: text.length };
    const none = (): QueryResult => nothing([...checked.diagnostics, ...reporter.diagnostics], begun);
    if (checked.query === undefined) return none();
    const seconds = Math.min(this.#options.maxSeconds ?? 30, caller.limits.seconds ?? Number.POSITIVE_INFINITY);
    const late = AbortSignal.timeout(seconds * 1000);
    const signal = request.signal === undefined ? late : AbortSignal.any([request.signal, late]);
    try {
      return await this.#ask({ checked, request, caller, signal, reporter, whole, begun });
    } catch (thrown) {
      // Whoever notices the end of the time first: the run, or a store that was told to stop.
      const error = late.aborted && request.signal?.aborted !== true ? new CodedError('iql.too-slow', { seconds }) : thrown;
      if (isDefect(error)) {
        // What a store or the engine says of it may hold statements and names of ours: it is for the log.
        const id = crypto.randomUUID().slice(0, 8);
        this.#options.log?.error('a query could not be answered', { id, text, error, stack: error instanceof Error ? error.stack : undefined });
        reporter.error('iql.failed', { id }, whole);
        return none();
      }
      if (!(error instanceof CodedError) || !isDiagnostic(error.code)) throw error;
      const [span, mend] = error instanceof PlacedError ? [error.span, error.fix] : [whole, undefined];
      reporter.error(error.code, error.parameters as ErrorParameters<ErrorCode>, span, mend);
      return none();
    }
  }

  async #ask(question: Question): Promise<QueryResult> {
    const { checked, request, caller, reporter, whole } = question;
    const now = BigInt((this.#options.now ?? Date.now)()) * 1_000_000n;
    const asked = planRequest(checked, request, caller.rights, now, reporter);
    const planning = this.#plan(question, asked);
    const { parts, answer } = await this.#answer(question, planning);
    this.#tellRemoved(parts, planning.notice);
    this.#tellUnknown(parts, planning.notice);
    if (answer.mayBeMore) reporter.warning('iql.maybe-not-representable', {}, whole);
    else if (answer.notRepresentable > 0) reporter.warning('iql.not-representable', { count: answer.notRepresentable }, whole);
    else if (request.countMissing === true) reporter.info('iql.not-representable', { count: 0 }, whole);
    return this.#result(question, planning, answer);
  }

  /** For rows as many as may be given, or for lines, which are chosen when all are there. */
  #plan({ checked, request, caller, reporter, whole }: Question, asked: PlanRequest): Planning {
    const { limits, rights } = caller;
    const limit = Math.max(0, Math.min(request.limit ?? DEFAULT_LIMIT, limits.rows ?? MOST_ROWS, MOST_ROWS));
    const rows = plan(checked, asked);
    const complete = this.#completeUpTo(rows.plan);
    const notice: PlanRequest['notice'] = (severity, code, parameters, span = whole) =>
      severity === 'info' ? reporter.info(code, parameters, span) : reporter.warning(code, parameters, span);
    const { relation } = checked.query as NonNullable<typeof checked.query>;
    const isBucketed = relation.timed && relation.bucket !== undefined;
    const drawn = request.lines === undefined || !isBucketed ? undefined : linesIn(rows);
    const completeTo = complete !== undefined && complete < asked.at ? complete : asked.at;
    const planned = plan(checked, { ...asked, completeTo, notice }, drawn === undefined ? { limit } : { unordered: true });
    return { planned, limit, complete, isBucketed, drawn, notice, isWhole: seesAll(planned.plan, rights) };
  }

  /** By series, marks and hours as they are known; made again where these have changed meanwhile. */
  async #answer({ request, caller: { limits }, signal }: Question, { planned, limit, isWhole }: Planning): Promise<Answered> {
    const { catalogue, maxSeconds = 30 } = this.#options;
    const push = { push: request.countMissing !== true };
    const options = {
      seconds: Math.min(maxSeconds, limits.seconds ?? Number.POSITIVE_INFINITY),
      limits: { ...DEFAULT_LIMITS, bytes: Math.min(DEFAULT_LIMITS.bytes, limits.bytes ?? Number.POSITIVE_INFINITY) },
      pool: this.#pool,
    };
    const answering = (begin?: () => BucketsOfAnswer): Promise<Answered> =>
      askedOfFresh(planned.plan, catalogue, signal, (index) =>
        this.#ledger.asking(planned.plan, signal, async (marks, stop) => {
          const buckets = begin?.();
          const rolled = await this.#rolled.hoursOf(planned.plan, stop);
          const series = new SeriesFinder(index, RUN_FUNCTIONS);
          const prepare = (plan: PlanNode): Promise<void> => series.prepare(labelQuestions(plan), stop);
          await prepare(planned.plan);
          const stores = storesWith({ marks, rolled, series, dialect: this.#options.ports.search.dialect });
          const state = (part: BucketWise): string => this.#stateBy(catalogue.series)(part);
          const cache = buckets && { buckets, stateThen: this.#stateBy(index), state, prepare };
          const answered = (parts: SplitPlan): Promise<PlanAnswer> =>
            ask(parts, this.#askers, RUN_FUNCTIONS, { ...options, signal: stop, ...(cache && { cache }) });
          const shown = await withExplanations(planned.plan, async (rows, analyze) => {
            const parts = split(firstRows(rows, limit + 1), stores, push);
            return { parts, asked: analyze ? await answered(parts) : undefined, isWhole };
          });
          const parts = split(shown, stores, push);
          return { parts, answer: await answered(parts) };
        }),
      );
    return (request.noCache === true ? undefined : this.#cache)?.answering(answering) ?? answering();
  }

  async #result({ checked, request, caller, signal, reporter, whole, begun }: Question, planning: Planning, answer: PlanAnswer): Promise<QueryResult> {
    const { planned, limit, complete, isBucketed, drawn, isWhole } = planning;
    const most = Math.max(0, Math.min(request.lines ?? 0, caller.limits.rows ?? MOST_LINES, MOST_LINES));
    const overlap = (count: number): void => reporter.warning('iql.lines-overlap', { count }, whole);
    const shown =
      drawn === undefined ? shownRows(answer.batches, planned, limit) : await shownLines(answer.batches, planned, { of: drawn, most, overlap, signal });
    return {
      ...shown,
      completeUpTo: complete,
      partial: isBucketed ? partialBuckets(planned.plan, complete) : [],
      diagnostics: [...checked.diagnostics, ...reporter.diagnostics],
      stats: {
        elapsedMs: performance.now() - begun,
        rowsRead: isWhole ? answer.answers.reduce((sum, { rowsRead }) => sum + rowsRead, 0) : 0,
        bytesRead: isWhole ? answer.answers.reduce((sum, { bytesRead }) => sum + bytesRead, 0) : 0,
      },
    };
  }

  /** Hours of which samples were removed are read from what was put together of them. */
  #stateBy(index: SeriesIndex): State {
    const removed = ['samples', 'rollups_5m', 'rollups_1h'].map((table) => this.#options.removedBefore?.(table)).join();
    return ({ metric }) => (metric === undefined ? '' : `${seriesState(index, metric)} ${removed}`);
  }

  /** Once a source of whose range a part is gone, and was not put together before. */
  #tellRemoved(parts: SplitPlan, notice: PlanRequest['notice']): void {
    const told = new Set<string>();
    for (const { plan, emission } of parts.fragments.values())
      for (const { dataset, range } of scansOf(plan)) {
        const before = this.#options.removedBefore?.(dataset.table);
        if (before === undefined || range === undefined || (emission.rowsFrom ?? range.from) >= before || told.has(dataset.table)) continue;
        told.add(dataset.table);
        notice('info', 'iql.removed', { source: dataset.table, before: formatTime(before) });
      }
  }

  /** Once a metric of which some series are not in the index; labels and conditions go by those that are. */
  #tellUnknown(parts: SplitPlan, notice: PlanRequest['notice']): void {
    const { series } = this.#options.catalogue;
    const scans = [...parts.fragments.values()].flatMap(({ plan }) => scansOf(plan)).filter(({ dataset }) => dataset.table === 'samples');
    const metrics = new Map(scans.map(({ dataset }) => [dataset.metric?.name, dataset.name]));
    for (const [metric, source] of metrics) if (series.lacksSome(metric)) notice('warning', 'iql.series-unknown', { source });
  }

  /** The earliest watermark of what the plan reads. */
  #completeUpTo(node: PlanNode): bigint | undefined {
    const own = node.node === 'scan' ? this.#options.completeUpTo(node.dataset.table) : undefined;
    return inputsOf(node)
      .map((i) => this.#completeUpTo(i))
      .reduce((a, b) => (a === undefined ? b : b === undefined || a < b ? a : b), own);
  }
}

const nothing = (diagnostics: readonly Diagnostic[], begun: number): QueryResult => ({
  ...NOTHING_SHOWN,
  completeUpTo: undefined,
  partial: [],
  diagnostics,
  stats: { elapsedMs: performance.now() - begun, rowsRead: 0, bytesRead: 0 },
});

const tooMany = (text: string, { limits }: Caller): QueryResult => {
  const reporter = new Reporter();
  reporter.error('iql.too-many-questions', { limit: limits.questionsAtOnce ?? 0 }, { start: 0, end: text.length });
  return nothing(reporter.diagnostics, performance.now());
};

/** What no text should have led to. */
const DEFECTS: ReadonlySet<string> = new Set<ErrorCode>(['columns.rejected', 'records.rejected', 'records.refused-rows', 'ipc.malformed']);
const isDefect = (error: unknown): boolean => !(error instanceof CodedError) || DEFECTS.has(error.code);

/** What a text or a request can mend; anything else is a failure. */
const isDiagnostic = (code: ErrorCode): boolean =>
  (code.startsWith('iql.') && code !== 'iql.cancelled' && Object.hasOwn(ERRORS, code)) || code === 'columns.limit';

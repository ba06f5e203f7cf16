// The one door to IQL for everything that asks: GraphQL, commands, later rules. Takes a text and a request, gives an answer with
// diagnostics. Holds the plan cache and the limits; knows stores only as ports.

import { CodedError, ERRORS, type ErrorCode, type ErrorParameters } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { formatTime, NANOS_PER_HOUR } from '../core/time.ts';
import type { CheckedText } from './2-semantic/check.ts';
import { Reporter } from './2-semantic/report.ts';
import { zoneOf } from './3-plan/constants.ts';
import { firstRows, type Plan } from './3-plan/lower.ts';
import { inputsOf, type PlanNode, scansOf } from './3-plan/nodes.ts';
import { PlacedError } from './3-plan/placed-error.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { type Asked, type Askers, ask, askersOf, type StorePorts } from './ask/ask.ts';
import { withExplanations } from './ask/explain.ts';
import { askedOfFresh } from './ask/fresh-series.ts';
import type { LearnedCatalogue } from './ask/learned-catalogue.ts';
import { Ledger } from './ask/ledger.ts';
import { RolledLedger } from './ask/rolled-hours.ts';
import type { TellRows } from './ask/told-rows.ts';
import { check, plan, type SplitPlan, split, storesWith } from './compile.ts';
import { MOST_OFFERED, valueColumns, valuesFound } from './complete-values.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { type Catalogue, type Completion, complete, format, mayReadSaved, valueQuestion, viewsOf, withViews } from './language.ts';
import { readParameters, writtenDurations } from './parameters.ts';
import { partialBuckets } from './partial.ts';
import { linesIn, NOTHING_SHOWN, type QueryResult, shownLines, shownRows } from './result.ts';
import { Pool } from './run/budget.ts';
import { SeriesFinder } from './series/find-series.ts';
import { OLDEST_MS, SharedAnswers } from './shared-answers.ts';

export interface AskRequest {
  /** Nanoseconds; `to` is `at`, `from` an hour before `to`, `at` now, where they are left out. */
  readonly from?: bigint;
  readonly to?: bigint;
  readonly at?: bigint;
  readonly zone?: string;
  readonly params?: unknown;
  /** Rows of the answer; default 10,000, at most 100,000. */
  readonly limit?: number;
  /** Where rows stand at buckets: they are given as lines, of each column of values so many of the largest (from 0 to 1,000). */
  readonly lines?: number;
  /** All that can fail is worked out in this process, on plain rows, and values that cannot be represented are counted. */
  readonly countMissing?: boolean;
  /** An answer to the very same question, begun at most so many ms ago, will do, whoever asked; default 0. */
  readonly maxAgeMs?: number;
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
const MOST_CACHED = 500;
const RELEARN_MS = 1000;
const RELEARN_PATIENCE_MS = 2000;
/** Before all series were read: those of one metric may have to wait for them. */
const FIRST_PATIENCE_MS = 15_000;
const VALUES_MS = 2000;
/** Looked through for what was begun; of more the stores are asked. */
const MOST_KNOWN_VALUES = 50_000;

/** Codes whose mend may be to look into the store once more. */
const MAYBE_NEW: ReadonlySet<string> = new Set(['iql.unknown-source', 'iql.unknown-field']);

export class QueryService {
  readonly #options: QueryServiceOptions;
  readonly #checked = new Map<string, { readonly version: number; readonly text: CheckedText<Plan> }>();
  readonly #askers: Askers;
  readonly #ledger: Ledger;
  readonly #rolled: RolledLedger;
  readonly #pool: Pool;
  readonly #shared = new SharedAnswers<QueryResult>();
  #learned = 0;
  #saved: ReadonlyMap<string, string> = new Map();
  #catalogue: Catalogue;

  constructor(options: QueryServiceOptions) {
    this.#options = options;
    this.#catalogue = options.catalogue;
    this.#askers = askersOf(options.ports);
    this.#ledger = new Ledger(options.ports.columns, options.tellMarks);
    this.#rolled = new RolledLedger(options.ports.columns, (table) => options.removedBefore?.(table), options.tellMarks);
    this.#pool = new Pool(options.maxBytes);
  }

  /** Checks a text; an unknown name is looked up once in the stores before it is told. */
  async check(text: string): Promise<CheckedText<Plan>> {
    await this.#readSaved(text);
    const first = this.#check(text);
    const now = (this.#options.now ?? Date.now)();
    const { catalogue } = this.#options;
    if (!first.diagnostics.some((d) => MAYBE_NEW.has(d.code)) || (catalogue.isReady && now - this.#learned < RELEARN_MS)) return first;
    this.#learned = now;
    // A store that is away or hangs must not keep a text from being checked.
    await Promise.race([
      catalogue.lookAgain().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, catalogue.isReady ? RELEARN_PATIENCE_MS : FIRST_PATIENCE_MS)),
    ]);
    return this.#check(text);
  }

  /** What was saved since is read for a text that may read it; rejects where the store does not answer and nothing was read before. */
  async #readSaved(text: string): Promise<void> {
    const { saved, catalogue } = this.#options;
    if (saved === undefined || !mayReadSaved(text)) return;
    const texts = await saved();
    if (texts === this.#saved) return;
    this.#saved = texts;
    this.#catalogue = withViews(catalogue, viewsOf(texts));
    this.#checked.clear();
  }

  #check(text: string): CheckedText<Plan> {
    const { version } = this.#options.catalogue;
    const known = this.#checked.get(text);
    if (known?.version === version) return known.text;
    const checked = check(text, this.#catalogue);
    // What is not known yet may be in a moment.
    if (!this.#options.catalogue.isReady && checked.diagnostics.some((d) => MAYBE_NEW.has(d.code))) return checked;
    if (this.#checked.size >= MOST_CACHED) this.#checked.delete(this.#checked.keys().next().value as string);
    this.#checked.set(text, { version, text: checked });
    return checked;
  }

  format(text: string): string | undefined {
    return format(text);
  }

  /** Values of a field come from the stores; where they do not answer in time the rest is still given. */
  async complete(text: string, offset: number): Promise<readonly Completion[]> {
    const question = valueQuestion(text, offset);
    // Without what was saved the rest can still be offered.
    await this.#readSaved(text).catch(() => undefined);
    const rest = complete(text, offset, this.#catalogue);
    if (question === undefined) return rest;
    // An editor may have closed the quotes already.
    const to = text[offset] === '"' ? offset + 1 : offset;
    const { label } = question;
    const known = label && this.#options.catalogue.labelValues(label.metric, label.name, MOST_KNOWN_VALUES);
    const found = known ? undefined : await this.query(question.text, { limit: MOST_OFFERED, signal: AbortSignal.timeout(VALUES_MS) }).catch(() => undefined);
    if (known === undefined && found === undefined) return rest;
    const fitting =
      known === undefined
        ? valuesFound(question, found?.columns ?? [], 'rows in the last hour', to)
        : valuesFound(question, valueColumns(known), 'series', to).slice(0, MOST_OFFERED);
    return [...fitting, ...rest.filter(({ insert }) => !fitting.some((value) => value.insert === insert))];
  }

  /** Diagnostics where the text or the request is wrong; rejects with a CodedError where a store fails or the caller stops. */
  query(text: string, request: AskRequest = {}): Promise<QueryResult> {
    const { maxAgeMs = 0, signal, ...asked } = request;
    if (!(maxAgeMs > 0)) return this.#query(text, request);
    const key = JSON.stringify([text, asked], (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
    return this.#shared.get(key, Math.min(maxAgeMs, OLDEST_MS), signal, (shared) => this.#query(text, { ...asked, signal: shared }));
  }

  async #query(text: string, request: AskRequest): Promise<QueryResult> {
    const begun = performance.now();
    const checked = await this.check(text);
    const reporter = new Reporter();
    const whole = { start: 0, end: text.length };
    const none = (): QueryResult => ({
      ...NOTHING_SHOWN,
      completeUpTo: undefined,
      partial: [],
      diagnostics: [...checked.diagnostics, ...reporter.diagnostics],
      stats: { elapsedMs: performance.now() - begun, rowsRead: 0, bytesRead: 0 },
    });
    if (checked.query === undefined) return none();
    const seconds = this.#options.maxSeconds ?? 30;
    const late = AbortSignal.timeout(seconds * 1000);
    const signal = request.signal === undefined ? late : AbortSignal.any([request.signal, late]);
    try {
      return await this.#ask(checked, request, signal, reporter, whole, begun);
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
      reporter.error(error.code, error.parameters as ErrorParameters<ErrorCode>, error instanceof PlacedError ? error.span : whole);
      return none();
    }
  }

  async #ask(
    checked: CheckedText<Plan>,
    request: AskRequest,
    signal: AbortSignal,
    reporter: Reporter,
    whole: { readonly start: number; readonly end: number },
    begun: number,
  ): Promise<QueryResult> {
    const limit = Math.max(0, Math.min(request.limit ?? DEFAULT_LIMIT, MOST_ROWS));
    const at = request.at ?? BigInt((this.#options.now ?? Date.now)()) * 1_000_000n;
    const to = request.to ?? at;
    const zone = zoneOf(request.zone ?? 'UTC');
    const mistakes: PlacedError[] = [];
    const parameters = readParameters(checked.parameters, request.params, zone, (mistake) => mistakes.push(mistake));
    const inOrder = mistakes.toSorted((a, b) => a.span.start - b.span.start);
    const last = inOrder.pop();
    if (last !== undefined) {
      for (const { code, parameters: said, span } of inOrder) reporter.error(code, said as ErrorParameters<ErrorCode>, span);
      throw last;
    }
    const asked: PlanRequest = {
      at,
      to,
      from: request.from ?? to - NANOS_PER_HOUR,
      zone,
      parameters,
      durations: writtenDurations(checked.parameters, request.params),
      completeTo: at,
      notice: () => undefined,
    };
    if (asked.from > asked.to) throw new CodedError('iql.bad-range', {});
    const rows = plan(checked, asked);
    const complete = this.#completeUpTo(rows.plan);
    const notice: PlanRequest['notice'] = (severity, code, parameters, span = whole) =>
      severity === 'info' ? reporter.info(code, parameters, span) : reporter.warning(code, parameters, span);
    const { relation } = checked.query as NonNullable<typeof checked.query>;
    const bucketed = relation.timed && relation.bucket !== undefined;
    const drawn = request.lines === undefined || !bucketed ? undefined : linesIn(rows);
    const mostLines = Math.max(0, Math.min(request.lines ?? 0, MOST_LINES));
    const planning: PlanRequest = { ...asked, completeTo: complete !== undefined && complete < at ? complete : at, notice };
    const planned = plan(checked, planning, drawn === undefined ? { limit } : { unordered: true });
    const push = { push: request.countMissing !== true };
    const options = { seconds: this.#options.maxSeconds ?? 30, pool: this.#pool };
    const { parts, answer } = await askedOfFresh(planned.plan, this.#options.catalogue, signal, (index) =>
      this.#ledger.asking(planned.plan, signal, async (marks, stop) => {
        const rolled = await this.#rolled.hoursOf(planned.plan, stop);
        const stores = storesWith({ marks, rolled, series: new SeriesFinder(index, RUN_FUNCTIONS) });
        const answered = (parts: SplitPlan): Promise<Asked> => ask(parts, this.#askers, RUN_FUNCTIONS, { ...options, signal: stop });
        const shown = await withExplanations(planned.plan, async (rows, analyze) => {
          const parts = split(firstRows(rows, limit + 1), stores, push);
          return { parts, asked: analyze ? await answered(parts) : undefined };
        });
        const parts = split(shown, stores, push);
        return { parts, answer: await answered(parts) };
      }),
    );
    this.#tellRemoved(parts, notice);
    if (answer.mayBeMore) reporter.warning('iql.maybe-not-representable', {}, whole);
    else if (answer.notRepresentable > 0) reporter.warning('iql.not-representable', { count: answer.notRepresentable }, whole);
    else if (request.countMissing === true) reporter.info('iql.not-representable', { count: 0 }, whole);
    return {
      ...(drawn === undefined ? shownRows(answer.batches, planned, limit) : shownLines(answer.batches, planned, drawn, mostLines)),
      completeUpTo: complete,
      partial: bucketed ? partialBuckets(planned.plan, complete) : [],
      diagnostics: [...checked.diagnostics, ...reporter.diagnostics],
      stats: {
        elapsedMs: performance.now() - begun,
        rowsRead: answer.answers.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
        bytesRead: answer.answers.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
      },
    };
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

  /** The earliest watermark of what the plan reads. */
  #completeUpTo(node: PlanNode): bigint | undefined {
    const own = node.node === 'scan' ? this.#options.completeUpTo(node.dataset.table) : undefined;
    return inputsOf(node)
      .map((i) => this.#completeUpTo(i))
      .reduce((a, b) => (a === undefined ? b : b === undefined || a < b ? a : b), own);
  }
}

/** What no text should have led to. */
const DEFECTS: ReadonlySet<string> = new Set<ErrorCode>(['columns.rejected', 'records.rejected', 'records.refused-rows', 'ipc.malformed']);
const isDefect = (error: unknown): boolean => !(error instanceof CodedError) || DEFECTS.has(error.code);

/** What a text or a request can mend; anything else is a failure. */
const isDiagnostic = (code: ErrorCode): boolean =>
  (code.startsWith('iql.') && code !== 'iql.cancelled' && Object.hasOwn(ERRORS, code)) || code === 'columns.limit';

// Plans as questions to ClickHouse, by what is known of the store at this moment.
import type { Batch } from '../../../core/batch/batch.ts';
import type { PlanExpression } from '../../3-plan/expression.ts';
import { inputsOf, type PlanNode, type Scan, scansOf } from '../../3-plan/nodes.ts';
import { type Answers, type Emission, type Emitter, type Estimate, LONGEST_TEXT } from '../emitter.ts';
import type { Known } from '../known.ts';
import type { KnownSeries } from '../known-series.ts';
import { type Failures, lossesOf, readsColumn } from '../losses.ts';
import type { SqlRequest } from '../sql-request.ts';
import { ClickHouseContext } from './context.ts';
import type { ClickHouseTables } from './dialect.ts';
import { emitFolded, isFolded } from './folded-window.ts';
import { lateLabels } from './late-labels.ts';
import { type ClickHouseRequest, parametersIn } from './request.ts';
import { emitClickHouse } from './select.ts';
import { rangeOf, splitFilter } from './series.ts';

export class ClickHouseEmitter implements Emitter<ClickHouseRequest> {
  readonly #tables: ClickHouseTables;
  readonly #failures: Failures;
  readonly #known: Known;

  constructor(tables: ClickHouseTables, failures: Failures, known: Known) {
    this.#tables = tables;
    this.#failures = failures;
    this.#known = known;
  }

  answers(condition: PlanExpression, scan: Scan): Answers {
    return this.#request({ ...scan, filter: condition }) === undefined ? 'no' : 'exact';
  }

  emit(node: PlanNode): Emission<ClickHouseRequest> | undefined {
    const request = this.#request(node);
    const estimate = (): Estimate | undefined => estimateOf(node, this.#known.series);
    if (request === undefined) return undefined;
    const { rowsFrom } = request;
    const losses = lossesOf(node, this.#failures, this.#known.marks, isAsArrived(node));
    return { request, losses, estimate, ...(rowsFrom === undefined ? {} : { rowsFrom }) };
  }

  explain({ text, beside = [], parameters }: ClickHouseRequest): SqlRequest {
    return { text: [text, ...beside].join(';\n'), parameters };
  }

  /** Labels are put on here where nothing in the store needs them. */
  #request(node: PlanNode): ClickHouseRequest | undefined {
    const { series } = this.#known;
    const late = lateLabels(node, series);
    if (late === undefined) return this.#asked(node);
    const { scan, labels, moment } = late;
    // What the store cuts must have no row that is left out here.
    const asked = this.#asked(late.node, hasLimit(late.node));
    const labelled = (batch: Batch): Batch => series.label(batch, scan.dataset.metric?.name ?? '', rangeOf(scan), labels, moment?.name);
    return asked && { ...asked, finish: (batches, beside) => mapped(asked.finish?.(batches, beside) ?? batches, labelled) };
  }

  #asked(node: PlanNode, isOfKnown = false): ClickHouseRequest | undefined {
    const context = new ClickHouseContext(this.#tables.scalars, this.#known, { isAsArrived: isAsArrived(node), isOfKnown });
    const request = isFolded(node, context) ? emitFolded(node, context) : this.#said(node, context);
    return request === undefined || request.text.length > LONGEST_TEXT
      ? undefined
      : { ...request, parameters: parametersIn([request.text, ...(request.beside ?? [])].join(), context.parameters) };
  }

  #said(node: PlanNode, context: ClickHouseContext): ClickHouseRequest | undefined {
    const select = emitClickHouse(node, context, this.#tables);
    return select && { text: select.sql, parameters: context.parameters };
  }
}

function* mapped(batches: Iterable<Batch>, of: (batch: Batch) => Batch): Generator<Batch> {
  for (const batch of batches) yield of(batch);
}

const hasLimit = (node: PlanNode): boolean => (node.node === 'order' && node.count !== undefined) || inputsOf(node).some(hasLimit);

const estimateOf = (node: PlanNode, series: KnownSeries): Estimate | undefined => {
  const [scan, ...more] = scansOf(node);
  const metric = scan?.dataset.metric;
  if (scan === undefined || metric === undefined || more.length > 0) return undefined;
  const range = rangeOf(scan);
  const { size } = series.find(metric.name, range, splitFilter(scan).labels);
  const each = range === undefined || metric.intervalMs === undefined ? undefined : Number((range.to - range.from) / 1_000_000n) / metric.intervalMs;
  return { series: size, rows: each === undefined ? undefined : Math.round(size * each) };
};

/** Values that came as no numbers are answered as such where nothing here has looked at them yet. */
const isAsArrived = (node: PlanNode): boolean => node.node === 'scan' && !readsColumn(node.filter, 'value');

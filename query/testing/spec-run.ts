// Runs one case of a spec file: its rows on inline data, what it is told, what it plans and asks.
import { type Batch, valueAt } from '../../core/batch/batch.ts';
import { CodedError } from '../../core/errors.ts';
import { formatTime, parseTime } from '../../core/time.ts';
import { DATASETS } from '../../schemas/catalogue.ts';
import type { MetricInfo } from '../../schemas/types.ts';
import type { Catalogue } from '../2-semantic/catalogue.ts';
import { Reporter } from '../2-semantic/report.ts';
import { inputsOf, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import { PlacedError } from '../3-plan/placed-error.ts';
import type { PlanRequest } from '../3-plan/request.ts';
import { ALL_ROWS } from '../3-plan/rights.ts';
import { explained } from '../4-emit/fragment.ts';
import type { SqlRequest } from '../4-emit/sql-request.ts';
import { type JsonValue, jsonValue } from '../ask/answer.ts';
import { check, plan, split, storesWith } from '../compile.ts';
import type { Diagnostic } from '../language.ts';
import { readParameters, writtenDurations } from '../parameters.ts';
import { runPlan } from '../run/run.ts';
import { cutBatch, testEnvironment } from '../run/testing/environment.ts';
import { twoSeriesEach } from './known-series.ts';
import { seeded } from './random.ts';
import type { SpecCase } from './spec-file.ts';
import { EVERY_PASS, optimizeVerified } from './verify-plan.ts';

const gauge = { kind: 'gauge', temporality: 'cumulative' } as const;
const counter = { kind: 'counter', temporality: 'cumulative' } as const;

/** The metrics that spec files and the reference speak of. */
const METRICS: readonly MetricInfo[] = [
  { ...gauge, name: 'system.cpu.utilization', unit: '1', intervalMs: 10_000, labels: ['cpu', 'datacenter', 'host'] },
  { ...gauge, name: 'system.filesystem.utilization', unit: '1', labels: ['host', 'mountpoint'] },
  { ...gauge, name: 'system.memory.usage', unit: 'By', labels: ['host', 'state'] },
  { ...counter, name: 'system.network.io', unit: 'By', intervalMs: 15_000, labels: ['device', 'host'] },
  { ...counter, name: 'http.errors', unit: '{request}', labels: ['host', 'service'] },
  { ...counter, name: 'http.requests', unit: '{request}', labels: ['host', 'service'] },
  { ...gauge, name: 'http.latency', unit: 'ms', labels: ['host', 'route'] },
  { ...gauge, name: 'job.age', unit: 's', labels: ['host'] },
  { kind: 'histogram', temporality: 'cumulative', name: 'http.duration', unit: 's', labels: ['host', 'route'] },
  { kind: 'exponential histogram', temporality: 'delta', name: 'rpc.duration', unit: 's', labels: ['host'] },
  { kind: 'summary', temporality: 'cumulative', name: 'go.gc.duration', unit: 's', labels: ['host'] },
  { ...gauge, name: 'foreign.metric', labels: ['host'] },
];

export const specCatalogue: Catalogue = {
  datasets: DATASETS,
  metric: (name) => METRICS.find((m) => m.name === name),
  metricNames: () => METRICS.map((m) => m.name),
  attribute: (dataset, name) =>
    dataset !== 'logs' ? undefined : name === 'status' ? 'number' : name === 'path' ? 'text' : name === 'code' ? 'both' : undefined,
  attributeNames: (dataset) => (dataset === 'logs' ? ['status', 'path', 'code'] : []),
};

/** Two of each metric. */
export const specSeries = twoSeriesEach(METRICS);
export const specStores = storesWith({ marks: () => [], series: specSeries });

const moment = (text: string): bigint => {
  const ns = parseTime(text.length === 10 ? `${text}T00:00:00Z` : text);
  if (ns === undefined) throw new Error(`no time: ${text}`);
  return ns;
};

type SpecQuestion = Pick<SpecCase, 'text' | 'request'>;

export const requestOf = (c: SpecQuestion, notices: string[] = []): PlanRequest => {
  const at = moment(c.request.get('at') ?? '2026-11-20T11:00:00Z');
  const zone = c.request.get('zone') ?? 'UTC';
  const given = Object.fromEntries([...c.request].flatMap(([k, v]) => (k.startsWith('$') ? [[k.slice(1), JSON.parse(v) as unknown] as const] : [])));
  const { parameters: uses } = check(c.text, specCatalogue);
  return {
    at,
    from: moment(c.request.get('from') ?? formatTime(at - 3_600_000_000_000n)),
    to: moment(c.request.get('to') ?? formatTime(at)),
    zone,
    parameters: readParameters(uses, given, zone, (mistake) => {
      throw mistake;
    }),
    durations: writtenDurations(uses, given),
    rights: ALL_ROWS,
    completeTo: moment(c.request.get('complete') ?? formatTime(at)),
    notice: (severity, code) => void notices.push(`${severity} ${code}`),
  };
};

export interface SpecRows {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly unit: string | undefined }[];
  readonly rows: readonly (readonly JsonValue[])[];
  /** What the run told, as it is shown. */
  readonly warnings: readonly string[];
}

/** The plan with its inline rows in batches cut at these places. */
const cut = (node: PlanNode, pieces: Map<string, readonly Batch[]>, random: () => number): PlanNode => {
  if (node.node !== 'inline') {
    const inputs = inputsOf(node);
    return inputs.length === 0
      ? node
      : withInputs(
          node,
          inputs.map((i) => cut(i, pieces, random)),
        );
  }
  const name = `piece ${pieces.size}`;
  pieces.set(
    name,
    cutBatch(
      node.batch,
      Array.from({ length: 3 }, () => [random(), random() < 0.5] as const),
    ),
  );
  const leaf: Scan = {
    node: 'scan',
    columns: node.columns,
    dataset: { name, description: '', role: 'columns', table: '', shape: 'rows', key: [], columns: [] },
    range: undefined,
    before: 0n,
    filter: undefined,
  };
  return leaf;
};

type Planned = ReturnType<typeof plan>;

/** As it is before any pass. */
export const loweredPlan = (c: SpecQuestion): Planned => plan(check(c.text, specCatalogue), requestOf(c), { without: EVERY_PASS });

/** The answer's rows, of the columns that are shown. */
export const shownRows = (batches: readonly Batch[], whole: PlanNode, columns: Planned['columns']): readonly (readonly JsonValue[])[] => {
  const places = columns.map((x) => whole.columns.findIndex((w) => w.name === x.name));
  return batches.flatMap((b) =>
    Array.from({ length: b.length }, (_, i) =>
      places.map((p) => {
        const column = b.columns[p];
        return column === undefined ? null : jsonValue(valueAt(column, i), column.type);
      }),
    ),
  );
};

/** The case's rows; with `seed` its data comes in batches cut at random. Without `hosts` the inventory is empty. */
export const rowsOf = async (
  c: SpecQuestion,
  options: { readonly seed?: number; readonly without?: ReadonlySet<string>; readonly hosts?: Batch } = {},
): Promise<SpecRows> => {
  const { plan: lowered, columns } = loweredPlan(c);
  const optimized = optimizeVerified(lowered, options.without);
  const pieces = new Map<string, readonly Batch[]>();
  const whole = options.seed === undefined ? optimized : cut(optimized, pieces, seeded(options.seed));
  const env = testEnvironment({
    scan: async function* (scan) {
      yield* pieces.get(scan.dataset.name) ?? (options.hosts !== undefined && scan.dataset.name === 'hosts' ? [options.hosts] : []);
    },
  });
  const rows = shownRows(await runPlan(whole, env), whole, columns);
  const lost = new Reporter();
  if (env.lost() > 0) lost.warning('iql.not-representable', { count: env.lost() }, { start: 0, end: 0 });
  return {
    columns: columns.map((x) => ({ name: x.name, type: x.type.value, unit: x.type.value === 'duration' ? 's' : x.type.unit?.text })),
    rows,
    warnings: lost.diagnostics.map((d) => `${d.code}: ${d.message}`),
  };
};

/** What the check tells; of a text without errors also what its request makes wrong. */
export const diagnosticsOf = (c: SpecCase): readonly Diagnostic[] => {
  const checked = check(c.text, specCatalogue);
  if (checked.query === undefined) return checked.diagnostics;
  try {
    plan(checked, requestOf(c));
    return checked.diagnostics;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const span = error instanceof PlacedError ? error.span : { start: 0, end: c.text.length };
    return [...checked.diagnostics, { code: error.code, severity: 'error', message: error.message, span, fix: undefined }];
  }
};

/** The text with every fix applied, last one first; one that lies in a part already changed is left out. */
export const fixedText = (text: string, diagnostics: readonly Diagnostic[]): string => {
  const edits = diagnostics.flatMap((d) => d.fix?.edits ?? []).toSorted((a, b) => b.span.start - a.span.start);
  let out = text;
  let limit = text.length;
  for (const { span, text: fresh } of edits) {
    if (span.end > limit) continue;
    out = `${out.slice(0, span.start)}${fresh}${out.slice(span.end)}`;
    limit = span.start;
  }
  return out;
};

/** What is planned and what each store is asked. */
export const asked = (
  c: SpecCase,
): {
  readonly plan: PlanNode;
  readonly fragments: readonly (SqlRequest & { readonly role: string })[];
} => {
  const planned = plan(check(c.text, specCatalogue), requestOf(c));
  const parts = split(planned.plan, specStores);
  return { plan: planned.plan, fragments: Array.from(parts.fragments.values(), (f) => ({ role: f.role, ...explained(f) })) };
};

// Read first. A text becomes an answer in these steps; each is one call and can be looked at by itself:
//
//   text → parse (1-syntax) → check against the catalogue (2-semantic, pipes/) → plan for one request (3-plan)
//        → passes (3-plan/passes.ts) → split by what each store can do (4-emit) → run what is left here (run/)
//
// Nothing here waits or reads: stores are asked by `ask.ts`.

import { CodedError } from '../core/coded-error.ts';
import type { SearchDialect } from '../engines/search/port.ts';
import type { CheckedText } from './2-semantic/check.ts';
import { type RelationColumn, visible } from './2-semantic/type.ts';
import { firstRows, type Plan, sorted } from './3-plan/lower.ts';
import type { PlanNode } from './3-plan/nodes.ts';
import { optimize } from './3-plan/passes.ts';
import type { Planning, PlanRequest } from './3-plan/request.ts';
import { unseenScans } from './3-plan/rights.ts';
import { CLICKHOUSE_AGGREGATES } from './4-emit/clickhouse/aggregates.ts';
import type { ClickHouseTables } from './4-emit/clickhouse/dialect.ts';
import { ClickHouseEmitter } from './4-emit/clickhouse/emitter.ts';
import { CLICKHOUSE_FUNCTIONS } from './4-emit/clickhouse/functions.ts';
import { elasticsearchEmitter } from './4-emit/elasticsearch/emitter.ts';
import type { Known, RolledHours } from './4-emit/known.ts';
import { postgresEmitter } from './4-emit/postgres/emitter.ts';
import { type SplitPlan, type Stores, split } from './4-emit/split.ts';
import { FAILING, FAILING_AGGREGATES } from './functions/failing.ts';
import { RUN_FUNCTIONS } from './functions/run/functions.ts';
import { constants } from './run/constant.ts';

export { labelQuestions } from './4-emit/clickhouse/series.ts';
export { check } from './language.ts';

const workOut = constants(RUN_FUNCTIONS);

const CLICKHOUSE: ClickHouseTables = { scalars: CLICKHOUSE_FUNCTIONS, aggregates: CLICKHOUSE_AGGREGATES };

/** Rows of a window that are given their labels here; of more the store is told them. */
const MOST_HERE = 200_000;
const MOST_AT_ONCE = 4_000_000;

const nothing = (): RolledHours => new Map();

/** Which dialect the store of a role speaks, at a moment at which this is known. */
export const storesWith = ({
  marks,
  series,
  mostHere = MOST_HERE,
  mostAtOnce = MOST_AT_ONCE,
  rolled = nothing,
  dialect = 'clickhouse',
}: Pick<Known, 'marks' | 'series'> & Partial<Known> & { readonly dialect?: SearchDialect }): Stores => {
  const clickhouse = new ClickHouseEmitter(CLICKHOUSE, { scalars: FAILING, aggregates: FAILING_AGGREGATES }, { marks, series, mostHere, mostAtOnce, rolled });
  const search = dialect === 'elasticsearch' ? elasticsearchEmitter : clickhouse;
  return { emitters: { columns: clickhouse, search, records: postgresEmitter }, failing: FAILING };
};

export interface PlannedQuery {
  /** In natural order, unless none is needed; cut at `limit` + 1 rows so that a cut is seen. */
  readonly plan: PlanNode;
  /** What the asker sees, in order; the plan has hidden columns beside them. */
  readonly columns: readonly RelationColumn[];
}

/** The optimized plan of a checked text for a request. Throws a CodedError of `iql.*` where the request makes it impossible. */
export const plan = (
  checked: CheckedText<Plan>,
  request: PlanRequest,
  options: { readonly limit?: number; readonly unordered?: boolean; readonly without?: ReadonlySet<string> } = {},
): PlannedQuery => {
  const { query } = checked;
  if (query === undefined) throw new CodedError('iql.no-query', {});
  const found = query.plan(planning(request));
  const rows = options.unordered === true ? found : sorted(found, query.relation);
  const cut = options.limit === undefined ? rows : firstRows(rows, options.limit + 1);
  const made = optimize(cut, options.without);
  const [unseen] = unseenScans(made, request.rights);
  if (unseen !== undefined) throw new TypeError(`a scan of ${unseen.dataset.name} lacks what its asker may see`);
  return { plan: made, columns: visible(query.relation) };
};

/** A pipe may plan the rows before it twice (`top n k by …`); what is told of them is told once. */
const planning = (request: PlanRequest): Planning => {
  const told = new Set<string>();
  const notice: PlanRequest['notice'] = (severity, code, parameters, span) => {
    const key = `${code} ${JSON.stringify(parameters)}`;
    if (told.has(key)) return;
    told.add(key);
    request.notice(severity, code, parameters, span);
  };
  return { ...request, notice, workOut };
};

export { type SplitPlan, type Stores, split };

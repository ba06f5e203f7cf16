// Which rows of each dataset an asker may see. It stands as conditions in the filter of every scan, below anything that a text says; a plan with
// a scan that lacks them is not run (`seenBy` and `unseenScans` are the only two who know how).
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import type { Dataset, DatasetColumn } from '../../schemas/types.ts';
import { call, conjunction, conjuncts, joined, literal, mapExpression, type PlanExpression } from './expression.ts';
import { type PlanNode, type Scan, scansOf } from './nodes.ts';

/** Columns that conditions may speak of: whose row it is, and what the inventory says of that host. No sender can choose them for another's rows. */
export const WHOSE = ['host', ...ENRICHMENT] as const;

/** What the inventory says of a series' host: senders may give their series labels of these names too, and those are not meant. */
export const ASSIGNED = '#assigned.';

/** `all`: any row; `none`: as if there were no row. */
export type RowRight = PlanExpression | 'all' | 'none';

export interface RowRights {
  /** The same for all who may see the same rows. */
  readonly key: string;
  /** There is nothing that may not be seen. */
  readonly isAll: boolean;
  /** What holds for each row of the dataset that may be seen: of one dataset the very same expression each time. */
  on(dataset: Dataset): RowRight;
}

export const ALL_ROWS: RowRights = { key: 'all', isAll: true, on: () => 'all' };

/** Rows that some may see: of these datasets (`metrics` is all metrics), and for which the condition on `WHOSE` is true; undefined: all of them. */
export interface Grant {
  readonly datasets: 'all' | readonly string[];
  readonly where: PlanExpression | undefined;
}

const METRICS = 'metrics';
const groupOf = ({ name }: Dataset): string => (name.startsWith(`${METRICS}.`) ? METRICS : name);

/** What any of them grants. A dataset that none speaks of has no rows. */
export const rightsOf = (grants: readonly Grant[]): RowRights => {
  const known = new Map<string, RowRight>();
  const rightOn = (dataset: Dataset): RowRight => {
    const own = grants.filter(({ datasets }) => datasets === 'all' || datasets.includes(groupOf(dataset)));
    const [first, ...others] = own.flatMap(({ where }) => where ?? []);
    if (own.some(({ where }) => where === undefined)) return 'all';
    if (first === undefined) return 'none';
    const condition = joined([first, ...others], (a, b) => call('or', 'bool', a, b));
    return groupOf(dataset) === METRICS ? mapExpression(condition, ofSeries) : condition;
  };
  return {
    key: JSON.stringify(grants),
    isAll: grants.some(({ datasets, where }) => datasets === 'all' && where === undefined),
    on: (dataset) => {
      const group = groupOf(dataset);
      const right = known.get(group) ?? rightOn(dataset);
      known.set(group, right);
      const isHeld = typeof right === 'string' || dataset.table === 'samples' || WHOSE.every((name) => dataset.columns.some((c) => c.name === name));
      return isHeld ? right : 'none';
    },
  };
};

const ofSeries = (e: PlanExpression): PlanExpression => (e.op === 'column' && e.name !== 'host' ? { ...e, name: `${ASSIGNED}${e.name}` } : e);

const NO_ROW = literal('bool', false);

/** The scan with what must hold. */
export const seenBy = (scan: Scan, rights: RowRights): Scan => {
  const right = rights.on(scan.dataset);
  if (right === 'all') return scan;
  const filter = conjunction([right === 'none' ? NO_ROW : right, ...(scan.filter === undefined ? [] : [scan.filter])]);
  return { ...scan, filter, dataset: right === 'none' || groupOf(scan.dataset) !== METRICS ? scan.dataset : withWhose(scan.dataset) };
};

/** Series may get labels between the check of a text and its answer, and what the inventory says of them is asked for in any case. */
const withWhose = (dataset: Dataset): Dataset => {
  const more = WHOSE.map((name) => (name === 'host' ? name : `${ASSIGNED}${name}`)).filter((name) => !dataset.key.includes(name));
  const columns = more.map((name): DatasetColumn => ({ name, type: 'string', label: true, description: '' }));
  return { ...dataset, key: [...dataset.key, ...more], columns: [...dataset.columns, ...columns] };
};

/** Scans of the plan that could give rows which may not be seen. */
export const unseenScans = (plan: PlanNode, rights: RowRights): readonly Scan[] =>
  scansOf(plan).filter(({ dataset, filter }) => {
    const right = rights.on(dataset);
    if (right === 'all') return false;
    const conditions = new Set(conjuncts(filter));
    return !conjuncts(right === 'none' ? NO_ROW : right).every((condition) => conditions.has(condition));
  });

/** Whether every row that the plan's scans have may be seen. */
export const seesAll = (plan: PlanNode, rights: RowRights): boolean => scansOf(plan).every(({ dataset }) => rights.on(dataset) === 'all');

// Labels of series against what an admin assigned to their host with its agent's token: the assigned value is what rows of the host bear, so a label
// that says otherwise is kept under another name, `exported_env`, as Prometheus names what its own labels stand in the way of.
import { type Batch, columnIndex, columnOf, type MapColumn, valueAt } from '../core/batch/batch.ts';
import { columnFrom } from '../core/batch/build.ts';
import { ENRICHMENT } from '../schemas/catalogue.ts';
import { LabelRows } from '../schemas/definition-rows.ts';

const PREFIX = 'exported_';

type Labels = ReadonlyMap<string, string>;

/** Those that stand on rows of their own. */
const columnsOf = (assigned: Labels | undefined): readonly (readonly [string, string])[] =>
  assigned === undefined ? [] : ENRICHMENT.flatMap((key) => (assigned.has(key) ? [[key, assigned.get(key) as string] as const] : []));

const renamed = (labels: Labels, columns: readonly (readonly [string, string])[]): Labels => {
  const out = new Map(labels);
  for (const [key, value] of columns) {
    const told = out.get(key);
    if (told === undefined || told === value) continue;
    out.delete(key);
    let name = `${PREFIX}${key}`;
    while (out.has(name)) name = `${PREFIX}${name}`;
    out.set(name, told);
  }
  return out;
};

/** Definitions as they are kept; their ids stay. `assigned`: to a host, '' is the sender's own. Returns the same where none says otherwise. */
export const keepAssigned = (batch: Batch, assigned: (host: string) => Labels | undefined): Batch => {
  const at = columnIndex(batch, 'labels');
  const column = columnOf(batch, 'labels') as MapColumn;
  const rows = new LabelRows(column);
  const changed = new Map<number, Labels>();
  let before: string | undefined;
  let columns = columnsOf(undefined);
  for (let row = 0; row < batch.length; row++) {
    const host = rows.host(row);
    if (host !== before) columns = columnsOf(assigned(host));
    before = host;
    if (columns.length === 0) continue;
    const labels = valueAt(column, row) as Labels;
    if (columns.some(([key, value]) => (labels.get(key) ?? value) !== value)) changed.set(row, renamed(labels, columns));
  }
  if (changed.size === 0) return batch;
  const all = Array.from({ length: batch.length }, (_, row) => changed.get(row) ?? (valueAt(column, row) as Labels));
  return { ...batch, columns: batch.columns.with(at, columnFrom(column.type, all)) };
};

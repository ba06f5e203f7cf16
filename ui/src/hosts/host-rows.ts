// The answer to the list of hosts as rows for its table, and their order by any column. Works on whole columns; asks nothing.
import type { HostState } from '../../../schemas/host-state.ts';
import type { Result, Value } from '../data/types.ts';
import { quoted } from './host-texts.ts';
import { type HostStanding, isHostState, STATE_RANK } from './state-words.ts';

export interface HostLabel {
  readonly name: string;
  readonly value: string;
  /** The condition that keeps hosts with it. */
  readonly condition: string;
}
export interface HostRow extends HostStanding {
  readonly host: string;
  readonly version: string | null;
  readonly labels: readonly HostLabel[];
}

const FACTS = ['region', 'datacenter', 'env', 'role', 'owner'] as const;
/** Told by the agent of itself; shown elsewhere. */
const OWN_LABELS = 'agent.';

const text = (value: Value | undefined): string | null => (typeof value === 'string' ? value : null);

const labelsOf = (value: Value | undefined): HostLabel[] =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? []
    : Object.entries(value as Readonly<Record<string, unknown>>)
        .filter(([name, label]) => typeof label === 'string' && !name.startsWith(OWN_LABELS))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, label]) => ({ name, value: String(label), condition: `labels[${quoted(name)}] == ${quoted(String(label))}` }));

export const hostRows = ({ columns }: Pick<Result, 'columns'>): readonly HostRow[] => {
  const of = (name: string): readonly Value[] => columns.find((column) => column.name === name)?.values ?? [];
  const [states, seen, lags, stopped, versions, labels] = ['agent_state', 'last_seen', 'agent_lag', 'agent_stopped', 'agent_version', 'labels'].map(of);
  const facts = FACTS.map((name) => [name, of(name)] as const);
  return of('host').map((host, i): HostRow => {
    const state = states?.[i];
    const lag = lags?.[i];
    return {
      host: String(host),
      state: isHostState(state) ? state : 'silent',
      lastSeen: text(seen?.[i]) ?? '',
      lag: typeof lag === 'number' ? lag : null,
      stoppedAt: text(stopped?.[i]),
      version: text(versions?.[i]),
      labels: [
        ...facts.flatMap(([name, values]): HostLabel[] => {
          const value = text(values[i]);
          return value === null ? [] : [{ name, value, condition: `${name} == ${quoted(value)}` }];
        }),
        ...labelsOf(labels?.[i]),
      ],
    };
  });
};

export const stateCounts = (rows: readonly HostRow[]): ReadonlyMap<HostState, number> => {
  const counts = new Map<HostState, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
};

const byHost = new Intl.Collator('en', { numeric: true });

/** What rows are compared by; missing stands last either way. */
const keyOf = (column: string, figures: ReadonlyMap<string, number> | undefined): ((row: HostRow) => number | string | undefined) => {
  if (figures !== undefined) return ({ host }) => figures.get(host);
  switch (column) {
    case 'host':
      return ({ host }) => host;
    case 'version':
      return ({ version }) => version ?? undefined;
    case 'labels':
      return ({ labels }) => (labels.length === 0 ? undefined : labels.map(({ value }) => value).join(' '));
    case 'seen':
      return ({ lastSeen }) => Date.parse(lastSeen);
    case 'lag':
      return ({ lag }) => lag ?? undefined;
    default:
      return ({ state }) => STATE_RANK[state];
  }
};

/** Indices of the rows; `sort` as in the address. Ties by name, numbers in names as numbers. `figures`: of the column, by host. */
export const orderHosts = (rows: readonly HostRow[], sort: string, figures?: ReadonlyMap<string, number>): Uint32Array => {
  const sign = sort.startsWith('-') ? -1 : 1;
  const key = keyOf(sort.replace(/^-/, ''), figures);
  const keys = rows.map(key);
  return Uint32Array.from(rows.keys()).sort((a, b) => {
    const [x, y] = [keys[a], keys[b]];
    const tie = (): number => byHost.compare((rows[a] as HostRow).host, (rows[b] as HostRow).host);
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || tie();
    if (typeof x === 'string' && typeof y === 'string') return sign * byHost.compare(x, y) || tie();
    return sign * (Number(x) - Number(y)) || tie();
  });
};

// The answer to what hosts are as rows for their table, and the order of the whole list by any column. Works on whole columns; asks nothing.
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

/** All hosts of the list: in equal places their names, their states, and what they are ordered by where that is something else. */
export interface HostList {
  readonly hosts: readonly string[];
  readonly states: readonly HostState[];
  readonly columns: Result['columns'];
}

export const NO_HOSTS: HostList = { hosts: [], states: [], columns: [] };

export const hostList = ({ columns }: Pick<Result, 'columns'>): HostList => {
  const of = (name: string): readonly Value[] => columns.find((column) => column.name === name)?.values ?? [];
  const states = of('agent_state');
  return {
    hosts: of('host').map(String),
    states: Array.from(of('host'), (_, i) => {
      const state = states[i];
      return isHostState(state) ? state : 'silent';
    }),
    columns,
  };
};

export const stateCounts = ({ states }: Pick<HostList, 'states'>): ReadonlyMap<HostState, number> => {
  const counts = new Map<HostState, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
};

const collator = new Intl.Collator('en', { numeric: true });

/** The place of each name in their order, numbers in names as numbers. Comparing names is slow: the same names are not compared again. */
export class NameRanks {
  #names: readonly string[] = [];
  #ranks = new Uint32Array();

  of(names: readonly string[]): Uint32Array {
    const before = this.#names;
    if (before.length === names.length && names.every((name, i) => name === before[i])) return this.#ranks;
    this.#names = names;
    this.#ranks = new Uint32Array(names.length);
    const order = Uint32Array.from(names.keys()).sort((a, b) => collator.compare(names[a] as string, names[b] as string) || a - b);
    for (const [rank, at] of order.entries()) this.#ranks[at] = rank;
    return this.#ranks;
  }
}

/** What hosts are compared by, as numbers; NaN: missing. */
const keysOf = ({ hosts, states, columns }: HostList, column: string, names: Uint32Array, figures: ReadonlyMap<string, number> | undefined): Float64Array => {
  const of = (name: string): readonly Value[] => columns.find((found) => found.name === name)?.values ?? [];
  /** Texts as the places of the different ones among themselves. */
  const ranked = (texts: readonly (string | null)[]): Float64Array => {
    const different = [...new Set(texts)].filter((one) => one !== null).sort(collator.compare);
    const rank = new Map(different.map((one, i) => [one, i]));
    return Float64Array.from(texts, (one) => (one === null ? Number.NaN : (rank.get(one) as number)));
  };
  if (figures !== undefined) return Float64Array.from(hosts, (host) => figures.get(host) ?? Number.NaN);
  switch (column) {
    case 'host':
      return Float64Array.from(names);
    case 'version':
      return ranked(hosts.map((_, i) => text(of('agent_version')[i])));
    case 'labels':
      return ranked(hostRows({ columns }).map(({ labels }) => (labels.length === 0 ? null : labels.map(({ value }) => value).join(' '))));
    case 'seen':
      return Float64Array.from(hosts, (_, i) => Date.parse(text(of('last_seen')[i]) ?? ''));
    case 'lag': {
      const lags = of('agent_lag');
      return Float64Array.from(hosts, (_, i) => (typeof lags[i] === 'number' ? (lags[i] as number) : Number.NaN));
    }
    default:
      return Float64Array.from(states, (state) => STATE_RANK[state]);
  }
};

/** Places in the list; `sort` as in the address. Ties by name; what is missing stands last either way. `figures`: of the column, by host. */
export const orderHosts = (list: HostList, sort: string, ranks: NameRanks, figures?: ReadonlyMap<string, number>): Uint32Array => {
  const sign = sort.startsWith('-') ? -1 : 1;
  const names = ranks.of(list.hosts);
  const keys = keysOf(list, sort.replace(/^-/, ''), names, figures);
  return Uint32Array.from(names.keys()).sort((a, b) => {
    const [x, y] = [keys[a] as number, keys[b] as number];
    const [noX, noY] = [Number.isNaN(x), Number.isNaN(y)];
    const byKey = noX || noY ? Number(noX) - Number(noY) : sign * (x - y);
    return byKey || (names[a] as number) - (names[b] as number);
  });
};

// The IQL behind the pages of hosts, written once: the list, the figures of a row, what one host's page shows.
// Texts only: whoever shows one also shows its text. Never asks.
import { bucketFor, type Range } from '../address/range.ts';

/** A value as a text of IQL. */
export const quoted = (text: string): string => JSON.stringify(text);

export const HOST_COLUMNS = [
  'host',
  'agent_state',
  'last_seen',
  'agent_lag',
  'agent_stopped',
  'agent_version',
  'os',
  'region',
  'datacenter',
  'env',
  'role',
  'owner',
  'labels',
] as const;

/** What is written into the filter as a condition: a bare word means a part of the name. */
export const conditionOf = (written: string): string => {
  const text = written.trim();
  return /^[\p{L}\p{N}_.:-]+$/u.test(text) ? `host contains ${quoted(text)}` : text;
};

export const FILTER_START = 'from hosts\n| where ';
/** What a condition that is being written is checked as. */
export const filterCheckText = (written: string): string => `${FILTER_START}${conditionOf(written)}`;

/** The list as it is shown to people and goes on in the editor. */
export const hostsText = (written: string): string => (written.trim() === '' ? 'from hosts' : filterCheckText(written));

/** What the order of a column is made of, beside the names and states. */
const ORDERED_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ['labels', ['region', 'datacenter', 'env', 'role', 'owner', 'labels']],
  ['version', ['agent_version']],
  ['lag', ['agent_lag']],
  ['seen', ['last_seen']],
]);

/** Every host by name with what its place in the list is decided by, and nothing else: there may be many. */
export const listText = (written: string, sort: string): string =>
  `${hostsText(written)}\n| sort host\n| select ${['host', 'agent_state', ...(ORDERED_BY.get(sort.replace(/^-/, '')) ?? [])].join(', ')}\n| limit 100000`;

/** What these hosts are. */
export const factsOfText = (hosts: readonly string[]): string =>
  `from hosts\n| where host in (${hosts.map(quoted).join(', ')})\n| select ${HOST_COLUMNS.join(', ')}`;

/** A condition more; one that stands there already is not written twice. */
export const narrowed = (written: string, condition: string): string => {
  const before = written.trim() === '' ? '' : conditionOf(written);
  if (before === '') return condition;
  if (before === condition || before.endsWith(` and ${condition}`) || before.startsWith(`${condition} and `)) return before;
  return `${/\bor\b/i.test(before) ? `(${before})` : before} and ${condition}`;
};

/** A figure of each host: over time for some of them, and its newest value for all, by which they are sorted. */
export interface HostFigure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Upper edge of the line, where rows shall compare. */
  readonly top: number | undefined;
  readonly overTime: (hosts: readonly string[], width: string) => string;
  readonly newest: string;
}

const figure = (name: string, title: string, unit: string, metric: string, filter: string, counter: boolean): HostFigure => ({
  name,
  title,
  unit,
  top: unit === '1' ? 1 : undefined,
  overTime: (hosts, width) =>
    `from metrics.${metric}\n| where ${filter === '' ? '' : `${filter} and `}host in (${hosts.map(quoted).join(', ')})\n| every ${width} ${counter ? 'rate' : 'avg'}\n| sum by host`,
  newest: `from metrics.${metric} last 2m${filter === '' ? '' : `\n| where ${filter}`}\n| ${counter ? 'every all rate' : 'latest'}\n| sum by host\n| limit 100000`,
});

export const HOST_FIGURES: readonly HostFigure[] = [
  figure('cpu', 'CPU', '1', 'system.cpu.utilization', 'cpu.mode != "idle"', false),
  figure('memory', 'Memory', '1', 'system.memory.utilization', 'state == "used"', false),
  figure('disk', 'Disk', 'By/s', 'system.disk.io', '', true),
  figure('network', 'Network', 'By/s', 'system.network.io', 'device != "lo"', true),
];

/** How wide a bucket of a row's line is. */
export const rowBucket = (range: Range): string => bucketFor(range, 40);

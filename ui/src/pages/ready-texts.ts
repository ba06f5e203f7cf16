// The ready texts of the first page: what one host does, or all of them beside one another, over the chosen range; each a text to start from.
// Nothing is added up over hosts, and no text looks at another time than the range says. Texts only; never asks.
import { bucketFor, isMoving, type Range, requestRange, spanMillis } from '../address/range.ts';
import type { Drawing } from '../chart/drawing.ts';
import type { View } from '../result/views.ts';

export interface ReadyText {
  readonly title: string;
  /** What exactly is shown, where the title does not say it. */
  readonly caption?: string;
  readonly text: string;
  /** `shares`: ratios as parts of a whole, the largest first. */
  readonly view: View | 'shares';
  readonly draw?: Drawing;
  /** What to say where there is nothing yet. */
  readonly empty: string;
}

/** What the page is about: `one` host, named where it is not the only one, or all. */
export type Scope = { readonly kind: 'one'; readonly host: string | undefined } | { readonly kind: 'all'; readonly hosts: number };

/** Lines and rows of one panel: more of them cannot be told apart. */
export const MOST_HOSTS = 8;

/** The last stretch of the range as a source writes it: what is asked for as it was then. */
const endOf = (range: Range, span: string, now: number): string => {
  if (isMoving(range)) return `last ${span}`;
  const { from, to } = requestRange(range, now);
  const begin = Math.max(Date.parse(from), Date.parse(to) - (spanMillis(span) ?? 0));
  return `between @${new Date(begin).toISOString()} and @${to}`;
};

/** Processes, or JVMs, that are alive: those of the newest sampling of their host, whose rows have one time. */
export const aliveText = (range: Range, where: string, now: number = Date.now(), from: 'processes' | 'jvm' = 'processes'): string =>
  `from ${from} ${endOf(range, '2m', now)}${where === '' ? '' : `\n| where ${where}`}\n| top 1 time by max(time) per host`;

const both = (...conditions: readonly string[]): string => conditions.filter((condition) => condition !== '').join(' and ');
const where = (...conditions: readonly string[]): string => (both(...conditions) === '' ? '' : `\n| where ${both(...conditions)}`);

/** Its panel is there where it has an answer with rows. */
export const JVMS = 'JVMs';

export const ALL_HOSTS: Scope = { kind: 'all', hosts: 0 };

/** Of all hosts, how each one's share of its processors is used: for many small charts. */
export const busyByHost = (range: Range): string =>
  `from metrics.system.cpu.utilization\n| where cpu.mode != "idle"\n| every ${bucketFor(range, 45)} avg\n| sum by host\n| top 12 host by avg(value)`;

export const readyTexts = (range: Range, scope: Scope = ALL_HOSTS, now: number = Date.now()): readonly ReadyText[] => {
  const width = bucketFor(range, 45);
  const host = scope.kind === 'one' && scope.host !== undefined ? `host == ${JSON.stringify(scope.host)}` : '';
  const one = scope.kind === 'one';
  const most = !one && scope.hosts > MOST_HOSTS ? `the ${MOST_HOSTS} with the most` : '';
  /** A chart: of one host by what its parts are, of all by host. */
  const chart = (metric: string, aggregate: string, of: { filter?: string; parts: string; all: string; allFilter?: string }): string =>
    `from metrics.${metric}${where(host, of.filter ?? '', one ? '' : (of.allFilter ?? ''))}\n| every ${width} ${aggregate}\n| ${
      one ? of.parts : `${of.all} by host\n| top ${MOST_HOSTS} host by avg(value)`
    }`;
  const caption = (ofOne: string, ofAll: string): string => (one ? ofOne : [ofAll, most].filter((part) => part !== '').join(', '));
  return [
    {
      title: 'Processors',
      caption: caption('share of all its processors', 'share of each host’s processors'),
      text: chart('system.cpu.utilization', 'avg', { filter: 'cpu.mode != "idle"', parts: 'avg by cpu.mode', all: 'sum' }),
      view: 'chart',
      ...(one ? { draw: 'stacked-area' } : {}),
      empty: 'No agent has sent processor figures in this range yet; the first come ten seconds after an agent starts.',
    },
    {
      title: 'Memory',
      caption: caption('by state', 'used share of each host’s memory'),
      text: one
        ? `from metrics.system.memory.usage${where(host)}\n| every ${width} avg\n| sum by state`
        : chart('system.memory.utilization', 'avg', { allFilter: 'state == "used"', parts: '', all: 'sum' }),
      view: 'chart',
      ...(one ? { draw: 'stacked-area' } : {}),
      empty: 'No agent has sent memory figures in this range yet.',
    },
    {
      title: 'Load',
      caption: caption('threads that run or wait, over a minute', 'threads that run or wait'),
      text: chart('system.cpu.load_average.1m', 'avg', { parts: 'max by host', all: 'max' }),
      view: 'chart',
      empty: 'No agent has sent its load in this range yet.',
    },
    {
      title: 'Disk traffic',
      caption: caption('', 'read and written together'),
      text: chart('system.disk.io', 'rate', { parts: 'sum by direction', all: 'sum' }),
      view: 'chart',
      empty: 'No disk figures in this range; machines without block devices of their own (containers) have none.',
    },
    {
      title: 'Network traffic',
      caption: caption('', 'in and out together'),
      text: chart('system.network.io', 'rate', { filter: 'device != "lo"', parts: 'sum by direction', all: 'sum' }),
      view: 'chart',
      empty: 'No network figures in this range beside the loopback device; rates need two samples.',
    },
    {
      title: 'Errors',
      caption: caption('log lines of error and worse', 'log lines of error and worse, by host'),
      text: `from logs${where(host, 'severity >= "error"')}\n| every ${width} count by ${one ? 'severity' : `host\n| top ${MOST_HOSTS} host by sum(count)`}`,
      view: 'chart',
      empty: 'No log line of severity error or worse in this range.',
    },
    {
      title: 'Filesystems',
      caption: 'the fullest',
      text: `from metrics.system.filesystem.utilization ${endOf(range, '5m', now)}${where(host, 'mode != "ro"')}\n| latest\n| top ${MOST_HOSTS} by value\n| select ${one ? '' : 'host, '}mountpoint, used = value`,
      view: 'shares',
      empty: 'No filesystem that can be written to was told at the end of this range.',
    },
    {
      title: 'Busiest processes',
      caption: 'alive; cpu: 100% is one whole processor',
      text: `${aliveText(range, host, now)}\n| top ${MOST_HOSTS} by cpu\n| select name, ${one ? '' : 'host, '}cpu, memory, pid`,
      view: 'table',
      empty: 'No process was sampled in the last two minutes of this range: is the agent running?',
    },
    {
      title: JVMS,
      caption: 'the fullest heaps, as of their last collection',
      text: `${aliveText(range, host, now, 'jvm')}\n| top ${MOST_HOSTS} by heap.utilization\n| select main_class, ${one ? '' : 'host, '}heap = heap.utilization, ${one ? 'used = heap.used, ' : ''}pid`,
      view: 'table',
      empty: 'No Java virtual machine was sampled in the last two minutes of this range.',
    },
    {
      title: 'Newest log lines',
      text: `from logs${where(host)}\n| limit 50`,
      view: 'logs',
      empty: 'No log line in this range. The agent follows the log files of /var/log, of its folders and of containers, as far as it may read them.',
    },
  ];
};

// The texts of one host's page, each with what to say where there is nothing. Texts only; never asks.
import { bucketFor, type Range, spanMillis } from '../address/range.ts';
import type { Drawing } from '../chart/drawing.ts';
import { aliveText, type ReadyText } from '../pages/ready-texts.ts';
import { quoted } from './host-texts.ts';

const is = (host: string): string => `host == ${quoted(host)}`;

export const overviewTexts = (host: string, range: Range): readonly ReadyText[] => {
  const width = bucketFor(range, 60);
  const none = 'Nothing of this came from the host in this range.';
  const over = (title: string, metric: string, more: string, rest: string, draw?: Drawing): ReadyText => ({
    title,
    text: `from metrics.${metric}\n| where ${is(host)}${more === '' ? '' : ` and ${more}`}\n${rest}`,
    view: 'chart',
    ...(draw === undefined ? {} : { draw }),
    empty: none,
  });
  return [
    over('Processors by mode', 'system.cpu.utilization', 'cpu.mode != "idle"', `| every ${width} avg\n| avg by cpu.mode`, 'stacked-area'),
    over('Memory by state', 'system.memory.usage', '', `| every ${width} avg\n| sum by state`, 'stacked-area'),
    over('Load, one minute', 'system.cpu.load_average.1m', '', `| every ${width} avg\n| max by host`),
    over('Disk traffic', 'system.disk.io', '', `| every ${width} rate\n| sum by direction`),
    over('Network traffic', 'system.network.io', 'device != "lo"', `| every ${width} rate\n| sum by direction`),
    {
      title: 'Busiest processes',
      text: `${aliveText(range, is(host))}\n| top 7 by cpu\n| select name, pid, user, cpu, memory`,
      view: 'table',
      empty: 'No process of this host was sampled in the last two minutes.',
    },
  ];
};

export const FILESYSTEM_METRICS = ['utilization', 'usage', 'inodes.utilization'] as const;
export const filesystemText = (host: string, metric: (typeof FILESYSTEM_METRICS)[number]): string =>
  `from metrics.system.filesystem.${metric}\n| where ${is(host)}\n| latest`;
export const fillText = (host: string, range: Range): ReadyText => ({
  title: 'Fill over time',
  text: `from metrics.system.filesystem.utilization\n| where ${is(host)}\n| every ${bucketFor(range)} avg\n| max by mountpoint`,
  view: 'chart',
  empty: 'No filesystem was told in this range.',
});

export const PROCESS_COLUMNS = [
  'pid',
  'start',
  'parent',
  'name',
  'command',
  'user',
  'state',
  'cpu',
  'memory',
  'io.read',
  'io.write',
  'threads',
  'time',
] as const;
/** Those of the newest sampling, or every one that was seen in the range as it was seen last. */
export const processesText = (host: string, range: Range, alive: boolean): string =>
  `${alive ? aliveText(range, is(host)) : `from processes\n| where ${is(host)}\n| latest`}\n| select ${PROCESS_COLUMNS.join(', ')}\n| limit 100000`;

export interface ProcessKey {
  readonly pid: number;
  /** ISO time. */
  readonly start: string;
}

export const printProcess = ({ pid, start }: ProcessKey): string => `${pid} ${start}`;
export const parseProcess = (text: string): ProcessKey | undefined => {
  const match = /^(\d{1,10}) (\d{4}-\d{2}-\d{2}T[\d:.]{8,18}Z)$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), start: match[2] as string };
};

export const oneProcessTexts = (host: string, { pid, start }: ProcessKey, range: Range): readonly ReadyText[] => {
  // Twice the distance between two samplings at least, or buckets stay empty.
  const wanted = bucketFor(range, 60);
  const width = (spanMillis(wanted) as number) < 30_000 ? '30s' : wanted;
  const of = `from processes\n| where ${is(host)} and pid == ${pid} and start == @${start}\n| every ${width}`;
  const empty = 'This process was not sampled in this range.';
  return [
    { title: 'Processor', text: `${of} cpu = avg(cpu)\n| select time, cpu`, view: 'chart', empty },
    { title: 'Memory', text: `${of} memory = avg(memory)\n| select time, memory`, view: 'chart', empty },
    {
      title: 'Disk traffic',
      text: `${of} read = avg(io.read), write = avg(io.write)\n| select time, read, write`,
      view: 'chart',
      empty: `${empty} Of other users’ processes an agent without root may not read it.`,
    },
  ];
};

export const logsText = (host: string): string => `from logs\n| where ${is(host)}`;
export const eventsText = (host: string): string => `from events\n| where ${is(host)}\n| select time, kind, title, attributes\n| limit 1000`;
export const factsText = (host: string): string => `from hosts\n| where ${is(host)}`;
export const changesText = (host: string): string =>
  `from events last 365d\n| where ${is(host)} and kind in ("inventory.new", "inventory.change")\n| select time, kind, title, attributes\n| limit 500`;
/** What was known of it just after that moment. */
export const factsAtText = (host: string, time: string): string => `from hosts at @${time}\n| where ${is(host)}`;

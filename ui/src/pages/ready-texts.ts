// The six ready texts of the first page: what this machine does now, each a text to start from.
import type { View } from '../address/address.ts';
import { bucketFor, type Range } from '../address/range.ts';

export interface ReadyText {
  readonly title: string;
  readonly text: string;
  readonly view: View;
  /** What to say where there is nothing yet. */
  readonly empty: string;
}

export const readyTexts = (range: Range): readonly ReadyText[] => {
  const width = bucketFor(range, 45);
  return [
    {
      title: 'Processors',
      text: `from metrics.system.cpu.utilization\n| where cpu.mode != "idle"\n| every ${width} avg\n| avg by cpu.mode`,
      view: 'chart',
      empty: 'No agent has sent processor figures in this range yet; the first come ten seconds after an agent starts.',
    },
    {
      title: 'Memory',
      text: `from metrics.system.memory.usage\n| every ${width} avg\n| sum by state`,
      view: 'chart',
      empty: 'No agent has sent memory figures in this range yet.',
    },
    {
      title: 'Disk traffic',
      text: `from metrics.system.disk.io\n| every ${width} rate\n| sum by direction`,
      view: 'chart',
      empty: 'No disk figures in this range; machines without block devices of their own (containers) have none.',
    },
    {
      title: 'Network traffic',
      text: `from metrics.system.network.io\n| where device != "lo"\n| every ${width} rate\n| sum by direction`,
      view: 'chart',
      empty: 'No network figures in this range beside the loopback device; rates need two samples.',
    },
    {
      title: 'Busiest processes',
      text: 'from processes last 2m\n| latest\n| top 8 by cpu\n| select name, pid, user, cpu, memory',
      view: 'table',
      empty: 'No process has been sampled in the last two minutes: is the agent running?',
    },
    {
      title: 'Newest log lines',
      text: 'from logs last 1d\n| limit 50',
      view: 'logs',
      empty: 'No log line in the last day. The agent follows /var/log/*.log and syslog, as far as it may read them.',
    },
  ];
};

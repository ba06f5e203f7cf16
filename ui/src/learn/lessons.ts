// What a person needs to write IQL: ten texts that lead from one to the next, and recipes for the questions of a night on call.
// The page Learn and `docs/learn.md` are made from this; each text is asked of a running product by a test.

export interface Lesson {
  readonly title: string;
  readonly text: string;
  /** What it shows, and what to change to see more. */
  readonly says: string;
  /** How its answer is shown. */
  readonly view: 'chart' | 'table' | 'logs';
}

export const LESSONS: readonly Lesson[] = [
  {
    title: 'A source is a query',
    text: 'from logs',
    view: 'logs',
    says: 'Every line of every host, newest first, within the time range above. `processes`, `jvm`, `hosts`, `events` and `metrics.NAME` are sources too. A text of its own range says it: `from logs last 2h`.',
  },
  {
    title: 'Pipes narrow it',
    text: 'from logs\n| where severity >= "warn"',
    view: 'logs',
    says: 'Each line hands its rows to the next. Severity is ordered, from trace to fatal. Columns and attributes of a line are named as they are; Ctrl-Space offers what can stand there.',
  },
  {
    title: 'Words are searched',
    text: 'from logs\n| search error or failed or refused -status',
    view: 'logs',
    says: 'Whole words of the message and of the whole line, case ignored: "a phrase", pre*, -without, service:web. `contains` looks for any piece of text, `matches r"…"` for a regular expression.',
  },
  {
    title: 'Count by anything',
    text: 'from logs\n| count by source\n| sort count desc',
    view: 'table',
    says: 'One row for each value. Click a value to filter by it. `count by host, severity` counts pairs; `count(where severity >= "error")` only some.',
  },
  {
    title: 'Over time it is a chart',
    text: 'from logs\n| every 1m count by severity',
    view: 'chart',
    says: '`every` cuts time into buckets; `every auto` takes a width that fits the range. Counts come as stacked bars; the switch above the chart draws lines or areas.',
  },
  {
    title: 'A metric: over time, then across series',
    text: 'from metrics.system.cpu.utilization\n| where cpu.mode != "idle"\n| every 1m avg\n| sum by host',
    view: 'chart',
    says: '`every 1m avg` works on each series by itself, `sum by host` then adds those of a host. Units stay: this is a share of the whole machine.',
  },
  {
    title: 'A counter has a rate',
    text: 'from metrics.system.network.io\n| where device != "lo"\n| every 1m rate\n| sum by host, direction',
    view: 'chart',
    says: 'The kind comes with the metric: a counter knows `rate` and `increase`, a gauge `avg`, `min`, `max`. Resets are seen, nothing is extrapolated.',
  },
  {
    title: 'Processes are rows too',
    text: 'from processes last 2m\n| latest\n| top 10 by memory\n| select host, name, pid, user, cpu, memory',
    view: 'table',
    says: '`latest` keeps the newest sampling of each process, `top` the largest rows. cpu is a share of one processor: 200 % are two of them.',
  },
  {
    title: 'The largest over time',
    text: 'from processes\n| sum cpu by time, host, name\n| every 1m avg cpu\n| sum by name\n| top 5 name by max(cpu)',
    view: 'chart',
    says: '`sum cpu by time, …` adds the processes of a name at each sampling, before anything goes over time: averaged by themselves, those that lived only a moment would count as if they had run for the whole minute. `top 5 name by max(cpu)` keeps all buckets of the five names with the highest peak. `bottom` keeps the smallest.',
  },
  {
    title: 'Across stores',
    text: 'from processes last 1m\n| latest\n| summarize n = count(), used = sum(memory) by host\n| lookup hosts on host\n| select host, os, cores, n, used, share = used / memory',
    view: 'table',
    says: '`lookup` puts the inventory beside each row. `let limit = 90%` before `from` names a value; `$name` is a parameter. A text that is wrong says where and what to write.',
  },
];

export interface Recipe extends Lesson {
  /** It needs lines with these attributes to show something. */
  readonly needs?: string;
}

export const RECIPES: readonly Recipe[] = [
  {
    title: 'What is wrong right now?',
    text: 'from logs\n| where severity >= "error"\n| count by host, service, source\n| sort count desc',
    view: 'table',
    says: 'Where errors come from; then `from logs | where severity >= "error" and source == "…"` reads them.',
  },
  {
    title: 'When did it begin?',
    text: 'from logs\n| every auto errors = count(where severity >= "error") by host',
    view: 'chart',
    says: 'Drag over the rise to zoom in; events (restarts, changes of the inventory) are ticks under the axis.',
  },
  {
    title: 'Error ratio by service',
    text: 'from logs\n| every 5m errors = count(where severity >= "error"), all = count() by service\n| where all > 0\n| set ratio = errors / all\n| select time, service, ratio',
    view: 'chart',
    says: 'A filter stands inside the aggregate, so that both counts come from one reading.',
  },
  {
    title: 'Status classes over time',
    text: 'from logs\n| where exists status\n| set class = concat(substring(text(status), 0, 1), "xx")\n| every 1m count by class',
    view: 'chart',
    says: 'Access logs of nginx and Apache have `status`, `path`, `method` and `bytes`; JSON lines have whatever their fields are called.',
    needs: 'an access log',
  },
  {
    title: 'p95 by route',
    text: 'from logs\n| where exists duration_ms\n| every 5m p95(duration_ms) by path',
    view: 'chart',
    says: 'Any number in a line can be aggregated. Put the name of your own field and of your own route here.',
    needs: 'lines with `duration_ms`',
  },
  {
    title: 'Busiest processes over time',
    text: 'from processes\n| sum cpu by time, host, name\n| every 1m avg cpu\n| top 8 name by max(cpu)',
    view: 'chart',
    says: 'The names with the highest peak, by host. For what is busy all the time: `| summarize cpu = avg(cpu) by host, name | top 5 by cpu per host`.',
  },
  {
    title: 'What grows',
    text: 'from processes last 15m\n| summarize first = first(memory), newest = last(memory), grown = last(memory) - first(memory) by host, name, pid\n| top 20 by grown',
    view: 'table',
    says: 'How much memory each process gained within the range; a longer one tells a leak from a start. One of them over time: `| where pid == … | every 1m max memory`.',
  },
  {
    title: 'Only processes that are alive',
    text: 'from processes last 2m\n| top 1 time by max(time) per host\n| top 10 by cpu\n| select host, name, pid, user, cpu, memory, command',
    view: 'table',
    says: '`latest` alone means last seen: a process that ended a minute ago stands there too. Alive is what the newest sampling of its host has.',
  },
  {
    title: 'Restart loops',
    text: 'from processes last 1h\n| summarize starts = distinct_count(start), last = max(start) by host, name\n| where starts > 5\n| sort starts desc',
    view: 'table',
    says: 'How often a program began anew within the hour. Programs that others start all day (sh, sed) stand there as well.',
  },
  {
    title: 'Full heaps',
    text: 'from jvm last 15m\n| latest\n| where heap.utilization > 85%\n| sort heap.utilization desc\n| select host, pid, main_class, heap.utilization, heap.max, gc.name, gc.last, arguments',
    view: 'table',
    says: 'The heap is as of the last collection (`gc.last`): what is left then is in use. One that stays full is too small, or leaks. What is in it by pool: `| select pid, old = pools["old"]`.',
    needs: 'a Java program',
  },
  {
    title: 'What collections cost',
    text: 'from jvm\n| every 1m rate gc.time\n| sum by host, main_class\n| top 8 main_class by max(gc.time)',
    view: 'chart',
    says: 'The share of time that a program stands still for its collections: a few per mille are usual, ten per cent are trouble.',
    needs: 'a Java program',
  },
  {
    title: 'Full disks',
    text: 'from metrics.system.filesystem.utilization last 10m\n| latest\n| where value > 85% and mode == "rw"\n| sort value desc\n| select host, mountpoint, value, device',
    view: 'table',
    says: 'The newest value of each filesystem. Over time: `| every 10m last | max by host, mountpoint`.',
  },
  {
    title: 'Silent hosts',
    text: 'from hosts\n| where agent_state != "reporting"\n| sort last_seen\n| select host, agent_state, last_seen, datacenter, owner',
    view: 'table',
    says: 'Hosts that were heard before and are not any more: late after a minute, silent after five, stopped where the agent was ended on purpose.',
  },
  {
    title: 'What changed?',
    text: 'from events last 1d\n| select time, kind, title, host',
    view: 'table',
    says: 'Starts and stops of agents, new hosts, changes of the inventory.',
  },
];

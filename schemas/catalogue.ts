// The one truth on datasets: what IQL, the tables, GraphQL and the explorer know of them comes from here.
// Metrics are not listed: `metricDataset` makes the dataset of one from what was learned of it.
import { HOST_STATES } from './host-state.ts';
import { columnOfLabel } from './label-column.ts';
import { type Dataset, type DatasetColumn, isDistribution, type MetricInfo } from './types.ts';

export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Put on every signal from the inventory of its sender when the data comes in. */
export const ENRICHMENT = ['region', 'datacenter', 'env', 'role', 'owner'] as const;

const time: DatasetColumn = { name: 'time', type: 'time', description: 'When it happened, by the sender’s clock' };
const host: DatasetColumn = { name: 'host', type: 'string', description: 'Name of the host (host.name)' };
const enrichment: readonly DatasetColumn[] = [
  { name: 'region', type: 'string', description: 'Region of the host, from the inventory' },
  { name: 'datacenter', type: 'string', description: 'Data center of the host, from the inventory' },
  { name: 'env', type: 'string', description: 'Environment of the host, from the inventory' },
  { name: 'role', type: 'string', description: 'Role of the host, from the inventory' },
  { name: 'owner', type: 'string', description: 'Who owns the host, from the inventory' },
];

export const processes: Dataset = {
  name: 'processes',
  description: 'Every process of every host, sampled',
  role: 'columns',
  table: 'processes',
  shape: 'series',
  key: ['host', 'pid', 'start'],
  intervalMs: 15_000,
  columns: [
    time,
    { ...host, label: true },
    { name: 'pid', type: 'int', label: true, description: 'Process id' },
    { name: 'start', type: 'time', label: true, description: 'When the process began; with host and pid it names the process' },
    { name: 'parent', type: 'int', description: 'Process id of the parent' },
    { name: 'name', type: 'string', label: true, description: 'Name of the executable, as the kernel keeps it' },
    { name: 'command', type: 'string', label: true, description: 'Command line with arguments' },
    { name: 'user', type: 'string', label: true, description: 'Effective user' },
    { name: 'state', type: 'string', description: 'running, sleeping, disk-sleep, stopped, zombie, idle' },
    { name: 'cpu', type: 'float', unit: '1', kind: 'gauge', description: 'Processor time used since the last sample, as a ratio of one processor' },
    { name: 'memory', type: 'int', unit: 'By', kind: 'gauge', description: 'Resident memory' },
    { name: 'virtual_memory', type: 'int', unit: 'By', kind: 'gauge', description: 'Virtual memory' },
    { name: 'threads', type: 'int', unit: '{thread}', kind: 'gauge', description: 'Threads' },
    { name: 'open_files', type: 'int', unit: '{file}', kind: 'gauge', description: 'Open file descriptors; missing where the agent may not look' },
    { name: 'io.read', type: 'float', unit: 'By/s', kind: 'gauge', description: 'Bytes read from disk a second since the last sample' },
    { name: 'io.write', type: 'float', unit: 'By/s', kind: 'gauge', description: 'Bytes written to disk a second since the last sample' },
    ...enrichment.map((c) => ({ ...c, label: true })),
  ],
};

const asOf = 'as of the last collection (`gc.last`)';

export const jvm: Dataset = {
  name: 'jvm',
  description: 'Every Java virtual machine of every host, sampled: what it keeps of itself for others to read',
  role: 'columns',
  table: 'jvm',
  shape: 'series',
  key: ['host', 'pid', 'start'],
  intervalMs: 15_000,
  columns: [
    time,
    { ...host, label: true },
    { name: 'pid', type: 'int', label: true, description: 'Process id' },
    { name: 'start', type: 'time', label: true, description: 'When the process began; with host and pid it names the process, as in `processes`' },
    { name: 'main_class', type: 'string', label: true, description: 'Class that it runs, with its module, or the file of classes' },
    { name: 'version', type: 'string', label: true, description: 'Version of Java' },
    { name: 'user', type: 'string', label: true, description: 'Effective user' },
    {
      name: 'perf_data',
      type: 'string',
      description:
        'read; none: the JVM keeps none (-XX:-UsePerfData, or none of HotSpot); denied: the agent may not read it; damaged: it is not whole. All but `read` have no figures',
    },
    {
      name: 'heap.used',
      type: 'int',
      unit: 'By',
      kind: 'gauge',
      description: `Used memory of the heap, ${asOf}; of older Java (17) the eden of Serial and Parallel is as of now`,
    },
    { name: 'heap.committed', type: 'int', unit: 'By', kind: 'gauge', description: `Memory of the heap that the system gave, ${asOf}` },
    { name: 'heap.max', type: 'int', unit: 'By', kind: 'gauge', description: 'What the heap may grow to (-Xmx)' },
    { name: 'heap.utilization', type: 'float', unit: '1', kind: 'gauge', description: `Used part of what the heap may grow to, ${asOf} as heap.used` },
    {
      name: 'pools',
      type: 'map',
      item: 'float',
      unit: 'By',
      description: `Used memory by pool, ${asOf}: eden, survivor, old, young, metaspace, compressed_class_space`,
    },
    { name: 'gc.name', type: 'string', label: true, description: 'Collector: G1, Serial, Parallel, ZGC, Shenandoah' },
    {
      name: 'gc.count',
      type: 'int',
      unit: '{collection}',
      kind: 'counter',
      description: 'Collections since it began; of ZGC and of concurrent cycles, their pauses',
    },
    { name: 'gc.time', type: 'float', unit: 's', kind: 'counter', description: 'Time that collections paused the program since it began' },
    { name: 'gc.last', type: 'time', description: 'When the last collection or pause of one ended' },
    { name: 'collections', type: 'map', item: 'float', unit: '{collection}', description: 'gc.count by kind: young, full, concurrent, minor, major' },
    { name: 'collection_times', type: 'map', item: 'float', unit: 's', description: 'gc.time by kind: young, full, concurrent, minor, major' },
    { name: 'threads', type: 'int', unit: '{thread}', kind: 'gauge', description: 'Live threads of the program, daemons included' },
    { name: 'threads.daemon', type: 'int', unit: '{thread}', kind: 'gauge', description: 'Live threads that do not keep the program from ending' },
    { name: 'classes', type: 'int', unit: '{class}', kind: 'gauge', description: 'Loaded classes' },
    { name: 'safepoint.count', type: 'int', unit: '{safepoint}', kind: 'counter', description: 'Times all threads stood still since it began' },
    { name: 'safepoint.time', type: 'float', unit: 's', kind: 'counter', description: 'Time they stood still' },
    { name: 'safepoint.sync', type: 'float', unit: 's', kind: 'counter', description: 'Time it took until the last of them stood still' },
    {
      name: 'deadlocks',
      type: 'int',
      unit: '{thread}',
      kind: 'gauge',
      description: 'Threads that wait for each other; missing, as it is known only of a JVM that is asked',
    },
    { name: 'arguments', type: 'string', label: true, description: 'Arguments of the program; secrets are masked' },
    { name: 'options', type: 'string', label: true, description: 'Options of the JVM; secrets are masked' },
    ...enrichment.map((c) => ({ ...c, label: true })),
  ],
};

export const logs: Dataset = {
  name: 'logs',
  description: 'Log lines',
  role: 'search',
  table: 'logs',
  shape: 'rows',
  key: [],
  attributes: { text: 'attributes', number: 'numbers' },
  columns: [
    time,
    { name: 'severity', type: 'string', levels: SEVERITIES, description: 'Severity of the line; missing where none was found' },
    { name: 'body', type: 'string', description: 'The message of the line' },
    { name: 'raw', type: 'string', description: 'The whole line as it was written' },
    { name: 'service', type: 'string', description: 'Service that wrote it (service.name)' },
    host,
    { name: 'source', type: 'string', description: 'File or unit it was read from (log.file.path)' },
    { name: 'trace_id', type: 'string', description: 'Trace it belongs to' },
    { name: 'span_id', type: 'string', description: 'Span it belongs to' },
    ...enrichment,
    { name: 'attributes', type: 'map', item: 'string', description: 'Attributes that are text' },
    { name: 'numbers', type: 'map', item: 'float', description: 'Attributes that are numbers' },
  ],
};

export const hosts: Dataset = {
  name: 'hosts',
  description: 'The hosts of the inventory as they are now',
  role: 'records',
  table: 'hosts_now',
  shape: 'rows',
  key: ['host'],
  columns: [
    host,
    { name: 'id', type: 'string', description: 'Stable id of the host (host.id)' },
    { name: 'os', type: 'string', description: 'Operating system with version' },
    { name: 'kernel', type: 'string', description: 'Kernel release' },
    { name: 'architecture', type: 'string', description: 'Processor architecture (host.arch)' },
    { name: 'cores', type: 'int', unit: '{cpu}', description: 'Logical processors' },
    { name: 'memory', type: 'int', unit: 'By', description: 'Physical memory' },
    { name: 'addresses', type: 'list', item: 'ip', description: 'Addresses of its interfaces, without loopback' },
    ...enrichment,
    { name: 'labels', type: 'map', item: 'string', description: 'Further labels from the agent’s configuration' },
    { name: 'agent_version', type: 'string', description: 'Version of the agent' },
    { name: 'first_seen', type: 'time', description: 'When it first reported' },
    { name: 'last_seen', type: 'time', description: 'When the server last heard it, by the server’s clock; at a moment of the past: since when this held' },
    {
      name: 'agent_state',
      type: 'string',
      levels: HOST_STATES,
      description: 'reporting; late: heard over a minute ago, or its data is that old; silent: not heard for five minutes; stopped: its agent said so',
    },
    { name: 'agent_lag', type: 'duration', description: 'How old its newest frame was when it came' },
    { name: 'agent_started', type: 'time', description: 'When its agent last started' },
    { name: 'agent_stopped', type: 'time', description: 'When its agent said that it ends; missing while it runs' },
  ],
};

export const events: Dataset = {
  name: 'events',
  description: 'Changes: inventory, agent starts and stops, deployments',
  role: 'records',
  table: 'events',
  shape: 'rows',
  key: [],
  columns: [
    time,
    { name: 'kind', type: 'string', description: 'agent.start, inventory.new, inventory.change, …' },
    { name: 'title', type: 'string', description: 'One line for people' },
    host,
    { name: 'service', type: 'string', description: 'Service it concerns' },
    ...enrichment,
    { name: 'attributes', type: 'map', item: 'string', description: 'Details: what changed from what to what' },
  ],
};

/** The table `metrics` with all names; `from metrics.<name>` is `metricDataset`. */
export const metrics: Dataset = {
  name: 'metrics',
  description: 'Samples of all metrics; `from metrics.<name>` asks for one',
  role: 'columns',
  table: 'samples',
  shape: 'series',
  key: ['name'],
  columns: [
    time,
    { name: 'name', type: 'string', label: true, description: 'Name of the metric' },
    { name: 'value', type: 'float', description: 'The sample' },
  ],
};

export const DATASETS: readonly Dataset[] = [metrics, logs, processes, jvm, hosts, events];

/** The dataset of one metric: `time`, `value` and a column for each label. The language asks for none whose kind `isDistribution`. */
export const metricDataset = (info: MetricInfo): Dataset => ({
  name: `metrics.${info.name}`,
  description: info.description ?? `Samples of ${info.name}`,
  role: 'columns',
  table: isDistribution(info.kind) ? (info.kind === 'summary' ? 'summaries' : 'histograms') : 'samples',
  shape: 'series',
  key: info.labels.map(columnOfLabel),
  metric: info,
  ...(info.intervalMs === undefined ? {} : { intervalMs: info.intervalMs }),
  columns: [
    time,
    {
      name: 'value',
      type: isDistribution(info.kind) ? 'histogram' : 'float',
      ...(info.unit === undefined ? {} : { unit: info.unit }),
      ...(isDistribution(info.kind) ? {} : { kind: info.kind }),
      description: info.description ?? 'The sample',
    },
    ...info.labels.map((name): DatasetColumn => ({ name: columnOfLabel(name), type: 'string', label: true, description: `Label ${name}` })),
  ],
});

// What there is to ask about, as GraphQL objects: datasets, metrics, hosts, completions, the product's own state.
import { formatTime } from '../core/time.ts';
import type { Completion } from '../query/complete.ts';
import type { VisibleCatalogue } from '../query/visible-catalogue.ts';
import { HOST_STATES, LATE_MS, SILENT_MS } from '../schemas/host-state.ts';
import type { Dataset, DatasetColumn, MetricInfo } from '../schemas/types.ts';
import { builder } from './builder.ts';
import type { Attribute, Drop, HostRow, PartStatus, Problem, ProductStatus, StoreSpace, StreamGroup, StreamSpace, StreamTopic } from './service.ts';
import { told } from './told.ts';

const DatasetColumnRef = builder.objectRef<DatasetColumn>('DatasetColumn').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    type: t.exposeString('type'),
    unit: t.string({ nullable: true, resolve: (c) => c.unit ?? null }),
    description: t.exposeString('description'),
  }),
});

const AttributeRef = builder.objectRef<Attribute>('Attribute').implement({
  description: 'A field that log lines have beside their columns, as samples of them show',
  fields: (t) => ({
    name: t.exposeString('name'),
    type: t.exposeString('type', { description: 'text, number, or both in one line or another' }),
    share: t.exposeFloat('share', { description: 'Part of the lines that have it, 0 to 1' }),
    lastSeen: t.string({ description: 'Time of the newest line that has it', resolve: (a) => formatTime(a.lastSeen) }),
  }),
});

const DatasetRef = builder.objectRef<Dataset & { readonly seen: readonly Attribute[] }>('Dataset').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    columns: t.field({ type: [DatasetColumnRef], resolve: (d) => d.columns }),
    attributes: t.field({
      type: [AttributeRef],
      description: 'Fields seen in its rows beside the columns, most used first',
      resolve: ({ seen }) => seen,
    }),
  }),
});

const MetricRef = builder.objectRef<MetricInfo>('Metric').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    kind: t.exposeString('kind'),
    unit: t.string({ nullable: true, resolve: (m) => m.unit ?? null }),
    description: t.string({ nullable: true, resolve: (m) => m.description ?? null }),
    labels: t.stringList({ resolve: (m) => [...m.labels] }),
  }),
});

export const CatalogueRef = builder.objectRef<VisibleCatalogue>('Catalogue').implement({
  fields: (t) => ({
    datasets: t.field({ type: [DatasetRef], resolve: (c) => c.datasets.map((d) => ({ ...d, seen: c.attributes(d.name) })) }),
    metrics: t.field({ type: [MetricRef], resolve: (c) => c.metricNames().flatMap((name) => c.metric(name) ?? []) }),
  }),
});

const HostStateRef = builder.enumType('HostState', {
  description: `reporting; late: not heard for ${LATE_MS / 1000} s or its data is that old; silent: not heard for ${SILENT_MS / 1000} s; stopped: its agent said that it ends`,
  values: HOST_STATES,
});

export const HostRef = builder.objectRef<HostRow>('Host').implement({
  fields: (t) => ({
    host: t.exposeString('host'),
    id: t.exposeString('id', { nullable: true }),
    os: t.exposeString('os', { nullable: true }),
    kernel: t.exposeString('kernel', { nullable: true }),
    architecture: t.exposeString('architecture', { nullable: true }),
    cores: t.exposeInt('cores', { nullable: true }),
    memory: t.exposeString('memory', { nullable: true, description: 'Bytes' }),
    addresses: t.stringList({ resolve: (h) => [...h.addresses] }),
    region: t.exposeString('region', { nullable: true }),
    datacenter: t.exposeString('datacenter', { nullable: true }),
    env: t.exposeString('env', { nullable: true }),
    role: t.exposeString('role', { nullable: true }),
    owner: t.exposeString('owner', { nullable: true }),
    labels: t.field({ type: 'JSON', resolve: (h) => h.labels }),
    leftOut: t.stringList({ description: 'What its agent may not look at', resolve: (h) => [...h.leftOut] }),
    agentVersion: t.exposeString('agentVersion', { nullable: true }),
    state: t.field({ type: HostStateRef, resolve: (h) => h.state }),
    firstSeen: t.exposeString('firstSeen', { nullable: true }),
    lastSeen: t.exposeString('lastSeen', { nullable: true, description: 'When a frame of it was last heard, by the server’s clock' }),
    lagSeconds: t.exposeFloat('lagSeconds', { nullable: true, description: 'How old its newest frame was when it came' }),
    startedAt: t.exposeString('startedAt', { nullable: true, description: 'When its agent last started' }),
    stoppedAt: t.exposeString('stoppedAt', { nullable: true, description: 'When its agent said that it ends; null while it runs' }),
    spoolBytes: t.float({ nullable: true, description: 'Disk space of its spool, as it last said', resolve: (h) => h.figure('spoolBytes').catch(told) }),
    waitingFrames: t.float({
      nullable: true,
      description: 'Frames that waited to be sent, as it last said',
      resolve: (h) => h.figure('waitingFrames').catch(told),
    }),
  }),
});

export const CompletionRef = builder.objectRef<Completion>('Completion').implement({
  fields: (t) => ({
    label: t.exposeString('label'),
    kind: t.exposeString('kind'),
    detail: t.exposeString('detail'),
    type: t.string({ nullable: true, resolve: (c) => c.type ?? null }),
    unit: t.string({ nullable: true, resolve: (c) => c.unit ?? null }),
    insert: t.exposeString('insert'),
    from: t.exposeInt('from', { description: 'UTF-16 offset' }),
    to: t.exposeInt('to'),
  }),
});

const PartRef = builder.objectRef<PartStatus>('Part').implement({
  fields: (t) => ({ name: t.exposeString('name'), state: t.exposeString('state'), detail: t.exposeString('detail') }),
});

const StoreSpaceRef = builder.objectRef<StoreSpace>('StoreSpace').implement({
  description: 'What a store takes of its disk',
  fields: (t) => ({
    name: t.exposeString('name'),
    bytes: t.float({ nullable: true, description: 'Null until it was measured', resolve: (s) => s.bytes ?? null }),
    diskFree: t.float({ nullable: true, description: 'Bytes free on its disk', resolve: (s) => s.diskFree ?? null }),
    diskSize: t.float({ nullable: true, description: 'Bytes', resolve: (s) => s.diskSize ?? null }),
  }),
});

const StreamGroupRef = builder.objectRef<StreamGroup>('StreamGroup').implement({
  fields: (t) => ({
    group: t.exposeString('group'),
    topic: t.exposeString('topic'),
    waiting: t.exposeFloat('waiting', { description: 'Messages accepted and not yet stored, at most' }),
    bytes: t.exposeFloat('bytes', { description: 'What they take of the disk, about' }),
    isJoined: t.exposeBoolean('isJoined', { description: 'Whether one of its readers is here now' }),
    oldestWaiting: t.float({
      nullable: true,
      description: 'Seconds since the oldest of them came; null when none waits',
      resolve: (g) => g.oldestWaiting ?? null,
    }),
  }),
});

const StreamTopicRef = builder.objectRef<StreamTopic>('StreamTopic').implement({
  description: 'The room of a topic',
  fields: (t) => ({
    topic: t.exposeString('topic'),
    unread: t.exposeFloat('unread', { description: 'Bytes that some group has not read' }),
    share: t.exposeFloat('share', { description: 'Bytes that may be unread' }),
    pressure: t.exposeFloat('pressure', {
      description: '0 to 1: of its share, of the whole room or of the disk, whichever is fuller; from 0.8 on nothing of the topic is taken in',
    }),
    heldBy: t.string({ nullable: true, description: 'The group that has most of it before it', resolve: (s) => s.heldBy ?? null }),
    secondsLeft: t.float({
      nullable: true,
      description: 'Until nothing of it is taken in, at the present rate; null where it does not fill',
      resolve: (s) => s.secondsLeft ?? null,
    }),
  }),
});

const StreamSpaceRef = builder.objectRef<StreamSpace>('StreamSpace').implement({
  description: 'How full the stream is; full, it makes agents wait',
  fields: (t) => ({
    bytes: t.exposeFloat('bytes'),
    maxBytes: t.exposeFloat('maxBytes'),
    share: t.float({ description: 'Of its maximum, 0 to 1', resolve: (s) => (s.maxBytes === 0 ? 1 : s.bytes / s.maxBytes) }),
    groups: t.field({ type: [StreamGroupRef], resolve: (s) => s.groups }),
    topics: t.field({ type: [StreamTopicRef], resolve: (s) => s.topics }),
  }),
});

const DropRef = builder.objectRef<Drop>('Drop').implement({
  description: 'What did not reach a store since the start of the server',
  fields: (t) => ({
    stage: t.exposeString('stage'),
    reason: t.exposeString('reason'),
    unit: t.exposeString('unit', { description: 'What is counted: rows, messages …' }),
    count: t.exposeFloat('count'),
    missing: t.exposeBoolean('missing', { description: 'Whether something is missing for it in the stores: not so for repeats' }),
    counter: t.exposeString('counter', { description: 'Its name at /metrics' }),
    labels: t.field({ type: 'JSON', resolve: (d) => d.labels }),
  }),
});

const ProblemRef = builder.objectRef<Problem>('Problem').implement({
  description: 'What was found wrong at the start and did not prevent it',
  fields: (t) => ({ part: t.exposeString('part'), message: t.exposeString('message'), mend: t.exposeString('mend') }),
});

export const StatusRef = builder.objectRef<ProductStatus>('Status').implement({
  fields: (t) => ({
    version: t.exposeString('version'),
    instance: t.exposeString('instance'),
    startedAt: t.exposeString('startedAt'),
    parts: t.field({ type: [PartRef], resolve: (s) => s.parts }),
    stores: t.field({ type: [StoreSpaceRef], resolve: (s) => s.stores }),
    stream: t.field({ type: StreamSpaceRef, nullable: true, resolve: (s) => s.stream ?? null }),
    drops: t.field({ type: [DropRef], resolve: (s) => s.drops }),
    problems: t.field({ type: [ProblemRef], resolve: (s) => s.problems }),
  }),
});

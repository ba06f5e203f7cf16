// What there is to ask about, as GraphQL objects: datasets, metrics, hosts, completions, the product's own state.
import type { Completion } from '../query/complete.ts';
import type { Dataset, DatasetColumn, MetricInfo } from '../schemas/types.ts';
import { builder } from './builder.ts';
import type { HostRow, PartStatus, ProductStatus } from './service.ts';

const DatasetColumnRef = builder.objectRef<DatasetColumn>('DatasetColumn').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    type: t.exposeString('type'),
    unit: t.string({ nullable: true, resolve: (c) => c.unit ?? null }),
    description: t.exposeString('description'),
  }),
});

const DatasetRef = builder.objectRef<Dataset>('Dataset').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    columns: t.field({ type: [DatasetColumnRef], resolve: (d) => d.columns }),
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

export const CatalogueRef = builder.objectRef<{ readonly datasets: readonly Dataset[]; readonly metrics: readonly MetricInfo[] }>('Catalogue').implement({
  fields: (t) => ({
    datasets: t.field({ type: [DatasetRef], resolve: (c) => c.datasets }),
    metrics: t.field({ type: [MetricRef], resolve: (c) => c.metrics }),
  }),
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
    labels: t.field({ type: 'JSON', resolve: (h) => h.labels }),
    agentVersion: t.exposeString('agentVersion', { nullable: true }),
    lastSeen: t.exposeString('lastSeen', { nullable: true }),
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

export const StatusRef = builder.objectRef<ProductStatus>('Status').implement({
  fields: (t) => ({
    version: t.exposeString('version'),
    instance: t.exposeString('instance'),
    startedAt: t.exposeString('startedAt'),
    parts: t.field({ type: [PartRef], resolve: (s) => s.parts }),
  }),
});

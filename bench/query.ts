// The language: a typical text from its letters to the questions for the stores, and what can be written at the end of a long one, beside JSON of
// about the same size in the same run.

import { ALL_ROWS } from '../query/3-plan/rights.ts';
import { check, plan, split, storesWith } from '../query/compile.ts';
import { complete, format, staticCatalogue } from '../query/language.ts';
import { twoSeriesEach } from '../query/testing/known-series.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import type { MetricInfo } from '../schemas/types.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const CPU: MetricInfo = {
  name: 'system.cpu.utilization',
  kind: 'gauge',
  temporality: 'cumulative',
  unit: '1',
  intervalMs: 10_000,
  labels: ['cpu', 'datacenter', 'host'],
};
const catalogue = { ...staticCatalogue(DATASETS), metric: (name: string) => (name === CPU.name ? CPU : undefined), metricNames: () => [CPU.name] };

const TEXTS: readonly (readonly [string, string])[] = [
  ['metric by host', 'from metrics.system.cpu.utilization | where datacenter == "fra1" | every 1m avg | max by host | where value > 90%'],
  ['log search', 'from logs last 6h | search "connection refused" -healthcheck | every 5m count by service'],
  ['top processes', 'from processes last 5m | latest | top 5 by cpu per host | lookup hosts on host'],
  ['newest lines', 'from logs | where severity >= "error" and host in ("a", "b") | limit 200'],
  ['summary', 'from processes last 15m | where cpu > 10% | summarize n = count(), p95(cpu), peak = max(memory) by host, name | sort peak desc | limit 20'],
];

/** Of 100 lines, as texts that have grown are; the last one is being written. */
const LONG = [
  ...Array.from({ length: 24 }, (_, i) => [`let busy_${i} = (`, `  ${TEXTS[0]?.[1]}`, `  | set half = value / 2, share = value * ${i}%`, ')']).flat(),
  'from busy_7',
  '| where value > 50%',
  '| set twice = value * 2',
  '| summarize max(twice) by ho',
].join('\n');

const at = 1_795_172_400_000_000_000n;
const request = { at, from: at - 3_600_000_000_000n, to: at, zone: 'Europe/Berlin', parameters: new Map(), rights: ALL_ROWS, completeTo: at, notice: () => {} };
const stores = storesWith({ marks: () => [], series: twoSeriesEach([CPU]) });

const compile = (text: string): number => split(plan(check(text, catalogue), request, { limit: 10_000 }).plan, stores).fragments.size;

export const run = async (): Promise<readonly Figure[]> => {
  const document = JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ id: i, name: `host-${i}`, labels: { a: 'x', b: [1, 2, 3] } })));
  for (let i = 0; i < 300; i++) for (const [, text] of TEXTS) compile(text);
  const json = await cpuSeconds(() => JSON.parse(JSON.stringify(JSON.parse(document))), 200);
  const against = `${short(json * 1e3)} ms: JSON of ${document.length} bytes parsed, written, parsed`;
  const figures: Figure[] = [];
  for (const [name, text] of TEXTS) {
    const seconds = await cpuSeconds(() => compile(text), 200);
    figures.push({ what: `IQL text to SQL (goal 0.3 ms): ${name}`, value: `${short(seconds * 1e3)} ms a text`, against, ratio: seconds / json });
  }
  const printed = await cpuSeconds(() => format(TEXTS[0]?.[1] ?? ''), 200);
  figures.push({ what: 'IQL format', value: `${short(printed * 1e3)} ms a text`, against, ratio: printed / json });
  const offered = complete(LONG, LONG.length, catalogue);
  if (!offered.some(({ insert }) => insert === 'host')) throw new Error(`not offered: host; but ${offered.map(({ insert }) => insert).join(', ')}`);
  const completed = await cpuSeconds(() => complete(LONG, LONG.length, catalogue), 50);
  const lines = LONG.split('\n').length;
  figures.push({ what: `completion at the end of ${lines} lines (goal 10 ms)`, value: `${short(completed * 1e3)} ms`, against, ratio: completed / json });
  return figures;
};

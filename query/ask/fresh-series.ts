// Series come while questions are asked. A question goes by those that are known, and what was told since is read beside it; only where that
// changes what the question's metrics have it is asked again.
import { CodedError } from '../../core/coded-error.ts';
import { type PlanNode, type Scan, scansOf } from '../3-plan/nodes.ts';
import type { SeriesIndex } from '../series/series-index.ts';
import type { LearnedCatalogue } from './learned-catalogue.ts';

const versionOf = (scan: Scan, index: SeriesIndex): number => {
  const { metric } = scan.dataset;
  return metric === undefined ? index.metricNames().length : (index.series(metric.name)?.states.version ?? 0);
};

const numbers = new WeakMap<SeriesIndex, number>();
let indexes = 0;

/** What the index knows of a metric's series, and which others it is mistaken for, as a text that is another one when that changes. */
export const seriesState = (index: SeriesIndex, { name, hash }: { readonly name: string; readonly hash: number }): string => {
  const number = numbers.get(index) ?? ++indexes;
  numbers.set(index, number);
  return `${number} ${index.series(name)?.states.version ?? 0} ${index.named(hash).join(' ')}`;
};

const untilEnded = async (work: Promise<void>, signal: AbortSignal): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(new CodedError('iql.cancelled', {}));
  signal.addEventListener('abort', end, { once: true });
  await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', end));
};

/** The answer by series that were told a second before now, or later. Rejects with `iql.cancelled` when it is ended while all are still being read. */
export const askedOfFresh = async <T>(
  plan: PlanNode,
  catalogue: Pick<LearnedCatalogue, 'series' | 'catchUp' | 'whole'>,
  signal: AbortSignal,
  work: (series: SeriesIndex) => Promise<T>,
): Promise<T> => {
  const scans = scansOf(plan).filter(({ dataset }) => dataset.table === 'samples');
  if (scans.length === 0) return work(catalogue.series);
  if (scans.some(({ dataset }) => dataset.metric === undefined)) await untilEnded(catalogue.whole(), signal);
  const versions = (): string => scans.map((scan) => versionOf(scan, catalogue.series)).join();
  const known = versions();
  // A store that cannot tell what is new may still answer.
  const [answer] = await Promise.all([work(catalogue.series), catalogue.catchUp().catch(() => undefined)]);
  return versions() === known ? answer : work(catalogue.series);
};

// Tests of what the counters tell of drops.
import { expect, test } from 'vitest';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { dropsOf } from './drops.ts';

test('finds every counter of a drop by its name, with stage, reason and unit', () => {
  const registry = new TelemetryRegistry();
  registry.add('inframirror_ingest_rows_total', { schema: 'logs' }, 100);
  registry.add('inframirror_ingest_requests_total', { status: '200' }, 100);
  registry.add('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'late', schema: 'logs' }, 5);
  registry.add('inframirror_dead_rows_total', { stage: 'pipeline-decode', reason: 'unknown-version' }, 4);
  registry.add('inframirror_pipeline_lost_messages_total', { topic: 'im.logs', reason: 'trimmed' }, 3);
  registry.add('inframirror_pipeline_repeated_messages_total', { topic: 'im.logs' }, 2);
  registry.add('inframirror_pipeline_senders_forgotten_total', { topic: 'im.logs' });
  registry.add('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'series-limit', schema: 'metrics' }, 0);
  expect(dropsOf(registry.counters()).map(({ stage, reason, unit, count, missing }) => [stage, reason, unit, count, missing])).toEqual([
    ['ingest', 'late', 'rows', 5, true],
    ['pipeline-decode', 'unknown-version', 'rows', 4, true],
    ['pipeline', 'trimmed', 'messages', 3, true],
    ['pipeline', 'repeated', 'messages', 2, false],
    ['pipeline', 'forgotten', 'senders', 1, false],
  ]);
});

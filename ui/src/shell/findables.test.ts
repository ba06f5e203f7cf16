// Holds what finding by name opens: a text that is right for each kind of thing, the best match first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../../query/language.ts';
import type { Catalogue } from '../data/types.ts';
import { iqlCatalogue } from '../edit/local-language.ts';
import { findablesOf, rank } from './findables.ts';

const metric = (name: string, kind: string, unit: string | null, labels: readonly string[] = ['host']) => ({
  name,
  kind,
  unit,
  description: `What ${name} is`,
  labels,
});
const catalogue: Catalogue = {
  datasets: [
    { name: 'metrics', description: 'Samples', attributes: [] },
    { name: 'logs', description: 'Log lines', attributes: [] },
    { name: 'processes', description: 'Processes', attributes: [] },
  ],
  metrics: [
    metric('system.cpu.utilization', 'gauge', '1', ['host', 'cpu.mode']),
    metric('system.memory.usage', 'gauge', 'By', ['host', 'state']),
    metric('system.memory.utilization', 'gauge', '1', ['host', 'state']),
    metric('system.cpu.load_average.1m', 'gauge', '{thread}'),
    metric('system.filesystem.utilization', 'gauge', '1', ['host', 'mountpoint', 'mode']),
    metric('system.disk.io', 'counter', 'By', ['device', 'direction', 'host']),
    metric('system.network.io', 'counter', 'By', ['device', 'direction', 'host']),
    metric('job:requests 5m', 'gauge', null),
    metric('inframirror.agent.cpu.time', 'counter', 's'),
    metric('http.server.request.duration', 'histogram', 's'),
    metric('rpc.duration', 'exponential histogram', 's'),
  ],
};
const hour = { kind: 'relative', span: '1h' } as const;
const all = findablesOf(hour, catalogue, ['web-1']);

describe('findables', () => {
  it('open texts that the language takes', () => {
    for (const { text, name } of all) if (text !== '') expect(check(text, iqlCatalogue(catalogue)).diagnostics, name).toEqual([]);
    expect(all.find(({ name }) => name === 'system.disk.io')?.text).toBe('from metrics.system.disk.io\n| every 30s rate');
    expect(all.find(({ name }) => name === 'web-1')).toMatchObject({ kind: 'host', page: 'host' });
    // No text asks for those.
    expect(all.some(({ name }) => name.endsWith('duration'))).toBe(false);
  });

  it('are there without the server', () => {
    expect(findablesOf(hour, undefined, []).map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 7 }, () => 'page'),
      ...Array.from({ length: 10 }, () => 'ready text'),
    ]);
  });

  it('are ranked by name before description', () => {
    expect(rank(all, 'log')[0]?.name).toBe('logs');
    expect(rank(all, 'io disk')[0]?.name).toBe('system.disk.io');
    expect(rank(all, 'cpu').map(({ name }) => name)).toEqual([
      'Processors',
      'Search logs for cpu',
      'Load',
      'Busiest processes',
      'system.cpu.utilization',
      'system.cpu.load_average.1m',
      'inframirror.agent.cpu.time',
    ]);
    expect(rank(all, '')).toHaveLength(all.length);
  });

  it('always offer to search the log lines, by a text that the language takes whatever the words are', () => {
    expect(rank(all, 'connection refused')[0]).toMatchObject({ kind: 'search', text: 'from logs\n| search connection refused' });
    expect(rank(all, 'cpu')[1]?.kind).toBe('search');
    expect(rank(all, 'or -5 "a b" GET|POST')[0]?.text).toBe('from logs\n| search "or" "-5" "a b" "GET|POST"');
    expect(rank(all, '"" "').some(({ kind }) => kind === 'search')).toBe(false);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })), (words) => {
        const text = rank(all, words).find(({ kind }) => kind === 'search')?.text;
        if (text !== undefined) expect(check(text, iqlCatalogue(catalogue)).diagnostics, text).toEqual([]);
      }),
    );
  });
});

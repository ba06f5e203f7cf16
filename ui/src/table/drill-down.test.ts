// Holds where a row leads: texts that the language takes, over the rows that an aggregate was made of, and nothing where that is not known.
import { describe, expect, it } from 'vitest';
import { check, staticCatalogue } from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { FIRST_PAGE } from '../address/address.ts';
import type { Value } from '../data/types.ts';
import { waysFrom } from './drill-down.ts';

const columns = (row: Readonly<Record<string, readonly [string, Value]>>) =>
  Object.entries(row).map(([name, [type, value]]) => ({ name, type, unit: null, values: [value] }));
const ways = (row: Parameters<typeof columns>[0], text: string) => waysFrom(columns(row), 0, text, FIRST_PAGE);
const textOf = (row: Parameters<typeof columns>[0], text: string, label: string) => ways(row, text).find((way) => way.label === label)?.text;

describe('waysFrom', () => {
  it('finds the rows that were counted', () => {
    const behind = (row: Parameters<typeof columns>[0], text: string) => textOf(row, text, 'The rows behind this');
    expect(
      behind({ service: ['string', 'a"b'], count: ['int', 3] }, 'from logs last 1h\n| where severity >= "warn"\n| count by service\n| sort count desc'),
    ).toBe('from logs last 1h\n| where severity >= "warn"\n| where service == "a\\"b"');
    expect(behind({ service: ['string', null], count: ['int', 3] }, 'from logs | count by service')).toBe('from logs\n| where not exists service');
    expect(behind({ time: ['time', '2026-11-20T10:00:00.000Z'], host: ['string', 'a'], count: ['int', 3] }, 'from logs | every 5m count by host')).toBe(
      'from logs between @2026-11-20T10:00:00.000Z and @2026-11-20T10:05:00.000Z\n| where host == "a"',
    );
    for (const text of ['from logs | count by class = substring(body, 0, 1)', 'data [{class: "a"}] | count by class', 'from logs | limit 5'])
      expect(behind({ class: ['string', 'a'], count: ['int', 1] }, text)).toBeUndefined();
  });

  it('leads to the process, the host, its lines then, and the trace, by texts that the language takes', () => {
    const row = {
      time: ['time', '2026-11-20T10:00:00.000Z'],
      host: ['string', 'we"b'],
      pid: ['int', 7],
      start: ['time', '2026-11-20T09:00:00.000000001Z'],
      name: ['string', 'ja\\va'],
      trace_id: ['string', 'abc'],
    } as const;
    const found = ways(row, 'from processes | latest');
    expect(found.map(({ label }) => label)).toEqual([
      'This process over time',
      'All that are called ja\\va',
      'All lines of this trace',
      'Log lines of this host then',
      'Host we"b',
    ]);
    for (const { text } of found) if (text !== undefined) expect(check(text, staticCatalogue(DATASETS)).diagnostics, text).toEqual([]);
    expect(found[0]?.to).toMatchObject({ page: 'host', hosts: { host: 'we"b', part: 'processes', process: '7 2026-11-20T09:00:00.000000001Z' } });
    expect(found[3]?.text).toBe('from logs between @2026-11-20T09:55:00.000Z and @2026-11-20T10:05:00.000Z\n| where host == "we\\"b"');
    expect(ways({ n: ['int', 1] }, 'from hosts')).toEqual([]);
  });
});

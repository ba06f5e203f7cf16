// The texts behind the pages of hosts: each is right IQL whatever the host is called, and what is written or clicked becomes the condition that is meant.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check } from '../../../query/language.ts';
import type { Range } from '../address/range.ts';
import { iqlCatalogue } from '../edit/local-language.ts';
import { aliveText } from '../pages/ready-texts.ts';
import { conditionOf, FILTER_START, factsOfText, filterCheckText, HOST_FIGURES, hostsText, listText, narrowed } from './host-texts.ts';
import {
  changesText,
  eventsText,
  FILESYSTEM_METRICS,
  factsAtText,
  factsText,
  filesystemText,
  fillText,
  logsText,
  oneProcessTexts,
  overviewTexts,
  parseProcess,
  printProcess,
  processesText,
} from './one-host-texts.ts';

const gauge = (name: string, unit: string, ...labels: readonly string[]) => ({ name, kind: 'gauge', unit, description: null, labels: ['host', ...labels] });
const counter = (name: string, unit: string, ...labels: readonly string[]) => ({ ...gauge(name, unit, ...labels), kind: 'counter' });
const catalogue = iqlCatalogue({
  datasets: [],
  metrics: [
    gauge('system.cpu.utilization', '1', 'cpu.mode'),
    gauge('system.cpu.load_average.1m', '{thread}'),
    gauge('system.memory.utilization', '1', 'state'),
    gauge('system.memory.usage', 'By', 'state'),
    counter('system.disk.io', 'By', 'device', 'direction'),
    counter('system.network.io', 'By', 'device', 'direction'),
    gauge('system.filesystem.utilization', '1', 'device', 'mountpoint', 'mode', 'type'),
    gauge('system.filesystem.usage', 'By', 'device', 'mountpoint', 'mode', 'type', 'state'),
    gauge('system.filesystem.inodes.utilization', '1', 'device', 'mountpoint', 'mode', 'type'),
  ],
});
const errors = (text: string): readonly string[] =>
  check(text, catalogue)
    .diagnostics.filter(({ severity }) => severity !== 'info')
    .map(({ message }) => `${message} in ${text}`);

const RANGES: readonly Range[] = [
  { kind: 'relative', span: '5m' },
  { kind: 'relative', span: '30d' },
  { kind: 'day', day: 'today' },
  { kind: 'day', day: 'yesterday' },
  { kind: 'absolute', from: Date.UTC(2026, 10, 20, 10), to: Date.UTC(2026, 10, 20, 11) },
  { kind: 'absolute', from: Date.UTC(2026, 10, 20, 10), to: Date.UTC(2026, 10, 20, 10, 0, 1) },
];
const names = fc.oneof(
  fc.constantFrom('web-7.fra1', 'a"b', "o'hara", 'back\\slash', '__proto__', '日本'),
  fc.string({ unit: 'grapheme', minLength: 1 }).map((name) => name.toWellFormed()),
);

describe('every text is right', () => {
  test('of the list and its figures', () => {
    for (const where of ['', 'web-7', 'agent_state == "silent"', 'env == "prod" or cores > 4']) {
      expect(errors(hostsText(where))).toEqual([]);
      for (const sort of ['', 'host', '-state', 'labels', '-version', 'lag', '-seen', 'cpu']) expect(errors(listText(where, sort))).toEqual([]);
    }
    for (const { newest, overTime } of HOST_FIGURES) {
      expect(errors(newest)).toEqual([]);
      fc.assert(
        fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), (hosts) => {
          expect(errors(overTime(hosts, '30s'))).toEqual([]);
          expect(errors(factsOfText(hosts))).toEqual([]);
        }),
        { numRuns: 30 },
      );
    }
    for (const range of RANGES) for (const where of ['', 'host == "vm"']) expect(errors(aliveText(range, where))).toEqual([]);
  });

  test('of one host', () => {
    fc.assert(
      fc.property(names, fc.constantFrom(...RANGES), (host, range) => {
        const process = { pid: 12, start: '2026-11-20T10:00:00.123Z' };
        const ready = [...overviewTexts(host, range), fillText(host, range), ...oneProcessTexts(host, process, range)].map(({ text }) => text);
        const others = [logsText, eventsText, factsText, changesText].map((text) => text(host));
        const lists = [
          ...FILESYSTEM_METRICS.map((metric) => filesystemText(host, metric)),
          processesText(host, range, true),
          processesText(host, range, false),
        ];
        for (const text of [...ready, ...others, ...lists, factsAtText(host, '2026-11-20T10:00:00.123Z')]) expect(errors(text)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

test('a bare word is a part of a name, anything else a condition', () => {
  expect(conditionOf(' web-7 ')).toBe('host contains "web-7"');
  expect(conditionOf('fra1')).toBe('host contains "fra1"');
  expect(conditionOf('env == "prod"')).toBe('env == "prod"');
  expect(filterCheckText('agent_state == "silent"')).toBe(`${FILTER_START}agent_state == "silent"`);
});

test('a click narrows what is written, whatever stands there', () => {
  expect(narrowed('', 'env == "prod"')).toBe('env == "prod"');
  expect(narrowed('web', 'env == "prod"')).toBe('host contains "web" and env == "prod"');
  expect(narrowed('env == "prod"', 'env == "prod"')).toBe('env == "prod"');
  expect(narrowed('a == 1 or b == 2', 'env == "prod"')).toBe('(a == 1 or b == 2) and env == "prod"');
  const twice = narrowed(narrowed('', 'env == "prod"'), 'region == "fra1"');
  expect(narrowed(twice, 'region == "fra1"')).toBe(twice);
  expect(narrowed(twice, 'env == "prod"')).toBe(twice);
});

test('a process is named by its pid and start, and nothing else is one', () => {
  const key = { pid: 4711, start: '2026-11-20T10:00:00.120Z' };
  expect(parseProcess(printProcess(key))).toEqual(key);
  for (const text of ['', '12', '12 soon', '12 2026-11-20T10:00:00Z | limit 1', '-1 2026-11-20T10:00:00.000Z']) expect(parseProcess(text)).toBeUndefined();
});

test('an order that is none is no order, whatever it is called', () => {
  for (const sort of ['constructor', '-toString', '__proto__', 'nonsense', '']) expect(listText('', sort)).toBe(listText('', 'cpu'));
});

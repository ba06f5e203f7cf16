// Holds that every state survives the address and that no address, however broken, breaks the explorer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRAWINGS } from '../chart/drawing.ts';
import { VIEWS } from '../result/views.ts';
import { type Address, FIRST_PAGE, HOST_PARTS, MOST_PANELS, type Panel, parseAddress, printAddress, REFRESH_SECONDS, refreshSeconds } from './address.ts';
import {
  bounds,
  bucketFor,
  DAYS,
  localText,
  parseLocal,
  type Range,
  RELATIVE_SPANS,
  rangeLabel,
  readMoment,
  readSpan,
  requestRange,
  spanMillis,
  stepped,
  widened,
} from './range.ts';

const range: fc.Arbitrary<Range> = fc.oneof(
  fc.constantFrom(...RELATIVE_SPANS, '90m', '1h30m').map((span): Range => ({ kind: 'relative', span })),
  fc.constantFrom(...DAYS).map((day): Range => ({ kind: 'day', day })),
  fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e9 })).map(([from, ms]): Range => ({ kind: 'absolute', from, to: from + ms })),
);
const anyText = fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.toWellFormed());
const hosts = fc.record({ host: anyText.map((name) => `h${name}`), part: fc.constantFrom(...HOST_PARTS), where: anyText, sort: anyText, process: anyText });
const panel: fc.Arbitrary<Panel> = fc.record({
  text: anyText,
  view: fc.constantFrom(undefined, ...VIEWS),
  draw: fc.constantFrom(undefined, ...DRAWINGS),
  log: fc.boolean(),
  saved: fc.constantFrom(undefined, { name: 'team.errors', version: 3 }, { name: 'größe', version: 1 }),
  columns: fc.option(
    fc.uniqueArray(
      fc.oneof(
        fc.constantFrom('host', 'attributes["a,b"]', '`x y`', '__proto__'),
        fc.string({ minLength: 1 }).map((text) => text.toWellFormed()),
      ),
      { maxLength: 20 },
    ),
    { nil: undefined },
  ),
});
const rest = fc.record({
  page: fc.constantFrom(
    'explore' as const,
    'hosts' as const,
    'host' as const,
    'status' as const,
    'agents' as const,
    'letters' as const,
    'learn' as const,
    'errors' as const,
  ),
  code: fc.constantFrom('', 'iql.bad-regex'),
  hosts,
  range,
  on: fc.string({ unit: 'grapheme', maxLength: 40 }).map((host) => host.toWellFormed()),
  refresh: fc.constantFrom(undefined, ...REFRESH_SECONDS),
  more: fc.array(panel, { maxLength: MOST_PANELS - 1 }),
});
const address: fc.Arbitrary<Address> = fc.tuple(panel, rest).map(([first, others]) => ({ ...first, ...others }));

describe('address', () => {
  it('gives back every state', () => {
    fc.assert(
      fc.property(address, (state) => {
        expect(parseAddress(printAddress(state))).toEqual(state);
      }),
    );
  });

  it('reads anything without throwing', () => {
    fc.assert(
      fc.property(fc.string(), (hash) => {
        expect(parseAddress(`#${hash}`).range).toBeDefined();
      }),
    );
    expect(parseAddress('')).toEqual(FIRST_PAGE);
    for (const nowhere of ['#/nonsense', '#/explorer?text=from%20logs', '#nonsense', '#/hosts/web-1', '#/__proto__'])
      expect(parseAddress(nowhere).page).toBe('unknown');
    expect(parseAddress('#/host').page).toBe('hosts');
    expect(parseAddress('#/host?host=web-1&part=pie').hosts).toEqual({ ...FIRST_PAGE.hosts, host: 'web-1' });
    expect(parseAddress('#/explore?range=-5&refresh=1&view=pie&from=b&to=a')).toEqual(FIRST_PAGE);
  });
});

describe('any address', () => {
  const now = Date.UTC(2026, 10, 20, 10);
  const span = fc
    .array(
      fc.tuple(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom(...'smhdw')).map((part) => part.join('')),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(''));
  const moment = fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom('0001-01-01', '9999-12-31T23:59:59Z', '-271821-04-20T00:00:00.000Z', '+275760-09-13T00:00:00.000Z', '1', 'x'),
    fc.integer({ min: -8.64e15, max: 8.64e15 }).map((ms) => new Date(ms).toISOString()),
  );
  const value = fc.oneof(
    span,
    moment,
    fc.constantFrom('today', 'Infinity', '-1', '1e9', '%', '\ud800', 'a@999999999999', ...DAYS),
    fc.string({ unit: 'binary' }),
  );
  const name = fc.constantFrom(
    ...[
      'range',
      'from',
      'to',
      'text',
      'on',
      'view',
      'draw',
      'log',
      'refresh',
      'column',
      'host',
      'part',
      'where',
      'sort',
      'process',
      'code',
      'saved',
      '__proto__',
    ],
  );
  const pairs = fc.array(fc.tuple(name, value), { maxLength: 12 });
  const hash = fc
    .tuple(fc.constantFrom('', 'explore', 'hosts', 'host', 'status', 'agents', 'letters', 'x'), pairs, fc.boolean())
    .map(([page, all, encoded]) => `#/${page}?${encoded ? new URLSearchParams(all) : all.map((pair) => pair.join('=')).join('&')}`);
  const isAccepted = (of: Range): void => {
    const { from, to, at } = requestRange(of, now);
    for (const text of [from, to, at ?? to]) expect(text).toMatch(/^(19|2[01])\d\d-|^2200-01-01T00:00:00.000Z$/);
    expect(Date.parse(from)).toBeLessThan(Date.parse(to));
    for (const text of [rangeLabel(of), bucketFor(of)]) expect(text).not.toMatch(/NaN/);
  };

  it('is read without throwing, has a range that can be asked for, and is the same after it was written', () => {
    fc.assert(
      fc.property(hash, (text) => {
        const read = parseAddress(text);
        isAccepted(read.range);
        expect(parseAddress(printAddress(read))).toEqual(read);
      }),
    );
  });

  it('with a range beyond all bounds has the one of the beginning', () => {
    const long = '999999w'.repeat(40);
    for (const query of [
      `range=${long}`,
      'range=36526d',
      'from=0001-01-01&to=9999-12-31',
      'from=%2B275760-09-12&to=%2B275760-09-13',
      'from=2026-01-01&to=2201-01-01',
    ])
      expect(parseAddress(`#/explore?${query}`).range).toEqual(FIRST_PAGE.range);
    expect(parseAddress('#/explore?range=36525d').range).toEqual({ kind: 'relative', span: '36525d' });
    expect([readSpan(long), readMoment(`now-${long}`, now)]).toEqual([undefined, undefined]);
  });

  it('has a range that can be asked for after any steps and zooms', () => {
    const steps = fc.array(fc.constantFrom('earlier' as const, 'later' as const, 'wider' as const), { maxLength: 60 });
    fc.assert(
      fc.property(hash, steps, (text, ways) => {
        let at = parseAddress(text).range;
        for (const way of ways) {
          at = way === 'wider' ? widened(at, now) : stepped(at, way === 'later' ? 1 : -1, now);
          isAccepted(at);
        }
      }),
    );
    let wide: Range = { kind: 'relative', span: '30d' };
    for (let i = 0; i < 60; i++) wide = widened(wide, now);
    isAccepted(wide);
  });
});

describe('refreshSeconds', () => {
  it('is alive by itself on the first page and the status page, and what was chosen anywhere', () => {
    expect(refreshSeconds(FIRST_PAGE)).toBe(10);
    expect(refreshSeconds({ ...FIRST_PAGE, text: 'from logs', page: 'status' })).toBe(10);
    expect(refreshSeconds({ ...FIRST_PAGE, text: 'from logs' })).toBe(0);
    expect(refreshSeconds({ ...FIRST_PAGE, refresh: 0 })).toBe(0);
    expect(refreshSeconds({ ...FIRST_PAGE, text: 'from logs', refresh: 5 })).toBe(5);
  });
});

describe('range', () => {
  it('asks the server for the moment that now means only where the range is relative', () => {
    const now = Date.UTC(2026, 10, 20, 10);
    expect(requestRange({ kind: 'relative', span: '15m' }, now)).toEqual({
      from: '2026-11-20T09:45:00.000Z',
      to: '2026-11-20T10:00:00.000Z',
      at: '2026-11-20T10:00:00.000Z',
    });
    expect(requestRange({ kind: 'absolute', from: 0, to: 1000 }, now).at).toBeNull();
    expect(requestRange({ kind: 'relative', span: '15m' }, now + 12_345, 60_000)).toMatchObject({
      from: '2026-11-20T09:45:00.000Z',
      to: '2026-11-20T10:00:12.345Z',
    });
    expect(Date.parse(requestRange({ kind: 'relative', span: '15m' }, now, 86_400_000).from)).toBe(now - 900_000);
    expect(Date.parse(requestRange({ kind: 'absolute', from: 1, to: 1000 }, now, 60_000).from)).toBe(1);
  });

  it('reads spans and local times, and refuses what is neither', () => {
    expect(spanMillis('1h30m')).toBe(5_400_000);
    for (const text of ['', '0m', '5', 'm', '-5m', '5 m', '1y']) expect(spanMillis(text)).toBeUndefined();
    const ms = Math.floor(Date.UTC(2026, 10, 20, 10) / 60_000) * 60_000;
    expect(parseLocal(localText(ms))).toBe(ms);
    expect(parseLocal('2026-11-20T10:00:00Z')).toBe(Date.UTC(2026, 10, 20, 10));
    for (const text of ['', 'soon', '2026-13-40', '10:00']) expect(parseLocal(text)).toBeUndefined();
  });

  it('says itself in words and cuts itself into readable buckets', () => {
    expect(rangeLabel({ kind: 'relative', span: '15m' })).toBe('Last 15 minutes');
    expect(rangeLabel({ kind: 'relative', span: '1d' })).toBe('Last day');
    expect(bucketFor({ kind: 'relative', span: '15m' })).toBe('10s');
    expect(bucketFor({ kind: 'relative', span: '1h' })).toBe('30s');
    expect(bucketFor({ kind: 'relative', span: '7d' })).toBe('2h');
  });

  it('reads what people write for spans and moments', () => {
    const now = Date.UTC(2026, 10, 20, 10);
    expect(['90 min', '1 hour 30 minutes', 'last 2h', '2 Weeks', '1h30m'].map(readSpan)).toEqual(['90m', '1h30m', '2h', '2w', '1h30m']);
    for (const text of ['', 'min', '90', '90 parsecs', '0 min', '-5m']) expect(readSpan(text)).toBeUndefined();
    expect(['now', 'now-2h', 'now - 2 hours', '2h ago'].map((text) => readMoment(text, now))).toEqual([now, now - 7_200_000, now - 7_200_000, now - 7_200_000]);
    expect(readMoment('today', now)).toBe(bounds({ kind: 'day', day: 'today' }, now).from);
    expect(readMoment(localText(now), now)).toBe(now);
    for (const text of ['soon', 'now-', 'now+2h', 'ago']) expect(readMoment(text, now)).toBeUndefined();
  });

  it('knows days of the calendar: whole ones, in the zone of the browser', () => {
    const now = new Date(2026, 10, 20, 10, 30).getTime();
    expect(bounds({ kind: 'day', day: 'today' }, now)).toEqual({ from: new Date(2026, 10, 20).getTime(), to: now });
    expect(bounds({ kind: 'day', day: 'yesterday' }, now)).toEqual({ from: new Date(2026, 10, 19).getTime(), to: new Date(2026, 10, 20).getTime() });
    expect(requestRange({ kind: 'day', day: 'yesterday' }, now).at).toBeNull();
    expect(requestRange({ kind: 'day', day: 'today' }, now).at).not.toBeNull();
    expect(rangeLabel({ kind: 'day', day: 'today' })).toBe('Today');
  });

  it('steps by its own length and widens around its middle, never beyond now', () => {
    const now = Date.UTC(2026, 10, 20, 10);
    fc.assert(
      fc.property(range, (of) => {
        const { from, to } = bounds(of, now);
        fc.pre(to <= now);
        const back = bounds(stepped(of, -1, now), now);
        expect([back.to - back.from, back.to]).toEqual([to - from, from]);
        const on = bounds(stepped(of, 1, now), now);
        expect(on.to - on.from).toBe(to - from);
        const wide = bounds(widened(of, now), now);
        expect(wide.from).toBeLessThan(from);
        for (const end of [on.to, wide.to]) expect(end).toBeLessThanOrEqual(now);
      }),
      { examples: [[{ kind: 'absolute', from: 0, to: 1 }]] },
    );
  });
});

// Numbers, quantities, times and texts as literals: values, canonical spelling, moments in zones.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTime } from '../../core/time.ts';
import { readNumber } from './number-literal.ts';
import { parse } from './parser.ts';
import { print } from './printer.ts';
import { TEST_PIPES } from './test-support/pipes.ts';
import { readText } from './text-literal.ts';
import { readTime, timeLiteralNanos } from './time-literal.ts';

describe('numbers and quantities', () => {
  test.each([
    ['1_000', { value: 1000, integer: true }],
    ['0.5', { value: 0.5, integer: false }],
    ['1e3', { value: 1000, integer: false }],
    ['9007199254740993', { value: 9007199254740993n, integer: true }],
    ['9223372036854775807', { value: 9223372036854775807n, integer: true }],
    ['9223372036854775808', { value: 2 ** 63, integer: false }],
  ])('%s is a number', (text, wanted) =>
    expect(readNumber(text, 0)).toMatchObject({ end: text.length, problem: undefined, node: { node: 'number', ...wanted } }),
  );

  test.each([
    ['5m', 'duration', 300, '5m'],
    ['1h30m', 'duration', 5400, '1h30m'],
    ['250ms', 'duration', 0.25, '250ms'],
    ['2w', 'duration', 1_209_600, '2w'],
    ['1_000ns', 'duration', 1e-6, '1000ns'],
    ['512B', 'size', 512, '512B'],
    ['10KiB', 'size', 10_240, '10KiB'],
    ['1.5GB', 'size', 1.5e9, '1.5GB'],
    ['90%', 'ratio', 0.9, '90%'],
    ['99.9%', 'ratio', 0.999, '99.9%'],
    ['10MiB/s', 'rate', 10_485_760, '10MiB/s'],
    ['5/s', 'rate', 5, '5/s'],
  ])('%s is a %s of %d', (text, kind, value, canonical) =>
    expect(readNumber(text, 0)).toMatchObject({ end: text.length, problem: undefined, node: { node: 'quantity', kind, value, text: canonical } }),
  );

  test('days and weeks keep their parts, for the calendar', () => {
    expect(readNumber('1w3d', 0).node).toMatchObject({
      parts: [
        { value: 1, unit: 'w' },
        { value: 3, unit: 'd' },
      ],
    });
  });
  test('with spaces it divides, without a known unit after it too', () => {
    expect(readNumber('5 / s', 0)).toMatchObject({ end: 1, node: { node: 'number' } });
    expect(readNumber('5/seconds', 0)).toMatchObject({ end: 1, node: { node: 'number' } });
  });
  test.each(['10k', '10K', '5M', '5G', '10kb', '10KIB', '5S', '3min', '5x', '1_', '1__0', '5.', '1.2.3'])('%s is told', (text) => {
    expect(readNumber(text, 0)).toMatchObject({ end: text.length, problem: { severity: 'error' } });
  });
});

describe('times', () => {
  test.each([
    ['2026-11-20', 'UTC', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20', 'Europe/Berlin', '2026-11-19T23:00:00.000Z'],
    ['2026-11-20T10:00', 'Asia/Kolkata', '2026-11-20T04:30:00.000Z'],
    ['2026-11-20T10:00Z', 'Europe/Berlin', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00.123456789+01:00', 'UTC', '2026-11-20T09:00:00.123456789Z'],
    ['2026-11-20T10:00[Europe/Berlin]', 'UTC', '2026-11-20T09:00:00.000Z'],
    // This local time does not exist: forward by the gap.
    ['2026-03-29T02:30[Europe/Berlin]', 'UTC', '2026-03-29T01:30:00.000Z'],
    // This one stands twice: the earlier.
    ['2026-10-25T02:30[Europe/Berlin]', 'UTC', '2026-10-25T00:30:00.000Z'],
    ['1970-01-01', 'UTC', '1970-01-01T00:00:00.000Z'],
    ['2200-01-01', 'America/New_York', '2200-01-01T05:00:00.000Z'],
  ])('@%s in %s is %s', (text, zone, iso) => expect(formatTime(timeLiteralNanos(text, zone) as bigint)).toBe(iso));

  test.each([
    '@2026-02-30',
    '@2026-13-01',
    '@2026-11-20T24:00',
    '@2026-11-20T10',
    '@2026-11-20T10:00[No/Where]',
    '@yesterday',
    '@',
    '@2026-11-20T10:00:00.1234567891',
  ])('%s is no time', (text) => {
    expect(readTime(text, 0).parts).toBeUndefined();
    expect(timeLiteralNanos(text.slice(1), 'UTC')).toBeUndefined();
  });
  test('a list may hold one', () => expect(readTime('@2026-11-20]', 0)).toMatchObject({ end: 11, parts: { year: 2026 } }));
});

describe('text', () => {
  test('any text, printed, reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const written = JSON.stringify(value);
        expect(readText(written, 0, 0)).toEqual({ value, end: written.length, problems: [] });
      }),
    );
  });
  test('raw text keeps its backslashes, single quotes are quotes', () => {
    expect(readText('r"\\d+"', 0, 1).value).toBe('\\d+');
    expect(readText("'it\\'s'", 0, 0).value).toBe("it's");
    const { text } = parse(`from a | where b == 'x' and c matches r'"\\d'`, TEST_PIPES);
    expect(print(text, TEST_PIPES)).toBe(`from a | where b == "x" and c matches r'"\\d'`);
  });
});

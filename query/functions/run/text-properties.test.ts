// Text functions against plainer ones: wildcards against RegExp, order against code points, tokens, and texts that read back.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitAt, type Column, valueAt } from '../../../core/batch/batch.ts';
import { fold, tokensOf } from '../../../core/tokens.ts';
import { call, columnReference, literal } from '../../3-plan/expression.ts';
import { evaluate } from '../../run/evaluate.ts';
import { batchFrom, testEnvironment } from '../../run/testing/environment.ts';
import { compareStrings } from '../../run/values.ts';
import { durationText, parseDuration } from './conversion.ts';
import { isInNetwork, parseAddress, parseNetwork } from './network.ts';
import { likeTest, regexTest } from './pattern.ts';
import { formatTimeBy, parseTimeBy, timePattern } from './time-pattern.ts';
import { tokenTest } from './words.ts';

const small = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', '\n', '😀', 'ä'), maxLength: 8 });

test('like is what a RegExp made of it says', () => {
  fc.assert(
    fc.property(small, small, (text, pattern) => {
      let source = '';
      const points = [...pattern];
      for (let i = 0; i < points.length; i++) {
        const c = points[i] as string;
        if (c === '*') source += '[^]*';
        else if (c === '?') source += '[^]';
        else source += (c === '\\' && i + 1 < points.length ? (points[++i] as string) : c).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      }
      expect(likeTest(pattern)(text)).toBe(new RegExp(`^${source}$`, 'u').test(text));
    }),
    { numRuns: 2000 },
  );
});

// With backtracking these would not end.
test('a pattern of many wildcards ends', () => {
  expect(likeTest('*a'.repeat(30))(`${'a'.repeat(5000)}b`)).toBe(false);
  expect(regexTest('(a*)*b')('a'.repeat(2000))).toBe(false);
});

const anyText = fc.string({ unit: 'binary', maxLength: 12 });

test('text is ordered by code point, as values and as bytes', () => {
  const points = (s: string): number[] => [...s].map((c) => c.codePointAt(0) as number);
  const naive = (a: string, b: string): number => {
    const [x, y] = [points(a), points(b)];
    for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return Math.sign((x[i] as number) - (y[i] as number));
    return Math.sign(x.length - y.length);
  };
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      expect(Math.sign(compareStrings(a, b))).toBe(naive(a, b));
      const column = evaluate(
        call('less', 'bool', columnReference('a', 'string'), literal('string', b)),
        batchFrom([{ name: 'a', type: 'string' }], [[a]]),
        testEnvironment(),
      );
      expect(bitAt((column as Extract<Column, { layout: 'bool' }>).bits, 0)).toBe(naive(a, b) < 0);
    }),
  );
});

test('length and substring count code points', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: -15, max: 15 }), fc.integer({ min: -2, max: 15 }), (text, from, count) => {
      const batch = batchFrom([{ name: 's', type: 'string' }], [[text]]);
      const s = columnReference('s', 'string');
      expect(valueAt(evaluate(call('length', 'int', s), batch, testEnvironment()), 0)).toBe(BigInt([...text].length));
      const start = from < 0 ? Math.max(0, [...text].length + from) : from;
      const part = call('substring', 'string', s, literal('int', BigInt(from)), literal('int', BigInt(count)));
      expect(valueAt(evaluate(part, batch, testEnvironment()), 0)).toBe([...text].slice(start, start + Math.max(0, count)).join(''));
    }),
  );
});

test('every text has its own tokens, side by side, and a prefix of the last', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'B', '1', ' ', '-', 'Σ', 'ß', '_'), maxLength: 20 }), fc.nat(5), fc.nat(5), (text, from, size) => {
      const tokens = tokensOf(text);
      expect(tokens.join('')).toBe(fold(text).replace(/[^\p{L}\p{N}]/gu, ''));
      const part = tokens.slice(from, from + size);
      expect(tokenTest(part, false)(text)).toBe(true);
      const last = part.at(-1);
      if (last !== undefined) expect(tokenTest([...part.slice(0, -1), [...last].slice(0, 1).join('')], true)(text)).toBe(true);
      expect(tokenTest([...tokens, 'a'], false)(text)).toBe(false);
    }),
  );
});

test('durations and times read back', () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (ns) => {
      expect(parseDuration(durationText(ns))).toBe(ns);
    }),
  );
  const pieces = timePattern('%F %T.%f %z');
  if (pieces === undefined) throw new TypeError('the pattern is one');
  fc.assert(
    fc.property(fc.bigInt(0n, 7_258_118_400_000_000n), fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'), (micros, zone) => {
      expect(parseTimeBy(formatTimeBy(micros * 1000n, pieces, zone), pieces, zone)).toBe(micros * 1000n);
    }),
  );
});

test('an address is in the network made of its own first bits, and no longer after one of them is turned', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(address, fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
      const bytes = parseAddress(text);
      if (bytes === undefined) throw new TypeError(`${text} is an address`);
      const bits = Math.floor(share * bytes.length * 8);
      const network = parseNetwork(`${text}/${bits}`);
      if (network === undefined) throw new TypeError(`${text}/${bits} is a network`);
      expect(isInNetwork(bytes, network)).toBe(true);
      if (bits === 0) return;
      const turned = bytes.map((b, i) => (i === (bits - 1) >> 3 ? b ^ (128 >> ((bits - 1) & 7)) : b));
      expect(isInNetwork(turned, network)).toBe(false);
    }),
  );
});

// Holds that hosts and states keep their colour everywhere, that no two lines of a chart look alike, and that the colours are far enough
// apart to be told, also by eyes that do not see red or green.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../result/keys.ts';
import { COLOURS, DASHES, type Drawn, strokesOf } from './colour.ts';
import { hostColours } from './host-colours.ts';

const css = readFileSync(new URL('../style/tokens.css', import.meta.url), 'utf8');
const [, dark = '', light = ''] = css.split(/:root[^{]*\{/);

type Rgb = readonly [number, number, number];
const linear = (hex: string): Rgb =>
  [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
// OKLab: https://bottosson.github.io/posts/oklab/
const lab = ([r, g, b]: Rgb): Rgb => {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
};
// Machado, Oliveira and Fernandes 2009, full severity
const DEUTAN: readonly Rgb[] = [
  [0.367322, 0.860646, -0.227968],
  [0.280085, 0.672501, 0.047413],
  [-0.01182, 0.04294, 0.968881],
];
const PROTAN: readonly Rgb[] = [
  [0.152286, 1.052583, -0.204868],
  [0.114503, 0.786281, 0.099216],
  [-0.003882, -0.048116, 1.051998],
];
const seenBy = (eye: readonly Rgb[], c: Rgb): Rgb =>
  eye.map((row) => Math.max(0, Math.min(1, row[0] * c[0] + row[1] * c[1] + row[2] * c[2]))) as unknown as Rgb;
const apart = (a: Rgb, b: Rgb): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe.each([
  ['dark', dark],
  ['light', light],
])('the colours of lines, %s', (_theme, block) => {
  const colours = Array.from({ length: COLOURS }, (_, i) => new RegExp(`--series-${i}:\\s*(#[0-9a-f]{6})`).exec(block)?.[1] ?? '');

  it('are told apart', () => {
    for (const [i, a] of colours.entries())
      for (const b of colours.slice(0, i)) {
        expect(apart(lab(linear(a)), lab(linear(b))), `${a} ${b}`).toBeGreaterThan(0.12);
        for (const eye of [DEUTAN, PROTAN]) expect(apart(lab(seenBy(eye, linear(a))), lab(seenBy(eye, linear(b)))), `${a} ${b}`).toBeGreaterThan(0.08);
      }
  });
});

const host = (name: string): Drawn => ({ key: `host ${name}`, identity: { kind: 'host', host: name } });
const named = (text: string): Drawn => ({ key: `value ${text}`, identity: { kind: 'value', text } });
const hosts = () => hostColours(null, () => undefined);
const look = ({ token, dash }: { token: string; dash: number }): string => `${token} ${dash}`;

const identity: fc.Arbitrary<Identity> = fc.oneof(
  fc.record({ kind: fc.constant('host' as const), host: fc.constantFrom(...Array.from({ length: 30 }, (_, i) => `web-${i}`)) }),
  fc.record({ kind: fc.constant('state' as const), token: fc.constantFrom('--severity-error', '--status-2xx', '--status-5xx') }),
  fc.record({ kind: fc.constant('value' as const), text: fc.string() }),
);
const chart = fc
  .uniqueArray(identity, { maxLength: 20, selector: (one) => JSON.stringify(one) })
  .chain((few) => fc.record({ few: fc.constant(few), twice: fc.array(fc.nat(19), { maxLength: 8 }) }))
  .map(({ few, twice }): Drawn[] => [...few, ...twice.flatMap((i) => few[i] ?? [])].slice(0, 24).map((one, i) => ({ key: `${i}`, identity: one })));

describe('strokesOf', () => {
  it('gives no two lines of a chart the same look, whatever they are', () => {
    fc.assert(
      fc.property(chart, (lines) => {
        const strokes = strokesOf(lines, hosts().of);
        expect(new Set(strokes.map(look)).size).toBe(lines.length);
        for (const { dash } of strokes) expect(dash).toBeLessThan(DASHES.length);
      }),
    );
  });

  it('does not depend on the order of the lines', () => {
    fc.assert(
      fc.property(chart, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (lines, random) => {
        const shuffled = lines.map((line) => ({ line, at: random.next().value })).sort((a, b) => a.at - b.at);
        // hosts keep what they got: the same ones are asked in both
        const known = hosts();
        const before = new Map(strokesOf(lines, known.of).map((stroke, i) => [lines[i]?.key, look(stroke)]));
        const after = strokesOf(
          shuffled.map(({ line }) => line),
          known.of,
        );
        for (const [i, { line }] of shuffled.entries()) expect(look(after[i] as { token: string; dash: number })).toBe(before.get(line.key));
      }),
    );
  });

  it('gives a host one colour in every chart of any keys, and a name its own where it is alone with it', () => {
    fc.assert(
      fc.property(fc.array(chart, { maxLength: 8 }), (charts) => {
        const known = hosts();
        const seen = new Map<string, string>();
        for (const lines of charts)
          for (const [i, { token, dash }] of strokesOf(lines, known.of).entries()) {
            const { identity: one } = lines[i] as Drawn;
            if (one.kind !== 'host' || dash !== 0) continue;
            // More lines than there are dashes cannot all have their colour.
            const sharing = lines.filter(({ identity: other }) => other.kind === 'host' && known.of(other.host) === known.of(one.host));
            if (sharing.length > DASHES.length) continue;
            expect(token).toBe(`--series-${known.of(one.host)}`);
            expect(seen.get(one.host) ?? token).toBe(token);
            seen.set(one.host, token);
          }
      }),
    );
  });

  it('tells the first hosts by colour, more of them by dashes', () => {
    const known = hosts();
    const eight = strokesOf(
      Array.from({ length: COLOURS }, (_, i) => host(`h${i}`)),
      known.of,
    );
    expect(new Set(eight.map(({ token }) => token)).size).toBe(COLOURS);
    expect(eight.every(({ dash }) => dash === 0)).toBe(true);
    const [a, b] = strokesOf([host('h0'), host('h8')], known.of);
    expect(a).toEqual({ token: b?.token, dash: 0 });
    expect(b?.dash).toBe(1);
  });

  it('takes free colours for names before it dashes any', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: COLOURS }), (texts) => {
        for (const { dash } of strokesOf(texts.map(named), hosts().of)) expect(dash).toBe(0);
      }),
    );
  });

  it('keeps states in their colour and says two of one by a dash', () => {
    const of = (text: string): Drawn => ({ key: text, identity: { kind: 'state', token: '--status-5xx' } });
    expect(strokesOf([of('503'), of('500'), { key: 'rest', identity: { kind: 'rest', merge: 'sum' } }], hosts().of)).toEqual([
      { token: '--status-5xx', dash: 1 },
      { token: '--status-5xx', dash: 0 },
      { token: '--series-rest', dash: 0 },
    ]);
  });

  it('colours states of hosts by the state and dashes them by the host, also where there are more hosts than dashes', () => {
    const STATES = ['--severity-error', '--severity-info', '--severity-none'];
    const names = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, (hostNames) => {
        const lines = hostNames.flatMap((name) =>
          STATES.map((token) => ({ key: `${token} ${name}`, identity: { kind: 'state' as const, token, host: name } })),
        );
        const strokes = strokesOf(lines, hosts().of);
        expect(strokes.map(({ token }) => token)).toEqual(lines.map(({ identity: { token } }) => token));
        if (hostNames.length > DASHES.length) return;
        const dashes = new Map(lines.map(({ identity: { host: name } }, i) => [name, strokes[i]?.dash]));
        for (const [i, { identity: one }] of lines.entries()) expect(strokes[i]?.dash).toBe(dashes.get(one.host));
        expect(new Set(strokes.map(look)).size).toBe(lines.length);
      }),
    );
  });
});

describe('hostColours', () => {
  it('are kept over sessions, and what cannot be read is forgotten', () => {
    let changes = 0;
    const first = hostColours(null, () => changes++);
    const given = ['c', 'a', 'b', 'a'].map(first.of);
    expect(changes).toBe(3);
    const kept = first.text();
    expect(['b', 'c', 'a'].map(hostColours(kept, () => undefined).of)).toEqual([given[2], given[0], given[1]]);
    for (const broken of ['{', '[1]', '[["a", 99]]', '{"a": 1}', 'null', '[null]', '[["__proto__", 1]]'])
      expect(hostColours(broken, () => undefined).of('a')).toBeLessThan(COLOURS);
  });
});
